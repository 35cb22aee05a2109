#include "gateway/aws/sigv4.h"

#include <gtest/gtest.h>

namespace oriel::gateway::aws {
namespace {

using convert::Header;

// 2026-01-02T03:04:05Z
const SigningTime kTime = std::chrono::system_clock::from_time_t(1767323045);

Credentials example_credentials() {
  Credentials credentials;
  credentials.access_key_id = "AKIDEXAMPLE";
  credentials.secret_access_key = Secret("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY");
  return credentials;
}

std::string hash_of(std::string_view body) {
  BodyHash hash;
  hash.update(body);
  const HexDigest digest = hash.finish();
  return {digest.data(), digest.size()};
}

struct Signed {
  std::string authorization;
  std::string canonical;
  std::vector<Header> headers;
};

Signed sign(RequestToSign request, std::vector<Header> headers,
            const Credentials& credentials = example_credentials()) {
  Signer signer;
  const auto done = signer.sign(request, credentials, {"us-east-1", "bedrock"}, kTime, headers);
  EXPECT_TRUE(done.has_value());
  return {std::string(convert::find_header(headers, "Authorization")), signer.canonical_request(),
          headers};
}

std::string line(const std::string& text, int number) {
  std::size_t at = 0;
  for (int i = 0; i < number; ++i) at = text.find('\n', at) + 1;
  return text.substr(at, text.find('\n', at) - at);
}

struct Vector {
  const char* method;
  const char* host;
  const char* path;
  const char* query;
  const char* body;
  const char* body_hash;
  const char* token;
  const char* canonical_path;
  const char* signed_headers;
  const char* signature;
};

constexpr const char* kRuntime = "bedrock-runtime.us-east-1.amazonaws.com";
constexpr const char* kHi = R"({"messages":[{"role":"user","content":[{"text":"hi"}]}]})";
constexpr const char* kHiHash = "c3335e07d6e89650bf94cb98664be69f8774dbc3198df221f113db0a59ea14f0";

// Made with two independent signers that agreed.
const Vector kVectors[] = {
    {"POST", kRuntime, "/model/us.anthropic.claude-sonnet-4-5-20250929-v1%3A0/converse", "", kHi,
     kHiHash, "", "/model/us.anthropic.claude-sonnet-4-5-20250929-v1%253A0/converse",
     "content-type;host;x-amz-date",
     "6b18186d5132c71249f705372d764ddfd8a9890b662230fb355af564c05e1c35"},
    {"POST", kRuntime,
     "/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A123456789012%3Aapplication-inference-profile"
     "%2Fa1b2c3d4e5f6/converse-stream",
     "", kHi, kHiHash, "SESSION/TOKEN+EXAMPLE==",
     "/model/arn%253Aaws%253Abedrock%253Aus-east-1%253A123456789012%253Aapplication-inference-"
     "profile%252Fa1b2c3d4e5f6/converse-stream",
     "content-type;host;x-amz-date;x-amz-security-token",
     "056df65a1a51623ae238561f02620c2e7efc4622620b7546c9bfc55f7c058cda"},
    {"POST", kRuntime, "/model/amazon.titan-embed-text-v2%3A0/invoke", "",
     R"({"inputText":"hello"})", "f0bfe64650594de57d7069c7308b526dccb71b73901f1ee0fda8bb8dff7481c6",
     "", "/model/amazon.titan-embed-text-v2%253A0/invoke", "content-type;host;x-amz-date",
     "8c5c697ed5221934bf8ecbf0d88a1219c995ad6cb40e0023d5c10b6c8825d3d6"},
    {"GET", "bedrock.us-east-1.amazonaws.com", "/foundation-models",
     "byOutputModality=TEXT&byInferenceType=ON_DEMAND", "",
     "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "", "/foundation-models",
     "host;x-amz-date", "14ab67d4ea26abc2d855877ccaf445815e52ffc3b5d927a9eb37f29aaed62554"},
    {"POST", "bedrock-agent-runtime.us-east-1.amazonaws.com",
     "/agents/AGENT12345/agentAliases/TSTALIASID/sessions/user%3A42.abc/text", "",
     R"({"inputText":"hi"})", "ee9ef87bd5a357cff93b1d83d1e8a1b47fb3fa2e94251711c6a30250119e6369",
     "", "/agents/AGENT12345/agentAliases/TSTALIASID/sessions/user%253A42.abc/text",
     "content-type;host;x-amz-date",
     "a3560bf2725da6389fab29777f5a164f942330d8981a1f0dcdda9298daccce30"},
    {"POST", "127.0.0.1:8443", "/model/amazon.nova-lite-v1%3A0/converse", "", "{}",
     "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a", "",
     "/model/amazon.nova-lite-v1%253A0/converse", "content-type;host;x-amz-date",
     "c42ca69d332398ee43b81d70fdb1ab5c0e415101f1e239e6e0f3012d9dd78d14"},
};

TEST(SigV4, GoldenVectors) {
  for (const Vector& v : kVectors) {
    const std::string body_hash = hash_of(v.body);
    EXPECT_EQ(body_hash, v.body_hash);
    std::vector<Header> headers;
    if (std::string_view(v.method) == "POST") {
      headers.push_back({"Content-Type", "application/json"});
    }
    Credentials credentials = example_credentials();
    credentials.session_token = Secret(v.token);
    const Signed made = sign({v.method, v.host, v.path, v.query, body_hash}, headers, credentials);
    EXPECT_EQ(line(made.canonical, 1), v.canonical_path);
    EXPECT_EQ(made.authorization,
              std::string("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260102/us-east-1/bedrock/"
                          "aws4_request, SignedHeaders=") +
                  v.signed_headers + ", Signature=" + v.signature);
    EXPECT_EQ(convert::find_header(made.headers, "x-amz-date"), "20260102T030405Z");
    EXPECT_EQ(convert::find_header(made.headers, "x-amz-security-token"), v.token);
  }
}

TEST(SigV4, PathsAreNormalisedAndEncodedOnceMore) {
  const std::pair<const char*, const char*> cases[] = {
      {"", "/"},
      {"/", "/"},
      {"//", "/"},
      {"/a", "/a"},
      {"/a/", "/a/"},
      {"//a///b", "/a/b"},
      {"/./a/./b/.", "/a/b"},
      {"/./", "/"},
      {"/a/../b", "/b"},
      {"/a/b/../..", "/"},
      {"/../../a", "/a"},
      {"/a%2Fb%20c", "/a%252Fb%2520c"},
      {"/-._~azAZ09", "/-._~azAZ09"},
      {"/a:b@c+d$e,f", "/a%3Ab%40c%2Bd%24e%2Cf"},
      {"/\xC3\xA9", "/%C3%A9"},
  };
  for (const auto& [path, canonical] : cases) {
    EXPECT_EQ(line(sign({"GET", "h", path, "", ""}, {}).canonical, 1), canonical) << path;
  }
}

TEST(SigV4, QueriesAreSorted) {
  const std::pair<const char*, const char*> cases[] = {
      {"", ""},
      {"a=b", "a=b"},
      {"b=2&a=1", "a=1&b=2"},
      {"a=2&a=1", "a=1&a=2"},
      {"flag", "flag="},
      {"b&a=", "a=&b="},
      {"a=b=c", "a=b=c"},
      {"Z=1&a=1&%C3=1", "%C3=1&Z=1&a=1"},
  };
  for (const auto& [query, canonical] : cases) {
    EXPECT_EQ(line(sign({"GET", "h", "/", query, ""}, {}).canonical, 2), canonical) << query;
  }
}

TEST(SigV4, HeadersAreNormalisedSortedAndJoined) {
  const Signed made = sign({"GET", "h", "/", "", ""}, {{"X-B", "  two   words\tand more  "},
                                                       {"X-A", "1"},
                                                       {"x-b", "again"},
                                                       {"X-Empty", ""},
                                                       {"x-c", "\"a   b\""}});
  EXPECT_EQ(made.canonical,
            "GET\n/\n\nhost:h\nx-a:1\nx-amz-date:20260102T030405Z\nx-b:two words and more,again\n"
            "x-c:\"a b\"\nx-empty:\n\nhost;x-a;x-amz-date;x-b;x-c;x-empty\n"
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(SigV4, HeadersThatChangeOnTheWayAreNotSigned) {
  const char* const unsigned_headers[] = {"Connection",
                                          "Expect",
                                          "Keep-Alive",
                                          "Proxy-Authenticate",
                                          "Proxy-Authorization",
                                          "TE",
                                          "Trailer",
                                          "Transfer-Encoding",
                                          "Upgrade",
                                          "User-Agent",
                                          "X-Amzn-Trace-Id",
                                          "Cache-Control",
                                          "From",
                                          "Max-Forwards",
                                          "Pragma",
                                          "Referer",
                                          "Sec-WebSocket-Key",
                                          "Sec-WebSocket-Protocol",
                                          "Sec-WebSocket-Version",
                                          "Host"};
  const std::string bare = sign({"GET", "h", "/", "", ""}, {}).authorization;
  for (const char* name : unsigned_headers) {
    const Signed made = sign({"GET", "h", "/", "", ""}, {{name, "value"}});
    EXPECT_EQ(made.authorization, bare) << name;
    EXPECT_EQ(made.headers.front().value, "value") << "kept, only not signed";
  }
  for (const char* name : {"Content-Type", "Accept", "X-Amzn-Bedrock-Trace", "amz-sdk-request"}) {
    EXPECT_NE(sign({"GET", "h", "/", "", ""}, {{name, "value"}}).authorization, bare) << name;
  }
}

TEST(SigV4, GivenContentHashIsUsed) {
  const Signed made =
      sign({"POST", "h", "/", "", hash_of("body")}, {{"X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD"}});
  EXPECT_TRUE(made.canonical.ends_with("\nhost;x-amz-content-sha256;x-amz-date\nUNSIGNED-PAYLOAD"));
}

TEST(SigV4, SigningAgainReplacesTheOldSignature) {
  Credentials credentials = example_credentials();
  credentials.session_token = Secret("token");
  Signed first = sign({"GET", "h", "/", "", ""}, {}, credentials);
  const Signed second = sign({"GET", "h", "/", "", ""}, first.headers, credentials);
  EXPECT_EQ(second.authorization, first.authorization);
  EXPECT_EQ(second.headers.size(), 3u);
  const Signed without_token = sign({"GET", "h", "/", "", ""}, first.headers);
  EXPECT_EQ(without_token.headers.size(), 2u);
}

TEST(SigV4, BearerIsSentAsItIs) {
  Credentials credentials = example_credentials();
  credentials.bearer_token = Secret("bedrock-api-key-abc");
  const Signed made =
      sign({"POST", "h", "/", "", ""},
           {{"authorization", "old"}, {"Content-Type", "application/json"}}, credentials);
  ASSERT_EQ(made.headers.size(), 2u);
  EXPECT_EQ(made.headers[1].name, "Authorization");
  EXPECT_EQ(made.headers[1].value, "Bearer bedrock-api-key-abc");
}

TEST(SigV4, WithoutKeysNothingIsSigned) {
  Signer signer;
  std::vector<Header> headers;
  EXPECT_FALSE(signer.sign({"GET", "h", "/", "", ""}, Credentials{}, {"us-east-1"}, kTime, headers)
                   .has_value());
}

// One signer over days, regions and rotations, more of them than it remembers, twice: every
// signature equals that of a fresh signer.
TEST(SigV4, CachedKeysSignAsFreshOnes) {
  Signer signer;
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < 60; ++i) {
      Credentials credentials = example_credentials();
      if (i % 3 == 1) credentials.secret_access_key = Secret("another secret");
      const std::string region = i % 2 == 0 ? "us-east-1" : "eu-west-1";
      const SigningTime time = kTime + std::chrono::hours(12 * (i / 2));
      std::vector<Header> cached;
      std::vector<Header> fresh;
      ASSERT_TRUE(signer.sign({"GET", "h", "/", "", ""}, credentials, {region}, time, cached));
      ASSERT_TRUE(Signer().sign({"GET", "h", "/", "", ""}, credentials, {region}, time, fresh));
      EXPECT_EQ(convert::find_header(cached, "authorization"),
                convert::find_header(fresh, "authorization"));
    }
  }
}

TEST(BodyHash, SlicesMakeNoDifference) {
  const std::string body = std::string(1000, 'x') + "end";
  const std::string whole = hash_of(body);
  BodyHash hash;
  for (const std::size_t slice : {1u, 7u, 64u, 1003u}) {
    for (std::size_t at = 0; at < body.size(); at += slice) hash.update(body.substr(at, slice));
    const HexDigest digest = hash.finish();
    EXPECT_EQ(std::string_view(digest.data(), digest.size()), whole);
  }
}

TEST(SplitUrl, TellsWhatIsSigned) {
  struct Case {
    const char* url;
    const char* host;
    const char* path;
    const char* query;
  };
  for (const Case& c :
       {Case{"https://Host.Example/a/b?c=d&e", "host.example", "/a/b", "c=d&e"},
        Case{"https://h:443/", "h", "/", ""}, Case{"http://h:80/", "h", "/", ""},
        Case{"https://h:80/", "h:80", "/", ""}, Case{"http://h:8080", "h:8080", "", ""},
        Case{"https://h?q", "h", "", "q"}, Case{"http://[::1]:8080/x", "[::1]:8080", "/x", ""},
        Case{"http://[::1]/x", "[::1]", "/x", ""}, Case{"https://u:p@h/x#y", "h", "/x", ""}}) {
    const auto parts = split_url(c.url);
    ASSERT_TRUE(parts.has_value()) << c.url;
    EXPECT_EQ(parts->host, c.host) << c.url;
    EXPECT_EQ(parts->path, c.path) << c.url;
    EXPECT_EQ(parts->query, c.query) << c.url;
  }
  for (const char* url : {"", "h", "ftp://h/", "https://", "https:///x", "//h/"}) {
    EXPECT_FALSE(split_url(url).has_value()) << url;
  }
}

}  // namespace
}  // namespace oriel::gateway::aws
