#include "gateway/config.h"

#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "convert/bedrock/models.h"
#include "gateway/config_schema.h"

namespace oriel::gateway {
namespace {

Environment environment(std::map<std::string, std::string> values) {
  return [values = std::move(values)](std::string_view name) -> std::optional<std::string> {
    const auto found = values.find(std::string(name));
    return found == values.end() ? std::nullopt : std::optional(found->second);
  };
}

std::string error_of(const std::string& yaml) {
  const auto config = parse_config(yaml, "oriel.yaml", environment({}));
  return config ? "" : config.error().message;
}

TEST(Config, AnEmptyFileIsTheDefaults) {
  for (const char* yaml : {"", "# nothing\n", "{}"}) {
    const auto config = parse_config(yaml, "oriel.yaml", environment({}));
    ASSERT_TRUE(config) << config.error().message;
    EXPECT_EQ(config->listen, "127.0.0.1:8080");
    ASSERT_EQ(config->providers.size(), 1U);
    EXPECT_EQ(config->providers[0].type, ProviderConfig::Type::bedrock);
  }
}

TEST(Config, ReadsEverySection) {
  const auto config = parse_config(R"(
server:
  listen: 0.0.0.0:9000
  workers: 3
  max_body_bytes: 1000
  head_timeout_ms: 50
  cors_origins: ["https://a.example", "*"]
  tls: {certificate: c.pem, key: k.pem}
upstream:
  idle_timeout_ms: 7
log:
  client_address: false
providers:
  aws: {type: bedrock, region: eu-west-1}
  local:
    type: openai
    base_url: http://127.0.0.1:1234/v1/
    api_key: ${LOCAL_KEY}
models:
  fast: {provider: aws, model: "amazon.nova-lite-v1:0"}
  llama: {provider: local}
)",
                                   "oriel.yaml", environment({{"LOCAL_KEY", "k-1"}}));
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->listen, "0.0.0.0:9000");
  EXPECT_EQ(config->workers, 3U);
  EXPECT_EQ(config->server.max_body, 1000U);
  EXPECT_EQ(config->server.head_timeout.count(), 50);
  EXPECT_EQ(config->cors.origins, (std::vector<std::string>{"https://a.example", "*"}));
  EXPECT_EQ(config->tls_key, "k.pem");
  EXPECT_EQ(config->upstream.idle.count(), 7);
  EXPECT_FALSE(config->log_client_address);
  const ProviderConfig* local = config->find_provider("local");
  ASSERT_NE(local, nullptr);
  EXPECT_EQ(local->base_url, "http://127.0.0.1:1234/v1");
  EXPECT_EQ(local->api_key.reveal(), "k-1");
  EXPECT_EQ(config->find_provider("aws")->region, "eu-west-1");
  ASSERT_EQ(config->models.size(), 2U);
  EXPECT_EQ(config->models[1].model, "llama");
}

