// Frames of application/vnd.amazon.eventstream: published vectors, every kind of damage, every way
// of being cut. spec/converse.md §14.
#include "convert/wire/event_stream.h"

#include <gtest/gtest.h>

#include "convert/json/reader.h"
#include "convert/wire/chars.h"
#include "tests/convert/event_stream_encoder.h"
#include "tests/convert/pieces.h"

namespace oriel::convert::wire {
namespace {

using test::frame_of;

std::string from_hex(std::string_view hex) {
  std::string out;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    out.push_back(static_cast<char>(hex_value(hex[i]) * 16 + hex_value(hex[i + 1])));
  }
  return out;
}

std::string describe(const EventMessage& message) {
  std::string out;
  switch (message.kind) {
    case EventMessage::Kind::event: out = "event " + std::string(message.event_type); break;
    case EventMessage::Kind::exception:
      out = "exception " + std::string(message.exception_type);
      break;
    case EventMessage::Kind::error:
      out = "error " + std::string(message.error_code) + "/" + std::string(message.error_message);
      break;
  }
  return out + " " + std::string(message.content_type) + " " + std::string(message.payload) + "\n";
}

// Everything decoded, then how it ended: "ok", or the error's detail.
std::string decode(const test::Pieces& pieces, std::size_t max_message = 1 << 20) {
  EventStreamDecoder decoder(max_message);
  std::string out;
  for (const auto& piece : pieces) {
    const auto fed = decoder.feed(test::view(piece), [&](const EventMessage& message) {
      out += describe(message);
      // The padding is readable: AddressSanitizer objects when it is not.
      unsigned sum = 0;
      for (std::size_t i = 0; i < json::PaddedBuffer::kPadding; ++i) {
        sum += static_cast<unsigned char>(message.payload.data()[message.payload.size() + i]);
      }
      EXPECT_LE(sum, 255U * json::PaddedBuffer::kPadding);
    });
    if (!fed) return out + fed.error().detail;
  }
  const auto finished = decoder.finish();
  return out + (finished ? "ok" : finished.error().detail);
}

std::string decode(std::string_view bytes) { return decode(test::whole(bytes)); }

void check_every_way(const std::string& bytes, const std::string& expected) {
  test::for_each_way(bytes, [&](const test::Pieces& pieces) {
    ASSERT_EQ(decode(pieces), expected) << "first piece " << pieces[0].size();
  });
}

const char* const kMessageStart =
    "000000760000005296d5fade0b3a6576656e742d7479706507000c6d65737361676553746172740d3a636f6e74656e"
    "742d747970650700106170706c69636174696f6e2f6a736f6e0d3a6d6573736167652d747970650700056576656e74"
    "7b22726f6c65223a22617373697374616e74227d6fa8c599";
const char* const kThrottled =
    "000000b2000000613590d5d30f3a657863657074696f6e2d747970650700137468726f74746c696e67457863657074"
    "696f6e0d3a636f6e74656e742d747970650700106170706c69636174696f6e2f6a736f6e0d3a6d6573736167652d74"
    "797065070009657863657074696f6e7b226d657373616765223a22546f6f206d616e792072657175657374732c2070"
    "6c656173652077616974206265666f726520747279696e6720616761696e2e227de8ffb26a";
const char* const kError =
    "0000005800000048154692c10d3a6d6573736167652d747970650700056572726f720b3a6572726f722d636f646507"
    "000d496e7465726e616c4572726f720e3a6572726f722d6d657373616765070004626f6f6d961cb456";
const char* const kEmpty = "000000100000000005c248eb7d98c8ff";
const char* const kPayloadOnly = "0000001d00000000fd528c5a7b27666f6f273a27626172277dc3653936";
const char* const kOneHeader =
    "0000003d0000002007fd83960c636f6e74656e742d747970650700106170706c69636174696f6e2f6a736f6e7b2766"
    "6f6f273a27626172277d8d9c08b1";
const char* const kContentBlockDelta =
    "0000009400000057b4ab9aee0b3a6576656e742d74797065070011636f6e74656e74426c6f636b44656c74610d3a63"
    "6f6e74656e742d747970650700106170706c69636174696f6e2f6a736f6e0d3a6d6573736167652d74797065070005"
    "6576656e747b22636f6e74656e74426c6f636b496e646578223a302c2264656c7461223a7b2274657874223a224869"
    "227d7d1f944657";

TEST(EventStream, TakesThePublishedVectors) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {kMessageStart, "event messageStart application/json {\"role\":\"assistant\"}\nok"},
      {kThrottled,
       "exception throttlingException application/json "
       "{\"message\":\"Too many requests, please wait before trying again.\"}\nok"},
      {kError, "error InternalError/boom  \nok"},
      {kEmpty, "event   \nok"},
      {kPayloadOnly, "event   {'foo':'bar'}\nok"},
      {kOneHeader, "event   {'foo':'bar'}\nok"},
      {kContentBlockDelta,
       "event contentBlockDelta application/json "
       "{\"contentBlockIndex\":0,\"delta\":{\"text\":\"Hi\"}}\nok"},
  };
  for (const auto& [hex, expected] : cases) check_every_way(from_hex(hex), expected);
}

