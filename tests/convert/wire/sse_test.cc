// text/event-stream as WHATWG HTML §9.2.6 reads it, fed in every way.
#include "convert/wire/sse.h"

#include <gtest/gtest.h>

#include "tests/convert/pieces.h"

namespace oriel::convert::wire {
namespace {

using namespace std::string_literals;

// "name:data;" for each event, then the error's detail if there is one.
std::string decode(const test::Pieces& pieces, std::size_t max_event) {
  SseDecoder decoder(max_event);
  std::string out;
  for (const auto& piece : pieces) {
    const auto fed = decoder.feed(test::view(piece), [&](const SseEvent& event) {
      out += std::string(event.name) + ":" + std::string(event.data) + ";";
      unsigned sum = 0;
      for (std::size_t i = 0; i < json::PaddedBuffer::kPadding; ++i) {
        sum += static_cast<unsigned char>(event.data.data()[event.data.size() + i]);
      }
      EXPECT_LE(sum, 255U * json::PaddedBuffer::kPadding);
    });
    if (!fed) {
      EXPECT_EQ(fed.error().kind, ErrorKind::upstream_stream_corrupt);
      return out + fed.error().detail;
    }
  }
  return out;
}

TEST(Sse, FollowsTheStandard) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"data: a\n\n", ":a;"},
      {"data: a\r\n\r\n", ":a;"},
      {"data: a\r\r", ":a;"},
      {"data: a\r\n\n", ":a;"},
      {"data: a\n\r\n", ":a;"},
      {"data: a\r\n\r", ":a;"},
      {"data: a\n\ndata: b\n\n", ":a;:b;"},
      {"data: a\r\rdata: b\r\r", ":a;:b;"},
      {"data:a\n\n", ":a;"},
      {"data:  a \n\n", ": a ;"},
      {"data:\ta\n\n", ":\ta;"},
      {"data: a: b\n\n", ":a: b;"},
      {"data\n\n", ":;"},
      {"data:\n\n", ":;"},
      {"data: a\ndata: b\n\n", ":a\nb;"},
      {"data\ndata\n\n", ":\n;"},
      {"data: a\ndata\n\n", ":a\n;"},
      {": comment\n\ndata: a\n\n", ":a;"},
      {":\ndata: a\n:x\n\n", ":a;"},
      {"event: e\ndata: a\n\n", "e:a;"},
      {"data: a\nevent: e\n\n", "e:a;"},
      {"event: e\nevent: f\ndata: a\n\n", "f:a;"},
      {"event: e\n\ndata: a\n\n", ":a;"},
      {"event: e\ndata: a\n\ndata: b\n\n", "e:a;:b;"},
      {"event: e\ndata: a\n\nevent\ndata: b\n\n", "e:a;:b;"},
      {"id: 1\nretry: 5\nother: x\ndata: a\n\n", ":a;"},
      {"Data: a\n\n", ""},
      {" data: a\n\n", ""},
      {"dataa: a\n\n", ""},
      {"\n\n\n", ""},
      {"", ""},
      {"data: a", ""},
      {"data: a\n", ""},
      {"data: a\ndata: b\n", ""},
      {"\xEF\xBB\xBF"
       "data: a\n\n",
       ":a;"},
      {"\xEF\xBB\xBF\xEF\xBB\xBF"
       "data: a\n\n",
       ""},
      {"data: a\n\n\xEF\xBB\xBF"
       "data: b\n\n",
       ":a;"},
      {"data: \0\n\n"s, ":\0;"s},
      {"data: \xC3\xA9\xE2\x80\xA8\n\n", ":\xC3\xA9\xE2\x80\xA8;"},
      {"data: 123456789012345\n\n", ":123456789012345;"},
  };
  for (const auto& [bytes, expected] : cases) {
    test::for_each_way(bytes, [&](const test::Pieces& pieces) {
      ASSERT_EQ(decode(pieces, 1024), expected) << bytes << ", first " << pieces[0].size();
    });
  }
}

TEST(Sse, IsBounded) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"data: 1234567890\n\n", ":1234567890;"},
      {"data: 12345678901\n\n", "oversize"},
      {"data: 12345678901", "oversize"},
      {":23456789012345678", "oversize"},
      {"data: 12345678\ndata: 1234567\n\n", "oversize"},
      {"data: 12345678\n\ndata: 1234567\n\n", ":12345678;:1234567;"},
      {": 3\n: 3\n: 3\n: 3\n: 3\n: 3\n: 3\n\ndata: a\n\n", ":a;"},
  };
  for (const auto& [bytes, expected] : cases) {
    test::for_each_way(bytes, [&](const test::Pieces& pieces) {
      ASSERT_EQ(decode(pieces, 16), expected) << bytes << ", first " << pieces[0].size();
    });
  }
  const std::string name(SseDecoder::kMaxName, 'n');
  EXPECT_EQ(decode(test::whole("event: " + name + "\ndata:\n\n"), 1024), name + ":;");
  EXPECT_EQ(decode(test::whole("event: " + name + "n\ndata:\n\n"), 1024), "event_name");
}

TEST(Sse, KnowsWhetherAnEventHasBegun) {
  SseDecoder decoder;
  const auto ignore = [](const SseEvent&) {};
  EXPECT_TRUE(decoder.at_boundary());
  for (const char* begun : {"d", "ata: a", "\n"}) {
    ASSERT_TRUE(decoder.feed(begun, ignore));
    EXPECT_FALSE(decoder.at_boundary()) << begun;
  }
  ASSERT_TRUE(decoder.feed("\n", ignore));
  EXPECT_TRUE(decoder.at_boundary());
}

}  // namespace
}  // namespace oriel::convert::wire