TEST(Config, SaysWhereAndWhatIsWrong) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"servr: {}", "oriel.yaml:1:1: unknown key 'servr', did you mean 'server'?"},
      {"server:\n  lisen: x\n",
       "oriel.yaml:2:3: unknown key 'server.lisen', did you mean 'listen'?"},
      {"server:\n  zzzzzzzzzzzz: x\n", "oriel.yaml:2:3: unknown key 'server.zzzzzzzzzzzz'"},
      {"server:\n  workers: many\n",
       "oriel.yaml:2:12: 'server.workers' is an integer from 0 to 256"},
      {"server:\n  workers: -1\n", "oriel.yaml:2:12: 'server.workers' is an integer from 0 to 256"},
      {"server:\n  workers: 99999999999999999999\n",
       "oriel.yaml:2:12: 'server.workers' is an integer from 0 to 256"},
      {"server: 5", "oriel.yaml:1:9: 'server' is a map of keys"},
      {"[1]", "oriel.yaml:1:1: 'the file' is a map of keys"},
      {"server: {workers: [1]}", "oriel.yaml:1:19: 'server.workers' is one value"},
      {"server: {workers: 1, workers: 2}", "oriel.yaml:1:22: key 'workers' stands twice"},
      {"server: {cors_origins: x}",
       "oriel.yaml:1:24: 'server.cors_origins' is a list of at most 64 texts"},
      {"log: {client_address: perhaps}", "oriel.yaml:1:23: 'log.client_address' is true or false"},
      {"providers: {p: {type: azure}}",
       "oriel.yaml:1:23: 'providers.p.type' is 'bedrock' or 'openai', not 'azure'"},
      {"providers: {p: {region: x}}", "oriel.yaml: provider 'p' needs a type"},
      {"providers: {p: {type: openai}}", "oriel.yaml: provider 'p' needs a base_url"},
      {"providers: {p: {type: openai, base_url: \"ftp://xxxx\"}}",
       "oriel.yaml:1:41: 'providers.p.base_url' starts with http:// or https://"},
      {"providers: {p: {type: openai, base_url: \"http://x.y\", api_key: \"${NOPE}\"}}",
       "oriel.yaml:1:64: 'providers.p.api_key' needs the environment variable NOPE, which is not "
       "set"},
      {"models: {m: {provider: none}}",
       "oriel.yaml: model 'm' names the provider 'none', which is not configured"},
      {"server: {tls: {key: k}}", "oriel.yaml: server.tls needs both certificate and key"},
      {"defaults: {auto_cash: true}",
       "oriel.yaml:1:12: unknown key 'defaults.auto_cash', did you mean 'auto_cache'?"},
      {"defaults: {unknown_params: keep}",
       "oriel.yaml:1:28: 'defaults.unknown_params' is 'drop', 'pass' or 'reject', not 'keep'"},
      {"defaults: {max_choices: 0}",
       "oriel.yaml:1:25: 'defaults.max_choices' is an integer from 1 to 128"},
      {"defaults: {guardrail: {id: \"A b\"}}",
       "oriel.yaml:1:28: 'defaults.guardrail.id' is a guardrail's id or ARN"},
      {"defaults: {guardrail: {version: \"01\"}}",
       "oriel.yaml:1:33: 'defaults.guardrail.version' is a number or DRAFT"},
      {"defaults: {guardrail: {id: abc}}",
       "oriel.yaml: defaults: guardrail.id needs guardrail.version"},
      {"providers: {b: {type: bedrock}}\nmodels: {m: {provider: b, guardrail: {id: abc}}}",
       "oriel.yaml: model 'm': guardrail.id needs guardrail.version"},
      {"models: {m: {features: [image]}}",
       "oriel.yaml:1:24: 'models.m.features' lists features such as +image and -tools; 'image' is "
       "none"},
      {"models: {m: {features: [+imaging]}}",
       "oriel.yaml:1:24: 'models.m.features' lists features such as +image and -tools; '+imaging' "
       "is none"},
      {"models: {m: {features: [\"\"]}}",
       "oriel.yaml:1:24: 'models.m.features' lists features such as +image and -tools; '' is none"},
      {"models: {\"m-*\": {provider: bedrock}}",
       "oriel.yaml: model 'm-*' is a pattern and needs a model"},
      {"media: {fetch: ftp}",
       "oriel.yaml:1:16: 'media.fetch' is 'off', 'https' or 'http', not 'ftp'"},
      {"media: {hosts: [\"https://a.example\"]}",
       "oriel.yaml:1:16: 'media.hosts' lists hosts such as example.com and *.example.com; "
       "'https://a.example' is none"},
      {"models: {m: {price: {input: -1}}}",
       "oriel.yaml:1:29: 'models.m.price.input' is a number from 0 to 10000 with at most six "
       "decimal places"},
      {"prices: {\"x*\": {cache_write_1h: 1.0000001}}",
       "oriel.yaml:1:33: 'prices.x*.cache_write_1h' is a number from 0 to 10000 with at most six "
       "decimal places"},
      {"prices: {x: {image: free}}",
       "oriel.yaml:1:21: 'prices.x.image' is a number from 0 to 10000 with at most six decimal "
       "places"},
      {"prices: {x: {output: 10000.000001}}",
       "oriel.yaml:1:22: 'prices.x.output' is a number from 0 to 10000 with at most six decimal "
       "places"},
      {"prices: {x: {cache_reed: 1}}",
       "oriel.yaml:1:14: unknown key 'prices.x.cache_reed', did you mean 'cache_read'?"},
      {"prices: {input: 1}", "oriel.yaml:1:17: 'prices.input' is a map of keys"},
      {"models: {m: {price: 3}}", "oriel.yaml:1:21: 'models.m.price' is a map of keys"},
      {"chat: {on_disconnect: wait}",
       "oriel.yaml:1:23: 'chat.on_disconnect' is 'cancel' or 'drain', not 'wait'"},
  };
  for (const auto& [yaml, message] : cases) EXPECT_EQ(error_of(yaml), message) << yaml;
  EXPECT_EQ(error_of("a: [").substr(0, 11), "oriel.yaml:");
}

