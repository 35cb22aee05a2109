// Any bytes as a Converse answer, whole or streamed. Streamed, each line of the input is an event:
// its type, a space, its payload; the frames are good, what they say need not be.
#include <string>

#include "convert/bedrock/converse_dialect.h"
#include "convert/openai/chat_chunk.h"
#include "convert/openai/chat_reply.h"
#include "convert/replay.h"
#include "tests/convert/event_stream_encoder.h"
#include "tests/fuzz/pieces.h"

namespace {

using namespace oriel;
using namespace oriel::convert;

Envelope envelope() { return {"chatcmpl-1", 1, Text::literal("m")}; }

// What the request asked for by means of tools, every way of it by some seed.
ReplyContext context_of(std::uint32_t seed) {
  ReplyContext context;
  if ((seed & 1U) != 0) context.custom_tools = {"c"};
  if ((seed & 2U) != 0) context.wrapped_tools = {"w"};
  if ((seed & 4U) != 0) context.format_tool = "j";
  context.wrapped_format = (seed & 8U) != 0;
  context.json_object = (seed & 16U) != 0;
  context.legacy_functions = (seed & 32U) != 0;
  if ((seed & 64U) != 0) context.placeholder_tool = "p";
  return context;
}

void require_json(std::string_view text, const char* property) {
  const json::PaddedBuffer printed(text);
  json::Reader checker;
  fuzz::require(checker.read(printed).has_value(), property);
}

// Every event is one line of JSON.
void require_events(std::string_view events) {
  constexpr std::string_view kData = "data: ";
  while (!events.empty()) {
    const std::size_t end = events.find("\n\n");
    fuzz::require(events.starts_with(kData) && end != events.npos, "events are whole");
    const std::string_view chunk = events.substr(kData.size(), end - kData.size());
    fuzz::require(chunk.find('\n') == chunk.npos, "an event is one line");
    require_json(chunk, "an event is JSON");
    events.remove_prefix(end + 2);
  }
}

class Printer final : public DeltaSink {
 public:
  void on_delta(const ChatDelta& delta) override { writer_.write(delta, out); }
  std::string out;

 private:
  ChunkWriter writer_{envelope(), IncludeUsage::yes};
};

void check_reply(const fuzz::Input& input, json::Reader& reader) {
  const json::PaddedBuffer body(input.bytes);
  const auto reply = converse_dialect().decode(context_of(input.seed), body, reader);
  if (!reply) return;
  std::string out;
  write_chat_reply(*reply, envelope(), out);
  require_json(out, "the client's body is JSON");
  Printer sink;
  replay(*reply, input.seed % 3, sink);
  require_events(sink.out);
}

std::string run(const std::vector<std::vector<char>>& pieces, const ReplyContext& context) {
  const auto decoder = converse_dialect().stream(context);
  Printer sink;
  Result<void> result;
  for (const auto& piece : pieces) {
    result = decoder->feed(fuzz::view(piece), sink);
    if (!result) break;
  }
  if (result) result = decoder->finish(sink);
  require_events(sink.out);
  return sink.out + (result ? "complete" : result.error().detail);
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
  check_reply(input, reader);
  const json::PaddedBuffer body(input.bytes);
  (void)converse_dialect().decode_error(400 + static_cast<int>(input.seed % 200), {}, body, reader);
  const std::string frames = frames_of(input.bytes);
  input.bytes = frames;
  const ReplyContext context = context_of(input.seed);
  fuzz::require(run(fuzz::uncut(input), context) == run(fuzz::cut(input), context),
                "whole equals pieces");
  return 0;
}
