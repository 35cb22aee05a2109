#include "tests/bedrock_sim/answer.h"

#include <simdjson.h>

#include <algorithm>

#include "tests/bedrock_sim/constraints.h"
#include "tests/bedrock_sim/dom.h"
#include "tests/bedrock_sim/json_out.h"
#include "tests/bedrock_sim/request_facts.h"
#include "tests/bedrock_sim/schema_value.h"

namespace oriel::sim {
namespace {

constexpr std::int64_t kTokensPerImage = 258;
constexpr std::int64_t kTokensPerDocument = 500;
constexpr std::int64_t kTokensPerTool = 10;
constexpr std::int64_t kBytesPerToken = 4;

// A picture of one pixel, and bytes that pass for a sound.
constexpr std::string_view kPng =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJg"
    "gg==";
constexpr std::string_view kSound = "SUQzBAAAAAAAAA==";

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

std::string one_member(std::string_view name, std::string_view text) {
  std::string out;
  JsonOut(out).open().field(name, text).close();
  return out;
}

// One citation whose place is of that kind: web, char, page, chunk or search.
std::string citation(std::string_view kind, std::string_view title) {
  std::string out;
  JsonOut json(out);
  json.open().field("title", title).field("source", kind == "web" ? "web" : title);
  json.key("sourceContent").open_list().open().field("text", "As it is written.");
  json.close().close_list().key("location").open();
  if (kind == "web") {
    json.key("web").open().field("url", "https://example.com/page");
    json.field("domain", "example.com").close();
  } else {
    const bool search = kind == "search";
    json.key(kind == "char"    ? "documentChar"
             : kind == "page"  ? "documentPage"
             : kind == "chunk" ? "documentChunk"
                               : "searchResultLocation");
    json.open().field(search ? "searchResultIndex" : "documentIndex", 0);
    json.field("start", 1).field("end", 2).close();
  }
  json.close().close();
  return out;
}

using Wanted = std::vector<std::pair<std::size_t, element>>;  // Where in the prompt, which tool.

class AnswerMaker {
 public:
  AnswerMaker(const element& body, const Model& model, Prompt prompt, std::uint64_t seed)
      : body_(body),
        model_(model),
        seed_(seed),
        facts_(read_facts(body)),
        prompt_(std::move(prompt.text)) {
    answer_.directives = std::move(prompt.directives);
  }

  Answer make() {
    count_input();
    answer_.service_tier =
        asked("tier").empty() ? text_of_path({"serviceTier", "type"}) : asked("tier");
    answer_.latency_class = text_of_path({"performanceConfig", "latency"});
    if (!guardrail()) {
      add_reasoning();
      if (wants("preamble")) add(Block::Kind::kText, "Let me check.");
      if (!add_tool_calls()) add_main_text();
      add_media();
      limit_output();
    }
    if (!asked("stop").empty()) answer_.stop_reason = asked("stop");
    count_output();
    return std::move(answer_);
  }

 private:
  bool wants(std::string_view directive) const { return answer_.directives.has(directive); }
  std::string_view asked(std::string_view directive) const {
    return answer_.directives.text(directive);
  }
  std::string_view text_of_path(std::initializer_list<std::string_view> path) const {
    const auto found = deep(body_, path);
    return found ? text_of(*found) : std::string_view();
  }

  Block& add(Block::Kind kind, std::string text) {
    Block block;
    block.kind = kind;
    block.text = std::move(text);
    answer_.blocks.push_back(std::move(block));
    return answer_.blocks.back();
  }

  void count_input() {
    Usage& usage = answer_.usage;
    usage.input = tokens(facts_.text_bytes) + kTokensPerImage * facts_.images +
                  kTokensPerDocument * facts_.documents + kTokensPerTool * facts_.tools;
    usage.cache_read = answer_.directives.number("cache_read", 0);
    usage.cache_write_1h = answer_.directives.number("cache_write_1h", 0);
    usage.cache_write = answer_.directives.number("cache_write", 0) + usage.cache_write_1h;
    usage.stated_total = answer_.directives.number("total", -1);
  }

