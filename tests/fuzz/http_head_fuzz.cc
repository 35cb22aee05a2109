// A head is read alike however it arrives, and what is taken keeps the parser's promises.
#include <string>

#include "convert/wire/chars.h"
#include "convert/wire/http_request.h"
#include "convert/wire/http_target.h"
#include "tests/fuzz/pieces.h"

namespace {

using namespace oriel;
using namespace oriel::convert::wire;

HttpLimits small_limits() {
  HttpLimits limits;
  limits.max_target = 100;
  limits.max_head = 1000;
  limits.max_headers = 10;
  return limits;
}

void check_head(const HttpRequestHead& head) {
  fuzz::require(is_token(head.method) && head.method != "CONNECT", "method");
  fuzz::require(!head.path.empty(), "path");
  fuzz::require(head.headers.size() <= 10, "number of headers");
  std::size_t hosts = 0;
  std::size_t framings = 0;
  for (const HttpHeader& header : head.headers) {
    fuzz::require(is_token(header.name) && is_field_value(header.value), "header");
    if (equal_ignoring_case(header.name, "host")) ++hosts;
    if (equal_ignoring_case(header.name, "content-length")) ++framings;
    if (equal_ignoring_case(header.name, "transfer-encoding")) ++framings;
  }
  fuzz::require(hosts == 1 || (hosts == 0 && head.version == HttpVersion::http10), "one host");
  fuzz::require(framings <= 1, "one framing");
  if (const std::string* host = head.find("host")) fuzz::require(valid_host(*host), "host");
}

std::string run(const std::vector<std::vector<char>>& pieces) {
  HeadParser parser(small_limits());
  std::string received;
  ParseState state = ParseState::need_more;
  for (const auto& piece : pieces) {
    received += fuzz::view(piece);
    state = parser.parse(received);
    if (state != ParseState::need_more) break;
  }
  if (state == ParseState::need_more) return "more";
  if (state == ParseState::refused) {
    const int status = convert::status_of(parser.error());
    fuzz::require(status >= 400 && status <= 505, "status of a refusal");
    return "refused " + std::to_string(status) + parser.error().message;
  }
  const HttpRequestHead& head = parser.head();
  fuzz::require(parser.used() <= received.size(), "used");
  check_head(head);
  std::string out = "done " + std::to_string(parser.used()) + head.method + head.target + "|" +
                    head.path + "|" + head.query + std::to_string(head.body.length);
  for (const HttpHeader& header : head.headers) out += header.name + ":" + header.value + "\n";
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fuzz::Input input(data, size);
  fuzz::require(run(fuzz::uncut(input)) == run(fuzz::cut(input)), "whole equals pieces");
  return 0;
}
