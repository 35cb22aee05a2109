// What a request needs before it can be encoded: pictures and files by URL, the model behind an
// ARN.
#include <deque>

#include "convert/wire/base64.h"
#include "gateway/exchange/media_gather.h"
#include "tests/gateway/exchange/rig.h"

namespace oriel::gateway {
namespace {

using http::Answer;
using http::Client;

struct FakeFetch {
  std::string url;
  MediaFetcher::Done done;
  bool destroyed = false;

  void give(std::string bytes, std::string type = "") const {
    if (!destroyed) done(FetchedMedia{std::move(bytes), std::move(type)});
  }
  void fail() const {
    if (!destroyed) {
      done(Unexpected{convert::Error{.kind = convert::ErrorKind::invalid_request,
                                     .message = "Failed to download image from URL.",
                                     .code = "failed_to_download_image"}});
    }
  }
};

class FakeFetcher final : public MediaFetcher {
 public:
  std::unique_ptr<MediaFetch> start(const std::string& url, Done done) override {
    fetches.push_back(std::make_shared<FakeFetch>(FakeFetch{url, std::move(done)}));
    return std::make_unique<Handle>(fetches.back());
  }
  std::deque<std::shared_ptr<FakeFetch>> fetches;

 private:
  struct Handle final : MediaFetch {
    explicit Handle(std::shared_ptr<FakeFetch> f) : fetch(std::move(f)) {}
    ~Handle() override { fetch->destroyed = true; }
    std::shared_ptr<FakeFetch> fetch;
  };
};

const std::string kPng =
    std::string("\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01", 24) + std::string(9, '\0');

std::string request_with(const std::string& parts, const std::string& model = "gpt-4o") {
  return http::post("/v1/chat/completions",
                    R"({"model":")" + model + R"(","messages":[{"role":"user","content":[)" +
                        R"({"type":"text","text":"What is this?"},)" + parts + "]}]}",
                    "x-request-id: the-request\r\n");
}
std::string image(const std::string& url) {
  return R"({"type":"image_url","image_url":{"url":")" + url + R"("}})";
}

class Fetching : public ::testing::Test {
 protected:
  FakeFetch& fetch(std::size_t index = 0) {
    EXPECT_TRUE(rig.http.until([&] { return fetcher.fetches.size() > index; }));
    return *fetcher.fetches.at(index);
  }
  void answer() {
    rig.call().head(200);
    rig.call().send(kConverseAnswer);
    rig.call().end();
  }
  FakeFetcher fetcher;
  ChatRig rig{{.media = &fetcher}};
  Client client{rig.http};
};

TEST_F(Fetching, PutsTheBytesIntoTheRequest) {
  client.send(request_with(image("https:\\/\\/x.test\\/a.jpg") + "," + image("http://x.test/b")));
  EXPECT_EQ(fetch(0).url, "https://x.test/a.jpg");
  EXPECT_EQ(fetch(1).url, "http://x.test/b");
  EXPECT_TRUE(rig.upstream.calls.empty());
  fetch(1).give(kPng, "text/plain");  // the bytes decide
  EXPECT_TRUE(rig.upstream.calls.empty());
  fetch(0).give(kPng, "image/jpeg");
  std::string base64;
  convert::wire::append_base64(kPng, base64);
  EXPECT_TRUE(holds(rig.call().body, R"("format":"png","source":{"bytes":")" + base64 + '"'))
      << rig.call().body;
  EXPECT_FALSE(holds(rig.call().body, "x.test"));
  answer();
  EXPECT_EQ(client.read("POST").status, 200);
  check(rig, {.tokens = 18});
}

TEST_F(Fetching, ADocumentIsWhatItsServerSays) {
  client.send(request_with(
      R"({"type":"file","file":{"filename":"notes","file_data":"https://x.test/notes"}})"));
  fetch().give("some, text", "text/csv");
  EXPECT_TRUE(holds(rig.call().body, R"("format":"csv")")) << rig.call().body;
  answer();
  EXPECT_EQ(client.read("POST").status, 200);
}

TEST_F(Fetching, OneThatFailsFailsAll) {
  client.send(request_with(image("https://x.test/a") + "," + image("https://x.test/b")));
  (void)fetch(1);
  fetch(1).fail();
  EXPECT_TRUE(fetch(0).destroyed);
  const Answer answered = client.read("POST");
  EXPECT_EQ(answered.status, 400);
  EXPECT_TRUE(holds(answered.body, R"("code":"failed_to_download_image")"));
  EXPECT_TRUE(holds(answered.body, R"("param":"messages[0].content[2].image_url")"))
      << answered.body;
  check(rig, {.outcome = "caller_invalid_request", .status = 400, .attempt = ""});
}

TEST_F(Fetching, WhatIsNoPictureIsRefused) {
  for (const std::string& bytes : {std::string("<html>"), std::string()}) {
    client.send(request_with(image("https://x.test/a.png")));
    fetch(fetcher.fetches.size()).give(bytes, "image/png");
    const Answer answered = client.read("POST");
    EXPECT_EQ(answered.status, 400);
    EXPECT_TRUE(holds(answered.body, "unsupported_image_media_type")) << answered.body;
  }
}

TEST_F(Fetching, ThereIsALimitToTheirNumberAndToTheirSum) {
  std::string parts = image("https://x.test/0");
  for (std::size_t i = 1; i <= MediaGather::kMaxFetches; ++i) {
    parts += "," + image("https://x.test/" + std::to_string(i));
  }
  client.send(request_with(parts));
  EXPECT_TRUE(holds(client.read("POST").body, "too_many_images"));
  EXPECT_TRUE(fetcher.fetches.empty());

  client.send(request_with(image("https://x.test/a") + "," + image("https://x.test/b")));
  std::string large = kPng;
  large.resize(rig.config.server.max_body - 10, 'x');
  fetch(0).give(large);
  fetch(1).give(kPng);
  EXPECT_TRUE(holds(client.read("POST").body, "image_too_large"));
}

TEST_F(Fetching, AClientThatLeavesEndsIt) {
  client.send(request_with(image("https://x.test/a")));
  (void)fetch();
  client.reset();
  check(rig, {.outcome = "caller_cancelled", .status = 499, .attempt = ""});
  EXPECT_TRUE(fetch().destroyed);
}

TEST_F(Fetching, AWorkerThatStopsEndsIt) {
  client.send(request_with(image("https://x.test/a")));
  (void)fetch();
  rig.table.clear();
  EXPECT_TRUE(fetch().destroyed);
  check(rig, {.outcome = "gateway_draining", .status = 503, .attempt = ""});
}

// Servers that speak OpenAI's own language fetch for themselves.
TEST_F(Fetching, IsNotDoneForPassthroughProviders) {
  client.send(request_with(image("https://x.test/a"), "local"));
  EXPECT_TRUE(holds(rig.call().body, "https://x.test/a"));
  EXPECT_TRUE(fetcher.fetches.empty());
}

// ------------------------------------------------------------------------------- what an ARN is

const std::string kProfile =
    "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc123";

TEST(Lookup, IsWaitedForButNotForLong) {
  enum class Found { at_once, later, never };
  for (const Found found : {Found::at_once, Found::later, Found::never}) {
    ChatRig rig;
    std::string asked;
    std::function<void()> told;
    rig.chat.lookup_patience = std::chrono::milliseconds(found == Found::never ? 3 : 60'000);
    rig.chat.lookup_model = [&](const std::string& arn, std::function<void()> done) {
      asked = arn;
      if (found == Found::at_once) return done();
      told = std::move(done);
    };
    Client client(rig.http);
    client.send(chat_request(Mode::whole, kProfile));
    ASSERT_TRUE(rig.http.until([&] { return !asked.empty(); }));
    EXPECT_EQ(asked, kProfile);
    if (found == Found::later) {
      EXPECT_TRUE(rig.upstream.calls.empty());
      told();
    }
    rig.call().head(200);
    rig.call().send(kConverseAnswer);
    rig.call().end();
    const Answer answered = client.read("POST");
    EXPECT_EQ(answered.status, 200);
    // The account stays ours.
    EXPECT_EQ(answered.field("x-oriel-model-id"), "application-inference-profile/abc123");
    check(rig, {.tokens = 18});
    if (told) told();  // too late; nobody is there
  }
}

TEST(Lookup, AClientThatLeavesEndsIt) {
  ChatRig rig;
  std::function<void()> told;
  rig.chat.lookup_model = [&](const std::string&, std::function<void()> done) {
    told = std::move(done);
  };
  Client client(rig.http);
  client.send(chat_request(Mode::whole, kProfile));
  ASSERT_TRUE(rig.http.until([&] { return told != nullptr; }));
  client.reset();
  check(rig, {.outcome = "caller_cancelled", .status = 499, .attempt = ""});
  told();
  rig.http.pump();
  EXPECT_TRUE(rig.upstream.calls.empty());
}

}  // namespace
}  // namespace oriel::gateway
