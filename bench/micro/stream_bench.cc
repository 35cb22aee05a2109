// What a piece of a stream costs: its frame, and from frame to chunk.
#include <benchmark/benchmark.h>

#include "bench/micro/samples.h"
#include "convert/bedrock/converse_dialect.h"
#include "convert/openai/chat_chunk.h"
#include "convert/wire/event_stream.h"
#include "tests/convert/event_stream_encoder.h"

namespace oriel::bench {
namespace {

constexpr int kPieces = 64;

std::string deltas() {
  const std::string frame = test::event_frame("contentBlockDelta", delta_payload(prose(20)));
  std::string frames;
  for (int i = 0; i < kPieces; ++i) frames += frame;
  return frames;
}

void count_pieces(benchmark::State& state, std::size_t bytes) {
  state.SetItemsProcessed(state.iterations() * kPieces);
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(bytes));
}

void BM_Frames(benchmark::State& state) {
  const std::string frames = deltas();
  for (auto _ : state) {
    convert::wire::EventStreamDecoder decoder;
    std::size_t payload = 0;
    const auto fed = decoder.feed(
        frames, [&](const convert::wire::EventMessage& m) { payload += m.payload.size(); });
    if (!fed) return state.SkipWithError("a broken frame");
    benchmark::DoNotOptimize(payload);
  }
  count_pieces(state, frames.size());
}
BENCHMARK(BM_Frames);

struct Chunks final : convert::DeltaSink {
  explicit Chunks(convert::ChunkWriter& chunk_writer) : writer(chunk_writer) {}
  void on_delta(const convert::ChatDelta& delta) override { writer.write(delta, out); }
  convert::ChunkWriter& writer;
  std::string out;
};

// Argument: pieces that come in one read.
void BM_FrameToChunk(benchmark::State& state) {
  const std::string frame = test::event_frame("contentBlockDelta", delta_payload(prose(20)));
  const std::string start = test::event_frame("messageStart", R"({"role":"assistant"})");
  std::string read;
  for (int i = 0; i < static_cast<int>(state.range(0)); ++i) read += frame;
  convert::ChunkWriter writer({"chatcmpl-0f8fad5bd9cb469fa16570867728950e", 1'700'000'000,
                               convert::Text::literal("gpt-4o-mini")},
                              convert::IncludeUsage::no);
  Chunks chunks(writer);
  auto decoder = convert::converse_dialect().stream({});
  if (!decoder->feed(start, chunks)) return state.SkipWithError("a broken frame");
  for (auto _ : state) {
    chunks.out.clear();
    if (!decoder->feed(read, chunks)) return state.SkipWithError("a broken frame");
    benchmark::DoNotOptimize(chunks.out.data());
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(BM_FrameToChunk)->Arg(1)->Arg(64);

}  // namespace
}  // namespace oriel::bench
