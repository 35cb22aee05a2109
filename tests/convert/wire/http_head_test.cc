// RFC 9112 and 9110 §§5-10 as cases: what a head must look like to be taken, and how all else is
// refused. Each case is fed whole, byte by byte, and at every split.
#include <gtest/gtest.h>

#include "convert/wire/http_request.h"
#include "tests/convert/pieces.h"

namespace oriel::convert::wire {
namespace {

using namespace std::string_literals;

constexpr int kMore = 100;
constexpr int kTaken = 200;

struct Case {
  std::string name;
  std::string bytes;
  int status;  // kTaken, kMore, or the refusal's
};

HttpLimits small_limits() {
  HttpLimits limits;
  limits.max_target = 64;
  limits.max_head = 512;
  limits.max_headers = 8;
  return limits;
}

std::string describe(const HttpRequestHead& head) {
  std::string out = head.method + "|" + head.path + "|" + head.query + "|";
  out += head.version == HttpVersion::http10 ? "1.0|" : "1.1|";
  switch (head.body.kind) {
    case BodyFraming::Kind::none: out += "none"; break;
    case BodyFraming::Kind::length: out += "length " + std::to_string(head.body.length); break;
    case BodyFraming::Kind::chunked: out += "chunked"; break;
  }
  out += head.keep_alive ? "|keep" : "|close";
  if (head.expect_continue) out += "|continue";
  return out;
}

struct Outcome {
  int status = kMore;
  std::size_t used = 0;
  std::string head;
  bool operator==(const Outcome&) const = default;
};

Outcome parse(const test::Pieces& pieces) {
  HeadParser parser(small_limits());
  std::vector<char> received;
  Outcome outcome;
  for (const auto& piece : pieces) {
    received.insert(received.end(), piece.begin(), piece.end());
    received.shrink_to_fit();
    switch (parser.parse(test::view(received))) {
      case ParseState::need_more: break;
      case ParseState::refused: outcome.status = status_of(parser.error()); return outcome;
      case ParseState::done:
        outcome = {kTaken, parser.used(), describe(parser.head())};
        return outcome;
    }
  }
  return outcome;
}

Outcome parse(std::string_view bytes) { return parse(test::whole(bytes)); }

void check(const std::vector<Case>& cases) {
  for (const Case& test_case : cases) {
    const Outcome expected = parse(test_case.bytes);
    EXPECT_EQ(expected.status, test_case.status) << test_case.name << "\n" << test_case.bytes;
    test::for_each_way(test_case.bytes, [&](const test::Pieces& pieces) {
      ASSERT_EQ(parse(pieces), expected) << test_case.name << ", first piece " << pieces[0].size();
    });
  }
}

std::string line(std::string_view request_line) {
  return std::string(request_line) + "\r\nHost: h\r\n\r\n";
}
std::string target(std::string_view target) {
  return line("GET " + std::string(target) + " HTTP/1.1");
}
std::string host(std::string_view value) {
  return "GET / HTTP/1.1\r\nHost: " + std::string(value) + "\r\n\r\n";
}
std::string fields(std::string_view fields) {
  return "POST /p HTTP/1.1\r\nHost: h\r\n" + std::string(fields) + "\r\n";
}
std::string fields10(std::string_view fields) {
  return "POST /p HTTP/1.0\r\n" + std::string(fields) + "\r\n";
}

TEST(HttpHead, RequestLine) {
  check({
      {"plain", line("GET / HTTP/1.1"), kTaken},
      {"1.0 with host", line("GET / HTTP/1.0"), kTaken},
      {"1.0 without host", "GET / HTTP/1.0\r\n\r\n", kTaken},
      {"one empty line leads", "\r\n" + line("GET / HTTP/1.1"), kTaken},
      {"two empty lines lead", "\r\n\r\n" + line("GET / HTTP/1.1"), 400},
      {"CR leads", "\rGET / HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"LF leads", "\n" + line("GET / HTTP/1.1"), 400},
      {"space leads", line(" GET / HTTP/1.1"), 400},
      {"tab leads", line("\tGET / HTTP/1.1"), 400},
      {"NUL leads", "\0"s + line("GET / HTTP/1.1"), 400},
      {"nothing", "", kMore},
      {"only the empty line", "\r\n", kMore},
      {"only half an empty line", "\r", kMore},
      {"TLS hello", "\x16\x03\x01\x02"s, 400},
      {"empty line as head", "\r\n\r\n", 400},
      {"no version", line("GET /"), 400},
      {"no target", line("GET HTTP/1.1"), 400},
      {"only a method", line("GET"), 400},
      {"empty target", line("GET  HTTP/1.1"), 400},
      {"two spaces before target", line("GET  / HTTP/1.1"), 400},
      {"two spaces after target", line("GET /  HTTP/1.1"), 400},
      {"trailing space", line("GET / HTTP/1.1 "), 400},
      {"trailing tab", line("GET / HTTP/1.1\t"), 400},
      {"tab as delimiter", line("GET\t/\tHTTP/1.1"), 400},
      {"tab before version", line("GET /\tHTTP/1.1"), 400},
      {"space in target", line("GET /a b HTTP/1.1"), 400},
      {"trailing word", line("GET / HTTP/1.1 x"), 400},
      {"bare LF ends the line", "GET / HTTP/1.1\nHost: h\r\n\r\n", 400},
      {"bare LF everywhere", "GET / HTTP/1.1\nHost: h\n\n", 400},
      {"bare CR ends the line", "GET / HTTP/1.1\rHost: h\r\n\r\n", 400},
      {"CR before CRLF", "GET / HTTP/1.1\r\r\nHost: h\r\n\r\n", 400},
      {"CR in the target", line("GET /a\rb HTTP/1.1"), 400},
      {"NUL in the target", line("GET /a\0b HTTP/1.1"s), 400},
      {"vertical tab as delimiter", line("GET\v/ HTTP/1.1"), 400},
      {"unfinished line", "GET / HT", kMore},
      {"unfinished at CR", "GET / HTTP/1.1\r", kMore},
      {"unfinished head", "GET / HTTP/1.1\r\nHost: h\r\n", kMore},
      {"unfinished at last CR", "GET / HTTP/1.1\r\nHost: h\r\n\r", kMore},
  });
}

TEST(HttpHead, Method) {
  std::vector<Case> cases = {
      {"unknown method is a token", line("BREW / HTTP/1.1"), kTaken},
      {"lower case is another method", line("get / HTTP/1.1"), kTaken},
      {"every token character", line("!#$%&'*+-.^_`|~09az / HTTP/1.1"), kTaken},
      {"32 bytes", line(std::string(32, 'M') + " / HTTP/1.1"), kTaken},
      {"33 bytes", line(std::string(33, 'M') + " / HTTP/1.1"), 501},
      {"CONNECT", line("CONNECT h:443 HTTP/1.1"), 501},
      {"CONNECT with a path", line("CONNECT / HTTP/1.1"), 501},
      {"HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
      {"byte above ASCII", line("G\xC3\x89T / HTTP/1.1"), 400},
  };
  for (const char c : "\"(),/:;<=>?@[\\]{}\x01\x7F"s) {
    cases.push_back({"delimiter in method", line("G"s + c + "T / HTTP/1.1"), 400});
  }
  check(cases);
}

TEST(HttpHead, Version) {
  check({
      {"0.9", line("GET / HTTP/0.9"), 505},
      {"1.2", line("GET / HTTP/1.2"), 505},
      {"1.9", line("GET / HTTP/1.9"), 505},
      {"2.0", line("GET / HTTP/2.0"), 505},
      {"3.0", line("GET / HTTP/3.0"), 505},
      {"2", line("GET / HTTP/2"), 400},
      {"lower case", line("GET / http/1.1"), 400},
      {"mixed case", line("GET / Http/1.1"), 400},
      {"two-digit minor", line("GET / HTTP/1.10"), 400},
      {"two-digit major", line("GET / HTTP/11.1"), 400},
      {"no dot", line("GET / HTTP/11"), 400},
      {"comma", line("GET / HTTP/1,1"), 400},
      {"no slash", line("GET / HTTP1.1"), 400},
      {"space inside", line("GET / HTTP/ 1.1"), 400},
      {"sign", line("GET / HTTP/+1.1"), 400},
      {"hex digit", line("GET / HTTP/1.a"), 400},
      {"other protocol", line("GET / ICAP/1.0"), 400},
      {"other protocol of our length", line("GET / HTCP/1.1"), 400},
      {"empty", line("GET / "), 400},
  });
}

TEST(HttpHead, Target) {
  std::vector<Case> cases = {
      {"path", target("/v1/chat/completions"), kTaken},
      {"query", target("/a?b=c&d"), kTaken},
      {"empty query", target("/a?"), kTaken},
      {"question marks in the query", target("/a?b?c"), kTaken},
      {"slashes in the query", target("/a?/b"), kTaken},
      {"double slash", target("//a"), kTaken},
      {"dot segments are the router's", target("/a/../b"), kTaken},
      {"every path character", target("/-._~!$&'()*+,;=:@%41"), kTaken},
      {"escape of both cases", target("/%2f%2F"), kTaken},
      {"cut escape", target("/%2"), 400},
      {"bare percent", target("/%"), 400},
      {"escape without digits", target("/%zz"), 400},
      {"second digit wrong", target("/%4g"), 400},
      {"broken escape in the query", target("/?a=%x1"), 400},
      {"escape across the question mark", target("/%4?1"), 400},
      {"fragment", target("/a#b"), 400},
      {"fragment in the query", target("/a?b#c"), 400},
      {"not a path", target("a"), 400},
      {"query only", target("?a"), 400},
      {"asterisk with GET", target("*"), 400},
      {"asterisk with OPTIONS", line("OPTIONS * HTTP/1.1"), kTaken},
      {"asterisk and more", line("OPTIONS ** HTTP/1.1"), 400},
      {"authority form", target("h:80"), 400},
      {"absolute form", target("http://h/a?b"), kTaken},
      {"absolute form, https", target("https://h/a"), kTaken},
      {"absolute form, scheme in capitals", target("HTTP://h/a"), kTaken},
      {"absolute form, port", target("http://h:8080/a"), kTaken},
      {"absolute form, IPv6", target("http://[::1]:80/"), kTaken},
      {"absolute form without path", target("http://h"), kTaken},
      {"absolute form, query without path", target("http://h?a=b"), kTaken},
      {"absolute form with user", target("http://u@h/"), 400},
      {"absolute form with user and password", target("http://u:p@h/"), 400},
      {"absolute form without host", target("http:///a"), 400},
      {"absolute form, only a scheme", target("http://"), 400},
      {"absolute form, bad port", target("http://h:8o/"), 400},
      {"absolute form, other scheme", target("ftp://h/"), 400},
      {"absolute form, one slash", target("http:/h/"), 400},
      {"absolute form, fragment", target("http://h/#a"), 400},
      {"64 bytes", target("/" + std::string(63, 'a')), kTaken},
      {"65 bytes", target("/" + std::string(64, 'a')), 414},
      {"far too long", target("/" + std::string(300, 'a')), 414},
      {"too long, no end in sight", "GET /" + std::string(300, 'a'), 414},
      {"too long and broken", target("/%" + std::string(300, 'a')), 414},
      {"beyond ASCII", target("/\xC3\xA9"), 400},
  };
  for (const char c : "\"<>\\^`{|}[]\x01\x1F\x7F"s) {
    cases.push_back({"character in path", target("/a"s + c), 400});
    cases.push_back({"character in query", target("/a?"s + c), 400});
  }
  check(cases);
}

TEST(HttpHead, Host) {
  check({
      {"name", host("example.com"), kTaken},
      {"name and port", host("example.com:8080"), kTaken},
      {"empty port", host("h:"), kTaken},
      {"highest port", host("h:65535"), kTaken},
      {"port too high", host("h:65536"), 400},
      {"endless port", host("h:99999999999999999999"), 400},
      {"port with letters", host("h:8a"), 400},
      {"signed port", host("h:+80"), 400},
      {"two ports", host("h:80:80"), 400},
      {"IPv4", host("127.0.0.1:1"), kTaken},
      {"IPv6", host("[::1]"), kTaken},
      {"IPv6 and port", host("[fe80::1]:443"), kTaken},
      {"IPv6 with IPv4 tail", host("[::ffff:127.0.0.1]"), kTaken},
      {"IPv6 unclosed", host("[::1"), 400},
      {"IPv6 unopened", host("::1]"), 400},
      {"IPv6 without brackets", host("::1"), 400},
      {"empty brackets", host("[]"), 400},
      {"brackets around a name", host("[name]"), 400},
      {"junk behind brackets", host("[::1]x"), 400},
      {"zone", host("[fe80::1%25eth0]"), 400},
      {"escaped name", host("h%41"), kTaken},
      {"broken escape", host("h%4"), 400},
      {"underscore", host("a_b"), kTaken},
      {"surrounding blanks", host(" \t h \t "), kTaken},
      {"empty", host(""), 400},
      {"only a port", host(":80"), 400},
      {"list", host("a, b"), 400},
      {"comma", host("a,b"), 400},
      {"user", host("u@h"), 400},
      {"path", host("h/a"), 400},
      {"scheme", host("http://h"), 400},
      {"question mark", host("h?a"), 400},
      {"blank inside", host("a b"), 400},
      {"missing in 1.1", "GET / HTTP/1.1\r\n\r\n", 400},
      {"missing in 1.1, other fields", "GET / HTTP/1.1\r\nA: b\r\n\r\n", 400},
      {"missing in 1.1, absolute form", "GET http://h/ HTTP/1.1\r\n\r\n", 400},
      {"twice, equal", fields("Host: h\r\n"), 400},
      {"twice, different", fields("Host: x\r\n"), 400},
      {"twice, other case", fields("hOST: h\r\n"), 400},
      {"twice in 1.0", fields10("Host: h\r\nHost: h\r\n"), 400},
      {"bad in 1.0", fields10("Host: a,b\r\n"), 400},
      {"name in capitals", "GET / HTTP/1.1\r\nHOST: h\r\n\r\n", kTaken},
  });
}

TEST(HttpHead, Fields) {
  std::vector<Case> cases = {
      {"no white space", fields("A:b\r\n"), kTaken},
      {"much white space", fields("A: \t b \t \r\n"), kTaken},
      {"empty value", fields("A:\r\n"), kTaken},
      {"blank value", fields("A:  \r\n"), kTaken},
      {"colons in the value", fields("A: b:c\r\n"), kTaken},
      {"tab inside the value", fields("A: b\tc\r\n"), kTaken},
      {"bytes above ASCII in the value", fields("A: \xC3\xA9\xFF\r\n"), kTaken},
      {"every token character", fields("!#$%&'*+-.^_`|~09az: b\r\n"), kTaken},
      {"repeated field", fields("A: b\r\nA: c\r\n"), kTaken},
      {"space before the colon", fields("A : b\r\n"), 400},
      {"tab before the colon", fields("A\t: b\r\n"), 400},
      {"space before the colon of a framing field", fields("Content-Length : 5\r\n"), 400},
      {"no colon", fields("A\r\n"), 400},
      {"no name", fields(": b\r\n"), 400},
      {"only a colon", fields(":\r\n"), 400},
      {"folded with a space", fields("A: b\r\n c\r\n"), 400},
      {"folded with a tab", fields("A: b\r\n\tc\r\n"), 400},
      {"folded blank line", fields("A: b\r\n \r\n"), 400},
      {"first field indented", "GET / HTTP/1.1\r\n Host: h\r\n\r\n", 400},
      {"bare LF", fields("A: b\nC: d\r\n"), 400},
      {"bare LF hides a field", fields("A: b\nContent-Length: 5\r\n"), 400},
      {"bare CR", fields("A: b\rC: d\r\n"), 400},
      {"CR CR LF", fields("A: b\r\r\n"), 400},
      {"LF ends the head", "GET / HTTP/1.1\r\nHost: h\r\n\n", 400},
      {"NUL in the value", fields("A: b\0c\r\n"s), 400},
      {"NUL in the name", fields("A\0: b\r\n"s), 400},
      {"name above ASCII", fields("\xC3\xA9: b\r\n"), 400},
      {"8 fields", fields("A: b\r\nA: b\r\nA: b\r\nA: b\r\nA: b\r\nA: b\r\nA: b\r\n"), kTaken},
      {"9 fields", fields("A: b\r\nA: b\r\nA: b\r\nA: b\r\nA: b\r\nA: b\r\nA: b\r\nA: b\r\n"), 431},
      {"head too large", fields("A: " + std::string(600, 'b') + "\r\n"), 431},
      {"head too large, no end in sight", "GET / HTTP/1.1\r\nA: " + std::string(600, 'b'), 431},
      {"two Content-Types", fields("Content-Type: a/b\r\nContent-Type: a/b\r\n"), 400},
      {"two Authorizations", fields("Authorization: a\r\nAuthorization: b\r\n"), 400},
      {"two Accepts", fields("Accept: a/b\r\nAccept: c/d\r\n"), kTaken},
  };
  for (const char c : "\"(),/;<=>?@[\\]{} "s) {
    cases.push_back({"delimiter in name", fields("A"s + c + "B: d\r\n"), 400});
  }
  for (int c = 1; c < 0x20; ++c) {
    if (c == '\t' || c == '\n' || c == '\r') continue;
    cases.push_back({"control in value", fields("A: b"s + static_cast<char>(c) + "d\r\n"), 400});
    cases.push_back({"control in name", fields("A"s + static_cast<char>(c) + ": d\r\n"), 400});
  }
  cases.push_back({"DEL in value", fields("A: b\x7F\r\n"), 400});
  check(cases);
}

TEST(HttpHead, ContentLength) {
  const auto length = [](std::string_view value) {
    return fields("Content-Length: " + std::string(value) + "\r\n");
  };
  check({
      {"five", length("5"), kTaken},
      {"zero", length("0"), kTaken},
      {"leading zeros", length("0005"), kTaken},
      {"surrounding blanks", length(" 5 \t"), kTaken},
      {"largest", length("18446744073709551615"), kTaken},
      {"one too large", length("18446744073709551616"), 400},
      {"far too large", length("99999999999999999999999"), 400},
      {"plus", length("+5"), 400},
      {"minus", length("-5"), 400},
      {"hex", length("0x5"), 400},
      {"decimal", length("5.0"), 400},
      {"exponent", length("5e0"), 400},
      {"letters", length("five"), 400},
      {"empty", length(""), 400},
      {"blank inside", length("5 5"), 400},
      {"list of equals", length("5, 5"), 400},
      {"list without blank", length("5,5"), 400},
      {"list of others", length("5, 6"), 400},
      {"trailing comma", length("5,"), 400},
      {"quoted", length("\"5\""), 400},
      {"vertical tab", length("\v5"), 400},
      {"no-break space",
       length("\xC2\xA0"
              "5"),
       400},
      {"fullwidth digit", length("\xEF\xBC\x95"), 400},
      {"twice, equal", fields("Content-Length: 5\r\nContent-Length: 5\r\n"), 400},
      {"twice, different", fields("Content-Length: 5\r\nContent-Length: 6\r\n"), 400},
      {"twice, other case", fields("Content-Length: 5\r\ncontent-length: 5\r\n"), 400},
      {"twice, one empty", fields("Content-Length: 5\r\nContent-Length:\r\n"), 400},
      {"underscore is another field", fields("Content_Length: x\r\n"), kTaken},
      {"GET with a body", "GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\n", kTaken},
      {"1.0", fields10("Content-Length: 5\r\n"), kTaken},
  });
}

TEST(HttpHead, TransferEncoding) {
  const auto coding = [](std::string_view value) {
    return fields("Transfer-Encoding: " + std::string(value) + "\r\n");
  };
  check({
      {"chunked", coding("chunked"), kTaken},
      {"any case", coding("CHUNKED"), kTaken},
      {"surrounding blanks", coding("\t chunked \t"), kTaken},
      {"twice", coding("chunked\r\nTransfer-Encoding: chunked"), 400},
      {"twice, other first", coding("identity\r\nTransfer-Encoding: chunked"), 400},
      {"twice in a list", coding("chunked, chunked"), 400},
      {"not final", coding("chunked, gzip"), 400},
      {"identity behind chunked", coding("chunked, identity"), 400},
      {"gzip then chunked", coding("gzip, chunked"), 501},
      {"identity", coding("identity"), 501},
      {"gzip", coding("gzip"), 501},
      {"unknown", coding("x"), 501},
      {"almost chunked", coding("xchunked"), 501},
      {"almost chunked, behind", coding("chunkedx"), 501},
      {"with a parameter", coding("chunked;a=b"), 400},
      {"with a semicolon", coding("chunked;"), 400},
      {"quoted", coding("\"chunked\""), 400},
      {"single-quoted is a token", coding("'chunked'"), 501},
      {"empty", coding(""), 400},
      {"empty first element", coding(", chunked"), 400},
      {"empty last element", coding("chunked,"), 400},
      {"two words", coding("chunked x"), 400},
      {"vertical tab", coding("\vchunked"), 400},
      {"form feed", coding("chunked\f"), 400},
      {"NUL", coding("chunked\0"s), 400},
      {"folded", coding("\r\n chunked"), 400},
      {"space before the colon", fields("Transfer-Encoding : chunked\r\n"), 400},
      {"with a length", coding("chunked\r\nContent-Length: 5"), 400},
      {"with a length before", fields("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"), 400},
      {"with a length of zero", coding("chunked\r\nContent-Length: 0"), 400},
      {"unknown, with a length", coding("x\r\nContent-Length: 5"), 400},
      {"in 1.0", fields10("Transfer-Encoding: chunked\r\n"), 400},
      {"in 1.0, with a length", fields10("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n"),
       400},
      {"underscore is another field", fields("Transfer_Encoding: chunked\r\n"), kTaken},
  });
}

TEST(HttpHead, Expectations) {
  const auto expect = [](std::string_view value) {
    return fields("Content-Length: 5\r\nExpect: " + std::string(value) + "\r\n");
  };
  check({
      {"continue", expect("100-continue"), kTaken},
      {"any case", expect("100-Continue"), kTaken},
      {"unknown", expect("200-ok"), 417},
      {"empty", expect(""), 417},
      {"list", expect("100-continue, x"), 417},
      {"two fields, one unknown", expect("100-continue\r\nExpect: x"), 417},
      {"1.0 has none", fields10("Expect: x\r\n"), kTaken},
  });
  EXPECT_EQ(parse(expect("100-continue")).head, "POST|/p||1.1|length 5|keep|continue");
  EXPECT_EQ(parse(fields("Expect: 100-continue\r\n")).head, "POST|/p||1.1|none|keep");
  EXPECT_EQ(parse(fields10("Content-Length: 1\r\nExpect: 100-continue\r\n")).head,
            "POST|/p||1.0|length 1|close");
}

TEST(HttpHead, SaysWhatItRead) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {target("/a/b?c=d"), "GET|/a/b|c=d|1.1|none|keep"},
      {target("http://h:1/a?b"), "GET|/a|b|1.1|none|keep"},
      {target("http://h"), "GET|/||1.1|none|keep"},
      {target("http://h?q"), "GET|/|q|1.1|none|keep"},
      {line("OPTIONS * HTTP/1.1"), "OPTIONS|*||1.1|none|keep"},
      {line("OPTIONS http://h HTTP/1.1"), "OPTIONS|*||1.1|none|keep"},
      {line("OPTIONS http://h/ HTTP/1.1"), "OPTIONS|/||1.1|none|keep"},
      {fields("Content-Length: 0012\r\n"), "POST|/p||1.1|length 12|keep"},
      {fields("Content-Length: 0\r\n"), "POST|/p||1.1|none|keep"},
      {fields("Transfer-Encoding: Chunked\r\n"), "POST|/p||1.1|chunked|keep"},
      {fields("Connection: close\r\n"), "POST|/p||1.1|none|close"},
      {fields("Connection: CLOSE\r\n"), "POST|/p||1.1|none|close"},
      {fields("Connection: x, close , y\r\n"), "POST|/p||1.1|none|close"},
      {fields("Connection: x\r\nConnection: close\r\n"), "POST|/p||1.1|none|close"},
      {fields("Connection: keep-alive, close\r\n"), "POST|/p||1.1|none|close"},
      {fields("Connection: not-close\r\n"), "POST|/p||1.1|none|keep"},
      {fields10(""), "POST|/p||1.0|none|close"},
      {fields10("Connection: keep-alive\r\n"), "POST|/p||1.0|none|keep"},
      {fields10("Connection: Keep-Alive, x\r\n"), "POST|/p||1.0|none|keep"},
      {fields10("Connection: keep-alive, close\r\n"), "POST|/p||1.0|none|close"},
  };
  for (const auto& [bytes, expected] : cases) EXPECT_EQ(parse(bytes).head, expected) << bytes;
}

TEST(HttpHead, KeepsFieldsAsSentWithoutSurroundingBlanks) {
  HeadParser parser(small_limits());
  ASSERT_EQ(parser.parse(fields("X-Case:  a B \t\r\nEmpty: \r\n")), ParseState::done);
  const HttpRequestHead head = parser.take_head();
  EXPECT_EQ(head.target, "/p");
  ASSERT_EQ(head.headers.size(), 3U);
  EXPECT_EQ(head.headers[1].name, "X-Case");
  EXPECT_EQ(head.headers[1].value, "a B");
  ASSERT_NE(head.find("empty"), nullptr);
  EXPECT_EQ(*head.find("EMPTY"), "");
  EXPECT_EQ(head.find("missing"), nullptr);
}

TEST(HttpHead, AbsoluteFormStandsForHost) {
  HeadParser parser(small_limits());
  ASSERT_EQ(parser.parse(target("http://Other:81/")), ParseState::done);
  EXPECT_EQ(*parser.head().find("host"), "Other:81");
}

TEST(HttpHead, PipelinedRequestsAreTakenOneByOne) {
  const std::vector<std::string> heads = {line("GET /1 HTTP/1.1"), target("http://h/2?q"),
                                          fields("A: b\r\n"), fields10("")};
  for (const std::string& first : heads) {
    for (const std::string& second : heads) {
      const std::string both = first + "\r\n" + second;  // an empty line between them is tolerated
      test::for_each_way(both, [&](const test::Pieces& pieces) {
        HeadParser parser(small_limits());
        std::string received;
        std::vector<std::string> taken;
        for (const auto& piece : pieces) {
          received.append(piece.data(), piece.size());
          while (parser.parse(received) == ParseState::done) {
            taken.push_back(describe(parser.head()));
            received.erase(0, parser.used());
            parser.reset();
          }
        }
        ASSERT_EQ(taken, (std::vector{parse(first).head, parse(second).head}));
        ASSERT_EQ(received, "");
        ASSERT_FALSE(parser.started());
      });
    }
  }
}

TEST(HttpHead, SmuggledRequestsAreNeverASecondRequest) {
  // Each would be two requests to one reader and one to another.
  const std::string hidden = "GET /hidden HTTP/1.1\r\nHost: h\r\n\r\n";
  for (const std::string& outer : {
           fields("Content-Length: 0\r\nContent-Length: 37\r\n") + hidden,
           fields("Content-Length: 37\r\nTransfer-Encoding: chunked\r\n") + "0\r\n\r\n" + hidden,
           fields("Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n") + "0\r\n\r\n" + hidden,
           fields("Transfer-Encoding: x, chunked\r\n") + "0\r\n\r\n" + hidden,
           fields("Transfer-Encoding:\vchunked\r\n") + "0\r\n\r\n" + hidden,
           fields("X: y\nTransfer-Encoding: chunked\r\n") + "0\r\n\r\n" + hidden,
           fields("Content-Length: 0, 37\r\n") + hidden,
           fields(" Content-Length: 37\r\n") + hidden,
       }) {
    EXPECT_GE(parse(outer).status, 400) << outer;
  }
}

TEST(HttpHead, StartedTellsARequestFromIdleness) {
  HeadParser parser(small_limits());
  EXPECT_EQ(parser.parse("\r\n"), ParseState::need_more);
  EXPECT_FALSE(parser.started());
  EXPECT_EQ(parser.parse("\r\nG"), ParseState::need_more);
  EXPECT_TRUE(parser.started());
}

TEST(HttpHead, StaysAsItEnded) {
  HeadParser parser(small_limits());
  const std::string good = line("GET / HTTP/1.1");
  EXPECT_EQ(parser.parse(good), ParseState::done);
  EXPECT_EQ(parser.parse(good + "junk"), ParseState::done);
  EXPECT_EQ(parser.used(), good.size());
  parser.reset();
  EXPECT_EQ(parser.parse(" "), ParseState::refused);
  EXPECT_EQ(parser.parse(" " + good), ParseState::refused);
}

TEST(HttpHead, TakesTimeLinearInTheHead) {
  // 60 KiB byte by byte: seconds if each call began anew, milliseconds as it is.
  HttpLimits limits;
  limits.max_headers = 4;
  HeadParser parser(limits);
  const std::string bytes = fields("A: " + std::string(60 * 1024, 'b') + "\r\n");
  ParseState state = ParseState::need_more;
  for (std::size_t size = 1; size <= bytes.size(); ++size) {
    state = parser.parse(std::string_view(bytes).substr(0, size));
  }
  EXPECT_EQ(state, ParseState::done);
}

}  // namespace
}  // namespace oriel::convert::wire
