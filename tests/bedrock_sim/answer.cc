#include "tests/bedrock_sim/answer.h"

#include <simdjson.h>

#include <algorithm>

#include "tests/bedrock_sim/constraints.h"
#include "tests/bedrock_sim/dom.h"
#include "tests/bedrock_sim/image_header.h"
#include "tests/bedrock_sim/json_out.h"
#include "tests/bedrock_sim/schema_value.h"

namespace oriel::sim {
namespace {

constexpr std::int64_t kTokensPerImage = 258;
constexpr std::int64_t kTokensPerDocument = 500;
constexpr std::int64_t kTokensPerTool = 10;
constexpr std::int64_t kBytesPerToken = 4;

std::int64_t tokens(std::size_t bytes) {
  return (static_cast<std::int64_t>(bytes) + kBytesPerToken - 1) / kBytesPerToken;
}

// Cuts at a code point border, so the text stays UTF-8.
void cut(std::string& text, std::size_t size) {
  if (size >= text.size()) return;
  while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xC0) == 0x80) --size;
  text.resize(size);
}

std::string filler(std::size_t size) {
  static constexpr std::string_view kWords = "The quick brown fox jumps over the lazy dog. ";
  std::string out;
  out.reserve(size + kWords.size());
  while (out.size() < size) out += kWords;
  out.resize(size);
  return out;
}

class AnswerMaker {
 public:
  AnswerMaker(const element& body, const Model& model, std::uint64_t seed)
      : body_(body), model_(model), seed_(seed) {}

  Answer make(std::string_view x_sim) {
    read_prompt();
    prompt_ = answer_.directives.take(last_text_);
    answer_.directives.add(x_sim);
    answer_.usage.input = tokens(prompt_bytes_) + kTokensPerImage * images_ +
                          kTokensPerDocument * documents_ + kTokensPerTool * tools_;
    answer_.usage.cache_read = answer_.directives.number("cache_read", 0);
    answer_.usage.cache_write = answer_.directives.number("cache_write", 0);
    answer_.service_tier = text_of_path({"serviceTier", "type"});
    answer_.latency_class = text_of_path({"performanceConfig", "latency"});
    if (!guardrail()) {
      add_reasoning();
      if (answer_.directives.has("preamble")) add_text("Let me check.");
      if (!add_tool_calls()) add_text(main_text());
      limit_output();
    }
    const std::string_view stop = answer_.directives.text("stop");
    if (!stop.empty()) answer_.stop_reason = stop;
    count_output();
    return std::move(answer_);
  }

 private:
  std::string_view text_of_path(std::initializer_list<std::string_view> path) const {
    const auto found = deep(body_, path);
    return found ? text_of(*found) : std::string_view();
  }

  void read_prompt() {
    for (const element block : list_member(body_, "system")) {
      prompt_bytes_ += text_member(block, "text").size();
    }
    if (const auto config = member(body_, "toolConfig")) {
      tools_ = static_cast<std::int64_t>(list_member(*config, "tools").size());
    }
    for (const element message : list_member(body_, "messages")) read_message(message);
  }

  void read_message(const element& message) {
    const bool user = text_member(message, "role") == "user";
    if (user) {
      last_text_ = {};
      image_notes_.clear();
      results_.clear();
    }
    for (const element block : list_member(message, "content")) {
      const std::string_view text = text_member(block, "text");
      prompt_bytes_ += text.size();
      if (user && !text.empty()) last_text_ = text;
      if (const auto image = member(block, "image")) read_image_block(*image);
      if (member(block, "document")) ++documents_;
      if (const auto result = member(block, "toolResult")) read_result(*result);
    }
  }

  void read_image_block(const element& image) {
    ++images_;
    const auto data = deep(image, {"source", "bytes"});
    const ImageFacts facts = data ? read_image(text_of(*data)) : ImageFacts{};
    image_notes_ += " [image " + std::string(text_member(image, "format")) + " " +
                    std::to_string(facts.bytes) + " bytes " + std::to_string(facts.width) + "x" +
                    std::to_string(facts.height) + "]";
  }

