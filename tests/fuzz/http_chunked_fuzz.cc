// A chunked body is read alike however it arrives, within its cap.
#include <string>

#include "convert/wire/http_request.h"
#include "tests/fuzz/pieces.h"

namespace {

using namespace oriel;
using namespace oriel::convert::wire;

constexpr std::size_t kMaxBody = 200;

std::string run(const std::vector<std::vector<char>>& pieces) {
  HttpLimits limits;
  limits.max_chunk_extension = 20;
  limits.max_trailer = 100;
  BodyParser parser({BodyFraming::Kind::chunked, 0}, kMaxBody, limits);
  json::PaddedBuffer body;
  std::size_t used = 0;
  ParseState state = ParseState::need_more;
  for (const auto& piece : pieces) {
    state = parser.parse(fuzz::view(piece), body);
    fuzz::require(parser.used() <= piece.size(), "used");
    used += parser.used();
    if (state != ParseState::need_more) break;
    fuzz::require(parser.used() == piece.size(), "all is used while more is needed");
  }
  fuzz::require(body.size() <= kMaxBody, "cap");
  if (state == ParseState::refused) {
    return "refused " + std::to_string(convert::status_of(parser.error()));
  }
  const char* ended = state == ParseState::done ? "done " : "more ";
  return ended + std::to_string(used) + std::string(body.view());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fuzz::Input input(data, size);
  fuzz::require(run(fuzz::uncut(input)) == run(fuzz::cut(input)), "whole equals pieces");
  return 0;
}