// Wherever the file says them.
TEST(Config, ModelsBeginWithTheDefaults) {
  const auto config = parse_config(R"(
models:
  plain: {provider: bedrock, model: "amazon.nova-lite-v1:0"}
  special:
    provider: bedrock
    model: "amazon.nova-pro-v1:0"
    auto_cache: false
    default_max_tokens: 7
    guardrail: {trace: enabled}
    base_model: amazon.nova-lite-v1:0
    region: eu-west-1
    context_tokens: 9
    features: [+image, -tools, -image, +s3_media]
defaults:
  auto_cache: true
  unknown_params: pass
  guardrail: {id: abc1, version: DRAFT}
chat: {keep_alive_ms: 0, on_disconnect: drain}
media: {fetch: https, hosts: ["A.example", "*.b.example"], allow_private_addresses: true}
bedrock: {refresh_ms: 0}
default_model: plain
)",
                                   "oriel.yaml", environment({}));
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_TRUE(config->defaults.auto_cache);
  ASSERT_EQ(config->models.size(), 2U);
  const ModelConfig& plain = config->models[0];
  EXPECT_TRUE(plain.policy.auto_cache);
  EXPECT_EQ(plain.policy.unknown_params, convert::EncodePolicy::UnknownParams::pass);
  EXPECT_EQ(plain.policy.guardrail_id, "abc1");
  EXPECT_TRUE(plain.patch.empty());
  const ModelConfig& special = config->models[1];
  EXPECT_FALSE(special.policy.auto_cache);
  EXPECT_EQ(special.policy.default_max_tokens, 7U);
  EXPECT_EQ(special.policy.guardrail_version, "DRAFT");
  EXPECT_EQ(special.policy.guardrail_trace, "enabled");
  EXPECT_EQ(special.base_model, "amazon.nova-lite-v1:0");
  EXPECT_EQ(special.region, "eu-west-1");
  EXPECT_EQ(special.patch.context_tokens, 9U);
  using Feature = convert::ModelFeature;
  EXPECT_EQ(special.patch.add, static_cast<std::uint64_t>(Feature::s3_media));
  EXPECT_EQ(special.patch.remove, (Feature::image | Feature::tools).bits());
  EXPECT_EQ(config->chat.keep_alive.count(), 0);
  EXPECT_EQ(config->chat.on_disconnect, OnDisconnect::drain);
  EXPECT_EQ(config->media.hosts, (std::vector<std::string>{"a.example", "*.b.example"}));
  EXPECT_TRUE(config->media.allow_private_addresses);
  EXPECT_EQ(config->bedrock_refresh.count(), 0);
  EXPECT_EQ(config->default_model, "plain");
}

// Exactly: a binary fraction would not be.
TEST(Config, PricesAreReadToTheMillionthOfADollar) {
  const auto config = parse_config(R"(
models:
  own: {provider: bedrock, model: "amazon.nova-lite-v1:0", price: {input: 0, output: 0.035}}
  plain: {provider: bedrock, model: "amazon.nova-lite-v1:0"}
prices:
  "llama-*": {input: 0.000001, output: 10000, cache_read: 0.1, cache_write_5m: "3.75", image: 0.04}
  llama-3.3: {cache_write_1h: 6.6}
)",
                                   "oriel.yaml", environment({}));
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->models[0].price, (metrics::Price{.input = 0, .output = 35'000}));
  EXPECT_EQ(config->models[1].price, metrics::Price{});
  ASSERT_EQ(config->prices.size(), 2U);
  EXPECT_EQ(config->prices[0].name, "llama-*");
  EXPECT_EQ(config->prices[0].price, (metrics::Price{.input = 1,
                                                     .output = 10'000'000'000,
                                                     .cache_read = 100'000,
                                                     .cache_write_5m = 3'750'000,
                                                     .image = 40'000'000}));
  EXPECT_EQ(config->prices[1].name, "llama-3.3");
  EXPECT_EQ(config->prices[1].price, (metrics::Price{.cache_write_1h = 6'600'000}));
}

TEST(Config, TheExampleOfThePricingPageIsRead) {
  std::ifstream file(ORIEL_TEST_DATA "/../../docs/pricing.md");
  std::ostringstream page;
  page << file.rdbuf();
  const std::string text = page.str();
  const std::size_t begin = text.find("```yaml\n") + 8;
  ASSERT_NE(begin, std::string::npos + 8);
  const std::string yaml = text.substr(begin, text.find("```", begin) - begin);
  const auto config = parse_config(yaml, "oriel.yaml", environment({}));
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->models.at(0).price, (metrics::Price{.input = 50'000, .output = 200'000}));
  EXPECT_EQ(config->prices.at(0).price, (metrics::Price{.input = 0, .output = 0}));
  EXPECT_EQ(config->prices.at(1).price, *metrics::find_price("us.anthropic.claude-sonnet-5"));
}

