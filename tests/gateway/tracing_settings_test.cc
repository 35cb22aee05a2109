// OpenTelemetry's variables and the file's keys together.
#include <gtest/gtest.h>

#include <string>

#include "gateway/config.h"
#include "gateway/options.h"
#include "tests/gateway/aws/fake_environment.h"

namespace oriel::gateway {
namespace {

using aws::fake_environment;
using aws::Variables;

Config parsed(const std::string& yaml, const Variables& variables) {
  auto config = parse_config(yaml, "oriel.yaml", fake_environment(variables));
  EXPECT_TRUE(config.has_value()) << (config ? "" : config.error().message);
  return config ? std::move(*config) : Config{};
}

const Variables kVariables = {
    {"OTEL_EXPORTER_OTLP_ENDPOINT", "http://from-the-environment"},
    {"OTEL_TRACES_SAMPLER", "parentbased_traceidratio"},
    {"OTEL_TRACES_SAMPLER_ARG", "0.5"},
    {"OTEL_SERVICE_NAME", "gateway"},
};

TEST(TracingSettings, KeysWinOverVariables) {
  Config config = parsed("{}", kVariables);
  EXPECT_EQ(config.tracing.endpoint, "http://from-the-environment/v1/traces");
  EXPECT_EQ(config.tracing.sample_millionths, 500'000U);
  config = parsed("tracing: {endpoint: http://from-the-file/x, sample_ratio: 0.25}", kVariables);
  EXPECT_EQ(config.tracing.endpoint, "http://from-the-file/x");
  EXPECT_EQ(config.tracing.sample_millionths, 250'000U);
  EXPECT_EQ(config.tracing.service_name, "gateway") << "what the file leaves open";
  config = parsed("tracing: {sample_ratio: 1}", kVariables);
  EXPECT_EQ(config.tracing.sample_millionths, 1'000'000U) << "also where it says the default";
}

TEST(TracingSettings, NoKeyTurnsOnWhatAVariableTurnsOff) {
  for (const auto& [name, value] :
       {std::pair{"OTEL_SDK_DISABLED", "true"}, std::pair{"OTEL_TRACES_EXPORTER", "none"}}) {
    const Config config = parsed("tracing: {endpoint: http://c/x}", {{name, value}});
    EXPECT_FALSE(config.tracing.exports()) << name;
  }
}

TEST(TracingSettings, CountWithoutAFileToo) {
  const auto config = configure(Options{}, fake_environment(kVariables));
  ASSERT_TRUE(config.has_value());
  EXPECT_EQ(config->tracing.endpoint, "http://from-the-environment/v1/traces");
  EXPECT_EQ(config->providers.size(), 1U) << "it is completed";
}

TEST(TracingSettings, AWrongVariableStopsNothing) {
  const auto environment = fake_environment({{"OTEL_BSP_SCHEDULE_DELAY", "soon"}});
  for (const auto& config :
       {configure(Options{}, environment), parse_config("{}", "oriel.yaml", environment)}) {
    ASSERT_TRUE(config.has_value());
    EXPECT_EQ(config->tracing.warnings.size(), 1U);
  }
}

}  // namespace
}  // namespace oriel::gateway