  // What a guardrail makes of the prompt. True: it speaks instead of the model.
  bool guardrail() {
    const std::string_view id = text_of_path({"guardrailConfig", "guardrailIdentifier"});
    const bool asked_for = wants("guardrail");
    if (id.empty() && !asked_for) return false;
    if (text_of_path({"guardrailConfig", "trace"}).substr(0, 7) == "enabled") {
      answer_.guardrail_id = id;
    }
    answer_.guardrail = Answer::Guardrail::kPassed;
    if (id.find("maskme") != std::string_view::npos) answer_.guardrail = Answer::Guardrail::kMasked;
    const bool blocks = asked_for || id.find("blockme") != std::string_view::npos ||
                        prompt_.find("BLOCK") != std::string::npos;
    if (!blocks) return false;
    answer_.guardrail = Answer::Guardrail::kBlocked;
    add(Block::Kind::kText, "Sorry, the model cannot answer this question.");
    answer_.stop_reason = "guardrail_intervened";
    return true;
  }

  void add_reasoning() {
    if (!thought_of(body_, model_).wanted && !wants("think") && !wants("redacted")) return;
    if (!wants("redacted") || asked("redacted") == "both") {
      Block& block = add(Block::Kind::kReasoning, "Thinking about: " + prompt_);
      const auto display = deep(body_, {"additionalModelRequestFields", "thinking", "display"});
      const bool shown = display && text_of(*display) == "summarized";
      const std::string_view words = asked("think");
      if (words == "empty" || (model_.can(kHidesThinking) && !shown)) {
        block.text.clear();
      } else if (words.size() > 1) {
        block.text = words;
      }
      if (model_.claude()) block.signature = reasoning_signature(block.text);
    }
    if (wants("redacted")) add(Block::Kind::kRedacted, std::string(kRedactedContent));
  }

  void add_main_text() {
    std::string_view kinds = asked("citations");
    if (wants("citations") && kinds.size() <= 1) kinds = "web";
    if (!wants("citations") && !facts_.cited.empty()) kinds = "page";
    Block& block = add(kinds.empty() ? Block::Kind::kText : Block::Kind::kCitations, main_text());
    while (!kinds.empty()) {
      const std::size_t end = std::min(kinds.find(','), kinds.size());
      const std::string title = facts_.cited.empty() ? "A page" : facts_.cited;
      block.citations.push_back(citation(kinds.substr(0, end), title));
      kinds.remove_prefix(std::min(end + 1, kinds.size()));
    }
    if (wants("fenced")) block.text = "```json\n" + block.text + "\n```";
  }

  std::string main_text() const {
    if (wants("text")) return std::string(asked("text"));
    const std::int64_t size = answer_.directives.number("chars", -1);
    if (size >= 0) return filler(static_cast<std::size_t>(size));
    const std::string_view schema =
        text_of_path({"outputConfig", "textFormat", "structure", "jsonSchema", "schema"});
    if (!schema.empty()) {
      thread_local simdjson::dom::parser parser;
      element parsed;
      const simdjson::padded_string text(schema);
      if (parser.parse(text).get(parsed) == simdjson::SUCCESS) {
        return value_of_schema(parsed, text_of_path({"outputConfig", "textFormat", "structure",
                                                     "jsonSchema", "name"}));
      }
    }
    if (facts_.wants_json) return one_member("echo", prompt_);
    if (facts_.results.empty()) return "Echo: " + prompt_ + facts_.notes;
    std::string out = "Results:";
    for (const std::string& result : facts_.results) out += " " + result + ";";
    out.pop_back();
    if (!prompt_.empty()) out += ". Echo: " + prompt_;
    return out + facts_.notes;
  }

  void add_media() {
    if (wants("image")) {
      const std::int64_t count =
          std::clamp<std::int64_t>(answer_.directives.number("image", 1), 1, 8);
      for (std::int64_t i = 0; i < count; ++i) {
        Block& block = add(Block::Kind::kImage, std::string(kPng));
        block.name = "png";
        block.failed = asked("image") == "error";
      }
    }
    if (wants("audio")) add(Block::Kind::kAudio, std::string(kSound)).name = "mp3";
    if (wants("unknown_block")) add(Block::Kind::kUnknown, "hologram");
  }

