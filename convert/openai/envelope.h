// What every answer to a chat request says about itself, streamed or not: spec/converse.md §12.2.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "convert/chat.h"
#include "convert/json/writer.h"

namespace oriel::convert {

// Borrows; what keeps it says so.
struct Envelope {
  std::string_view id;       // "chatcmpl-…", the same in every chunk
  std::int64_t created = 0;  // Unix seconds, the same in every chunk
  Text model;                // the client's own spelling
};

namespace openai {

// The members that begin every answer: id, object, created, model.
void write_envelope(const Envelope& envelope, std::string_view object, json::Writer& writer);

// OpenAI's usage object, cached tokens counted in prompt_tokens: §12.4.
void write_usage(const Usage& usage, json::Writer& writer);

// An upstream's own text, passed on with two changes; spans that are not present, or not inside it,
// change nothing.
struct Splice {
  std::string_view source;
  SourceSpan model;             // replaced by `model_text`
  SourceSpan removed;           // left out
  std::string_view model_text;  // a JSON string with its quotes
};
void append_spliced(const Splice& splice, std::string& out);

}  // namespace openai
}  // namespace oriel::convert
