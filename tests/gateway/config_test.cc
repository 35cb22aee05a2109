#include "gateway/config.h"

#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <set>
#include <sstream>

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
  };
  for (const auto& [yaml, message] : cases) EXPECT_EQ(error_of(yaml), message) << yaml;
  EXPECT_EQ(error_of("a: [").substr(0, 11), "oriel.yaml:");
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
