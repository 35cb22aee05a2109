// What a Converse answer and a ConverseStream have in common: stop reasons, usage, service tier,
// and the text of tool arguments. Source: spec/converse.md §12.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "convert/chat.h"
#include "convert/dialect.h"
#include "convert/error.h"
#include "convert/json/reader.h"

namespace oriel::convert::bedrock {

enum class StopKind : std::uint8_t { finished, malformed, unknown };

struct Stop {
  StopKind kind = StopKind::unknown;
  FinishReason finish = FinishReason::stop;
};

enum class ClientCalls : std::uint8_t { none, some };

// What Bedrock's stopReason means for the client; every word has a row, others count as unknown.
Stop decode_stop_reason(std::string_view stop_reason, ClientCalls calls);
// The words that have a row.
std::span<const std::string_view> known_stop_reasons();
// The error of a malformed_* stop reason.
Error malformed_output(std::string_view stop_reason);
// Whether the answer was cut off, so that its last tool call may be incomplete.
bool is_cut_off(std::string_view stop_reason);
// What is said to the client when all calls of its tools are known.
FinishReason client_finish(FinishReason finish, const ReplyContext& context);
// For the log: words of the protocol as they are, nothing else.
std::string clean_word(std::string_view word);

// nullopt unless both token counts are there. Bedrock does not count reasoning: of models that may
// reason it is unknown.
std::optional<Usage> decode_usage(json::Value usage, const ReplyContext& context);
// `serviceTier.type` in OpenAI's words; empty when absent.
Text decode_service_tier(json::Value answer);
std::optional<std::uint64_t> decode_latency_ms(json::Value answer);
std::optional<std::uint64_t> as_count(std::optional<json::Value> value);

// Appends the compact form of `raw` as JSON string content.
void append_compact_escaped(json::Raw raw, std::string& out);
// The client's name of a tool. Borrows `context`, or is `name`.
Text client_tool_name(const ReplyContext& context, Text name);

}  // namespace oriel::convert::bedrock
