// Prints docs/compatibility.md, by asking the converter itself; with a file's name it compares.
#include <algorithm>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "convert/bedrock/answer.h"
#include "convert/bedrock/converse_dialect.h"
#include "convert/bedrock/error_classes.h"
#include "convert/bedrock/feature_names.h"
#include "convert/bedrock/models.h"
#include "convert/bedrock/resolve.h"
#include "convert/openai/chat_request.h"
#include "convert/openai/field_table.h"
#include "tests/tools/compatibility_samples.h"

namespace oriel::tools {
namespace {

using Paths = std::map<std::string, std::string>;  // of a JSON text: path, value

void flatten(json::Value value, const std::string& path, Paths& paths) {
  const bool nested = (value.is_object() || value.is_array()) && !value.children().empty();
  if (!nested || path.ends_with(".json") || path.ends_with("bytes")) {
    paths[path] = value.raw().text;
    return;
  }
  std::size_t index = 0;
  for (const json::Member member : value.children()) {
    const std::string step =
        value.is_array() ? std::to_string(index++) : json::unescape(member.key);
    flatten(member.value, path.empty() ? step : path + "." + step, paths);
  }
}

struct Said {
  Paths body;
  std::string operation;  // "converse", "converse-stream"
  std::set<std::string> adjusted;
  std::string refusal;  // the error's words; then the others are empty
};

std::string words_of(const convert::Error& error) {
  const convert::ErrorRow& row = row_of(error.kind);
  const std::string code = error.code.empty() ? std::string(row.code) : error.code;
  return std::to_string(status_of(error)) + (code.empty() ? "" : " `" + code + "`");
}

Said ask(const std::string& body) {
  Said said;
  const json::PaddedBuffer buffer{std::string_view(body)};
  json::Reader reader;
  const auto request = convert::parse_chat_request(buffer.view(), reader);
  if (!request) {
    said.refusal = words_of(request.error());
    return said;
  }
  const auto resolved =
      convert::resolve_bedrock_model(json::unescape(request->model), {}, "us-east-1");
  if (!resolved) {
    said.refusal = "no such model";
    return said;
  }
  const auto encoded = convert::converse_dialect().encode(*request, resolved->target, {});
  if (!encoded) {
    said.refusal = words_of(encoded.error());
    return said;
  }
  const json::PaddedBuffer wire{std::string_view(encoded->wire.body)};
  if (const auto root = reader.read(wire)) flatten(*root, "", said.body);
  said.operation = encoded->wire.path.substr(encoded->wire.path.rfind('/') + 1);
  for (const convert::Adjustment& item : encoded->adjusted) {
    said.adjusted.insert(std::string(to_string(item.action)) + ": " + std::string(item.parameter));
  }
  return said;
}

// A table's cell: its own signs escaped, long texts cut.
std::string cell(std::string_view text) {
  std::string out;
  for (const char c : text.substr(0, 90)) {
    if (c == '|') out += '\\';
    out += c == '\n' ? ' ' : c;
  }
  return text.size() > 90 ? out + "…" : out;
}

std::string code(std::string_view text) { return "`" + cell(text) + "`"; }

// "`path`" or "`path` = value", where the value is short.
std::string path_word(const std::string& path, const std::string& value) {
  const bool scalar = value.size() <= 24 && !value.starts_with('[') && value != "{}";
  return code(path) + (scalar ? " = " + code(value) : "");
}

// The shortest beginning of `path` below which `paths` has nothing; empty: it is there.
std::string first_missing(const std::string& path, const Paths& paths) {
  for (std::size_t end = 0; end != std::string::npos;) {
    end = path.find('.', end + 1);
    const std::string head = path.substr(0, end);
    // '/' follows '.': between the two stands all that is below.
    const bool there =
        paths.contains(head) || paths.lower_bound(head + ".") != paths.lower_bound(head + "/");
    if (!there) return head;
  }
  return {};
}

// What the field changed, in words.
std::string outcome(const Said& before, const Said& after) {
  if (!after.refusal.empty()) return "refused: " + after.refusal;
  std::string words;
  const auto say = [&](const std::string& word) { words += (words.empty() ? "" : ", ") + word; };
  for (const auto& [path, value] : after.body) {
    const auto old = before.body.find(path);
    if (old == before.body.end() || old->second != value) say(path_word(path, value));
  }
  std::set<std::string> removed;
  for (const auto& [path, value] : before.body) {
    if (const std::string gone = first_missing(path, after.body); !gone.empty()) {
      removed.insert(gone);
    }
  }
  for (const std::string& path : removed) say("without " + code(path));
  if (before.operation != after.operation) say(code(after.operation));
  for (const std::string& item : after.adjusted) {
    if (!before.adjusted.contains(item)) say(item);
  }
  return words.empty() ? "changes nothing" : words;
}

std::string request_of(const Asked& asked, std::string_view part, std::string_view members) {
  std::string body = R"({"model":")" + std::string(asked.model) +
                     R"(","messages":[{"role":"user","content":[{"type":"text","text":"Hi"})";
  if (!part.empty()) body.append(",").append(part);
  return body.append("]}]").append(members).append("}");
}

// "outcome: models; outcome: models", or the outcome alone where it is everybody's.
std::string outcomes(const std::vector<std::pair<std::string, std::string_view>>& all) {
  std::vector<std::pair<std::string, std::string>> groups;
  for (const auto& [words, label] : all) {
    const auto found = std::find_if(groups.begin(), groups.end(),
                                    [&](const auto& group) { return group.first == words; });
    if (found == groups.end()) {
      groups.emplace_back(words, label);
    } else {
      found->second.append(", ").append(label);
    }
  }
  if (groups.size() == 1) return groups.front().first;
  std::string out;
  for (const auto& [words, labels] : groups) {
    out += (out.empty() ? "**" : "<br>**") + labels + "**: " + words;
  }
  return out;
}

void add_row(std::string& out, const Sample& sample, const std::string& shown,
             const std::string& what) {
  out += "| " + code(sample.name) + " | " + shown + " | " + what;
  if (!sample.note.empty()) out += (what.empty() ? "" : "<br>") + std::string(sample.note);
  out += " |\n";
}

// The first field of the table without a sample; empty: there is none.
std::string_view unasked_field() {
  for (const convert::openai::Field& field : convert::openai::field_table()) {
    if (std::ranges::find(kFieldSamples, field.name, &Sample::name) == kFieldSamples.end()) {
      return field.name;
    }
  }
  return {};
}

void add_fields(std::string& out) {
  out += "## Request fields\n\n| field | for example | Converse |\n|---|---|---|\n";
  for (const Sample& sample : kFieldSamples) {
    if (sample.value.empty()) {
      add_row(out, sample, "", "");
      continue;
    }
    std::vector<std::pair<std::string, std::string_view>> all;
    for (const Asked& asked : kAsked) {
      const std::string with(sample.with);
      const std::string member =
          ",\"" + std::string(sample.name) + "\":" + std::string(sample.value);
      all.emplace_back(
          outcome(ask(request_of(asked, "", with)), ask(request_of(asked, "", with + member))),
          asked.label);
    }
    add_row(out, sample, code(sample.value), outcomes(all));
  }
}

void add_parts(std::string& out) {
  out += "\n## Parts of a user's message\n\n| part | for example | Converse |\n|---|---|---|\n";
  for (const Sample& sample : kPartSamples) {
    std::string part(sample.value);
    if (const std::size_t at = part.find("@PNG"); at != std::string::npos) {
      part.replace(at, 4, kPng);
    }
    std::vector<std::pair<std::string, std::string_view>> all;
    for (const Asked& asked : kAsked) {
      all.emplace_back(outcome(ask(request_of(asked, "", "")), ask(request_of(asked, part, ""))),
                       asked.label);
    }
    add_row(out, sample, code(sample.value), outcomes(all));
  }
}

constexpr std::pair<convert::ModelFamily, std::string_view> kFamilies[] = {
    {convert::ModelFamily::other, "other"},       {convert::ModelFamily::ai21, "ai21"},
    {convert::ModelFamily::claude, "claude"},     {convert::ModelFamily::cohere, "cohere"},
    {convert::ModelFamily::deepseek, "deepseek"}, {convert::ModelFamily::gpt_oss, "gpt-oss"},
    {convert::ModelFamily::kimi, "kimi"},         {convert::ModelFamily::llama, "llama"},
    {convert::ModelFamily::mistral, "mistral"},   {convert::ModelFamily::nova, "nova"},
    {convert::ModelFamily::openai, "openai"},     {convert::ModelFamily::qwen, "qwen"},
    {convert::ModelFamily::titan, "titan"},
};
constexpr std::pair<convert::ReasoningMode, std::string_view> kModes[] = {
    {convert::ReasoningMode::none, "none"},     {convert::ReasoningMode::adaptive, "adaptive"},
    {convert::ReasoningMode::manual, "manual"}, {convert::ReasoningMode::nova, "nova"},
    {convert::ReasoningMode::flat, "flat"},     {convert::ReasoningMode::nested, "nested"},
    {convert::ReasoningMode::word, "word"},     {convert::ReasoningMode::always, "always"},
};
constexpr convert::Effort kEfforts[] = {
    convert::Effort::none, convert::Effort::minimal, convert::Effort::low, convert::Effort::medium,
    convert::Effort::high, convert::Effort::xhigh,   convert::Effort::max};

template <class Key, std::size_t size>
std::string_view name_of(const std::pair<Key, std::string_view> (&table)[size], Key key) {
  const auto found = std::find_if(std::begin(table), std::end(table),
                                  [&](const auto& row) { return row.first == key; });
  return found == std::end(table) ? "?" : found->second;
}

std::string count_word(std::uint32_t count) { return count == 0 ? "" : std::to_string(count); }

void add_models(std::string& out) {
  out +=
      "\n## Models\n\nA row serves every id that begins with it; the longest wins. What is not "
      "here is served without\nany knowledge of it (first row), and what it refuses is learned."
      "\n\n| id | family | context | longest answer | reasoning | on demand in | can |\n"
      "|---|---|---|---|---|---|---|\n";
  for (const convert::ModelCapabilities& row : convert::model_catalogue()) {
    std::string reasoning(name_of(kModes, row.reasoning));
    std::string efforts;
    for (const convert::Effort effort : kEfforts) {
      if (!row.efforts.has(effort)) continue;
      efforts.append(efforts.empty() ? ": " : " ").append(to_string(effort));
    }
    std::string features;
    for (const convert::FeatureName& feature : convert::feature_names()) {
      if (!row.can(feature.feature)) continue;
      features.append(features.empty() ? "" : " ").append(feature.name);
    }
    out.append("| ").append(row.prefix.empty() ? "any other" : code(row.prefix));
    out.append(" | ").append(name_of(kFamilies, row.family));
    out.append(" | ").append(count_word(row.context_tokens));
    out.append(" | ").append(count_word(row.max_output_tokens));
    out.append(" | ").append(reasoning).append(efforts);
    out.append(" | ").append(row.on_demand == "*" ? "all regions" : row.on_demand);
    out.append(" | ").append(features).append(" |\n");
  }
}

void add_stop_reasons(std::string& out) {
  using convert::bedrock::ClientCalls;
  using convert::bedrock::StopKind;
  out += "\n## Stop reasons\n\n| stopReason | finish_reason | with tool calls |\n|---|---|---|\n";
  const auto add = [&](std::string_view word, std::string_view shown) {
    out.append("| ").append(shown);
    for (const ClientCalls calls : {ClientCalls::none, ClientCalls::some}) {
      const convert::bedrock::Stop stop = convert::bedrock::decode_stop_reason(word, calls);
      const convert::Error error = convert::bedrock::malformed_output(word);
      out.append(" | ").append(stop.kind == StopKind::malformed ? "error " + words_of(error)
                                                                : code(to_string(stop.finish)));
    }
    out.append(" |\n");
  };
  for (const std::string_view word : convert::bedrock::known_stop_reasons()) add(word, code(word));
  add("?", "any other");
}

void add_error(std::string& out, const convert::Error& error) {
  const convert::ErrorRow& row = row_of(error.kind);
  const std::string type = error.type.empty() ? std::string(row.type) : error.type;
  const std::string its_code = error.code.empty() ? std::string(row.code) : error.code;
  out.append(" | ").append(std::to_string(status_of(error))).append(" | ").append(code(type));
  out.append(" | ").append(its_code.empty() ? "null" : code(its_code)).append(" | ");
  out.append(row.retryable ? "yes" : "no").append(" |\n");
}

void add_errors(std::string& out) {
  out +=
      "\n## Errors of Bedrock\n\n| exception | AWS | client | type | code | may be tried again |\n"
      "|---|---|---|---|---|---|\n";
  json::Reader reader;
  for (const Exception& row : kExceptions) {
    const std::vector<convert::Header> headers = {{"x-amzn-ErrorType", std::string(row.name)}};
    const json::PaddedBuffer body(R"({"message":")" + std::string(row.message) + "\"}");
    out.append("| ").append(code(row.name));
    if (row.message != "x") out.append(": ").append(row.message);
    out.append(" | ").append(std::to_string(row.status));
    add_error(out, convert::converse_dialect().decode_error(row.status, headers, body, reader));
  }
  out +=
      "\nA ValidationException is told by its words; what it teaches about the model is "
      "remembered,\nand the request is tried once more with it.\n\n"
      "| words | client | type | code | may be tried again | teaches "
      "|\n|---|---|---|---|---|---|\n";
  for (const convert::bedrock::ErrorClass& row : convert::bedrock::error_classes()) {
    std::string words;
    for (const std::string_view word : row.words) {
      if (!word.empty()) words.append(words.empty() ? "" : " … ").append(code(word));
    }
    convert::Error error;
    error.kind = row.kind;
    error.code = row.code;
    out.append("| ").append(words);
    add_error(out, error);
    out.replace(out.size() - 1, 1, " " + std::string(row.lesson.name) + " |\n");
  }
}

std::string compatibility() {
  std::string out =
      "# Compatibility\n\n"
      "What becomes of an OpenAI chat request on its way to Bedrock Converse, as the converter "
      "itself says: this file is what\n`print-compatibility` prints. Paths are those of "
      "Converse's body. \"dropped\", \"clamped\" and \"rewritten\" are told in\n"
      "`x-oriel-adjusted` and `oriel_adjusted_parameters_total`; with `strict_params` they are a "
      "400. `null` is the same as absence.\n\nAsked are: ";
  for (const Asked& asked : kAsked) {
    out.append(asked.label).append(" (").append(code(asked.model)).append(")");
    out.append(&asked == &kAsked.back() ? ".\n\n" : ", ");
  }
  add_fields(out);
  add_parts(out);
  add_models(out);
  add_stop_reasons(out);
  add_errors(out);
  return out;
}

}  // namespace
}  // namespace oriel::tools

int main(int argc, char** argv) {
  if (const std::string_view field = oriel::tools::unasked_field(); !field.empty()) {
    std::cerr << "compatibility_samples.h has no sample of the field '" << field << "'\n";
    return 1;
  }
  const std::string text = oriel::tools::compatibility();
  if (argc < 2) {
    std::cout << text;
    return 0;
  }
  std::ifstream file(argv[1], std::ios::binary);
  if (std::string(std::istreambuf_iterator<char>(file), {}) == text) return 0;
  std::cerr << argv[1] << " is not what " << argv[0] << " prints\n";
  return 1;
}