// What the reference says and what a Config begins with are the same.
TEST(Config, TheDocumentedDefaultsAreTheDefaults) {
  Config config;
  for (const ConfigField& field : config_fields()) {
    using Kind = ConfigField::Kind;
    if (field.default_text.empty() || field.default_text == "[]") continue;
    FieldValue value;
    value.text = field.default_text;
    value.flag = field.default_text == "true";
    if (field.kind != Kind::text && field.kind != Kind::flag) {
      value.integer = std::stoll(std::string(field.default_text));
      EXPECT_GE(value.integer, field.min) << field.path;
      EXPECT_LE(value.integer, field.max) << field.path;
    }
    EXPECT_EQ(field.set(config, "m", std::move(value)), "") << field.path;
  }
  const Config fresh;
  EXPECT_EQ(config.listen, fresh.listen);
  EXPECT_EQ(config.server.max_body, fresh.server.max_body);
  EXPECT_EQ(config.drain_timeout, fresh.drain_timeout);
  EXPECT_EQ(config.upstream.total, fresh.upstream.total);
  EXPECT_EQ(config.max_reply, fresh.max_reply);
  EXPECT_EQ(config.bedrock_refresh, fresh.bedrock_refresh);
  EXPECT_EQ(config.chat.keep_alive, fresh.chat.keep_alive);
  EXPECT_EQ(config.chat.drain_bytes, fresh.chat.drain_bytes);
  EXPECT_EQ(config.chat.drain_timeout, fresh.chat.drain_timeout);
  EXPECT_EQ(config.chat.max_draining, fresh.chat.max_draining);
  EXPECT_EQ(config.chat.signature_cache_bytes, fresh.chat.signature_cache_bytes);
  EXPECT_EQ(config.media.fetch, fresh.media.fetch);
  EXPECT_EQ(config.media.timeout, fresh.media.timeout);
  EXPECT_EQ(config.media.max_image, fresh.media.max_image);
  EXPECT_EQ(config.media.max_bytes, fresh.media.max_bytes);
  EXPECT_EQ(config.defaults.max_choices, fresh.defaults.max_choices);
  EXPECT_EQ(config.defaults.unknown_params, fresh.defaults.unknown_params);
}

TEST(Config, ExpandsTheEnvironmentWithDefaults) {
  const auto config = parse_config("server: {listen: \"${HOST:-127.0.0.1}:${PORT}\"}", "f",
                                   environment({{"PORT", "1"}}));
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->listen, "127.0.0.1:1");
}

TEST(Config, EveryFieldIsDocumentedOnce) {
  std::set<std::string_view> paths;
  for (const ConfigField& field : config_fields()) {
    EXPECT_TRUE(paths.insert(field.path).second) << field.path;
    EXPECT_FALSE(field.doc.empty()) << field.path;
    EXPECT_LE(field.min, field.max) << field.path;
  }
  // docs/configuration.md holds the table as `oriel --config-reference` prints it.
  std::ifstream file(ORIEL_TEST_DATA "/../../docs/configuration.md");
  std::ostringstream page;
  page << file.rdbuf();
  EXPECT_NE(page.str().find(config_reference()), std::string::npos);
}

TEST(Config, SurvivesDeepAndHugeFiles) {
  EXPECT_NE(error_of(std::string(2'000'000, ' ')), "");
  std::string deep;
  for (int i = 0; i < 400; ++i) deep += "{server: ";
  EXPECT_NE(error_of(deep), "");
}

}  // namespace
}  // namespace oriel::gateway
