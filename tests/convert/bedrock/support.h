// What the tests of this folder share: reading JSON text, and collecting a stream's deltas.
#pragma once

#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "convert/chat.h"
#include "convert/dialect.h"
#include "convert/json/padded_buffer.h"
#include "convert/json/reader.h"

namespace oriel::test {

inline std::string read_text(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

// Without the white space between tokens.
inline std::string compact(std::string_view json) {
  std::string out;
  bool in_string = false;
  for (std::size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (in_string && c == '\\') out.push_back(json[i++]);
    if (c == '"') in_string = !in_string;
    if (in_string || (c != ' ' && c != '\n' && c != '\t' && c != '\r')) out.push_back(json[i]);
  }
  return out;
}

inline std::string line_of(const convert::ChatDelta& delta) {
  using Kind = convert::ChatDelta::Kind;
  const std::string text(delta.text.escaped());
  const std::string tool = std::to_string(delta.tool_index);
  switch (delta.kind) {
    case Kind::role: return "role";
    case Kind::text: return "text " + text;
    case Kind::reasoning: return "reasoning " + text;
    case Kind::signature: return "signature " + text;
    case Kind::redacted: return "redacted " + text;
    case Kind::tool_call_start:
      return "start " + tool + " " + std::string(delta.id.escaped()) + " " +
             std::string(delta.name.escaped());
    case Kind::tool_call_args: return "args " + tool + " " + text;
    case Kind::finish: return "finish " + std::string(to_string(delta.finish));
    case Kind::usage:
      return "usage " + std::to_string(delta.usage->prompt()) + "+" +
             std::to_string(delta.usage->output);
    case Kind::citation:
      return "citation " + std::to_string(delta.citation.begin) + "-" +
             std::to_string(delta.citation.end) + " " + std::string(delta.citation.url.escaped());
    case Kind::image: return "image " + std::string(delta.media.format);
    case Kind::source: return "source";
  }
  return "?";
}

using Lines = std::vector<std::string>;

struct Collector final : convert::DeltaSink {
  Lines lines;
  void on_delta(const convert::ChatDelta& delta) override { lines.push_back(line_of(delta)); }
};

}  // namespace oriel::test
