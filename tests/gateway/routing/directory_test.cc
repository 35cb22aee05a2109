// AWS's lists: how they are read, what they change, and how they are kept.
#include <event2/event.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>

#include "convert/bedrock/models.h"
#include "gateway/routing/aws_lists.h"
#include "gateway/routing/directory_fetcher.h"
#include "gateway/routing/router.h"

namespace oriel::gateway {
namespace {

constexpr std::string_view kModels = R"({"modelSummaries":[
 {"modelArn":"arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0",
  "modelId":"amazon.nova-lite-v1:0","modelName":"Nova Lite","providerName":"Amazon",
  "inputModalities":["TEXT","IMAGE"],"outputModalities":["TEXT"],
  "responseStreamingSupported":true,"inferenceTypesSupported":["ON_DEMAND"],
  "modelLifecycle":{"status":"ACTIVE","startOfLifeTime":"2024-12-02T00:00:00Z"},"later":[{}]},
 {"modelId":"newvendor.see-1:0","providerName":"New Vendor","inputModalities":["TEXT","IMAGE"],
  "outputModalities":["TEXT"],"responseStreamingSupported":false,
  "inferenceTypesSupported":["INFERENCE_PROFILE"],
  "modelLifecycle":{"status":"LEGACY","startOfLifeTime":1700000000,
                    "endOfLifeTime":"2030-01-01T00:00:00.000Z"}},
 {"modelId":"old.gone-1:0","inferenceTypesSupported":["ON_DEMAND"],
  "modelLifecycle":{"status":"LEGACY","endOfLifeTime":"2025-01-01T00:00:00Z"}},
 {"modelName":"no id"},7]})";

constexpr std::string_view kAccount = "arn:aws:bedrock:us-east-1:123456789012:";
constexpr std::string_view kApp = "application-inference-profile/app1";
constexpr std::string_view kNested = "application-inference-profile/app2";

const std::string& system_profiles() {
  static const std::string text =
      R"({"inferenceProfileSummaries":[{"inferenceProfileId":"us.newvendor.see-1:0",)"
      R"("inferenceProfileArn":")" +
      std::string(kAccount) +
      R"(inference-profile/us.newvendor.see-1:0","type":"SYSTEM_DEFINED","status":"ACTIVE",)"
      R"("createdAt":"2025-02-03T04:05:06Z","models":[)"
      R"({"modelArn":"arn:aws:bedrock:us-east-1::foundation-model/newvendor.see-1:0"},)"
      R"({"modelArn":"arn:aws:bedrock:us-west-2::foundation-model/newvendor.see-1:0"},)"
      R"({"modelArn":"arn:aws:bedrock:us-west-2::foundation-model/newvendor.see-1:0"}]}]})";
  return text;
}

std::string app_profile(std::string_view name, const std::string& model_arn) {
  return R"({"inferenceProfileId":"app","inferenceProfileArn":")" + std::string(kAccount) +
         std::string(name) + R"(","type":"APPLICATION","models":[{"modelArn":")" + model_arn +
         R"("}]})";
}

std::string app_profiles(const std::string& token = {}) {
  std::string text =
      R"({"inferenceProfileSummaries":[)" +
      app_profile(kApp, "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0") + "," +
      app_profile(kNested, std::string(kAccount) + std::string(kApp)) + "]";
  if (!token.empty()) text += R"(,"nextToken":")" + token + R"(")";
  return text + "}";
}

