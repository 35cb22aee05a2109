#include "tests/bedrock_sim/answer_json.h"

#include "tests/bedrock_sim/json_out.h"

namespace oriel::sim {
namespace {

// A key that is not one of ours.
std::string as_key(std::string_view text) {
  std::string quoted;
  JsonOut::append_quoted(quoted, text);
  return quoted.substr(1, quoted.size() - 2);
}

void append_text(JsonOut& json, const Answer& answer, const std::string& text) {
  if (answer.directives.has("surrogates")) {
    json.key("text").raw(with_surrogates(text, answer.directives.text("surrogates")));
  } else {
    json.field("text", text);
  }
}

void append_citations(JsonOut& json, const Answer& answer, const Block& block) {
  json.key("citationsContent").open();
  json.key("content").open_list().open();
  append_text(json, answer, block.text);
  json.close().close_list();
  json.key("citations").open_list();
  for (const std::string& citation : block.citations) json.raw(citation);
  json.close_list().close();
}

void append_media(JsonOut& json, const Block& block) {
  json.key(block.kind == Block::Kind::kImage ? "image" : "audio").open();
  json.field("format", block.name).key("source").open();
  json.field("bytes", block.failed ? "" : block.text).close();
  if (block.failed) {
    json.key("error").open().field("message", "The image could not be made.").close();
  }
  json.close();
}

// The arguments of a call. What was cut off in the middle is no object any more: it comes as text.
void append_input(JsonOut& json, const Answer& answer, const Block& block) {
  if (answer.directives.has("no_input")) return;
  json.key("input");
  if (answer.directives.has("cut_tool")) {
    json.string(block.text);
  } else {
    json.raw(block.text);
  }
}

void append_block(JsonOut& json, const Answer& answer, const Block& block) {
  json.open();
  switch (block.kind) {
    case Block::Kind::kText: append_text(json, answer, block.text); break;
    case Block::Kind::kCitations: append_citations(json, answer, block); break;
    case Block::Kind::kToolUse:
      json.key("toolUse").open().field("toolUseId", block.id).field("name", block.name);
      append_input(json, answer, block);
      json.close();
      break;
    case Block::Kind::kServerCall:
      json.key("toolUse").open().field("toolUseId", block.id).field("name", block.name);
      json.key("input").raw(block.text).field("type", "server_tool_use").close();
      break;
    case Block::Kind::kServerResult:
      json.key("toolResult").open().field("toolUseId", block.id).field("type", block.name);
      json.field("status", "success").key("content").open_list();
      json.open().field("text", block.text).close().close_list().close();
      break;
    case Block::Kind::kReasoning:
      json.key("reasoningContent").open().key("reasoningText").open();
      json.field("text", block.text);
      if (!block.signature.empty()) json.field("signature", block.signature);
      json.close().close();
      break;
    case Block::Kind::kRedacted:
      json.key("reasoningContent").open().field("redactedContent", block.text).close();
      break;
    case Block::Kind::kImage:
    case Block::Kind::kAudio: append_media(json, block); break;
    case Block::Kind::kUnknown: json.key("hologram").open().field("depth", 3).close(); break;
  }
  json.close();
}

void append_guardrail_trace(JsonOut& json, const Answer& answer) {
  const bool blocked = answer.guardrail == Answer::Guardrail::kBlocked;
  json.key("guardrail").open();
  json.field("actionReason", blocked ? "Guardrail blocked." : "No action.");
  json.key("inputAssessment").open().key(as_key(answer.guardrail_id)).open();
  if (blocked) {
    json.key("contentPolicy").open().key("filters").open_list().open();
    json.field("type", "VIOLENCE").field("confidence", "HIGH").field("action", "BLOCKED");
    json.close().close_list().close();
  } else if (answer.guardrail == Answer::Guardrail::kMasked) {
    json.key("sensitiveInformationPolicy").open().key("piiEntities").open_list().open();
    json.field("match", "alice@example.com").field("type", "EMAIL").field("action", "ANONYMIZED");
    json.close().close_list().key("regexes").open_list().close_list().close();
  }
  json.close().close().close();
}

bool is_empty(const Block& block) {
  const bool says = block.kind == Block::Kind::kText || block.kind == Block::Kind::kCitations;
  return says && block.text.empty();
}

}  // namespace

void append_usage(std::string& out, const Usage& usage) {
  JsonOut json(out);
  json.open();
  json.field("inputTokens", usage.input).field("outputTokens", usage.output);
  json.field("totalTokens", usage.total());
  if (usage.cache_read + usage.cache_write > 0) {
    json.field("cacheReadInputTokens", usage.cache_read);
    json.field("cacheWriteInputTokens", usage.cache_write);
  }
  if (usage.cache_write > 0) {
    const std::int64_t short_lived = usage.cache_write - usage.cache_write_1h;
    json.key("cacheDetails").open_list();
    if (short_lived > 0) json.open().field("ttl", "5m").field("inputTokens", short_lived).close();
    if (usage.cache_write_1h > 0) {
      json.open().field("ttl", "1h").field("inputTokens", usage.cache_write_1h).close();
    }
    json.close_list();
  }
  json.close();
}

std::string closing_fields(const Answer& answer) {
  std::string out;
  JsonOut json(out);
  if (!answer.guardrail_id.empty() || !answer.invoked_model.empty()) {
    json.key("trace").open();
    if (!answer.guardrail_id.empty()) append_guardrail_trace(json, answer);
    if (!answer.invoked_model.empty()) {
      json.key("promptRouter").open().field("invokedModelId", answer.invoked_model).close();
    }
    json.close();
  }
  if (!answer.latency_class.empty()) {
    json.key("performanceConfig").open().field("latency", answer.latency_class).close();
  }
  if (!answer.service_tier.empty()) {
    json.key("serviceTier").open().field("type", answer.service_tier).close();
  }
  return out;
}

std::string with_surrogates(std::string_view text, std::string_view wanted) {
  std::string out;
  JsonOut::append_quoted(out, text);
  out.pop_back();
  out += wanted == "lone" ? R"(\ud83d!")" : R"(\ud83d\ude00")";
  return out;
}

std::string answer_json(const Answer& answer, std::int64_t latency_ms) {
  const Directives& directives = answer.directives;
  if (directives.has("no_output")) {
    return R"({"Output":{"__type":"com.amazon.coral.service#UnknownOperationException"},)"
           R"("Version":"1.0"})";
  }
  std::string out;
  out.reserve(512);
  JsonOut json(out);
  json.open();
  json.key("metrics").open().field("latencyMs", latency_ms).close();
  if (directives.has("null_output")) {
    json.key("output").raw("null");
  } else {
    json.key("output").open().key("message").open().key("content").open_list();
    for (const Block& block : answer.blocks) {
      if (!is_empty(block)) append_block(json, answer, block);
    }
    json.close_list().field("role", "assistant").close().close();
  }
  if (!directives.has("no_stop_reason")) json.field("stopReason", answer.stop_reason);
  if (answer.stop_sequence_wanted) {
    json.key("additionalModelResponseFields").open();
    json.field("stop_sequence", answer.stop_sequence).close();
  }
  if (!directives.has("no_usage")) {
    std::string usage;
    append_usage(usage, answer.usage);
    json.key("usage").raw(usage);
  }
  const std::string more = closing_fields(answer);
  if (!more.empty()) json.raw(more);
  json.close();
  return out;
}

}  // namespace oriel::sim
