#include "tests/bedrock_sim/control_plane.h"

#include <algorithm>
#include <charconv>
#include <map>

#include "tests/bedrock_sim/http_request.h"
#include "tests/bedrock_sim/json_out.h"
#include "tests/bedrock_sim/models.h"

namespace oriel::sim {
namespace {

constexpr std::string_view kCreated = "2025-01-02T03:04:05Z";
constexpr std::size_t kDefaultPage = 100;
constexpr std::string_view kTokenPrefix = "page-";

using Query = std::map<std::string, std::string>;

Fault invalid(const std::string& message) { return {"ValidationException", message}; }

Fault parse_query(std::string_view text, std::initializer_list<std::string_view> known,
                  Query& out) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('&'), text.size());
    const std::string_view part = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const std::size_t equals = std::min(part.find('='), part.size());
    std::string name, value;
    if (!percent_decode(part.substr(0, equals), name) ||
        !percent_decode(part.substr(std::min(equals + 1, part.size())), value)) {
      return invalid("The query string is malformed.");
    }
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      return invalid("Unknown query parameter '" + name + "'");
    }
    out[name] = value;
  }
  return {};
}

Fault check_word(const Query& query, const std::string& name,
                 std::initializer_list<std::string_view> words) {
  const auto found = query.find(name);
  if (found == query.end()) return {};
  if (std::find(words.begin(), words.end(), found->second) != words.end()) return {};
  std::string list;
  for (const std::string_view word : words) list += (list.empty() ? "" : ", ") + std::string(word);
  return invalid("1 validation error detected: Value '" + found->second + "' at '" + name +
                 "' failed to satisfy constraint: Member must satisfy enum value set: [" + list +
                 "]");
}

void append_model(JsonOut& json, const Model& model, std::string_view region) {
  json.open();
  json.field("modelArn", model_arn(model, region)).field("modelId", model.id);
  json.field("modelName", model.name).field("providerName", model.provider);
  json.key("inputModalities").open_list().string("TEXT");
  if (model.can(kImages)) json.string("IMAGE");
  json.close_list();
  json.key("outputModalities").open_list().string(model.output).close_list();
  json.key("responseStreamingSupported").raw(model.can(kChat) ? "true" : "false");
  json.key("customizationsSupported").open_list().close_list();
  json.key("inferenceTypesSupported").open_list();
  json.string(model.can(kOnDemand) ? "ON_DEMAND" : "INFERENCE_PROFILE").close_list();
  json.key("modelLifecycle").open().field("status", "ACTIVE");
  json.field("startOfLifeTime", kCreated).close();
  json.close();
}

void append_profile(JsonOut& json, const Profile& profile, std::string_view region) {
  json.open();
  json.field("inferenceProfileName", profile.name);
  json.field("description", "Routes requests to " + std::string(profile.model->name));
  json.field("createdAt", kCreated).field("updatedAt", kCreated);
  json.field("inferenceProfileArn", profile_arn(profile, region));
  json.key("models").open_list();
  json.open().field("modelArn", model_arn(*profile.model, region)).close();
  json.close_list();
  json.field("inferenceProfileId", profile.id).field("status", "ACTIVE");
  json.field("type", profile.type);
  json.close();
}

bool parse_number(std::string_view text, std::size_t& out) {
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), out);
  return parsed.ec == std::errc() && parsed.ptr == text.data() + text.size();
}

}  // namespace

Fault list_foundation_models(std::string_view query, std::string_view region, std::string& out) {
  Query asked;
  Fault fault = parse_query(
      query, {"byProvider", "byCustomizationType", "byOutputModality", "byInferenceType"}, asked);
  if (!fault.found()) {
    fault = check_word(asked, "byOutputModality", {"TEXT", "IMAGE", "EMBEDDING"});
  }
  if (!fault.found()) {
    fault = check_word(asked, "byInferenceType", {"ON_DEMAND", "PROVISIONED"});
  }
  if (fault.found()) return fault;
  const auto wants = [&asked](const std::string& name, std::string_view has) {
    const auto found = asked.find(name);
    return found == asked.end() || lower(found->second) == lower(has);
  };
  JsonOut json(out);
  json.open().key("modelSummaries").open_list();
  for (const Model& model : all_models()) {
    if (wants("byProvider", model.provider) && wants("byOutputModality", model.output) &&
        wants("byInferenceType", model.can(kOnDemand) ? "ON_DEMAND" : "INFERENCE_PROFILE") &&
        wants("byCustomizationType", "none")) {
      append_model(json, model, region);
    }
  }
  json.close_list().close();
  return {};
}

Fault list_inference_profiles(std::string_view query, std::string_view region, std::string& out) {
  Query asked;
  Fault fault = parse_query(query, {"maxResults", "nextToken", "type"}, asked);
  if (!fault.found()) fault = check_word(asked, "type", {"SYSTEM_DEFINED", "APPLICATION"});
  if (fault.found()) return fault;
  std::size_t page = kDefaultPage;
  if (asked.count("maxResults") != 0 &&
      (!parse_number(asked["maxResults"], page) || page < 1 || page > 1000)) {
    return invalid(
        "1 validation error detected: Value at 'maxResults' failed to satisfy "
        "constraint: Member must have value between 1 and 1000");
  }
  std::size_t start = 0;
  const std::string& token = asked["nextToken"];
  if (!token.empty() &&
      (token.compare(0, kTokenPrefix.size(), kTokenPrefix) != 0 ||
       !parse_number(std::string_view(token).substr(kTokenPrefix.size()), start))) {
    return invalid("The provided pagination token is invalid.");
  }
  JsonOut json(out);
  json.open().key("inferenceProfileSummaries").open_list();
  std::size_t matched = 0;
  for (const Profile& profile : all_profiles()) {
    if (!asked["type"].empty() && profile.type != asked["type"]) continue;
    if (matched >= start && matched < start + page) append_profile(json, profile, region);
    ++matched;
  }
  json.close_list();
  if (matched > start + page) {
    json.field("nextToken", std::string(kTokenPrefix) + std::to_string(start + page));
  }
  json.close();
  return {};
}

Fault get_inference_profile(std::string_view id_or_arn, std::string_view region, std::string& out) {
  const Profile* profile = find_profile(id_or_arn, region);
  if (!profile) {
    return {"ResourceNotFoundException",
            "The inference profile that you requested does not exist: " + std::string(id_or_arn)};
  }
  JsonOut json(out);
  append_profile(json, *profile, region);
  return {};
}

}  // namespace oriel::sim