TEST(AwsLists, Timestamps) {
  const std::pair<std::string_view, std::int64_t> rows[] = {
      {"1970-01-01T00:00:01Z", 1},
      {"2025-01-02T03:04:05Z", 1'735'787'045},
      {"2025-01-02T03:04:05.123Z", 1'735'787'045},
      {"2025-01-02T03:04:05+00:00", 1'735'787'045},
      {"2024-02-29T00:00:00Z", 1'709'164'800},
      {"2025-02-29T00:00:00Z", 0},
      {"2025-13-01T00:00:00Z", 0},
      {"2025-01-02T25:04:05Z", 0},
      {"2025-01-02T03:04:05", 0},
      {"2025-01-02T03:04:05+02:00", 0},
      {"2025-01-02", 0},
      {"20250102T030405Z---", 0},
      {"xxxx-01-02T03:04:05Z", 0},
      {"", 0},
  };
  for (const auto& [text, seconds] : rows) EXPECT_EQ(read_timestamp(text), seconds) << text;
}

TEST(AwsLists, ReadsModelsAndSkipsWhatItDoesNotKnow) {
  json::Reader reader;
  const auto models = read_foundation_models(json::PaddedBuffer(kModels), reader);
  ASSERT_TRUE(models.has_value());
  ASSERT_EQ(models->size(), 3U);
  const ListedModel& nova = models->at(0);
  EXPECT_EQ(nova.id, "amazon.nova-lite-v1:0");
  EXPECT_EQ(nova.owner, "amazon");
  EXPECT_EQ(nova.input_modalities, (std::vector<std::string>{"text", "image"}));
  EXPECT_TRUE(nova.on_demand && nova.streaming && !nova.legacy);
  EXPECT_EQ(nova.created, 1'733'097'600);
  const ListedModel& see = models->at(1);
  EXPECT_FALSE(see.on_demand || see.streaming);
  EXPECT_TRUE(see.legacy);
  EXPECT_EQ(see.created, 1'700'000'000);
  EXPECT_EQ(see.end_of_life, 1'893'456'000);
  for (const char* broken : {"", "[]", "{}", R"({"modelSummaries":{}})", "<html>"}) {
    EXPECT_FALSE(read_foundation_models(json::PaddedBuffer(broken), reader).has_value()) << broken;
    EXPECT_FALSE(read_profile_page(json::PaddedBuffer(broken), reader).has_value()) << broken;
  }
}

TEST(AwsLists, ReadsTheModelBehindAnArn) {
  json::Reader reader;
  const auto arn = [&](std::string_view body) {
    const auto read = read_model_arn(json::PaddedBuffer(body), reader);
    return read ? *read : "error";
  };
  EXPECT_EQ(arn(R"({"models":[{"modelArn":"a"},{"modelArn":"b"}]})"), "a");
  EXPECT_EQ(arn(R"({"modelArn":"m","foundationModelArn":"f"})"), "f");
  EXPECT_EQ(arn(R"({"models":[]})"), "");
  EXPECT_EQ(arn("{}"), "");
  EXPECT_EQ(arn("[]"), "error");
}

TEST(Directory, KnowsWhatAnArnNames) {
  EXPECT_EQ(foundation_in_arn("arn:aws:bedrock:us-east-1::foundation-model/a.b:0"), "a.b:0");
  EXPECT_EQ(foundation_in_arn("arn:aws:bedrock:us-east-1:1:inference-profile/us.a.b:0"), "a.b:0");
  EXPECT_EQ(foundation_in_arn(std::string(kAccount) + std::string(kApp)), "");
  EXPECT_EQ(foundation_in_arn("x"), "");
  EXPECT_EQ(region_in_arn("arn:aws:bedrock:eu-west-1:1:x/y"), "eu-west-1");
  EXPECT_EQ(region_in_arn("arn:aws"), "");
}

// ------------------------------------------------------------------------------------- the fetcher

// An AWS whose answers the test writes, by the beginning of their path; anything else is a 403.
class FakeAws final : public UpstreamClient {
 public:
  std::unique_ptr<UpstreamCall> start(UpstreamRequest request,
                                      UpstreamObserver& observer) override {
    asked.push_back(request.url);
    headers = request.headers;
    auto call = std::make_unique<Call>(*this, observer, request.url);
    live.push_back(call.get());
    return call;
  }
  // Answers all that was asked, also what is asked meanwhile.
  void answer_all() {
    while (!live.empty()) {
      Call* call = live.front();
      live.erase(live.begin());
      call->answer();
    }
  }
  std::size_t asked_for(std::string_view part) const {
    return static_cast<std::size_t>(
        std::count_if(asked.begin(), asked.end(),
                      [&](const std::string& url) { return url.find(part) != std::string::npos; }));
  }

  std::vector<std::pair<std::string, std::string>> answers;  // part of the URL, body
  std::vector<std::string> asked;
  std::vector<convert::Header> headers;

 private:
  class Call final : public UpstreamCall {
   public:
    Call(FakeAws& aws, UpstreamObserver& observer, std::string url)
        : aws_(aws), observer_(observer), url_(std::move(url)) {}
    ~Call() override { std::erase(aws_.live, this); }
    void pause() override {}
    void resume() override {}
    TransferTimes times() const override { return {}; }
    // Whole: the call may be gone behind on_done().
    void answer() {
      UpstreamObserver& observer = observer_;
      for (const auto& [part, body] : aws_.answers) {
        if (url_.find(part) == std::string::npos) continue;
        const std::string kept = body;
        observer.on_head(200, {});
        observer.on_body(kept.substr(0, kept.size() / 2));
        observer.on_body(kept.substr(kept.size() / 2));
        return observer.on_done({});
      }
      observer.on_head(403, {{"x-amzn-ErrorType", "AccessDeniedException:http://internal"}});
      observer.on_body("{}");
      observer.on_done({});
    }

   private:
    FakeAws& aws_;
    UpstreamObserver& observer_;
    std::string url_;
  };
  std::vector<Call*> live;
};

class StillClock final : public Clock {
 public:
  SteadyTime now() const override { return time; }
  WallTime wall() const override { return WallTime(std::chrono::seconds(1'795'222'800)); }
  SteadyTime time{std::chrono::hours(1)};
};

class DirectoryTest : public testing::Test {
 protected:
  DirectoryTest() {
    config.providers.push_back({.name = "bedrock", .type = ProviderConfig::Type::bedrock});
    config.models.push_back(
        {.name = "fast", .provider = "bedrock", .model = "amazon.nova-lite-v1:0"});
    config.models.push_back({.name = "far",
                             .provider = "bedrock",
                             .model = "amazon.nova-lite-v1:0",
                             .region = "eu-west-1"});
    auto made = Router::make(
        config, "us-east-1",
        [](std::string_view region) -> convert::Result<std::string> {
          return "https://runtime." + std::string(region);
        },
        registry);
    EXPECT_TRUE(made.has_value()) << (made ? "" : made.error().message);
    router = std::move(*made);
    DirectoryOptions options;
    options.regions = {"us-east-1"};
    options.refresh = std::chrono::milliseconds(1);
    options.on_lists = [this](std::shared_ptr<const ModelDirectory> lists) {
      ++rounds;
      router->adopt(router->list(std::move(lists), clock.wall()));
    };
    options.on_region = [this](std::string_view region, std::string_view fault) {
      ends.push_back(std::string(region) + (fault.empty() ? " ok" : " failed"));
    };
    options.on_fault = [this](std::string_view region, std::string_view what) {
      faults.push_back(std::string(region) + ": " + std::string(what));
    };
    fetcher = std::make_unique<DirectoryFetcher>(base.get(), clock, control, std::move(options));
  }

  static std::shared_ptr<const aws::Credentials> make_credentials() {
    auto credentials = std::make_shared<aws::Credentials>();
    credentials->access_key_id = "AKIDEXAMPLE";
    credentials->secret_access_key = aws::Secret("very-secret");
    return credentials;
  }
  void serve_everything() {
    aws.answers = {{"/foundation-models", std::string(kModels)},
                   {"type=SYSTEM_DEFINED", system_profiles()},
                   {"type=APPLICATION", app_profiles()}};
  }
  // Lets the timer of the next round fire, and answers it.
  void next_round() {
    const std::size_t before = aws.asked.size();
    while (aws.asked.size() == before) event_base_loop(base.get(), EVLOOP_ONCE);
    aws.answer_all();
  }
  std::string looked_up(const std::string& arn) {
    std::optional<std::string> found;
    fetcher->look_up(arn, [&](const LookedUpModel& model) { found = model.foundation_model; });
    aws.answer_all();
    return found ? *found : "never told";
  }
  const convert::ModelInfo* listed(std::string_view id) const {
    for (const convert::ModelInfo& model : router->models()) {
      if (model.id == id) return &model;
    }
    return nullptr;
  }

  struct BaseFree {
    void operator()(event_base* owned) const { event_base_free(owned); }
  };
  std::unique_ptr<event_base, BaseFree> base{event_base_new()};
  StillClock clock;
  FakeAws aws;
  Config config;
  metrics::Registry registry{{"1", "commit", "compiler"}};
  std::unique_ptr<Router> router;
  ControlPlane control{base.get(), clock, aws, make_credentials(),
                       [](std::string_view region) -> convert::Result<std::string> {
                         if (region == "nowhere-1") return Unexpected{convert::Error{}};
                         return "https://bedrock." + std::string(region) + ".test";
                       }};
  int rounds = 0;
  std::vector<std::string> ends;  // of a region's rounds
  std::vector<std::string> faults;
  std::unique_ptr<DirectoryFetcher> fetcher;
};

TEST_F(DirectoryTest, AsksSignedAndPageByPage) {
  serve_everything();
  aws.answers.insert(aws.answers.begin(), {"nextToken=t%2F1&type=APPLICATION", app_profiles()});
  aws.answers.insert(aws.answers.begin() + 1, {"type=APPLICATION", app_profiles("t/1")});
  fetcher->start();
  aws.answer_all();
  EXPECT_EQ(aws.asked, (std::vector<std::string>{
                           "https://bedrock.us-east-1.test/foundation-models",
                           "https://bedrock.us-east-1.test/inference-profiles?maxResults=1000&type="
                           "SYSTEM_DEFINED",
                           "https://bedrock.us-east-1.test/inference-profiles?maxResults=1000&type="
                           "APPLICATION",
                           "https://bedrock.us-east-1.test/"
                           "inference-profiles?maxResults=1000&nextToken=t%2F1&type=APPLICATION"}));
  EXPECT_TRUE(convert::find_header(aws.headers, "authorization")
                  .starts_with("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/"));
  EXPECT_EQ(rounds, 1);
  EXPECT_TRUE(faults.empty());
}

TEST_F(DirectoryTest, ListsWhatAwsServes) {
  EXPECT_EQ(router->freshness(), ListFreshness::statics);
  EXPECT_NE(listed("anthropic.claude-sonnet-5"), nullptr);  // the catalogue's
  serve_everything();
  fetcher->start();
  aws.answer_all();
  EXPECT_EQ(router->freshness(), ListFreshness::live);
  EXPECT_EQ(listed("anthropic.claude-sonnet-5"), nullptr);
  EXPECT_EQ(listed("old.gone-1:0"), nullptr);
  EXPECT_EQ(listed("newvendor.see-1:0"), nullptr);  // not on demand
  const convert::ModelInfo* nova = listed("amazon.nova-lite-v1:0");
  ASSERT_NE(nova, nullptr);
  EXPECT_EQ(nova->created, 1'733'097'600);
  EXPECT_EQ(nova->owned_by, "amazon");
  EXPECT_EQ(nova->lifecycle, "ACTIVE");
  EXPECT_EQ(nova->context_length, 300'000);
  EXPECT_NE(std::find(nova->aliases.begin(), nova->aliases.end(), "gpt-4o-mini"),
            nova->aliases.end());
  EXPECT_NE(std::find(nova->aliases.begin(), nova->aliases.end(), "fast"), nova->aliases.end());
  const convert::ModelInfo* see = listed("us.newvendor.see-1:0");
  ASSERT_NE(see, nullptr);
  EXPECT_EQ(see->owned_by, "new vendor");
  EXPECT_EQ(see->created, 1'738'555'506);
  EXPECT_EQ(see->model_id, "newvendor.see-1:0");
  EXPECT_EQ(see->profile, "us.newvendor.see-1:0");
  EXPECT_EQ(see->regions, (std::vector<std::string>{"us-east-1", "us-west-2"}));
  EXPECT_EQ(see->streaming, false);
  EXPECT_EQ(see->lifecycle, "LEGACY");
  EXPECT_EQ(see->end_of_life, 1'893'456'000);
  // An ARN tells the account: it works, but is not shown to everybody.
  const std::string app = std::string(kAccount) + std::string(kApp);
  EXPECT_EQ(listed(app), nullptr);
  EXPECT_EQ(router->find_model(app)->model_id, "amazon.nova-lite-v1:0");
  ASSERT_NE(listed("fast"), nullptr);
  EXPECT_EQ(listed("fast")->created, nova->created);
  EXPECT_EQ(router->find_model("eu.amazon.nova-lite-v1:0")->created, nova->created);
}

TEST_F(DirectoryTest, TheListsDecideWhatIsSentAndWhatIsKnown) {
  serve_everything();
  EXPECT_EQ(router->find("newvendor.see-1:0")->target.upstream_model, "newvendor.see-1:0");
  EXPECT_TRUE(router->find(std::string(kAccount) + std::string(kApp))->needs_lookup);
  fetcher->start();
  aws.answer_all();
  const auto see = router->find("newvendor.see-1:0");
  EXPECT_EQ(see->target.upstream_model, "us.newvendor.see-1:0");
  const auto can = convert::capabilities_of(see->target);
  EXPECT_FALSE(can.can(convert::ModelFeature::streaming));
  EXPECT_FALSE(can.can(convert::ModelFeature::streaming_tools));
  EXPECT_TRUE(can.can(convert::ModelFeature::image));
  // Twice, where a profile was made of a profile.
  for (const std::string_view name : {kApp, kNested}) {
    const auto app = router->find(std::string(kAccount) + std::string(name));
    EXPECT_FALSE(app->needs_lookup) << name;
    EXPECT_EQ(app->target.foundation_model, "amazon.nova-lite-v1:0") << name;
    EXPECT_EQ(app->target.upstream_model, std::string(kAccount) + std::string(name));
  }
  // Another region's lists say nothing here.
  EXPECT_EQ(router->find("far")->target.upstream_model, "eu.amazon.nova-lite-v1:0");
}

TEST_F(DirectoryTest, ServesStaleListsAndSaysWhatFailsOnce) {
  serve_everything();
  fetcher->start();
  aws.answer_all();
  aws.answers.clear();
  next_round();
  next_round();
  EXPECT_EQ(rounds, 3);
  EXPECT_EQ(router->freshness(), ListFreshness::stale);
  EXPECT_NE(listed("us.newvendor.see-1:0"), nullptr);
  EXPECT_EQ(
      faults,
      (std::vector<std::string>{"us-east-1: foundation models: HTTP 403 AccessDeniedException"}));
  serve_everything();
  next_round();
  EXPECT_EQ(router->freshness(), ListFreshness::live);
  aws.answers.clear();
  next_round();
  EXPECT_EQ(faults.size(), 2U);
  EXPECT_EQ(ends, (std::vector<std::string>{"us-east-1 ok", "us-east-1 failed", "us-east-1 failed",
                                            "us-east-1 ok", "us-east-1 failed"}));
}

TEST_F(DirectoryTest, WhatIsDeniedIsUnknownAndNothingElse) {
  aws.answers = {{"type=SYSTEM_DEFINED", system_profiles()}};
  fetcher->start();
  aws.answer_all();
  EXPECT_EQ(router->freshness(), ListFreshness::stale);
  EXPECT_EQ(router->find("fast")->target.upstream_model, "amazon.nova-lite-v1:0");
  EXPECT_NE(listed("us.newvendor.see-1:0"), nullptr);
  EXPECT_NE(listed("amazon.nova-lite-v1:0"), nullptr);
}

TEST_F(DirectoryTest, NothingAtAllLeavesTheCatalogue) {
  fetcher->start();
  aws.answer_all();
  EXPECT_EQ(router->freshness(), ListFreshness::statics);
  EXPECT_NE(listed("amazon.nova-lite-v1:0"), nullptr);
  EXPECT_EQ(router->find("claude-sonnet-5")->target.upstream_model, "us.anthropic.claude-sonnet-5");
}

// ------------------------------------------------------------------------------------- single ARNs

TEST_F(DirectoryTest, LooksAnArnUpOnceForAll) {
  const std::string arn = std::string(kAccount) + std::string(kApp);
  aws.answers = {
      {"/inference-profiles/arn%3Aaws%3Abedrock%3Aus-east-1%3A123456789012%3A"
       "application-inference-profile%2Fapp1",
       app_profile(kApp, "arn:aws:bedrock:us-east-1::foundation-model/a.b:0")}};
  int told = 0;
  for (int i = 0; i < 3; ++i) {
    fetcher->look_up(arn, [&](const LookedUpModel& model) {
      ++told;
      EXPECT_EQ(model.foundation_model, "a.b:0");
      EXPECT_EQ(model.until, clock.time + std::chrono::hours(1));
    });
  }
  EXPECT_EQ(told, 0);
  aws.answer_all();
  EXPECT_EQ(told, 3);
  EXPECT_EQ(aws.asked.size(), 1U);
  EXPECT_EQ(looked_up(arn), "a.b:0");
  EXPECT_EQ(aws.asked.size(), 1U);
  clock.time += std::chrono::minutes(61);
  EXPECT_EQ(looked_up(arn), "a.b:0");
  EXPECT_EQ(aws.asked.size(), 2U);
}

TEST_F(DirectoryTest, LooksThroughOneMoreProfileAndNoFurther) {
  const std::string account(kAccount);
  aws.answers = {
      {"profile%2Fapp1", app_profile(kApp, "arn:aws:bedrock:us-east-1::foundation-model/a.b:0")},
      {"profile%2Fapp2", app_profile(kNested, account + std::string(kApp))},
      {"profile%2Fapp3", app_profile(kNested, account + std::string(kNested))},
      {"/provisioned-model-throughput/arn",
       R"({"foundationModelArn":"arn:aws:bedrock:us-east-1::foundation-model/c.d:0"})"}};
  EXPECT_EQ(looked_up(account + std::string(kNested)), "a.b:0");
  EXPECT_EQ(looked_up(account + "application-inference-profile/app3"), "");
  EXPECT_EQ(looked_up(account + "provisioned-model/p1"), "c.d:0");
}

TEST_F(DirectoryTest, WhatIsNotToldIsNotAskedAgainForAMinute) {
  const std::string arn = std::string(kAccount) + std::string(kApp);
  EXPECT_EQ(looked_up(arn), "");
  EXPECT_EQ(looked_up(arn), "");
  EXPECT_EQ(aws.asked.size(), 1U);
  clock.time += std::chrono::seconds(61);
  EXPECT_EQ(looked_up(arn), "");
  EXPECT_EQ(aws.asked.size(), 2U);
  // A kind that AWS has no word about is not asked for at all.
  EXPECT_EQ(looked_up(std::string(kAccount) + "imported-model/x"), "");
  EXPECT_EQ(aws.asked.size(), 2U);
}

TEST_F(DirectoryTest, ABrokenRegionIsAnAnswerToo) {
  bool told = false;
  fetcher->look_up("arn:aws:bedrock:nowhere-1:1:application-inference-profile/x",
                   [&](const LookedUpModel& model) {
                     told = true;
                     EXPECT_EQ(model.foundation_model, "");
                   });
  EXPECT_FALSE(told);
  while (!told) event_base_loop(base.get(), EVLOOP_ONCE);
  EXPECT_TRUE(aws.asked.empty());
}

TEST_F(DirectoryTest, ClientsCannotMakeItAskWithoutBound) {
  int told = 0;
  for (int i = 0; i < 100; ++i) {
    fetcher->look_up(std::string(kAccount) + "application-inference-profile/x" + std::to_string(i),
                     [&](const LookedUpModel&) { ++told; });
  }
  EXPECT_EQ(aws.asked.size(), 32U);
  EXPECT_EQ(told, 68);
  aws.answer_all();
  EXPECT_EQ(told, 100);
  for (int i = 0; i < 3000; ++i) {
    EXPECT_EQ(looked_up(std::string(kAccount) + "provisioned-model/y" + std::to_string(i)), "");
  }
}

TEST_F(DirectoryTest, ALearnedArnIsBelievedUntilItsTime) {
  const std::string arn = std::string(kAccount) + std::string(kApp);
  ASSERT_TRUE(router->find(arn)->needs_lookup);
  router->learn(arn, {"amazon.nova-pro-v1:0", clock.time + std::chrono::hours(1)});
  EXPECT_FALSE(router->find(arn)->needs_lookup);
  EXPECT_EQ(router->find(arn)->target.foundation_model, "amazon.nova-pro-v1:0");
  router->forget(clock.time);
  EXPECT_FALSE(router->find(arn)->needs_lookup);
  // What AWS does not tell is not asked for again and again.
  router->learn(arn, {"", clock.time + std::chrono::minutes(1)});
  EXPECT_FALSE(router->find(arn)->needs_lookup);
  EXPECT_EQ(router->find(arn)->target.foundation_model, "");
  router->forget(clock.time + std::chrono::minutes(1));
  EXPECT_TRUE(router->find(arn)->needs_lookup);
}

}  // namespace
}  // namespace oriel::gateway
