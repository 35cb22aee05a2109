// Our own work for one chat: P7 and P8 of the targets, and what they are made of.
#include <benchmark/benchmark.h>

#include "bench/micro/allocations.h"
#include "bench/micro/record_sample.h"
#include "bench/micro/samples.h"
#include "bench/micro/simdjson_alone.h"
#include "convert/bedrock/converse_dialect.h"
#include "convert/openai/chat_reply.h"
#include "convert/openai/chat_request.h"
#include "gateway/aws/sigv4.h"
#include "metrics/log_line.h"
#include "metrics/registry.h"

namespace oriel::bench {
namespace {

namespace aws = gateway::aws;

const convert::Target kTarget{"amazon.nova-lite-v1:0", "amazon.nova-lite-v1:0"};

convert::Envelope envelope() {
  return {"chatcmpl-0f8fad5bd9cb469fa16570867728950e", 1'700'000'000,
          convert::Text::literal("gpt-4o-mini")};
}

// Parses and encodes a body as the exchange does.
convert::Result<convert::Encoded> convert_body(const json::PaddedBuffer& body,
                                               json::Reader& reader) {
  auto request = convert::parse_chat_request(body.view(), reader);
  if (!request) return oriel::Unexpected{std::move(request.error())};
  return convert::converse_dialect().encode(*request, kTarget, {});
}

// P7: everything that is ours between the request's bytes and the answer's.
void BM_OwnWork(benchmark::State& state) {
  const json::PaddedBuffer body(chat_body(prose(kSmallPrompt)));
  const std::string upstream = converse_reply();
  json::Reader reader;
  aws::BodyHash hash;
  aws::Signer signer;
  aws::Credentials credentials;
  credentials.access_key_id = "AKIDEXAMPLE";
  credentials.secret_access_key = aws::Secret("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY");
  metrics::Registry registry({});
  metrics::Shard& shard = registry.add_shard();
  const metrics::Record record = chat_record(registry.labels(), 0);
  const auto time = aws::SigningTime(std::chrono::seconds(1'700'000'000));
  const std::uint64_t allocations_before = allocations();
  for (auto _ : state) {
    auto encoded = convert_body(body, reader);
    if (!encoded) return state.SkipWithError(encoded.error().message.c_str());
    convert::WireRequest& wire = encoded->wire;
    hash.update(wire.body);
    const aws::HexDigest digest = hash.finish();
    const aws::RequestToSign to_sign{
        wire.method, "127.0.0.1:8080", wire.path, "", {digest.data(), digest.size()}};
    if (!signer.sign(to_sign, credentials, {"us-east-1", "bedrock"}, time, wire.headers)) {
      return state.SkipWithError("signing failed");
    }
    const json::PaddedBuffer answer(upstream);
    const auto reply = convert::converse_dialect().decode(encoded->context, answer, reader);
    if (!reply) return state.SkipWithError("decoding failed");
    std::string out;
    convert::write_chat_reply(*reply, envelope(), out);
    shard.record(record);
    std::string line;
    append_log_line(record, registry.labels(), metrics::ClientAddress::show, line);
    benchmark::DoNotOptimize(out.data());
    benchmark::DoNotOptimize(line.data());
  }
  state.counters["allocations"] = static_cast<double>(allocations() - allocations_before) /
                                  static_cast<double>(state.iterations());
}
BENCHMARK(BM_OwnWork);

void BM_ParseSmall(benchmark::State& state) {
  const json::PaddedBuffer body(chat_body(prose(kSmallPrompt)));
  json::Reader reader;
  for (auto _ : state) benchmark::DoNotOptimize(convert::parse_chat_request(body.view(), reader));
}
BENCHMARK(BM_ParseSmall);

void BM_EncodeSmall(benchmark::State& state) {
  const json::PaddedBuffer body(chat_body(prose(kSmallPrompt)));
  json::Reader reader;
  const auto request = convert::parse_chat_request(body.view(), reader);
  if (!request) return state.SkipWithError("refused");
  for (auto _ : state) {
    benchmark::DoNotOptimize(convert::converse_dialect().encode(*request, kTarget, {}));
  }
}
BENCHMARK(BM_EncodeSmall);

void BM_DecodeAndWriteReply(benchmark::State& state) {
  const json::PaddedBuffer answer(converse_reply());
  json::Reader reader;
  std::string out;
  for (auto _ : state) {
    const auto reply = convert::converse_dialect().decode({}, answer, reader);
    if (!reply) return state.SkipWithError("decoding failed");
    out.clear();
    convert::write_chat_reply(*reply, envelope(), out);
    benchmark::DoNotOptimize(out.data());
  }
}
BENCHMARK(BM_DecodeAndWriteReply);

// P8. `copies` is what was allocated, in sizes of the body.
void convert_large(benchmark::State& state, const std::string& text) {
  const json::PaddedBuffer body(text);
  json::Reader reader;
  if (auto first = convert_body(body, reader); !first) {
    return state.SkipWithError(first.error().message.c_str());
  }
  const std::uint64_t before = allocated_bytes();
  for (auto _ : state) benchmark::DoNotOptimize(convert_body(body, reader));
  const double work = static_cast<double>(body.size()) * static_cast<double>(state.iterations());
  state.counters["copies"] = static_cast<double>(allocated_bytes() - before) / work;
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(body.size()));
}
void BM_ConvertProse200K(benchmark::State& state) {
  convert_large(state, chat_body(prose(kLargePrompt)));
}
BENCHMARK(BM_ConvertProse200K);
void BM_ConvertPasted200K(benchmark::State& state) {
  convert_large(state, chat_body(pasted(kLargePrompt)));
}
BENCHMARK(BM_ConvertPasted200K);
void BM_ConvertPicture4M(benchmark::State& state) { convert_large(state, picture_body()); }
BENCHMARK(BM_ConvertPicture4M);

// What simdjson alone needs to index and skip through the same bytes.
void simdjson_alone(benchmark::State& state, const std::string& text) {
  const json::PaddedBuffer body(text);
  simdjson::ondemand::parser parser;
  for (auto _ : state) {
    if (!index_alone(parser, body)) return state.SkipWithError("not JSON");
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(body.size()));
}
void BM_SimdjsonProse200K(benchmark::State& state) {
  simdjson_alone(state, chat_body(prose(kLargePrompt)));
}
BENCHMARK(BM_SimdjsonProse200K);
void BM_SimdjsonPasted200K(benchmark::State& state) {
  simdjson_alone(state, chat_body(pasted(kLargePrompt)));
}
BENCHMARK(BM_SimdjsonPasted200K);
void BM_SimdjsonPicture4M(benchmark::State& state) { simdjson_alone(state, picture_body()); }
BENCHMARK(BM_SimdjsonPicture4M);

// What one copy of the picture costs.
void BM_CopyPicture4M(benchmark::State& state) {
  const std::string body = picture_body();
  for (auto _ : state) {
    std::string copy = body;
    benchmark::DoNotOptimize(copy.data());
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(body.size()));
}
BENCHMARK(BM_CopyPicture4M);

}  // namespace
}  // namespace oriel::bench
