// What the gateway itself reads in an OpenAI-compatible answer, whole or chunk: where things stand,
// usage, finish reasons. Pure; borrows nothing.
#pragma once

#include <optional>
#include <string_view>

#include "convert/chat.h"
#include "convert/json/reader.h"

namespace oriel::convert::openai {

// Where `part`, a piece of `source`, stands in it.
SourceSpan span_in(std::string_view source, std::string_view part);
// Where the value of "model" stands, quotes included; not present when there is none.
SourceSpan find_model_span(const json::Value& root);
// What to cut so that the object loses the member and stays JSON; not present when it has none.
SourceSpan find_removable_span(const json::Value& object, std::string_view name);

// The member "usage" in disjoint kinds; nullopt when it is absent, null, or without its two counts.
std::optional<Usage> read_usage(const json::Value& root);

// Keeps what upstream calls its model and its answer in `facts`; the first names count.
void read_names(const json::Value& root, UpstreamFacts& facts);

// The finish reason that `word` spells. A word that OpenAI does not have counts as an unknown item
// and means stop. Keeps the word in `facts`.
FinishReason read_finish(json::Text word, UpstreamFacts& facts);

}  // namespace oriel::convert::openai