  void read_result(const element& result) {
    std::string text(text_member(result, "toolUseId"));
    text += text_member(result, "status") == "error" ? " failed: " : " = ";
    for (const element part : list_member(result, "content")) {
      const std::string_view said = text_member(part, "text");
      prompt_bytes_ += said.size();
      text += said;
      if (const auto json = member(part, "json")) text += std::string(simdjson::minify(*json));
      if (const auto image = member(part, "image")) read_image_block(*image);
      if (member(part, "document")) ++documents_;
    }
    results_.push_back(std::move(text));
  }

  bool guardrail() {
    if (!answer_.directives.has("guardrail")) return false;
    add_text("Sorry, the model cannot answer this question.");
    answer_.stop_reason = "guardrail_intervened";
    if (text_of_path({"guardrailConfig", "trace"}).substr(0, 7) == "enabled") {
      answer_.guardrail_id = text_of_path({"guardrailConfig", "guardrailIdentifier"});
    }
    return true;
  }

  bool reasoning_wanted() const {
    const auto fields = member(body_, "additionalModelRequestFields");
    if (!fields || !fields->is_object()) return false;
    for (const char* name : {"thinking", "reasoningConfig"}) {
      if (const auto config = member(*fields, name)) {
        return text_member(*config, "type") != "disabled";
      }
    }
    return member(*fields, "reasoning_effort") || member(*fields, "reasoning_config");
  }

  void add_reasoning() {
    if (!reasoning_wanted()) return;
    Block block;
    if (answer_.directives.has("redacted")) {
      block.kind = Block::Kind::kRedacted;
      block.text = "cmVkYWN0ZWQ=";
    } else {
      block.kind = Block::Kind::kReasoning;
      block.text = "Thinking about: " + prompt_;
      if (model_.family == Family::kClaude) block.signature = reasoning_signature(block.text);
    }
    answer_.blocks.push_back(std::move(block));
  }

  void add_text(std::string text) {
    answer_.blocks.push_back({Block::Kind::kText, std::move(text), {}, {}, {}});
  }

  std::string main_text() const {
    const std::int64_t size = answer_.directives.number("chars", -1);
    if (size >= 0) return filler(static_cast<std::size_t>(size));
    const auto schema =
        deep(body_, {"outputConfig", "textFormat", "structure", "jsonSchema", "schema"});
    if (schema) {
      thread_local simdjson::dom::parser parser;
      element parsed;
      const simdjson::padded_string text(text_of(*schema));
      if (parser.parse(text).get(parsed) == simdjson::SUCCESS) {
        return value_of_schema(parsed, text_of_path({"outputConfig", "textFormat", "structure",
                                                     "jsonSchema", "name"}));
      }
    }
    if (results_.empty()) return "Echo: " + prompt_ + image_notes_;
    std::string out = "Results:";
    for (const std::string& result : results_) out += " " + result + ";";
    out.pop_back();
    if (!prompt_.empty()) out += ". Echo: " + prompt_;
    return out + image_notes_;
  }

  // The calls that toolChoice or the words `call NAME` ask for. False: none.
  bool add_tool_calls() {
    const auto config = member(body_, "toolConfig");
    if (!config) return false;
    std::vector<std::pair<std::size_t, element>> wanted;  // Where in the prompt, which tool.
    const auto choice = member(*config, "toolChoice");
    const auto forced = choice ? member(*choice, "tool") : std::nullopt;
    const std::string_view forced_name = forced ? text_member(*forced, "name") : "";
    for (const element tool : list_member(*config, "tools")) {
      const auto spec = member(tool, "toolSpec");
      if (!spec) continue;
      const std::string_view name = text_member(*spec, "name");
      if (forced) {
        if (name == forced_name) wanted.emplace_back(0, *spec);
        continue;
      }
      find_words(name, *spec, wanted);
    }
    if (wanted.empty() && choice && member(*choice, "any")) {
      for (const element tool : list_member(*config, "tools")) {
        const auto spec = member(tool, "toolSpec");
        if (spec && wanted.empty()) wanted.emplace_back(0, *spec);
      }
    }
    std::sort(wanted.begin(), wanted.end(),
              [](const auto& a, const auto& b) { return a.first < b.first; });
    for (const auto& [place, spec] : wanted) add_call(spec);
    if (!wanted.empty()) answer_.stop_reason = "tool_use";
    return !wanted.empty();
  }

