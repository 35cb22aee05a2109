// The parts of an answer's message that look the same whole and streamed: citations and pictures.
// Streamed, an entry of a list carries its index: by it the SDKs' accumulators put a message
// together. Source: spec/converse.md §12.3; openai-python, lib/streaming/_deltas.py. Pure.
#pragma once

#include <cstdint>
#include <optional>

#include "convert/chat.h"
#include "convert/json/writer.h"

namespace oriel::convert::openai {

// A page of the web as OpenAI's url_citation; any other source as its span and upstream's own
// object, our extension.
void write_citation(const Citation& citation, std::optional<std::uint32_t> index,
                    json::Writer& writer);
// As a content part with a data URL, which is what clients send.
void write_image(const Media& image, std::optional<std::uint32_t> index, json::Writer& writer);

}  // namespace oriel::convert::openai
