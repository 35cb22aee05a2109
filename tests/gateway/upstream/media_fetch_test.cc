// The guarded fetch: which addresses are public, which URLs are taken, and that nothing private is
// ever connected to. spec/converse.md §4.2; reliability.md §3.
#include <arpa/inet.h>
#include <netinet/in.h>

#include <atomic>
#include <optional>

#include "gateway/upstream/media_fetch_curl.h"
#include "gateway/upstream/public_address.h"
#include "tests/gateway/upstream/client_harness.h"
#include "tests/gateway/upstream/hostile_server.h"

namespace oriel::gateway {
namespace {

using Fetch = MediaConfig::Fetch;

bool is_public(const std::string& text) {
  sockaddr_storage storage{};
  auto& address = reinterpret_cast<sockaddr&>(storage);
  auto& v4 = reinterpret_cast<sockaddr_in&>(storage);
  auto& v6 = reinterpret_cast<sockaddr_in6&>(storage);
  if (inet_pton(AF_INET, text.c_str(), &v4.sin_addr) == 1) {
    storage.ss_family = AF_INET;
    return is_public_address(address, sizeof(sockaddr_in));
  }
  storage.ss_family = AF_INET6;
  EXPECT_EQ(inet_pton(AF_INET6, text.c_str(), &v6.sin6_addr), 1) << text;
  return is_public_address(address, sizeof(sockaddr_in6));
}

TEST(PublicAddress, FirstAndLastOfEveryBlockAndTheirNeighbours) {
  struct Row {
    std::string before, first, last, after;  // an empty neighbour is not public either
  };
  const Row rows[] = {
      {"", "0.0.0.0", "0.255.255.255", "1.0.0.0"},
      {"9.255.255.255", "10.0.0.0", "10.255.255.255", "11.0.0.0"},
      {"100.63.255.255", "100.64.0.0", "100.127.255.255", "100.128.0.0"},
      {"126.255.255.255", "127.0.0.0", "127.255.255.255", "128.0.0.0"},
      {"169.253.255.255", "169.254.0.0", "169.254.255.255", "169.255.0.0"},
      {"172.15.255.255", "172.16.0.0", "172.31.255.255", "172.32.0.0"},
      {"191.255.255.255", "192.0.0.0", "192.0.0.255", "192.0.1.0"},
      {"192.0.1.255", "192.0.2.0", "192.0.2.255", "192.0.3.0"},
      {"192.88.98.255", "192.88.99.0", "192.88.99.255", "192.88.100.0"},
      {"192.167.255.255", "192.168.0.0", "192.168.255.255", "192.169.0.0"},
      {"198.17.255.255", "198.18.0.0", "198.19.255.255", "198.20.0.0"},
      {"198.51.99.255", "198.51.100.0", "198.51.100.255", "198.51.101.0"},
      {"203.0.112.255", "203.0.113.0", "203.0.113.255", "203.0.114.0"},
      {"223.255.255.255", "224.0.0.0", "239.255.255.255", ""},
      {"", "240.0.0.0", "255.255.255.255", ""},
      {"", "::", "::ffff:ffff", ""},                         // unspecified, loopback, v4-compatible
      {"", "::ffff:0.0.0.0", "::ffff:255.255.255.255", ""},  // v4-mapped
      {"", "64:ff9b:1::", "64:ff9b:1:ffff:ffff:ffff:ffff:ffff", ""},  // local NAT64
      {"", "100::", "100::ffff:ffff:ffff:ffff", ""},                  // discard
      {"", "1fff::", "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff", "2001:200::"},
      {"", "2001::", "2001:0:ffff:ffff:ffff:ffff:ffff:ffff", ""},  // Teredo
      {"2001:db7:ffff:ffff:ffff:ffff:ffff:ffff",
       "2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", "2001:db9::"},
      {"2001:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
       "2002::", "2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2003::"},  // 6to4
      {"3ffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
       "3fff::", "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff", "3fff:1000::"},
      {"3fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "4000::", "5f00::", ""},
      {"", "fc00::", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", ""},   // unique local
      {"", "fe80::", "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff", ""},   // link-local
      {"", "fec0::", "feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", ""},   // site-local
      {"", "ff00::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", ""}};  // multicast
  for (const Row& row : rows) {
    EXPECT_FALSE(is_public(row.first)) << row.first;
    EXPECT_FALSE(is_public(row.last)) << row.last;
    if (!row.before.empty()) {
      EXPECT_TRUE(is_public(row.before)) << row.before;
    }
    if (!row.after.empty()) {
      EXPECT_TRUE(is_public(row.after)) << row.after;
    }
  }
}

TEST(PublicAddress, Nat64CountsAsTheAddressInside) {
  EXPECT_TRUE(is_public("64:ff9b::8.8.8.8"));
  for (const char* inside :
       {"127.0.0.1", "10.1.2.3", "169.254.169.254", "192.168.1.1", "0.0.0.0"}) {
    EXPECT_FALSE(is_public(std::string("64:ff9b::") + inside)) << inside;
  }
  // Another length of prefix is no such thing.
  EXPECT_FALSE(is_public("64:ff9b:0:0:0:1:808:808"));
}

TEST(PublicAddress, Ordinary) {
  for (const char* text : {"8.8.8.8", "1.1.1.1", "93.184.216.34", "2606:4700:4700::1111",
                           "2a00:1450:4001:80b::200e", "2400:cb00::1"}) {
    EXPECT_TRUE(is_public(text)) << text;
  }
}

TEST(PublicAddress, AnythingElseIsNot) {
  sockaddr_storage storage{};
  auto& address = reinterpret_cast<sockaddr&>(storage);
  for (const int family : {AF_UNSPEC, AF_UNIX, AF_PACKET}) {
    storage.ss_family = static_cast<sa_family_t>(family);
    EXPECT_FALSE(is_public_address(address, sizeof storage)) << family;
  }
  storage.ss_family = AF_INET;
  reinterpret_cast<sockaddr_in&>(storage).sin_addr.s_addr = htonl(0x08080808);
  EXPECT_TRUE(is_public_address(address, sizeof(sockaddr_in)));
  EXPECT_FALSE(is_public_address(address, sizeof(sockaddr_in) - 1));
  storage.ss_family = AF_INET6;
  EXPECT_FALSE(is_public_address(address, sizeof(sockaddr_in)));
}

TEST(MediaUrl, WhatIsTakenAndHowItIsUnderstood) {
  struct Row {
    std::string url;
    std::string https;  // what is fetched when https alone is allowed; empty: nothing
    std::string http;
  };
  const std::string long_url = "https://a.example/" + std::string(9'000, 'a');
  const Row rows[] = {
      {"https://a.example/x.png", "https://a.example/x.png", "https://a.example/x.png"},
      {"HTTPS://A.example/x.png?q=1#f", "https://A.example/x.png?q=1",
       "https://A.example/x.png?q=1"},
      {"http://a.example/x", "", "http://a.example/x"},
      {"ftp://a.example/x", "", ""},
      {"file:///etc/passwd", "", ""},
      {"gopher://a.example/", "", ""},
      {"dict://a.example/", "", ""},
      {"//a.example/x", "", ""},
      {"a.example/x", "", ""},
      {"https://user@a.example/", "", ""},
      {"https://user:secret@a.example/", "", ""},
      {"https://a.example@10.0.0.1/", "", ""},
      {"https://", "", ""},
      {"https:///x", "https://x/", "https://x/"},
      {"https://a b.example/", "", ""},
      {"https://a.example/\r\nX: y", "", ""},
      {"https://a.example:99999/", "", ""},
      // Odd spellings come out as what they are; the address itself is looked at when connecting.
      {"http://2130706433/", "", "http://127.0.0.1/"},
      {"http://0x7f.1/", "", "http://127.0.0.1/"},
      {"http://0177.0.0.1/", "", "http://127.0.0.1/"},
      {"http://[::ffff:127.0.0.1]/", "", "http://[::ffff:127.0.0.1]/"},
      {long_url, "", ""},
      {"", "", ""},
  };
  MediaConfig https;
  https.fetch = Fetch::https;
  MediaConfig http;
  http.fetch = Fetch::http;
  for (const Row& row : rows) {
    EXPECT_EQ(checked_media_url(https, row.url), row.https) << row.url;
    EXPECT_EQ(checked_media_url(http, row.url), row.http) << row.url;
  }
  EXPECT_EQ(checked_media_url(https, "../y.png?z", "https://a.example/b/x"),
            "https://a.example/y.png?z");
  EXPECT_EQ(checked_media_url(https, "//b.example/y", "https://a.example/x"),
            "https://b.example/y");
  EXPECT_EQ(checked_media_url(https, "http://a.example/y", "https://a.example/x"), "");
}

TEST(MediaUrl, OnlyListedHosts) {
  MediaConfig config;
  config.fetch = Fetch::http;
  config.hosts = {"a.example", "*.cdn.example", "127.0.0.1"};
  const std::pair<std::string, bool> rows[] = {
      {"https://a.example/", true},         {"https://A.EXAMPLE./", true},
      {"https://a.example:8443/", true},    {"https://b.a.example/", false},
      {"https://xa.example/", false},       {"https://a.example.evil.example/", false},
      {"https://x.cdn.example/", true},     {"https://x.y.cdn.example/", true},
      {"https://cdn.example/", false},      {"https://.cdn.example/", false},
      {"https://evilcdn.example/", false},  {"http://2130706433/", true},
      {"https://a.example%2fevil/", false}, {"https://evil/#a.example", false},
      {"https://evil/?x=a.example", false}, {"https://evil\\a.example/", false},
  };
  for (const auto& [url, allowed] : rows) {
    EXPECT_EQ(!checked_media_url(config, url).empty(), allowed) << url;
  }
}

class MediaFetchTest : public UpstreamTest {
 protected:
  MediaFetchTest() {
    config.fetch = Fetch::http;
    config.allow_private_addresses = true;
  }
  convert::Result<FetchedMedia> fetch(const std::string& url) {
    const auto fetcher = make_media_fetcher(base.get(), config);
    std::optional<convert::Result<FetchedMedia>> got;
    bool inside = true;
    std::unique_ptr<MediaFetch> call;
    call = fetcher->start(url, [&](convert::Result<FetchedMedia> result) {
      EXPECT_FALSE(inside);
      EXPECT_FALSE(got.has_value());
      got = std::move(result);
      call.reset();
    });
    inside = false;
    run_until([&] { return got.has_value(); });
    if (got && !*got) {
      const convert::Error& error = got->error();
      EXPECT_EQ(convert::status_of(error), 400);
      EXPECT_EQ(error.code, "failed_to_download_image");
      EXPECT_EQ(error.message, "Failed to download image from URL.");
    }
    return std::move(*got);
  }
  static std::string answer(std::string_view type, std::string_view body) {
    return "HTTP/1.1 200 OK\r\nContent-Type: " + std::string(type) +
           "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
  }
  static std::string redirect(std::string_view where) {
    return "HTTP/1.1 302 Found\r\nLocation: " + std::string(where) +
           "\r\nContent-Length: 4\r\n\r\nmove";
  }

  MediaConfig config;
};

TEST_F(MediaFetchTest, BringsTheBytesAndTheLabel) {
  std::string head;
  HostileServer server([&](Connection& connection) {
    head = connection.read_head();
    connection.send(answer("Image/PNG; charset=binary", "picture"));
  });
  const auto media = fetch(server.url("/x.png?a=b"));
  ASSERT_TRUE(media.has_value());
  EXPECT_EQ(media->bytes, "picture");
  EXPECT_EQ(media->media_type, "image/png");
  EXPECT_TRUE(head.starts_with("GET /x.png?a=b HTTP/1.1\r\n")) << head;
  for (const char* name : {"cookie:", "authorization:", "referer:", "accept-encoding:"}) {
    std::string lower = head;
    for (char& c : lower) c = static_cast<char>(std::tolower(c));
    EXPECT_EQ(lower.find(name), std::string::npos) << name;
  }
}

TEST_F(MediaFetchTest, OffIsNoFetcher) {
  config.fetch = Fetch::off;
  EXPECT_EQ(make_media_fetcher(base.get(), config), nullptr);
}

// The listener would see a connection.
TEST_F(MediaFetchTest, Trap43NothingPrivateIsEverConnectedTo) {
  config.allow_private_addresses = false;
  HostileServer server([](Connection& connection) {
    connection.read_head();
    connection.send(plain_answer("secret"));
  });
  const std::string port = ":" + std::to_string(server.port()) + "/";
  for (const std::string host :
       {"127.0.0.1", "2130706433", "0x7f000001", "0177.0.0.1", "127.1", "localhost", "[::1]",
        "[::ffff:127.0.0.1]", "[::127.0.0.1]", "[64:ff9b::7f00:1]", "0.0.0.0", "0", "[::]"}) {
    EXPECT_FALSE(fetch("http://" + host + port).has_value()) << host;
  }
  EXPECT_FALSE(fetch("http://169.254.169.254/latest/meta-data/").has_value());
  EXPECT_EQ(server.accepted(), 0);
}

TEST_F(MediaFetchTest, FollowsRedirectsButOnlyWhereItMayGo) {
  HostileServer goal([](Connection& connection) {
    connection.read_head();
    connection.send(answer("image/gif", "there"));
  });
  const auto by_way_of = [&](const std::string& location) {
    HostileServer start([location](Connection& connection) {
      connection.read_head();
      connection.send(redirect(location));
    });
    return fetch(start.url());
  };
  const auto media = by_way_of(goal.url("/y"));
  ASSERT_TRUE(media.has_value());
  EXPECT_EQ(media->bytes, "there");
  for (const char* elsewhere :
       {"file:///etc/passwd", "ftp://127.0.0.1/", "http://u:p@127.0.0.1/", "", "gopher://x/"}) {
    EXPECT_FALSE(by_way_of(elsewhere).has_value()) << elsewhere;
  }
  EXPECT_EQ(goal.accepted(), 1);
}

// The first and three more.
TEST_F(MediaFetchTest, RedirectsEnd) {
  std::atomic<int> asked = 0;
  HostileServer server([&](Connection& connection) {
    while (!connection.read_head().empty()) {
      ++asked;
      connection.send(redirect("/again"));
    }
  });
  EXPECT_FALSE(fetch(server.url()).has_value());
  EXPECT_EQ(asked, 4);
}

// From an allowed host to one that is not.
TEST_F(MediaFetchTest, ARedirectLeavesNoAllowedHost) {
  HostileServer goal([](Connection& connection) {
    connection.read_head();
    connection.send(answer("image/gif", "there"));
  });
  HostileServer start([&](Connection& connection) {
    connection.read_head();
    connection.send(redirect("http://localhost:" + std::to_string(goal.port()) + "/"));
  });
  config.hosts = {"127.0.0.1"};
  EXPECT_FALSE(fetch(start.url()).has_value());
  EXPECT_EQ(goal.accepted(), 0);
}

TEST_F(MediaFetchTest, KeepsItsLimits) {
  config.max_image = 10;
  config.max_bytes = 20;
  const auto takes = [&](const std::string& sent) {
    HostileServer server([sent](Connection& connection) {
      connection.read_head();
      connection.send(sent);
      connection.wait_closed();
    });
    return fetch(server.url()).has_value();
  };
  EXPECT_TRUE(takes(answer("image/png", std::string(10, 'x'))));
  EXPECT_FALSE(takes(answer("image/png", std::string(11, 'x'))));
  EXPECT_TRUE(takes(answer("application/pdf", std::string(20, 'x'))));
  EXPECT_FALSE(takes(answer("application/pdf", std::string(21, 'x'))));
  EXPECT_FALSE(takes(answer("application/pdf", std::string(1'000'000, 'x'))));
  // Without a length, and without an end.
  EXPECT_FALSE(takes("HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n\r\n" + std::string(11, 'x')));
}

TEST_F(MediaFetchTest, FailuresAreOneAndTheSameToTheClient) {
  for (const std::string reply :
       {"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno", "HTTP/1.1 204 No Content\r\n\r\n",
        "HTTP/1.1 304 Not Modified\r\n\r\n", "nonsense\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort", ""}) {
    HostileServer server([reply](Connection& connection) {
      connection.read_head();
      connection.send(reply);
    });
    EXPECT_FALSE(fetch(server.url()).has_value()) << reply;
  }
  EXPECT_FALSE(fetch(QuietPort(QuietPort::Kind::closed).url()).has_value());
  EXPECT_FALSE(fetch(unresolvable()).has_value());
}

TEST_F(MediaFetchTest, ADeadlineForAllHopsTogether) {
  config.timeout = std::chrono::milliseconds(100);
  HostileServer server([](Connection& connection) {
    connection.read_head();
    connection.wait_closed();
  });
  EXPECT_FALSE(fetch(server.url()).has_value());
}

TEST_F(MediaFetchTest, LettingGoCancels) {
  HostileServer server([](Connection& connection) {
    connection.read_head();
    connection.wait_closed();
  });
  const auto fetcher = make_media_fetcher(base.get(), config);
  auto call = fetcher->start(server.url(), [](const auto&) { FAIL() << "told after all"; });
  poll_until([&] { return server.accepted() == 1; });
  call.reset();
  call = fetcher->start(server.url(), [](const auto&) { FAIL() << "told after all"; });
  call.reset();
  run_for(std::chrono::milliseconds(20));
}

}  // namespace
}  // namespace oriel::gateway