  // The calls that toolChoice or the words `call NAME` ask for. False: none for the client.
  bool add_tool_calls() {
    const auto config = member(body_, "toolConfig");
    if (wants("server_tool")) add_server_call("nova_grounding");
    if (!config) return false;
    Wanted wanted;
    const auto choice = member(*config, "toolChoice");
    const auto forced = choice ? member(*choice, "tool") : std::nullopt;
    const std::string_view forced_name = forced ? text_member(*forced, "name") : "";
    for (const element tool : list_member(*config, "tools")) {
      if (const auto system = member(tool, "systemTool")) {
        const std::string_view name = text_member(*system, "name");
        Wanted asked_for;
        find_words(name, *system, asked_for);
        if (!asked_for.empty()) add_server_call(name);
        continue;
      }
      const auto spec = member(tool, "toolSpec");
      if (!spec) continue;
      const std::string_view name = text_member(*spec, "name");
      if (forced) {
        if (name == forced_name) wanted.emplace_back(0, *spec);
        continue;
      }
      find_words(name, *spec, wanted);
    }
    if (wanted.empty()) add_unasked(*config, choice && member(*choice, "any"), wanted);
    std::sort(wanted.begin(), wanted.end(),
              [](const auto& a, const auto& b) { return a.first < b.first; });
    for (const auto& [place, spec] : wanted) add_call(spec);
    if (!wanted.empty()) answer_.stop_reason = "tool_use";
    return !wanted.empty();
  }

  // A tool that is there to answer with is called whenever no other is; else, when one must be, the
  // first.
  static void add_unasked(const element& config, bool must, Wanted& wanted) {
    std::optional<element> first;
    for (const element tool : list_member(config, "tools")) {
      const auto spec = member(tool, "toolSpec");
      if (!spec) continue;
      if (!first) first = spec;
      if (text_member(*spec, "name").substr(0, 13) == "json_response") {
        return wanted.emplace_back(0, *spec), void();
      }
    }
    if (must && first) wanted.emplace_back(0, *first);
  }

  void find_words(std::string_view name, const element& spec, Wanted& wanted) const {
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
    const auto schema = deep(spec, {"inputSchema", "json"});
    const std::string name(text_member(spec, "name"));
    Block& block = add(Block::Kind::kToolUse, schema ? value_of_schema(*schema, name) : "{}");
    block.id = next_tool_id();
    block.name = name;
    if (wants("text") && name.substr(0, 13) == "json_response") block.text = asked("text");
  }

  // A tool that runs on Bedrock's side: the call and its result are both in the answer.
  void add_server_call(std::string_view name) {
    Block& call = add(Block::Kind::kServerCall, one_member("query", prompt_));
    call.id = next_tool_id();
    call.name = name;
    const std::string id = call.id;
    Block& result = add(Block::Kind::kServerResult, "Found: " + prompt_);
    result.id = id;
    result.name = std::string(name) + "_result";
  }

  std::string next_tool_id() {
    static constexpr char kDigits[] =
        "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    const bool nine = model_.can(kNineIds);
    std::string id = nine ? "" : "tooluse_";
    for (int i = 0; i < (nine ? 9 : 22); ++i) {
      seed_ = seed_ * 6364136223846793005u + 1442695040888963407u;
      id += kDigits[(seed_ >> 33) % 62];
    }
    return id;
  }

  // Stop sequences, then maxTokens, on the last text; a directive cuts the last call.
  void limit_output() {
    if (answer_.blocks.empty()) return;
    Block& last = answer_.blocks.back();
    if (wants("cut_tool") && last.kind == Block::Kind::kToolUse) {
      last.text.resize(last.text.size() / 2);
      answer_.stop_reason = "max_tokens";
    }
    const auto config = member(body_, "inferenceConfig");
    const bool text = last.kind == Block::Kind::kText || last.kind == Block::Kind::kCitations;
    if (!config || !text) return;
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
    for (const Block& block : answer_.blocks) {
      if (block.kind < Block::Kind::kImage) bytes += block.text.size();
    }
    answer_.usage.output = tokens(bytes);
  }

  const element& body_;
  const Model& model_;
  std::uint64_t seed_;
  const RequestFacts facts_;
  const std::string prompt_;
  Answer answer_;
};

}  // namespace

std::uint64_t fnv1a(std::string_view data) {
  std::uint64_t hash = 14695981039346656037u;
  for (const char c : data) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211u;
  }
  return hash;
}

Answer make_answer(const element& body, const Model& model, Prompt prompt, std::uint64_t seed) {
  return AnswerMaker(body, model, std::move(prompt), seed).make();
}

}  // namespace oriel::sim
