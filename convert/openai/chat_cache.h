// Marks of the prompt cache in a chat request: Anthropic's `cache_control` and OpenAI's
// `prompt_cache_breakpoint`, on parts, messages and tools. Spec: spec/converse.md §9. Pure.
#pragma once

#include "convert/chat.h"
#include "convert/json/reader.h"
#include "convert/openai/field_table.h"

namespace oriel::convert::openai {

// How long OpenAI's caches may be told to last; all of it is longer than Converse's five minutes.
inline constexpr std::string_view kCacheTimes[] = {"30m", "12h"};

// The mark that `object` bears; of two the longer.
Result<CacheMark> parse_cache_mark(const json::Value& object, const Path& path);

}  // namespace oriel::convert::openai
