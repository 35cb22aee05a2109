#include "gateway/routing/router.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "convert/bedrock/models.h"

namespace oriel::gateway {
namespace {

using Type = ProviderConfig::Type;

convert::Result<std::string> endpoint_of(std::string_view region) {
  if (region == "nowhere-1") return Unexpected{convert::Error{.message = "no such region"}};
  return "https://" + std::string(region) + ".test";
}

struct RouterSetup {
  RouterSetup() {
    config.providers.push_back({.name = "bedrock", .type = Type::bedrock});
    config.providers.push_back({.name = "vllm",
                                .type = Type::openai,
                                .base_url = "http://vllm.test/v1",
                                .api_key = aws::Secret("sk-1")});
    config.models.push_back({.name = "gpt-4o", .provider = "vllm", .model = "llama-70b"});
    config.models.push_back(
        {.name = "fast", .provider = "bedrock", .model = "amazon.nova-micro-v1:0"});
  }
  Router& make(std::string_view region = "us-east-1") {
    auto made = Router::make(config, region, endpoint_of, registry);
    EXPECT_TRUE(made.has_value()) << (made ? "" : made.error().message);
    router = std::move(*made);
    return *router;
  }
  std::string refusal(std::string_view region = "us-east-1") {
    auto made = Router::make(config, region, endpoint_of, registry);
    EXPECT_FALSE(made.has_value());
    return made ? "" : made.error().message;
  }
  std::string name(metrics::LabelId id) { return std::string(registry.labels().name(id)); }

