#include "gateway/telemetry/tracing_config.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "tests/gateway/aws/fake_environment.h"

namespace oriel::gateway {
namespace {

using aws::fake_environment;
using aws::Variables;
using std::chrono::milliseconds;
using Compression = TracingConfig::Compression;

TracingConfig read(const Variables& variables) { return tracing_from(fake_environment(variables)); }

TEST(TracingVariables, LeaveTheDefaults) {
  const TracingConfig config = read({});
  EXPECT_FALSE(config.exports());
  EXPECT_EQ(config.service_name, "oriel");
  EXPECT_EQ(config.sample_millionths, 1'000'000U);
  EXPECT_TRUE(config.follows_parent);
  EXPECT_EQ(config.timeout, milliseconds(10'000));
  EXPECT_EQ(config.delay, milliseconds(5'000));
  EXPECT_EQ(config.max_queue, 2'048U);
  EXPECT_EQ(config.max_batch, 512U);
  EXPECT_TRUE(config.headers.empty() && config.resource.empty() && config.warnings.empty());
}

TEST(TracingVariables, SayWhereSpansGo) {
  const struct {
    Variables variables;
    std::string endpoint;  // empty: nowhere
  } cases[] = {
      {{{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:4318"}}, "http://c:4318/v1/traces"},
      {{{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:4318/"}}, "http://c:4318/v1/traces"},
      {{{"OTEL_EXPORTER_OTLP_ENDPOINT", "https://c/otlp"}}, "https://c/otlp/v1/traces"},
      {{{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "https://c/mine"}}, "https://c/mine"},
      {{{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:4318"},
        {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://d/t"}},
       "http://d/t"},
      {{{"OTEL_EXPORTER_OTLP_ENDPOINT", ""}}, ""},
      {{{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://c"}, {"OTEL_SDK_DISABLED", "false"}},
       "http://c/v1/traces"},
      {{{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://c"}, {"OTEL_SDK_DISABLED", "TRUE"}}, ""},
      {{{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://c"}, {"OTEL_TRACES_EXPORTER", "otlp"}},
       "http://c/v1/traces"},
      {{{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://c"}, {"OTEL_TRACES_EXPORTER", "none"}}, ""},
      // Who is switched off minds no mistake.
      {{{"OTEL_EXPORTER_OTLP_ENDPOINT", "ftp://c"}, {"OTEL_SDK_DISABLED", "true"}}, ""},
  };
  for (const auto& c : cases) {
    const TracingConfig config = read(c.variables);
    EXPECT_EQ(config.endpoint, c.endpoint);
    EXPECT_EQ(config.exports(), !c.endpoint.empty());
  }
  TracingConfig off = read({{"OTEL_SDK_DISABLED", "true"}});
  off.endpoint = "http://from-the-file";
  EXPECT_FALSE(off.exports());
}

TEST(TracingVariables, SayHow) {
  const TracingConfig config = read({
      {"OTEL_EXPORTER_OTLP_HEADERS", "ignored=1"},
      {"OTEL_EXPORTER_OTLP_TRACES_HEADERS", " authorization = Bearer%20abc%3D ,x-empty=,"},
      {"OTEL_EXPORTER_OTLP_COMPRESSION", "none"},
      {"OTEL_EXPORTER_OTLP_TRACES_COMPRESSION", "gzip"},
      {"OTEL_EXPORTER_OTLP_TIMEOUT", "7000"},
      {"OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"},
      {"OTEL_EXPORTER_OTLP_CERTIFICATE", "/etc/ca.pem"},
      {"OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "http/json"},
      {"OTEL_BSP_SCHEDULE_DELAY", "250"},
      {"OTEL_BSP_MAX_QUEUE_SIZE", "100"},
      {"OTEL_BSP_EXPORT_TIMEOUT", "6000"},
  });
  ASSERT_EQ(config.headers.size(), 2U);
  EXPECT_EQ(config.headers[0].first, "authorization");
  EXPECT_EQ(config.headers[0].second.reveal(), "Bearer abc=");
  EXPECT_EQ(config.headers[1].first, "x-empty");
  EXPECT_EQ(config.compression, Compression::gzip);
  EXPECT_EQ(config.timeout, milliseconds(6'000)) << "the shorter of both";
  EXPECT_EQ(config.delay, milliseconds(250));
  EXPECT_EQ(config.max_queue, 100U);
  EXPECT_EQ(config.max_batch, 100U) << "no more than the queue holds";
  EXPECT_TRUE(config.warnings.empty()) << "the signal's own protocol counts";
  EXPECT_EQ(config.ca_file, "/etc/ca.pem");
}

TEST(TracingVariables, WarnOfWhatIsNotDone) {
  const std::pair<std::string, std::string> cases[] = {
      {"OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"},
      {"OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "http/protobuf"},
      {"OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", "/etc/client.pem"},
  };
  for (const auto& [name, value] : cases) {
    const TracingConfig config = read({{name, value}});
    ASSERT_EQ(config.warnings.size(), 1U) << name;
    EXPECT_TRUE(config.warnings[0].starts_with(name + ' ')) << config.warnings[0];
  }
}

TEST(TracingVariables, NameTheService) {
  TracingConfig config =
      read({{"OTEL_RESOURCE_ATTRIBUTES", "service.name=a,team=b%2Cc, deployment.x = y "}});
  EXPECT_EQ(config.service_name, "a");
  using Pairs = std::vector<std::pair<std::string, std::string>>;
  EXPECT_EQ(config.resource, (Pairs{{"team", "b,c"}, {"deployment.x", "y"}}));
  config = read({{"OTEL_RESOURCE_ATTRIBUTES", "service.name=a"}, {"OTEL_SERVICE_NAME", "b"}});
  EXPECT_EQ(config.service_name, "b");
  EXPECT_TRUE(config.resource.empty());
}

TEST(TracingVariables, SayWhatIsSampled) {
  const struct {
    std::string sampler, argument;
    std::uint32_t millionths;
    bool follows;
  } cases[] = {
      {"always_on", "0.5", 1'000'000, false},
      {"always_off", "0.5", 0, false},
      {"traceidratio", "0.25", 250'000, false},
      {"traceidratio", "", 1'000'000, false},
      {"parentbased_always_on", "", 1'000'000, true},
      {"parentbased_always_off", "", 0, true},
      {"parentbased_traceidratio", "0.001", 1'000, true},
      {"parentbased_traceidratio", "1e-6", 1, true},
      {"parentbased_traceidratio", "0", 0, true},
      {"parentbased_traceidratio", "1", 1'000'000, true},
  };
  for (const auto& c : cases) {
    const TracingConfig config =
        read({{"OTEL_TRACES_SAMPLER", c.sampler}, {"OTEL_TRACES_SAMPLER_ARG", c.argument}});
    EXPECT_EQ(config.sample_millionths, c.millionths) << c.sampler << ' ' << c.argument;
    EXPECT_EQ(config.follows_parent, c.follows) << c.sampler;
  }
}

TEST(TracingVariables, AreIgnoredWithAWarningWhereTheyAreWrong) {
  const struct {
    std::string name, value;
  } cases[] = {
      {"OTEL_SDK_DISABLED", "yes"},
      {"OTEL_TRACES_EXPORTER", "zipkin"},
      {"OTEL_TRACES_EXPORTER", "otlp,console"},
      {"OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4318"},
      {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "grpc://c"},
      {"OTEL_EXPORTER_OTLP_HEADERS", "SECRET"},
      {"OTEL_EXPORTER_OTLP_HEADERS", "=SECRET"},
      {"OTEL_EXPORTER_OTLP_TRACES_HEADERS", "a=SECRET%zz"},
      {"OTEL_EXPORTER_OTLP_TRACES_HEADERS", "a=SECRET%0D%0Ab: c"},
      {"OTEL_EXPORTER_OTLP_TRACES_HEADERS", "a b=SECRET"},
      {"OTEL_EXPORTER_OTLP_COMPRESSION", "zstd"},
      {"OTEL_EXPORTER_OTLP_TIMEOUT", "10s"},
      {"OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "0"},
      {"OTEL_EXPORTER_OTLP_TIMEOUT", "-1"},
      {"OTEL_EXPORTER_OTLP_TIMEOUT", "99999999999999999999"},
      {"OTEL_RESOURCE_ATTRIBUTES", "team"},
      {"OTEL_TRACES_SAMPLER", "jaeger_remote"},
      {"OTEL_TRACES_SAMPLER", "parentbased_"},
      {"OTEL_BSP_SCHEDULE_DELAY", "fast"},
      {"OTEL_BSP_MAX_QUEUE_SIZE", "0"},
      {"OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "1.5"},
      {"OTEL_BSP_EXPORT_TIMEOUT", "never"},
  };
  for (const auto& c : cases) {
    const TracingConfig config = read({{c.name, c.value}});
    ASSERT_EQ(config.warnings.size(), 1U) << c.name << '=' << c.value;
    EXPECT_TRUE(config.warnings[0].starts_with(c.name + " is ignored")) << config.warnings[0];
    EXPECT_EQ(config.warnings[0].find("SECRET"), std::string::npos);
    TracingConfig defaults;
    EXPECT_EQ(config.exports(), defaults.exports());
    EXPECT_TRUE(config.headers.empty() && config.resource.empty()) << c.name;
    EXPECT_EQ(config.timeout, defaults.timeout);
    EXPECT_EQ(config.sample_millionths, defaults.sample_millionths);
    EXPECT_EQ(config.follows_parent, defaults.follows_parent);
    EXPECT_EQ(config.max_queue, defaults.max_queue);
  }
  for (const char* share : {"-0.1", "1.1", "half", "nan", "0.5x"}) {
    const TracingConfig config =
        read({{"OTEL_TRACES_SAMPLER", "traceidratio"}, {"OTEL_TRACES_SAMPLER_ARG", share}});
    ASSERT_EQ(config.warnings.size(), 1U) << share;
    EXPECT_TRUE(config.warnings[0].starts_with("OTEL_TRACES_SAMPLER_ARG ")) << share;
    EXPECT_EQ(config.sample_millionths, 1'000'000U) << share;
  }
}

}  // namespace
}  // namespace oriel::gateway