  void find_words(std::string_view name, const element& spec,
                  std::vector<std::pair<std::size_t, element>>& wanted) const {
    const std::string words = "call " + std::string(name);
    std::size_t at = prompt_.find(words);
    while (at != std::string::npos) {
      const std::size_t end = at + words.size();
      const bool whole =
          end == prompt_.size() || (std::isalnum(static_cast<unsigned char>(prompt_[end])) == 0 &&
                                    prompt_[end] != '_' && prompt_[end] != '-');
      if (whole) wanted.emplace_back(at, spec);
      at = prompt_.find(words, end);
    }
  }

  void add_call(const element& spec) {
    Block block;
    block.kind = Block::Kind::kToolUse;
    block.id = next_tool_id();
    block.name = text_member(spec, "name");
    const auto schema = deep(spec, {"inputSchema", "json"});
    block.text = schema ? value_of_schema(*schema, block.name) : "{}";
    answer_.blocks.push_back(std::move(block));
  }

  std::string next_tool_id() {
    static constexpr char kDigits[] =
        "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    const bool mistral = model_.family == Family::kMistral;
    std::string id = mistral ? "" : "tooluse_";
    for (int i = 0; i < (mistral ? 9 : 22); ++i) {
      seed_ = seed_ * 6364136223846793005u + 1442695040888963407u;
      id += kDigits[(seed_ >> 33) % 62];
    }
    return id;
  }

  // Stop sequences, then maxTokens, on the last text.
  void limit_output() {
    const auto config = member(body_, "inferenceConfig");
    if (!config || answer_.blocks.empty()) return;
    Block& last = answer_.blocks.back();
    if (last.kind != Block::Kind::kText) return;
    std::size_t first = std::string::npos;
    for (const element stop : list_member(*config, "stopSequences")) {
      const std::size_t at = last.text.find(text_of(stop));
      if (at >= first) continue;
      first = at;
      answer_.stop_sequence = text_of(stop);
    }
    if (first != std::string::npos) {
      last.text.resize(first);
      answer_.stop_reason = "stop_sequence";
      for (const element path : list_member(body_, "additionalModelResponseFieldPaths")) {
        if (text_of(path) == "/stop_sequence") answer_.stop_sequence_wanted = true;
      }
    }
    const auto limit = number_member(*config, "maxTokens");
    if (limit && tokens(last.text.size()) > static_cast<std::int64_t>(*limit)) {
      cut(last.text, static_cast<std::size_t>(*limit) * static_cast<std::size_t>(kBytesPerToken));
      answer_.stop_reason = "max_tokens";
      answer_.stop_sequence_wanted = false;
    }
  }

  void count_output() {
    std::size_t bytes = 0;
    for (const Block& block : answer_.blocks) bytes += block.text.size();
    answer_.usage.output = tokens(bytes);
  }

  const element& body_;
  const Model& model_;
  std::uint64_t seed_;
  Answer answer_;
  std::size_t prompt_bytes_ = 0;
  std::int64_t images_ = 0;
  std::int64_t documents_ = 0;
  std::int64_t tools_ = 0;
  std::string_view last_text_;
  std::string prompt_;
  std::string image_notes_;
  std::vector<std::string> results_;
};

}  // namespace

std::uint64_t fnv1a(std::string_view data) {
  std::uint64_t hash = 14695981039346656037u;
  for (const char c : data) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211u;
  }
  return hash;
}

Answer make_answer(const element& body, const Model& model, std::uint64_t seed,
                   std::string_view x_sim) {
  return AnswerMaker(body, model, seed).make(x_sim);
}

}  // namespace oriel::sim