TEST(EventStream, EncoderOfTheTestsMakesTheVectors) {
  EXPECT_EQ(test::event_frame("messageStart", "{\"role\":\"assistant\"}"), from_hex(kMessageStart));
  EXPECT_EQ(test::error_frame("InternalError", "boom"), from_hex(kError));
}

TEST(EventStream, TakesManyFramesCutAnywhere) {
  const std::string bytes = from_hex(kMessageStart) + from_hex(kContentBlockDelta) +
                            from_hex(kEmpty) + from_hex(kThrottled);
  check_every_way(bytes,
                  "event messageStart application/json {\"role\":\"assistant\"}\n"
                  "event contentBlockDelta application/json "
                  "{\"contentBlockIndex\":0,\"delta\":{\"text\":\"Hi\"}}\n"
                  "event   \n"
                  "exception throttlingException application/json "
                  "{\"message\":\"Too many requests, please wait before trying again.\"}\nok");
}

TEST(EventStream, SkipsHeadersOfEveryType) {
  std::string headers;
  const auto add = [&](std::string_view name, unsigned type, std::string_view value) {
    test::append_big(headers, name.size(), 1);
    headers += name;
    test::append_big(headers, type, 1);
    headers += value;
  };
  using namespace std::string_view_literals;
  add("yes", 0, "");
  add("no", 1, "");
  add("byte", 2, "\x01");
  add("short", 3, "\x01\x02");
  add("int", 4, "\x01\x02\x03\x04");
  add("long", 5, "12345678");
  add("bytes", 6,
      "\0\x03"
      "abc"sv);
  add("text", 7, "\0\x00"sv);
  add("time", 8, "12345678");
  add("uuid", 9, "1234567890123456");
  test::append_string_header(headers, ":event-type", "x");
  check_every_way(frame_of(std::string_view(headers), "p"), "event x  p\nok");
  // Every cut of the header block is damage, with checksums that say otherwise.
  for (std::size_t size = 1; size < headers.size(); ++size) {
    const std::string got = decode(frame_of(std::string_view(headers).substr(0, size), "p"));
    EXPECT_TRUE(got == "header" || got == "event   p\nok") << size << ": " << got;
  }
}

