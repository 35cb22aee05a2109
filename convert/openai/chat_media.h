// Pictures, films, sounds and files in OpenAI's chat form: data URLs, bare base64 and links.
// Spec: spec/converse.md §4.2. Pure; base64 in canonical form and links borrow the body, what
// needed repair borrows the arena.
#pragma once

#include <optional>
#include <string_view>

#include "convert/chat.h"
#include "convert/json/reader.h"
#include "convert/openai/parameter_error.h"

namespace oriel::convert::openai {

// The payload of a part, an object at `path`: {"url","detail"} of image_url, {"url"} of video_url,
// {"data","format"} of input_audio. A file is what its label, name or bytes say: a document, or one
// of the others.
Result<ContentPart> parse_image_url(const json::Value& image_url, const Path& path, Arena& arena);
Result<ContentPart> parse_video_url(const json::Value& video_url, const Path& path, Arena& arena);
Result<ContentPart> parse_input_audio(const json::Value& audio, const Path& path, Arena& arena);
Result<ContentPart> parse_file(const json::Value& file, const Path& path, Arena& arena);

// `data` in canonical base64: as it stands where it already is, else repaired into the arena;
// nullopt when it is no base64 in any alphabet.
std::optional<std::string_view> canonical_base64(std::string_view data, Arena& arena);

}  // namespace oriel::convert::openai
