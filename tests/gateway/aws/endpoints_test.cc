#include "gateway/aws/endpoints.h"

#include <gtest/gtest.h>

#include "tests/gateway/aws/fake_environment.h"

namespace oriel::gateway::aws {
namespace {

// The URL, or "error: message".
std::string url_of(const FakeHome& home, Variables variables, Service service,
                   std::string_view region) {
  const Environment environment = home.environment(std::move(variables));
  const auto shared = SharedConfig::load(environment);
  if (!shared) return "error: " + shared.error().message;
  const auto endpoints = Endpoints::make(environment, *shared);
  if (!endpoints) return "error: " + endpoints.error().message;
  const auto url = endpoints->url(service, region);
  return url ? *url : "error: " + url.error().message;
}
std::string runtime_url(const FakeHome& home, Variables variables = {},
                        std::string_view region = "us-east-1") {
  return url_of(home, std::move(variables), Service::bedrock_runtime, region);
}

TEST(Endpoints, FollowRegionAndPartition) {
  const FakeHome home;
  const std::pair<const char*, const char*> cases[] = {
      {"us-east-1", "https://bedrock-runtime.us-east-1.amazonaws.com"},
      {"eu-central-2", "https://bedrock-runtime.eu-central-2.amazonaws.com"},
      {"new-region-9", "https://bedrock-runtime.new-region-9.amazonaws.com"},
      {"cn-north-1", "https://bedrock-runtime.cn-north-1.amazonaws.com.cn"},
      {"us-gov-west-1", "https://bedrock-runtime.us-gov-west-1.amazonaws.com"},
      {"eusc-de-east-1", "https://bedrock-runtime.eusc-de-east-1.amazonaws.eu"},
      {"us-iso-east-1", "https://bedrock-runtime.us-iso-east-1.c2s.ic.gov"},
      {"us-isob-east-1", "https://bedrock-runtime.us-isob-east-1.sc2s.sgov.gov"},
      {"eu-isoe-west-1", "https://bedrock-runtime.eu-isoe-west-1.cloud.adc-e.uk"},
      {"us-isof-south-1", "https://bedrock-runtime.us-isof-south-1.csp.hci.ic.gov"},
  };
  for (const auto& [region, url] : cases) EXPECT_EQ(runtime_url(home, {}, region), url);
  EXPECT_EQ(url_of(home, {}, Service::bedrock, "us-west-2"),
            "https://bedrock.us-west-2.amazonaws.com");
}

TEST(Endpoints, FipsAndDualStack) {
  const FakeHome home;
  EXPECT_EQ(runtime_url(home, {{"AWS_USE_FIPS_ENDPOINT", "true"}}),
            "https://bedrock-runtime-fips.us-east-1.amazonaws.com");
  EXPECT_EQ(runtime_url(home, {{"AWS_USE_DUALSTACK_ENDPOINT", "TRUE"}}),
            "https://bedrock-runtime.us-east-1.api.aws");
  EXPECT_EQ(runtime_url(
                home, {{"AWS_USE_DUALSTACK_ENDPOINT", "true"}, {"AWS_USE_FIPS_ENDPOINT", "true"}}),
            "https://bedrock-runtime-fips.us-east-1.api.aws");
  EXPECT_EQ(runtime_url(home, {{"AWS_USE_FIPS_ENDPOINT", "yes"}}),
            "error: AWS_USE_FIPS_ENDPOINT must be true or false");
  home.config("[default]\nuse_fips_endpoint = true\n");
  EXPECT_EQ(runtime_url(home), "https://bedrock-runtime-fips.us-east-1.amazonaws.com");
  EXPECT_EQ(runtime_url(home, {{"AWS_USE_FIPS_ENDPOINT", "false"}}),
            "https://bedrock-runtime.us-east-1.amazonaws.com");
  EXPECT_TRUE(runtime_url(home, {{"AWS_ENDPOINT_URL", "http://127.0.0.1:1"}})
                  .starts_with("error: a custom endpoint and FIPS"));
}

TEST(Endpoints, OverridesByPrecedence) {
  const FakeHome home;
  home.config(
      "[default]\nservices = mine\nendpoint_url = https://profile.test\n"
      "[services mine]\nbedrock_runtime =\n  endpoint_url = https://services.test\n");
  Variables variables{{"AWS_ENDPOINT_URL_BEDROCK_RUNTIME", "https://runtime.test"},
                      {"AWS_ENDPOINT_URL", "https://all.test"}};
  EXPECT_EQ(runtime_url(home, variables), "https://runtime.test");
  EXPECT_EQ(url_of(home, variables, Service::bedrock, "us-east-1"), "https://all.test");
  variables["AWS_ENDPOINT_URL_BEDROCK_RUNTIME"] = "";
  EXPECT_EQ(runtime_url(home, variables), "https://all.test");
  variables.erase("AWS_ENDPOINT_URL");
  EXPECT_EQ(runtime_url(home, variables), "https://services.test");
  EXPECT_EQ(url_of(home, variables, Service::bedrock, "us-east-1"), "https://profile.test");
  variables["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"] = "true";
  variables["AWS_ENDPOINT_URL"] = "https://all.test";
  EXPECT_EQ(runtime_url(home, variables), "https://bedrock-runtime.us-east-1.amazonaws.com");
}

TEST(Endpoints, OverridesKeepTheirPathAndAreChecked) {
  const FakeHome home;
  const auto with = [&](const char* url) { return runtime_url(home, {{"AWS_ENDPOINT_URL", url}}); };
  EXPECT_EQ(with("http://127.0.0.1:9000/base/path//"), "http://127.0.0.1:9000/base/path");
  EXPECT_EQ(with("https://[::1]:8443"), "https://[::1]:8443");
  for (const char* url : {"127.0.0.1:9000", "ftp://x", "http://", "http://:80", "http://h/a b",
                          "http://h/?q=1", "http://h/#f", "http://user:pw@h/", "http://h\r\n"}) {
    EXPECT_TRUE(with(url).starts_with("error: AWS_ENDPOINT_URL: ")) << url << " " << with(url);
    EXPECT_EQ(with(url).find("pw"), std::string::npos);
  }
}

TEST(Endpoints, RegionsAreNames) {
  const FakeHome home;
  EXPECT_TRUE(runtime_url(home, {}, "").starts_with("error: no AWS region: set AWS_REGION"));
  for (const char* region : {"us east", "US-EAST-1", "evil.test/", "a@b", "-a", "a-", "a.b"}) {
    EXPECT_TRUE(runtime_url(home, {}, region).starts_with("error: '")) << region;
  }
}

TEST(Endpoints, BearerStaysPrivate) {
  for (const char* url : {"https://anything.test", "http://127.0.0.1:8080", "http://localhost/x",
                          "http://[::1]:1/", "http://127.8.9.10"}) {
    EXPECT_TRUE(check_bearer_transport(url).has_value()) << url;
  }
  for (const char* url : {"http://10.0.0.1", "http://example.test", "http://127.0.0.1.evil.test",
                          "http://localhost.evil.test", "http://[::2]/", "ftp://localhost", ""}) {
    EXPECT_FALSE(check_bearer_transport(url).has_value()) << url;
  }
}

}  // namespace
}  // namespace oriel::gateway::aws
