// Event-stream frames are read alike however they arrive. With an odd seed the input becomes the
// headers and payload of a frame with good checksums, so that what lies behind them is reached.
#include <string>

#include "convert/wire/event_stream.h"
#include "tests/convert/event_stream_encoder.h"
#include "tests/fuzz/pieces.h"

namespace {

using namespace oriel;
using namespace oriel::convert::wire;

std::string run(const std::vector<std::vector<char>>& pieces) {
  EventStreamDecoder decoder(1000);
  std::string out;
  for (const auto& piece : pieces) {
    const auto fed = decoder.feed(fuzz::view(piece), [&](const EventMessage& message) {
      out += std::to_string(static_cast<int>(message.kind));
      for (const std::string_view part :
           {message.event_type, message.exception_type, message.error_code, message.error_message,
            message.content_type, message.payload}) {
        out += "|";
        out += part;
      }
      const json::PaddedBuffer padded(
          {message.payload.data(), message.payload.size() + json::PaddedBuffer::kPadding});
      fuzz::require(padded.size() <= 1000 + json::PaddedBuffer::kPadding, "bound of a payload");
    });
    if (!fed) {
      fuzz::require(fed.error().kind == convert::ErrorKind::upstream_stream_corrupt, "kind");
      return out + fed.error().detail;
    }
  }
  return out + (decoder.finish() ? "ok" : "truncated");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input(data, size);
  std::string frames;
  if (input.seed % 2 == 1) {
    const std::size_t cut = input.bytes.size() * (input.seed / 2) / 128;
    frames = test::frame_of(input.bytes.substr(0, cut), input.bytes.substr(cut));
    frames += test::event_frame("last", "{}");
    input.bytes = frames;
  }
  fuzz::require(run(fuzz::uncut(input)) == run(fuzz::cut(input)), "whole equals pieces");
  return 0;
}
