// RFC 9112 §6 and §7.1 as cases: bodies by length and in chunks, fed in every way.
#include <gtest/gtest.h>

#include "convert/wire/http_request.h"
#include "tests/convert/pieces.h"

namespace oriel::convert::wire {
namespace {

using namespace std::string_literals;

constexpr int kMore = 100;
constexpr int kTaken = 200;

struct Outcome {
  int status = kMore;
  std::string body;
  std::size_t used = 0;  // of everything fed; not compared when refused
  bool operator==(const Outcome&) const = default;
};

HttpLimits small_limits() {
  HttpLimits limits;
  limits.max_chunk_extension = 16;
  limits.max_trailer = 32;
  return limits;
}

Outcome parse(const test::Pieces& pieces, const BodyFraming& framing, std::size_t max_body) {
  BodyParser parser(framing, max_body, small_limits());
  json::PaddedBuffer body;
  Outcome outcome;
  for (const auto& piece : pieces) {
    const ParseState state = parser.parse(test::view(piece), body);
    outcome.used += parser.used();
    if (state == ParseState::refused) return {status_of(parser.error()), {}, 0};
    if (state == ParseState::done) {
      outcome.status = kTaken;
      break;
    }
    EXPECT_EQ(parser.used(), piece.size());
  }
  outcome.body = body.view();
  return outcome;
}

struct Case {
  const char* name;
  std::string bytes;
  int status;
  std::string body = {};
  std::string rest = {};  // not taken
};

void check(const std::vector<Case>& cases, const BodyFraming& framing, std::size_t max_body) {
  for (const Case& test_case : cases) {
    test::for_each_way(test_case.bytes, [&](const test::Pieces& pieces) {
      const Outcome outcome = parse(pieces, framing, max_body);
      ASSERT_EQ(outcome.status, test_case.status) << test_case.name;
      if (outcome.status >= 400) return;
      ASSERT_EQ(outcome.body, test_case.body) << test_case.name;
      ASSERT_EQ(outcome.used, test_case.bytes.size() - test_case.rest.size()) << test_case.name;
    });
  }
}

TEST(HttpBody, None) {
  check({{"nothing is taken", "GET / HTTP/1.1", kTaken, "", "GET / HTTP/1.1"}}, {}, 10);
}

TEST(HttpBody, ByLength) {
  const BodyFraming five{BodyFraming::Kind::length, 5};
  check({{"whole", "hello", kTaken, "hello"},
         {"cut", "hell", kMore, "hell"},
         {"next request behind", "helloGET", kTaken, "hello", "GET"},
         {"any bytes", "\r\n\0\xFF\n"s, kTaken, "\r\n\0\xFF\n"s}},
        five, 5);
  check({{"over the cap, before a byte of it is read", "h", 413}}, five, 4);
}

TEST(HttpBody, InChunks) {
  const BodyFraming chunked{BodyFraming::Kind::chunked, 0};
  const std::string end = "0\r\n\r\n";
  check(
      {
          {"empty body", end, kTaken},
          {"one chunk", "5\r\nhello\r\n" + end, kTaken, "hello"},
          {"two chunks", "2\r\nhe\r\n3\r\nllo\r\n" + end, kTaken, "hello"},
          {"next request behind", "1\r\na\r\n" + end + "GET", kTaken, "a", "GET"},
          {"hex, both cases", "a\r\n0123456789\r\nA\r\n0123456789\r\n" + end, kTaken,
           "01234567890123456789"},
          {"leading zeros", "0005\r\nhello\r\n000\r\n\r\n", kTaken, "hello"},
          {"16 digits", "0000000000000001\r\na\r\n" + end, kTaken, "a"},
          {"17 digits", "00000000000000001\r\na\r\n" + end, 400},
          {"wraps 64 bits", "10000000000000001\r\na\r\n" + end, 400},
          {"largest size", "ffffffffffffffff\r\n", 413},
          {"data looks like a chunk", "5\r\n0\r\n\r\n\r\n" + end, kTaken, "0\r\n\r\n"},
          {"prefix 0x", "0x3\r\nabc\r\n" + end, 400},
          {"plus", "+3\r\nabc\r\n" + end, 400},
          {"minus", "-3\r\nabc\r\n" + end, 400},
          {"underscore", "1_0\r\n", 400},
          {"space leads", " 3\r\nabc\r\n" + end, 400},
          {"space behind", "3 \r\nabc\r\n" + end, 400},
          {"tab behind", "3\t\r\nabc\r\n" + end, 400},
          {"no size", "\r\nabc\r\n" + end, 400},
          {"no size, extension", ";a=b\r\n" + end, 400},
          {"letters", "xyz\r\n", 400},
          {"NUL", "3\0\r\n"s, 400},
          {"bare LF behind the size", "3\nabc\r\n" + end, 400},
          {"bare CR behind the size", "3\rabc\r\n" + end, 400},
          {"CR CR LF behind the size", "3\r\r\nabc\r\n" + end, 400},
          {"bare LF behind the data", "3\r\nabc\n" + end, 400},
          {"CR only behind the data", "3\r\nabc\r" + end, 400},
          {"data longer than said", "3\r\nabcd\r\n" + end, 400},
          {"data shorter than said", "5\r\nabc\r\n" + end, 400},
          {"no line end behind the data", "3\r\nabc" + end, 400},
          {"cut in the size", "1", kMore},
          {"cut in the data", "3\r\nab", kMore, "ab"},
          {"cut behind the data", "2\r\nab\r\n", kMore, "ab"},
          {"cut before the last line", "0\r\n", kMore},
          {"bare LF ends", "0\n\n", 400},
          {"bare LF as last line", "0\r\n\n", 400},
          {"bare CR as last line", "0\r\n\rx", 400},
          {"at the cap", "a\r\n0123456789\r\na\r\n0123456789\r\n" + end, kTaken,
           "01234567890123456789"},
          {"over the cap by the second chunk", "a\r\n0123456789\r\nb\r\n", 413},
          {"over the cap at once", "15\r\n", 413},
      },
      chunked, 20);
}

TEST(HttpBody, ChunkExtensionsAreSkipped) {
  const BodyFraming chunked{BodyFraming::Kind::chunked, 0};
  const auto extension = [](const std::string& text) { return "1" + text + "\r\na\r\n0\r\n\r\n"; };
  check(
      {
          {"name", extension(";x"), kTaken, "a"},
          {"name and value", extension(";x=y"), kTaken, "a"},
          {"quoted", extension(";x=\"y z\""), kTaken, "a"},
          {"quoted pair", extension(";x=\"\\\"\""), kTaken, "a"},
          {"empty quoted", extension(";x=\"\""), kTaken, "a"},
          {"two", extension(";x=y;z"), kTaken, "a"},
          {"two, quoted first", extension(";x=\"y\";z"), kTaken, "a"},
          {"blanks", extension(" ; x = y ;z"), kTaken, "a"},
          {"blanks around quoted", extension(";x= \"y\" ;z"), kTaken, "a"},
          {"on the last chunk", "0;x=y\r\n\r\n", kTaken},
          {"as long as allowed", extension(";" + std::string(15, 'x')), kTaken, "a"},
          {"one longer", extension(";" + std::string(16, 'x')), 400},
          {"endless", "1;" + std::string(40, 'x'), 400},
          {"endless blanks", "1" + std::string(40, ' '), 400},
          {"no name", extension(";"), 400},
          {"no name, value", extension(";=y"), 400},
          {"no value", extension(";x="), 400},
          {"blank behind", extension(";x "), 400},
          {"blank behind a value", extension(";x=y "), 400},
          {"two words", extension(";x y"), 400},
          {"unclosed quote", extension(";x=\"y"), 400},
          {"junk behind a quote", extension(";x=\"y\"z"), 400},
          {"quote in a name", extension(";\"x\""), 400},
          {"bare LF", "1;x\na\r\n0\r\n\r\n", 400},
          {"bare CR", "1;x\rx\r\na\r\n0\r\n\r\n", 400},
          {"CR in quotes", extension(";x=\"\r\n\""), 400},
          {"LF in quotes", extension(";x=\"\n\""), 400},
          {"NUL", extension(";x\0"s), 400},
          {"comma instead", extension(",x"), 400},
      },
      chunked, 20);
}

TEST(HttpBody, TrailersAreCheckedAndDropped) {
  const BodyFraming chunked{BodyFraming::Kind::chunked, 0};
  const auto trailers = [](const std::string& text) { return "1\r\na\r\n0\r\n" + text + "\r\n"; };
  check(
      {
          {"one", trailers("A: b\r\n"), kTaken, "a"},
          {"two", trailers("A: b\r\nC:\r\n"), kTaken, "a"},
          {"framing field changes nothing", trailers("Content-Length: 9\r\n"), kTaken, "a"},
          {"next request behind", trailers("A: b\r\n") + "GET", kTaken, "a", "GET"},
          {"space before the colon", trailers("A : b\r\n"), 400},
          {"no colon", trailers("A\r\n"), 400},
          {"no name", trailers(": b\r\n"), 400},
          {"folded", trailers("A: b\r\n c\r\n"), 400},
          {"bare LF", trailers("A: b\n"), 400},
          {"bare CR", trailers("A: b\rc\r\n"), 400},
          {"control", trailers("A: \x01\r\n"), 400},
          {"a request instead", "0\r\nGET / HTTP/1.1\r\n\r\n", 400},
          {"too much", trailers("A: " + std::string(40, 'b') + "\r\n"), 431},
          {"endless", "0\r\nA: " + std::string(40, 'b'), 431},
      },
      chunked, 20);
}

TEST(HttpBody, LargeBodiesComeThroughWhole) {
  std::string data;
  for (int i = 0; i < 300'000; ++i) data.push_back(static_cast<char>(i * 7));
  std::string bytes;
  for (std::size_t at = 0; at < data.size(); at += 0x1000) {
    const std::string chunk = data.substr(at, 0x1000);
    char size[16];
    std::snprintf(size, sizeof size, "%zx\r\n", chunk.size());
    bytes += size + chunk + "\r\n";
  }
  bytes += "0\r\n\r\n";
  for (const std::size_t step : {1000U, 4096U, 1'000'000U}) {
    BodyParser parser({BodyFraming::Kind::chunked, 0}, data.size(), {});
    json::PaddedBuffer body;
    ParseState state = ParseState::need_more;
    for (std::size_t at = 0; at < bytes.size(); at += step) {
      state = parser.parse(std::string_view(bytes).substr(at, step), body);
    }
    EXPECT_EQ(state, ParseState::done);
    EXPECT_EQ(body.view(), data);
  }
}

}  // namespace
}  // namespace oriel::convert::wire
