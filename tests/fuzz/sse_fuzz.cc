// Server-sent events are read alike however they arrive, and so are chat completion chunks in them.
#include <string>

#include "convert/openai/passthrough.h"
#include "convert/wire/sse.h"
#include "tests/fuzz/pieces.h"

namespace {

using namespace oriel;
using namespace oriel::convert;

std::string run_events(const std::vector<std::vector<char>>& pieces) {
  wire::SseDecoder decoder(200);
  std::string out;
  for (const auto& piece : pieces) {
    const auto fed = decoder.feed(fuzz::view(piece), [&](const wire::SseEvent& event) {
      fuzz::require(event.data.size() <= 200, "bound of an event");
      out += std::string(event.name) + ":" + std::string(event.data) + ";";
    });
    if (!fed) return out + fed.error().detail;
  }
  return out;
}

class Recorder final : public DeltaSink {
 public:
  void on_delta(const ChatDelta& delta) override {
    out += delta.source.text;
    fuzz::require(delta.source_model_span.end <= delta.source.text.size(), "model span");
    fuzz::require(delta.source_usage_span.end <= delta.source.text.size(), "usage span");
    if (!delta.source_usage_span.present()) return;
    // Without its usage the chunk is still JSON.
    std::string cut(delta.source.text);
    cut.erase(delta.source_usage_span.begin,
              delta.source_usage_span.end - delta.source_usage_span.begin);
    const json::PaddedBuffer buffer{std::string_view(cut)};
    fuzz::require(reader_.read(buffer).has_value(), "cut leaves JSON");
  }
  std::string out;

 private:
  json::Reader reader_;
};

std::string run_chunks(const std::vector<std::vector<char>>& pieces) {
  const auto decoder = openai_dialect().stream({});
  Recorder sink;
  for (const auto& piece : pieces) {
    const auto fed = decoder->feed(fuzz::view(piece), sink);
    if (!fed) return sink.out + std::to_string(static_cast<int>(fed.error().kind));
  }
  const auto finished = decoder->finish(sink);
  return sink.out + (finished ? "complete" : finished.error().detail);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fuzz::Input input(data, size);
  fuzz::require(run_events(fuzz::uncut(input)) == run_events(fuzz::cut(input)), "events alike");
  fuzz::require(run_chunks(fuzz::uncut(input)) == run_chunks(fuzz::cut(input)), "chunks alike");
  return 0;
}
