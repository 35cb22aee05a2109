// What each route answers, from the socket: admission, probes, models, the scrape, the status page.
#include "gateway/handlers/handlers.h"
#include "tests/gateway/exchange/rig.h"

namespace oriel::gateway {
namespace {

using http::Answer;
using http::Client;
using http::get;
using http::post;

class ServingRig {
 public:
  explicit ServingRig(RouteTable routes = client_routes()) {
    handlers.routes = routes;
    handlers.exchanges = &chat.context;
    handlers.chat = &chat.chat;
    handlers.router = chat.router.get();
    handlers.health = &health;
    handlers.scrape = [this](ScrapeRequest wanted, std::function<void(metrics::Exposition)> done) {
      scraped.push_back(std::move(wanted));
      pages.push_back(std::move(done));
    };
    health.ready = true;
  }
  Answer ask(const std::string& request, const std::string& method = "GET") {
    Client client(chat.http);
    client.send(request);
    return client.read(method);
  }
  Samples samples() { return Samples(chat.registry); }

  Health health;
  HandlerContext handlers;
  std::vector<ScrapeRequest> scraped;
  std::vector<std::function<void(metrics::Exposition)>> pages;
  ChatRig chat{{.change = [this](http::ServerOptions& made) {
    made.admit = [this](const convert::wire::HttpRequestHead& head) {
      return admit(handlers, head);
    };
    made.serve = [this](http::Request&& request, http::Reply& reply) {
      serve(handlers, std::move(request), reply);
    };
    made.on_rejected = [this](const http::Rejected& rejected) {
      const auto endpoint = rejected.head == nullptr ? metrics::Endpoint::other
                                                     : endpoint_of(handlers.routes, *rejected.head);
      chat.records.close(record_of(rejected, chat.context, endpoint));
    };
  }}};
};

struct Case {
  std::string request;
  int status;
  std::string said;
  std::string endpoint;
};

TEST(Admission, RefusesByTheHeadAlone) {
  const std::string body = R"({"model":"gpt-4o","messages":[]})";
  const Case cases[] = {
      {get("/nope"), 404, "Invalid URL (GET /nope)", "other"},
      {post("/v1/completions", body), 404, "unknown_url", "other"},
      {get("/v1/chat/completions"), 405, "method_not_supported", "chat_completions"},
      {post("/v1/models", body), 405, "method_not_supported", "models"},
      {"DELETE /v1/models/x HTTP/1.1\r\nHost: x\r\n\r\n", 405, "method_not_supported", "model"},
      {"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\n"
       "Content-Length: 100\r\n\r\n",
       415, "'text/plain'", "chat_completions"},
      {"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Encoding: gzip\r\n"
       "Content-Length: 100\r\n\r\n",
       415, "content encoding", "chat_completions"},
      {"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: 10000000000\r\n\r\n", 413,
       "request_too_large", "chat_completions"},
      {"GET /v1/models HTTP/1.1\r\nHost: x\r\nContent-Length: 65537\r\n\r\n", 413,
       "request_too_large", "models"},
  };
  for (const Case& row : cases) {
    SCOPED_TRACE(row.request);
    ServingRig rig;
    const Answer answer = rig.ask(row.request);
    EXPECT_EQ(answer.status, row.status);
    EXPECT_TRUE(holds(answer.body, row.said)) << answer.body;
    EXPECT_EQ(!answer.field("allow").empty(), row.status == 405);
    EXPECT_EQ(
        rig.samples().sum("oriel_requests_total", {label("endpoint", row.endpoint),
                                                   label("code", std::to_string(row.status))}),
        1);
    EXPECT_EQ(rig.samples().sum("oriel_requests_in_flight"), 0);
    EXPECT_EQ(rig.chat.lines.size(), 1U);
  }
}

TEST(Admission, TakesEveryFormOfJsonAndOfThePath) {
  for (const char* path :
       {"/v1/chat/completions", "/chat/completions", "//v1//chat/completions/"}) {
    for (const char* type :
         {"", "Content-Type:\r\n", "Content-Type: application/json; charset=utf-8\r\n",
          "Content-Type: Application/JSON\r\n", "Content-Type: application/vnd.x+json\r\n"}) {
      ServingRig rig;
      const Answer answer = rig.ask("POST " + std::string(path) + " HTTP/1.1\r\nHost: x\r\n" +
                                    type + "Content-Length: 1\r\n\r\n{");
      EXPECT_EQ(answer.status, 400) << path << ' ' << type;
      EXPECT_TRUE(holds(answer.body, "could not parse the JSON"));
    }
  }
}

TEST(Admission, WhileDrainingChatsGoElsewhere) {
  ServingRig rig;
  rig.health.draining = true;
  const Answer answer = rig.ask(chat_request(Mode::whole));
  EXPECT_EQ(answer.status, 503);
  EXPECT_FALSE(answer.field("retry-after").empty());
  EXPECT_EQ(rig.samples().sum("oriel_requests_total", {label("outcome", "gateway_draining")}), 1);
  EXPECT_EQ(rig.ask(get("/livez")).status, 200);
}

TEST(Admission, ShedsChatsAboveTheCapAndNothingElse) {
  ServingRig rig;
  rig.chat.config.max_in_flight = 1;
  // A scrape under way is no chat.
  Client scraper(rig.chat.http);
  scraper.send(get("/metrics"));
  ASSERT_TRUE(rig.chat.http.until([&] { return !rig.pages.empty(); }));
  Client first(rig.chat.http);
  first.send(chat_request(Mode::whole));
  rig.chat.call();
  const Answer second = rig.ask(chat_request(Mode::whole));
  EXPECT_EQ(second.status, 503);
  EXPECT_FALSE(second.field("retry-after-ms").empty());
  EXPECT_EQ(second.field("x-should-retry"), "");
  EXPECT_EQ(rig.ask(get("/v1/models")).status, 200);
  EXPECT_EQ(rig.samples().sum("oriel_requests_shed_total", {label("reason", "concurrency")}), 1);
  EXPECT_EQ(rig.samples().sum("oriel_requests_total", {label("outcome", "policy_shed")}), 1);
  rig.chat.call().head(200);
  rig.chat.call().send(kConverseAnswer);
  rig.chat.call().end();
  EXPECT_EQ(first.read("POST").status, 200);
  // There is room again.
  EXPECT_EQ(rig.ask(chat_request(Mode::whole, "no-such-model")).status, 404);
}

// A served client does not count, although upstream's transfer still ends.
TEST(Admission, AServedChatMakesRoom) {
  ServingRig rig;
  rig.chat.config.max_in_flight = 1;
  Client first(rig.chat.http);
  first.send(chat_request(Mode::stream));
  rig.chat.call().head(200);
  rig.chat.call().send(start_frame() + text_frame("a") + stop_frame() + metadata_frame());
  EXPECT_TRUE(first.read("POST").complete);
  EXPECT_FALSE(rig.chat.call().destroyed);
  EXPECT_EQ(rig.ask(chat_request(Mode::whole, "no-such-model")).status, 404);
}

// Many bodies may be admitted before the first of them is whole.
TEST(Admission, TheCapHoldsForBodiesThatWereOnTheirWay) {
  ServingRig rig;
  rig.chat.config.max_in_flight = 1;
  const std::string request = chat_request(Mode::whole);
  Client late(rig.chat.http);
  late.send_through(request.substr(0, request.size() - 1));
  Client first(rig.chat.http);
  first.send(request);
  rig.chat.call();
  late.send(request.substr(request.size() - 1));
  const Answer answer = late.read("POST");
  EXPECT_EQ(answer.status, 503);
  EXPECT_FALSE(answer.field("retry-after").empty());
  EXPECT_EQ(rig.chat.upstream.calls.size(), 1U);
  EXPECT_EQ(rig.samples().sum("oriel_requests_shed_total", {label("reason", "concurrency")}), 1);
  EXPECT_EQ(rig.samples().sum("oriel_requests_total", {label("outcome", "policy_shed")}), 1);
}

TEST(Probes, TellAliveReadyAndDraining) {
  ServingRig rig;
  EXPECT_EQ(rig.ask(get("/health")).status, 200);
  EXPECT_EQ(rig.ask(get("/livez")).status, 200);
  const Answer ready = rig.ask(get("/readyz"));
  EXPECT_EQ(ready.status, 200);
  EXPECT_EQ(ready.body, R"({"status":"ready"})");
  EXPECT_EQ(ready.field("cache-control"), "no-store");
  rig.health.ready = false;
  EXPECT_EQ(rig.ask(get("/readyz")).status, 503);
  rig.health.ready = true;
  rig.health.shutting_down = true;
  EXPECT_EQ(rig.ask(get("/readyz")).status, 503);
  EXPECT_EQ(rig.ask(get("/livez")).status, 200);
}

TEST(Probes, HeadHasTheLengthAndNoBody) {
  ServingRig rig;
  for (const char* path : {"/v1/models", "/livez", "/v1/models/gpt-4o"}) {
    Client client(rig.chat.http);
    const std::string target(path);
    client.send("HEAD " + target + " HTTP/1.1\r\nHost: x\r\n\r\n" + get(target));
    const Answer head = client.read("HEAD");
    const Answer whole = client.read();
    EXPECT_EQ(head.status, 200);
    EXPECT_EQ(head.field("Content-Length"), std::to_string(whole.body.size())) << path;
  }
}

TEST(Models, AreListedAndFoundByEncodedNames) {
  ServingRig rig;
  const Answer list = rig.ask(get("/v1/models"));
  EXPECT_TRUE(holds(list.body, R"("id":"gpt-4o-mini")"));
  EXPECT_TRUE(holds(list.body, R"("id":"local")"));
  EXPECT_EQ(list.field("x-oriel-models"), "static");
  const Answer one = rig.ask(get("/v1/models/amazon.nova-lite-v1%3A0"));
  EXPECT_EQ(one.status, 200);
  EXPECT_TRUE(holds(one.body, R"("id":"amazon.nova-lite-v1:0")"));
  const std::string arn =
      "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.amazon.nova-lite-v1:0";
  EXPECT_TRUE(holds(rig.ask(get("/v1/models/" + arn)).body, "\"id\":\"" + arn + "\""));
  EXPECT_TRUE(holds(rig.ask(get("/v1/models/arn%3Aaws%3Abedrock%3Aus-east-1%3A123456789012%3A"
                                "inference-profile%2Fus.amazon.nova-lite-v1%3A0"))
                        .body,
                    "\"id\":\"" + arn + "\""));
  const Answer slash = rig.ask(get("/models/bedrock/amazon.nova-lite-v1:0"));
  EXPECT_EQ(slash.status, 200) << slash.body;
  for (const char* path : {"/v1/models/no-such", "/v1/models/%ff%c3%22"}) {
    const Answer unknown = rig.ask(get(path));
    EXPECT_EQ(unknown.status, 404) << path;
    json::Reader reader;
    const json::PaddedBuffer body(unknown.body);
    EXPECT_TRUE(reader.read(body).has_value()) << unknown.body;
    EXPECT_TRUE(holds(unknown.body, "model_not_found"));
  }
}

TEST(Scrape, IsAnsweredWhenThePageComes) {
  ServingRig rig;
  Client client(rig.chat.http);
  client.send(get("/metrics", "Accept: application/openmetrics-text\r\nAccept-Encoding: gzip\r\n"));
  ASSERT_TRUE(rig.chat.http.until([&] { return !rig.pages.empty(); }));
  EXPECT_EQ(rig.scraped[0].accept, "application/openmetrics-text");
  EXPECT_EQ(rig.scraped[0].accept_encoding, "gzip");
  rig.pages[0]({"text/plain; version=0.0.4", {}, "a 1\n"});
  const Answer answer = client.read();
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "a 1\n");
  EXPECT_EQ(answer.field("content-type"), "text/plain; version=0.0.4");
  EXPECT_EQ(answer.field("content-encoding"), "");
  EXPECT_EQ(answer.field("vary"), "Accept, Accept-Encoding");
}

TEST(Scrape, SaysHowItsPageIsEncoded) {
  ServingRig rig;
  Client client(rig.chat.http);
  client.send(get("/metrics"));
  ASSERT_TRUE(rig.chat.http.until([&] { return !rig.pages.empty(); }));
  EXPECT_EQ(rig.scraped[0].accept, "");
  EXPECT_EQ(rig.scraped[0].accept_encoding, "");
  rig.pages[0]({"text/plain", "gzip", "packed"});
  const Answer answer = client.read();
  EXPECT_EQ(answer.field("content-encoding"), "gzip");
  EXPECT_EQ(answer.field("vary"), "Accept, Accept-Encoding");
  EXPECT_EQ(answer.body, "packed");
}

TEST(StatusPage, IsOneDocumentThatLetsInOnlyItself) {
  ServingRig rig(admin_routes());
  const Answer answer = rig.ask(get("/status"));
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.field("content-type"), "text/html; charset=utf-8");
  EXPECT_TRUE(answer.body.starts_with("<!doctype html>"));
  EXPECT_TRUE(answer.body.ends_with("</html>\n"));
  for (const char* left_over : {"/*STYLE*/", "/*SCRIPT*/", " src=", "@import"}) {
    EXPECT_FALSE(holds(answer.body, left_over)) << left_over;
  }
  const std::string policy = answer.field("content-security-policy");
  EXPECT_TRUE(policy.starts_with("default-src 'none'; style-src 'sha256-")) << policy;
  EXPECT_TRUE(holds(policy, "; script-src 'sha256-")) << policy;
  EXPECT_FALSE(holds(policy, "unsafe")) << policy;
  EXPECT_EQ(rig.samples().sum("oriel_requests_total", {label("endpoint", "status")}), 1);
}

TEST(StatusPage, IsNotForClients) {
  ServingRig rig;
  EXPECT_EQ(rig.ask(get("/status")).status, 404);
}

TEST(Scrape, APageForAClientThatLeftIsDropped) {
  ServingRig rig;
  {
    Client client(rig.chat.http);
    client.send(get("/metrics"));
    ASSERT_TRUE(rig.chat.http.until([&] { return !rig.pages.empty(); }));
  }
  ASSERT_TRUE(rig.chat.http.until([&] { return rig.chat.table.size() == 0; }));
  rig.pages[0]({"text/plain", {}, "a 1\n"});
  rig.chat.http.pump();
  EXPECT_EQ(rig.chat.lines.size(), 1U);
  EXPECT_EQ(rig.samples().sum("oriel_requests_total", {label("outcome", "caller_cancelled")}), 1);
  EXPECT_EQ(rig.samples().sum("oriel_requests_in_flight"), 0);
}

}  // namespace
}  // namespace oriel::gateway
