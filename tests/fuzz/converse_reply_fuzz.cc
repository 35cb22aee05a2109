// Any bytes as a Converse answer, whole or streamed. Streamed, each line of the input is an event:
// its type, a space, its payload; the frames are good, what they say need not be.
#include <string>

#include "convert/bedrock/converse_dialect.h"
#include "convert/openai/chat_chunk.h"
#include "convert/openai/chat_reply.h"
#include "tests/convert/event_stream_encoder.h"
#include "tests/fuzz/pieces.h"

namespace {

using namespace oriel;
using namespace oriel::convert;

Envelope envelope() { return {"chatcmpl-1", 1, Text::literal("m")}; }

void check_reply(std::string_view bytes, json::Reader& reader) {
  const json::PaddedBuffer body(bytes);
  const auto reply = converse_dialect().decode({}, body, reader);
  if (!reply) return;
  std::string out;
  write_chat_reply(*reply, envelope(), out);
  const json::PaddedBuffer printed{std::string_view(out)};
  json::Reader checker;
  fuzz::require(checker.read(printed).has_value(), "the client's body is JSON");
}

class Printer final : public DeltaSink {
 public:
  void on_delta(const ChatDelta& delta) override { writer_.write(delta, out); }
  std::string out;

 private:
  ChunkWriter writer_{envelope(), IncludeUsage::yes};
};

std::string run(const std::vector<std::vector<char>>& pieces) {
  const auto decoder = converse_dialect().stream({});
  Printer sink;
  for (const auto& piece : pieces) {
    const auto fed = decoder->feed(fuzz::view(piece), sink);
    if (!fed) return sink.out + std::to_string(static_cast<int>(fed.error().kind));
  }
  const auto finished = decoder->finish(sink);
  return sink.out + (finished ? "complete" : finished.error().detail);
}

std::string frames_of(std::string_view lines) {
  std::string out;
  while (!lines.empty()) {
    const std::string_view line = lines.substr(0, lines.find('\n'));
    lines.remove_prefix(std::min(line.size() + 1, lines.size()));
    const std::string_view type = line.substr(0, line.find(' '));
    const std::string_view payload = line.substr(std::min(type.size() + 1, line.size()));
    out += type.ends_with("Exception") ? test::exception_frame(type.substr(0, 100), payload)
                                       : test::event_frame(type.substr(0, 100), payload);
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input(data, size);
  json::Reader reader;
  check_reply(input.bytes, reader);
  const json::PaddedBuffer body(input.bytes);
  (void)converse_dialect().decode_error(400 + static_cast<int>(input.seed % 200), {}, body, reader);
  const std::string frames = frames_of(input.bytes);
  input.bytes = frames;
  fuzz::require(run(fuzz::uncut(input)) == run(fuzz::cut(input)), "whole equals pieces");
  return 0;
}