TEST(EventStream, NamesWhatIsBroken) {
  using Headers = test::StringHeaders;
  const std::string good = from_hex(kMessageStart);
  const auto with = [&](std::size_t at, char flip) {
    std::string bytes = good;
    bytes[at] = static_cast<char>(bytes[at] ^ flip);
    return bytes;
  };
  const auto prelude = [](std::uint32_t total, std::uint32_t headers) {
    std::string bytes;
    test::append_big(bytes, total, 4);
    test::append_big(bytes, headers, 4);
    test::append_big(bytes, test::crc32_bitwise(bytes), 4);
    return bytes;
  };
  const std::vector<std::pair<std::string, std::string>> cases = {
      {with(3, 1), "prelude_crc"},
      {with(7, 1), "prelude_crc"},
      {with(8, 1), "prelude_crc"},
      {with(12, 1), "message_crc"},
      {with(good.size() - 5, 1), "message_crc"},
      {with(good.size() - 1, 1), "message_crc"},
      {"HTTP/1.1 500 Oops\r\n", "prelude_crc"},
      {prelude(15, 0), "undersize"},
      {prelude(0, 0), "undersize"},
      {prelude((1 << 20) + 1, 0), "oversize"},
      {prelude(0xFFFFFFFF, 0), "oversize"},
      {prelude(16, 1), "headers_length"},
      {prelude(100, 85), "headers_length"},
      {prelude(100, 0xFFFFFFFF), "headers_length"},
      {frame_of(std::string_view("\x00", 1), ""), "header"},
      {frame_of("\x01"
                "a\x0A",
                ""),
       "header"},
      {frame_of("\x01"
                "a",
                ""),
       "header"},
      {frame_of(std::string_view("\x0B:event-type\x00", 13), ""), "header"},
      {frame_of(Headers{{":message-type", "event"}, {":message-type", "event"}}, ""),
       "header_duplicate"},
      {frame_of(Headers{{":message-type", "unheard-of"}}, ""), "message_type"},
      {frame_of(Headers{{":message-type", ""}}, ""), "message_type"},
      {good.substr(0, good.size() - 1), "truncated"},
      {good.substr(0, 11), "truncated"},
      {good.substr(0, 1), "truncated"},
      {"", "ok"},
  };
  for (const auto& [bytes, expected] : cases) check_every_way(bytes, expected);
}

TEST(EventStream, EventTypeAloneMakesAnEvent) {
  EXPECT_EQ(decode(frame_of(test::StringHeaders{{":event-type", "x"}}, "{}")), "event x  {}\nok");
}

TEST(EventStream, SaysWhoseFaultItIs) {
  EventStreamDecoder decoder;
  const auto ignore = [](const EventMessage&) {};
  const auto fed = decoder.feed("not a frame at all", ignore);
  ASSERT_FALSE(fed);
  EXPECT_EQ(fed.error().kind, ErrorKind::upstream_stream_corrupt);
  EXPECT_FALSE(decoder.feed("", ignore));
  EXPECT_FALSE(decoder.finish());
  EventStreamDecoder cut;
  ASSERT_TRUE(cut.feed(std::string_view("\0\0", 2), ignore));
  EXPECT_FALSE(cut.at_boundary());
  EXPECT_EQ(cut.finish().error().kind, ErrorKind::upstream_stream_truncated);
}

TEST(EventStream, StopsAtTheSinksError) {
  EventStreamDecoder decoder;
  const std::string bytes = from_hex(kEmpty) + from_hex(kEmpty);
  int seen = 0;
  const auto fed = decoder.feed(bytes, [&](const EventMessage&) -> Result<void> {
    ++seen;
    Error error;
    error.kind = ErrorKind::upstream_model_error;
    return Unexpected{error};
  });
  ASSERT_FALSE(fed);
  EXPECT_EQ(fed.error().kind, ErrorKind::upstream_model_error);
  EXPECT_EQ(seen, 1);
}

TEST(EventStream, PayloadsAreReadAsJsonInPlace) {
  const std::string bytes = from_hex(kContentBlockDelta) + from_hex(kMessageStart);
  json::Reader reader;
  test::for_each_way(bytes, [&](const test::Pieces& pieces) {
    EventStreamDecoder decoder;
    int read = 0;
    for (const auto& piece : pieces) {
      ASSERT_TRUE(decoder.feed(test::view(piece), [&](const EventMessage& message) {
        EXPECT_TRUE(reader.read(message.payload));
        ++read;
      }));
    }
    ASSERT_EQ(read, 2);
  });
}

TEST(EventStream, TakesALargeFrameInSmallPieces) {
  const std::string payload(900'000, 'x');
  const std::string bytes = test::event_frame("big", payload) + from_hex(kEmpty);
  test::Pieces pieces;
  for (std::size_t at = 0; at < bytes.size(); at += 1000) {
    const std::string_view piece = std::string_view(bytes).substr(at, 1000);
    pieces.emplace_back(piece.begin(), piece.end());
  }
  EXPECT_EQ(decode(pieces), "event big application/json " + payload + "\nevent   \nok");
}

}  // namespace
}  // namespace oriel::convert::wire
