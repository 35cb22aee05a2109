#include "convert/bedrock/citations.h"

#include <string_view>

#include "convert/bedrock/surrogates.h"
#include "convert/json/word.h"

namespace oriel::convert::bedrock {
namespace {

// Bytes of UTF-8 that start no character, counted eight at a time: every text of a stream is.
std::size_t count_continuation_bytes(std::string_view text) {
  std::size_t count = 0;
  while (text.size() >= sizeof(std::uint64_t)) {
    const std::uint64_t word = json::load_word(text.data());
    // One bit a byte: 10xxxxxx. The product's highest byte is the sum of all bytes.
    count += (((word >> 7) & ~(word >> 6) & json::kOnes) * json::kOnes) >> 56;
    text.remove_prefix(sizeof word);
  }
  for (const char c : text) count += (static_cast<unsigned char>(c) & 0xC0U) == 0x80U ? 1 : 0;
  return count;
}

std::optional<Text> text_of(json::Value object, std::string_view name) {
  const auto value = object.find(name);
  return value ? value->as_text() : std::nullopt;
}

}  // namespace

std::uint32_t count_points(Text text) {
  const std::string_view escaped = text.escaped();
  std::size_t points = escaped.size() - count_continuation_bytes(escaped);
  std::size_t at = escaped.find('\\');
  while (at != std::string_view::npos) {
    if (escaped[at + 1] != 'u') {
      points -= 1;  // two bytes stand for one character
      at += 2;
    } else {
      // The low half of a pair is no character of its own.
      points -=
          starts_with_low_surrogate(escaped.substr(at)) ? kSurrogateEscape : kSurrogateEscape - 1;
      at += kSurrogateEscape;
    }
    at = escaped.find('\\', at);
  }
  return static_cast<std::uint32_t>(points);
}

Citation read_citation(json::Value value) {
  Citation citation;
  citation.source = value.raw();
  citation.title = text_of(value, "title").value_or(Text());
  const auto location = value.find_present("location");
  const auto web = location ? location->find_present("web") : std::nullopt;
  if (web) citation.url = text_of(*web, "url").value_or(Text());
  return citation;
}

}  // namespace oriel::convert::bedrock
