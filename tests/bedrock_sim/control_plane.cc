#include "tests/bedrock_sim/control_plane.h"

#include <algorithm>
#include <charconv>
#include <map>

#include "tests/bedrock_sim/http_request.h"
#include "tests/bedrock_sim/json_out.h"
#include "tests/bedrock_sim/resolve.h"

namespace oriel::sim {
namespace {

constexpr std::string_view kCreated = "2025-01-02T03:04:05Z";
constexpr std::string_view kPast = "2025-07-21T00:00:00Z";
constexpr std::string_view kFuture = "2099-01-01T00:00:00Z";
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
  if (model.can(kAudio)) json.string("SPEECH");
  if (model.can(kVideo)) json.string("VIDEO");
  json.close_list();
  json.key("outputModalities").open_list().string(model.output).close_list();
  json.key("responseStreamingSupported").raw(model.can(kStreams) ? "true" : "false");
  json.key("customizationsSupported").open_list().close_list();
  json.key("inferenceTypesSupported").open_list();
  json.string(model.can(kOnDemand) ? "ON_DEMAND" : "INFERENCE_PROFILE").close_list();
  json.key("modelLifecycle").open();
  json.field("status", model.life == "ACTIVE" ? "ACTIVE" : "LEGACY");
  json.field("startOfLifeTime", kCreated);
  if (model.life != "ACTIVE") {
    json.field("legacyTime", kCreated);
    json.field("endOfLifeTime", model.life == "ENDED" ? kPast : kFuture);
  }
  json.close();
  json.close();
}

void append_profile(JsonOut& json, const Profile& profile, std::string_view region) {
  json.open();
  json.field("inferenceProfileName", profile.name);
  json.field("description", "Routes requests to " + std::string(profile.model->name));
  json.field("createdAt", kCreated).field("updatedAt", kCreated);
  json.field("inferenceProfileArn", profile_arn(profile, region));
  json.key("models").open_list();
  if (profile.source.empty()) {
    json.open().field("modelArn", model_arn(*profile.model, region)).close();
    json.open().field("modelArn", model_arn(*profile.model, "us-west-2")).close();
  } else {
    const std::string source = profile_arn(*find_profile(profile.source, region), region);
    json.open().field("modelArn", source).close();
  }
  json.close_list();
  json.field("inferenceProfileId", profile.id).field("status", "ACTIVE");
  json.field("type", profile.type);
  json.close();
}

bool parse_number(std::string_view text, std::size_t& out) {
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), out);
  return parsed.ec == std::errc() && parsed.ptr == text.data() + text.size();
}

void append_provisioned(JsonOut& json, const Provisioned& row, std::string_view region) {
  const std::string model = model_arn(*row.model, region);
  json.open();
  json.field("provisionedModelName", row.name);
  json.field("provisionedModelArn", provisioned_arn(row, region));
  json.field("modelArn", model).field("desiredModelArn", model).field("foundationModelArn", model);
  json.field("modelUnits", 1).field("desiredModelUnits", 1).field("status", row.status);
  json.field("creationTime", kCreated).field("lastModifiedTime", kCreated);
  json.close();
}

// maxResults and nextToken of a listing.
class Page {
 public:
  Fault read(Query& asked) {
    if (asked.count("maxResults") != 0 &&
        (!parse_number(asked["maxResults"], size_) || size_ < 1 || size_ > 1000)) {
      return invalid(
          "1 validation error detected: Value at 'maxResults' failed to satisfy "
          "constraint: Member must have value between 1 and 1000");
    }
    const std::string& token = asked["nextToken"];
    if (token.empty()) return {};
    if (token.compare(0, kTokenPrefix.size(), kTokenPrefix) != 0 ||
        !parse_number(std::string_view(token).substr(kTokenPrefix.size()), start_)) {
      return invalid("The provided pagination token is invalid.");
    }
    return {};
  }
  // Whether the next row is on this page.
  bool take() {
    const std::size_t row = rows_++;
    return row >= start_ && row < start_ + size_;
  }
  void finish(JsonOut& json) const {
    if (rows_ <= start_ + size_) return;
    json.field("nextToken", std::string(kTokenPrefix) + std::to_string(start_ + size_));
  }

 private:
  std::size_t size_ = kDefaultPage;
  std::size_t start_ = 0;
  std::size_t rows_ = 0;
};

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
  Page page;
  Fault fault = parse_query(query, {"maxResults", "nextToken", "type"}, asked);
  if (!fault.found()) fault = check_word(asked, "type", {"SYSTEM_DEFINED", "APPLICATION"});
  if (!fault.found()) fault = page.read(asked);
  if (fault.found()) return fault;
  JsonOut json(out);
  json.open().key("inferenceProfileSummaries").open_list();
  for (const Profile& profile : all_profiles()) {
    if (profile.hidden) continue;
    if (!asked["type"].empty() && profile.type != asked["type"]) continue;
    if (page.take()) append_profile(json, profile, region);
  }
  json.close_list();
  page.finish(json);
  json.close();
  return {};
}

Fault get_inference_profile(std::string_view id_or_arn, std::string_view region, std::string& out) {
  const Profile* profile = find_profile(id_or_arn, region);
  if (!profile) {
    return {"ResourceNotFoundException",
            "The inference profile that you requested does not exist: " + std::string(id_or_arn)};
  }
  if (profile->hidden) {
    return {"AccessDeniedException",
            "User is not authorized to perform: bedrock:GetInferenceProfile on resource: " +
                profile_arn(*profile, region)};
  }
  JsonOut json(out);
  append_profile(json, *profile, region);
  return {};
}

Fault list_provisioned(std::string_view query, std::string_view region, std::string& out) {
  Query asked;
  Page page;
  Fault fault = parse_query(query,
                            {"maxResults", "nextToken", "statusEquals", "modelArnEquals",
                             "nameContains", "sortBy", "sortOrder"},
                            asked);
  if (!fault.found()) {
    fault = check_word(asked, "statusEquals", {"Creating", "InService", "Updating", "Failed"});
  }
  if (!fault.found()) fault = page.read(asked);
  if (fault.found()) return fault;
  JsonOut json(out);
  json.open().key("provisionedModelSummaries").open_list();
  for (const Provisioned& row : all_provisioned()) {
    const std::string& status = asked["statusEquals"];
    const std::string& arn = asked["modelArnEquals"];
    if (!status.empty() && status != row.status) continue;
    if (!arn.empty() && arn != model_arn(*row.model, region)) continue;
    if (row.name.find(asked["nameContains"]) == std::string_view::npos) continue;
    if (page.take()) append_provisioned(json, row, region);
  }
  json.close_list();
  page.finish(json);
  json.close();
  return {};
}

Fault get_provisioned(std::string_view id_or_arn, std::string_view region, std::string& out) {
  for (const Provisioned& row : all_provisioned()) {
    if (id_or_arn != row.id && id_or_arn != row.name && id_or_arn != provisioned_arn(row, region)) {
      continue;
    }
    JsonOut json(out);
    append_provisioned(json, row, region);
    return {};
  }
  return {"ResourceNotFoundException",
          "The provided model identifier is invalid: " + std::string(id_or_arn)};
}

}  // namespace oriel::sim
