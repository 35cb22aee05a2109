// Data URLs, base64 and picture headers: cleaning gives the canonical form, once and for all.
#include <string>

#include "convert/wire/base64.h"
#include "convert/wire/data_url.h"
#include "convert/wire/image_probe.h"
#include "convert/wire/percent.h"
#include "tests/fuzz/pieces.h"

namespace {

using namespace oriel;
using namespace oriel::convert::wire;

void check_base64(std::string_view text) {
  std::string cleaned;
  const bool is_base64 = clean_base64(text, cleaned);
  fuzz::require(is_base64 || cleaned.empty(), "nothing left of what is none");
  if (is_canonical_base64(text)) {
    fuzz::require(is_base64 && cleaned == text, "canonical text is clean");
  }
  if (!is_base64) return;
  fuzz::require(is_canonical_base64(cleaned), "clean text is canonical");
  std::vector<unsigned char> bytes(cleaned.size());
  bytes.resize(decode_base64_prefix(cleaned, bytes));
  fuzz::require(bytes.size() <= cleaned.size() / 4 * 3, "decoded size");
  fuzz::require(bytes.size() + 2 >= cleaned.size() / 4 * 3, "all is decoded");
  const auto info = probe_image_info(bytes);
  fuzz::require(!info || probe_image(bytes) == info->format, "one format");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::vector<char> copy(data, data + size);
  const std::string_view text = fuzz::view(copy);
  if (const auto url = parse_data_url(text)) {
    fuzz::require(text.size() >= url->data.size() + url->media_type.size() + 6, "parts of the url");
    check_base64(url->data);
  }
  check_base64(text);
  (void)probe_image_info(text);
  std::string encoded;
  append_percent_encoded(text, encoded);
  fuzz::require(percent_decode(encoded) == text, "percent-encoding comes back");
  fuzz::require(percent_decode(text).has_value() == valid_percent_encoding(text), "validity");
  return 0;
}
