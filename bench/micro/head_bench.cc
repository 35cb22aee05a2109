// What the strict parser of request heads and bodies costs.
#include <benchmark/benchmark.h>

#include "bench/micro/samples.h"
#include "convert/wire/http_request.h"

namespace oriel::bench {
namespace {

using convert::wire::BodyFraming;
using convert::wire::BodyParser;
using convert::wire::HeadParser;
using convert::wire::HttpLimits;
using convert::wire::ParseState;

// As OpenAI's Python client sends it.
constexpr std::string_view kHead =
    "POST /v1/chat/completions HTTP/1.1\r\n"
    "Host: 127.0.0.1:8080\r\n"
    "Accept-Encoding: gzip, deflate\r\n"
    "Connection: keep-alive\r\n"
    "Accept: application/json\r\n"
    "Content-Type: application/json\r\n"
    "User-Agent: OpenAI/Python 1.99.9\r\n"
    "X-Stainless-Lang: python\r\n"
    "X-Stainless-Package-Version: 1.99.9\r\n"
    "X-Stainless-OS: Linux\r\n"
    "X-Stainless-Arch: x64\r\n"
    "X-Stainless-Runtime: CPython\r\n"
    "X-Stainless-Runtime-Version: 3.11.2\r\n"
    "Authorization: Bearer sk-none\r\n"
    "X-Stainless-Async: false\r\n"
    "x-stainless-retry-count: 0\r\n"
    "x-stainless-read-timeout: 600\r\n"
    "Content-Length: 2048\r\n"
    "\r\n";

void BM_Head(benchmark::State& state) {
  const HttpLimits limits;
  HeadParser parser(limits);
  for (auto _ : state) {
    parser.reset();
    if (parser.parse(kHead) != ParseState::done) return state.SkipWithError("refused");
    benchmark::DoNotOptimize(parser.take_head());
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(kHead.size()));
}
BENCHMARK(BM_Head);

void BM_ChunkedBody(benchmark::State& state) {
  const HttpLimits limits;
  const std::string data = prose(4'096);
  std::string wire;
  for (int i = 0; i < 16; ++i) wire += "1000\r\n" + data + "\r\n";
  wire += "0\r\n\r\n";
  BodyFraming framing;
  framing.kind = BodyFraming::Kind::chunked;
  json::PaddedBuffer body;
  for (auto _ : state) {
    body.clear();
    BodyParser parser(framing, 1 << 20, limits);
    if (parser.parse(wire, body) != ParseState::done) return state.SkipWithError("refused");
    benchmark::DoNotOptimize(body.view().data());
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(wire.size()));
}
BENCHMARK(BM_ChunkedBody);

}  // namespace
}  // namespace oriel::bench