  Config config;
  metrics::Registry registry{{"1", "commit", "compiler"}};
  std::unique_ptr<Router> router;
};

TEST(Router, ConfiguredNamesComeBeforeShippedOnes) {
  RouterSetup setup;
  const auto route = setup.make().find("gpt-4o");
  ASSERT_TRUE(route.has_value());
  EXPECT_EQ(route->provider->name, "vllm");
  EXPECT_FALSE(route->provider->uses_aws());
  EXPECT_EQ(route->provider->dialect->name(), "openai_chat");
  EXPECT_EQ(route->provider->api_key.reveal(), "sk-1");
  EXPECT_EQ(route->base_url, "http://vllm.test/v1");
  EXPECT_EQ(route->target.upstream_model, "llama-70b");
  EXPECT_EQ(route->region, "");
  EXPECT_EQ(setup.name(route->model), "gpt-4o");
  EXPECT_EQ(setup.name(route->upstream_model), "llama-70b");
  EXPECT_EQ(setup.name(route->provider->label), "vllm");
}

struct Found {
  std::string asked, upstream, region, model, upstream_label, region_label;
};

TEST(Router, FindsBedrockModelsAndBoundsTheirLabels) {
  const std::string account = "arn:aws:bedrock:eu-west-1:123456789012:";
  const Found rows[] = {
      {"fast", "amazon.nova-micro-v1:0", "us-east-1", "fast", "amazon.nova-micro-v1:0",
       "us-east-1"},
      {"gpt-4o-mini", "amazon.nova-lite-v1:0", "us-east-1", "gpt-4o-mini", "amazon.nova-lite-v1:0",
       "us-east-1"},
      {"amazon.nova-pro-v1:0", "amazon.nova-pro-v1:0", "us-east-1", "amazon.nova-pro-v1:0",
       "amazon.nova-pro-v1:0", "us-east-1"},
      // A profile counts as its model.
      {"eu.amazon.nova-pro-v1:0", "eu.amazon.nova-pro-v1:0", "us-east-1", "amazon.nova-pro-v1:0",
       "amazon.nova-pro-v1:0", "us-east-1"},
      // An ARN says where it is; a region of the client's choice is no label.
      {account + "inference-profile/eu.amazon.nova-pro-v1:0",
       account + "inference-profile/eu.amazon.nova-pro-v1:0", "eu-west-1", "amazon.nova-pro-v1:0",
       "amazon.nova-pro-v1:0", "unknown"},
      {account + "application-inference-profile/abc", account + "application-inference-profile/abc",
       "eu-west-1", "unknown", "unknown", "unknown"},
      // Ids that the catalogue does not list: their row, or nothing.
      {"amazon.nova-pro-v9:7", "us.amazon.nova-pro-v9:7", "us-east-1", "amazon.nova", "amazon.nova",
       "us-east-1"},
      {"somebody.model-1", "somebody.model-1", "us-east-1", "unknown", "unknown", "us-east-1"},
  };
  RouterSetup setup;
  const Router& router = setup.make();
  for (const Found& row : rows) {
    SCOPED_TRACE(row.asked);
    const auto route = router.find(row.asked);
    ASSERT_TRUE(route.has_value());
    EXPECT_EQ(route->provider->name, "bedrock");
    EXPECT_EQ(route->target.upstream_model, row.upstream);
    EXPECT_EQ(route->region, row.region);
    EXPECT_EQ(route->base_url, "https://" + row.region + ".test");
    EXPECT_EQ(setup.name(route->model), row.model);
    EXPECT_EQ(setup.name(route->upstream_model), row.upstream_label);
    EXPECT_EQ(setup.name(route->region_label), row.region_label);
  }
}

TEST(Router, AMillionNamesMakeNoLabel) {
  RouterSetup setup;
  const Router& router = setup.make();
  const std::size_t before = setup.registry.labels().size();
  for (int i = 0; i < 1000; ++i) {
    const std::string number = std::to_string(i);
    (void)router.find("model-" + number);
    (void)router.find("somebody.model-" + number);
    (void)router.find("gpt-3.5-turbo-" + number);
    (void)router.find("arn:aws:bedrock:eu-west-" + number + ":1:inference-profile/us.a.b" + number);
    (void)router.find_model("x\xff" + number);
  }
  EXPECT_EQ(setup.registry.labels().size(), before);
}

TEST(Router, UnknownModelsAre404InTheClientsWords) {
  RouterSetup setup;
  const Router& router = setup.make();
  for (const std::string& name :
       {std::string("gpt-9"), std::string(), std::string("arn:aws:bedrock:x"),
        std::string("arn:aws:bedrock:evil.com#:1:inference-profile/us.a.b"),
        // Matches a pattern, but would be repeated in every chunk.
        "gpt-3.5-turbo-" + std::string(100'000, 'x')}) {
    const auto route = router.find(name);
    ASSERT_FALSE(route.has_value());
    EXPECT_EQ(route.error().kind, convert::ErrorKind::model_not_found);
    EXPECT_EQ(route.error().message, "The model `" + name.substr(0, 256) +
                                         "` does not exist or you do not have access to it.");
    EXPECT_FALSE(router.find_model(name).has_value());
  }
}

TEST(Router, WithoutABedrockProviderOnlyConfiguredModelsAreServed) {
  RouterSetup setup;
  setup.config.providers.erase(setup.config.providers.begin());
  setup.config.models.pop_back();
  const Router& router = setup.make("");
  EXPECT_FALSE(router.needs_aws_credentials());
  EXPECT_TRUE(router.find("gpt-4o").has_value());
  EXPECT_FALSE(router.find("gpt-4o-mini").has_value());
  ASSERT_EQ(router.models().size(), 1U);
  EXPECT_EQ(router.models()[0].id, "gpt-4o");
  EXPECT_EQ(router.models()[0].owned_by, "vllm");
}

TEST(Router, AProvidersOwnRegionAndEndpointCount) {
  RouterSetup setup;
  setup.config.providers[0].region = "eu-central-1";
  EXPECT_EQ(setup.make().find("fast")->base_url, "https://eu-central-1.test");
  setup.config.providers[0].base_url = "http://127.0.0.1:1";
  const auto route = setup.make().find("fast");
  EXPECT_EQ(route->base_url, "http://127.0.0.1:1");
  EXPECT_EQ(route->region, "eu-central-1");
}

TEST(Router, RefusesProvidersAndModelsThatCannotWork) {
  RouterSetup setup;
  EXPECT_NE(setup.refusal("").find("provider 'bedrock' needs an AWS region"), std::string::npos);
  EXPECT_EQ(setup.refusal("nowhere-1"), "no such region");
  setup.config.models.push_back({.name = "bad", .provider = "bedrock", .model = "not a model"});
  EXPECT_NE(setup.refusal().find("models.bad: 'not a model'"), std::string::npos);
}

TEST(Router, ListsEveryNameOnceAndWhatItCanDo) {
  RouterSetup setup;
  const Router& router = setup.make();
  std::set<std::string> ids;
  for (const convert::ModelInfo& model : router.models()) {
    EXPECT_TRUE(ids.insert(model.id).second) << model.id << " is listed twice";
    EXPECT_TRUE(router.find(model.id).has_value()) << model.id;
  }
  for (const char* id : {"gpt-4o", "fast", "gpt-4o-mini", "amazon.nova-lite-v1:0"}) {
    EXPECT_EQ(ids.count(id), 1U) << id;
  }
  EXPECT_EQ(router.find_model("gpt-4o")->provider, "vllm");
  const auto unlisted = router.find_model("eu.amazon.nova-pro-v1:0");
  ASSERT_TRUE(unlisted.has_value());
  EXPECT_EQ(unlisted->id, "eu.amazon.nova-pro-v1:0");
  EXPECT_EQ(unlisted->model_id, "amazon.nova-pro-v1:0");
  EXPECT_EQ(unlisted->owned_by, "amazon");
  EXPECT_GT(unlisted->context_length.value_or(0), 0);
  EXPECT_FALSE(router.find_model("gpt-9").has_value());
}

// ------------------------------------------------------------------------- what is configured of
// models

TEST(Router, RoutesBringTheirPolicyAndWhatIsKnownBetter) {
  RouterSetup setup;
  const std::string arn =
      "arn:aws:bedrock:eu-west-1:123456789012:application-inference-profile/abc";
  setup.config.defaults.auto_cache = true;
  setup.config.models[1].policy.max_choices = 4;
  convert::CapabilityPatch patch;
  patch.remove = convert::ModelFeatures(convert::ModelFeature::tools).bits();
  patch.context_tokens = 9;
  setup.config.models.push_back({.name = "app",
                                 .provider = "bedrock",
                                 .model = arn,
                                 .base_model = "us.amazon.nova-lite-v1:0",
                                 .patch = patch});
  const Router& router = setup.make();
  EXPECT_EQ(router.find("fast")->policy->max_choices, 4U);
  EXPECT_FALSE(router.find("fast")->policy->auto_cache);
  EXPECT_TRUE(router.find("amazon.nova-pro-v1:0")->policy->auto_cache);
  EXPECT_NE(router.find("gpt-4o")->policy, nullptr);
  const auto app = router.find("app");
  EXPECT_FALSE(app->needs_lookup);
  EXPECT_EQ(app->target.foundation_model, "amazon.nova-lite-v1:0");
  const auto can = convert::capabilities_of(app->target);
  EXPECT_FALSE(can.can(convert::ModelFeature::tools));
  EXPECT_EQ(can.context_tokens, 9U);
  EXPECT_EQ(router.find_model("app")->context_length, 9);
  EXPECT_EQ(router.find_model("app")->tools, false);
  // The same ARN by itself hides its model.
  EXPECT_TRUE(router.find(arn)->needs_lookup);
  EXPECT_FALSE(router.find("arn:aws:bedrock:eu-west-1:1:imported-model/x")->needs_lookup);
}

TEST(Router, PatternsAndPrefixesAndTheDefault) {
  RouterSetup setup;
  setup.config.models.push_back({.name = "team-*", .provider = "vllm", .model = "llama-8b"});
  setup.config.models.push_back({.name = "team-blue", .provider = "vllm", .model = "llama-1b"});
  const Router& router = setup.make();
  EXPECT_EQ(router.find("team-blue")->target.upstream_model, "llama-1b");
  EXPECT_EQ(router.find("team-red")->target.upstream_model, "llama-8b");
  EXPECT_EQ(setup.name(router.find("team-red")->model), "team-*");
  EXPECT_EQ(router.find("bedrock/fast")->target.upstream_model, "amazon.nova-micro-v1:0");
  EXPECT_FALSE(router.find("no-such").has_value());
  for (const convert::ModelInfo& model : router.models()) {
    EXPECT_EQ(model.id.find('*'), std::string::npos) << model.id;
  }
  setup.config.default_model = "fast";
  const Router& with_default = setup.make();
  EXPECT_EQ(with_default.find("no-such")->target.upstream_model, "amazon.nova-micro-v1:0");
  EXPECT_EQ(setup.name(with_default.find("no-such")->model), "fast");
  EXPECT_FALSE(with_default.find_model("no-such").has_value());
  setup.config.default_model = "no-such";
  EXPECT_EQ(setup.refusal(), "default_model: 'no-such' is no model that is served");
}

TEST(Router, AModelsOwnRegion) {
  RouterSetup setup;
  setup.config.models.push_back({.name = "far",
                                 .provider = "bedrock",
                                 .model = "anthropic.claude-sonnet-5",
                                 .region = "ap-northeast-1"});
  const auto route = setup.make().find("far");
  EXPECT_EQ(route->region, "ap-northeast-1");
  EXPECT_EQ(route->base_url, "https://ap-northeast-1.test");
  EXPECT_EQ(route->target.upstream_model, "jp.anthropic.claude-sonnet-5");
  EXPECT_EQ(setup.name(route->region_label), "ap-northeast-1");
  EXPECT_EQ(setup.router->listed_regions(),
            (std::vector<std::string>{"us-east-1", "ap-northeast-1"}));
  setup.config.models.back().region = "nowhere-1";
  EXPECT_EQ(setup.refusal(), "no such region");
}

// The retry of a bare id that AWS does not serve on demand.
TEST(Router, Trap50ProfilesOfBareIdsOnly) {
  RouterSetup setup;
  const Router& router = setup.make();
  const auto profile = router.profile_route(*router.find("amazon.nova-pro-v1:0"));
  ASSERT_TRUE(profile.has_value());
  EXPECT_EQ(profile->target.upstream_model, "us.amazon.nova-pro-v1:0");
  EXPECT_EQ(profile->target.foundation_model, "amazon.nova-pro-v1:0");
  for (const char* name :
       {"eu.amazon.nova-pro-v1:0", "claude-sonnet-5", "gpt-4o",
        "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-pro-v1:0",
        "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc"}) {
    EXPECT_FALSE(router.profile_route(*router.find(name)).has_value()) << name;
  }
}

TEST(Router, WhereTheControlPlaneIs) {
  RouterSetup setup;
  EXPECT_EQ(setup.make().listed_regions(), std::vector<std::string>{"us-east-1"});
  EXPECT_FALSE(setup.router->control_url("us-east-1").has_value());
  // A provider that is reached by a URL of its own says where its control plane is, or has none.
  setup.config.providers[0].base_url = "http://127.0.0.1:1";
  EXPECT_TRUE(setup.make().listed_regions().empty());
  setup.config.providers[0].control_url = "http://127.0.0.1:2";
  EXPECT_EQ(setup.make().listed_regions(), std::vector<std::string>{"us-east-1"});
  EXPECT_EQ(setup.router->control_url("us-east-1"), "http://127.0.0.1:2");
  EXPECT_EQ(setup.router->control_url("eu-west-1"), "http://127.0.0.1:2");
}

// increase() sees the first request only where its series was there before.
TEST(Router, PresetsTheSeriesOfEveryNamedModel) {
  RouterSetup setup;
  setup.make();
  setup.registry.add_shard();
  const std::string page = setup.registry.render("").body;
  for (const char* labels :
       {R"(model="gpt-4o",provider="vllm")", R"(model="fast",provider="bedrock")",
        R"(model="gpt-4o-mini",provider="bedrock")"}) {
    for (const char* family : {"oriel_requests_total{", "oriel_tokens_total{"}) {
      bool found = false;
      for (std::size_t at = page.find(family); at != std::string::npos && !found;
           at = page.find(family, at + 1)) {
        found = page.substr(at, page.find('\n', at) - at).find(labels) != std::string::npos;
      }
      EXPECT_TRUE(found) << family << labels;
    }
  }
  // A configured name hides the shipped alias of the same name.
  EXPECT_EQ(page.find(R"(model="gpt-4o",provider="bedrock")"), std::string::npos);
}

}  // namespace
}  // namespace oriel::gateway
