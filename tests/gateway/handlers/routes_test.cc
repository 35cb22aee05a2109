#include "gateway/handlers/routes.h"

#include <gtest/gtest.h>

namespace oriel::gateway {
namespace {

TEST(Routes, NormalisesPaths) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"/v1/models", "/models"},
      {"/models/", "/models"},
      {"//v1//models//", "/models"},
      {"/v1", "/"},
      {"/v1/", "/"},
      {"/", "/"},
      {"/v1models", "/v1models"},
      {"/v1/v1/models", "/v1/models"},
      {"/models/a%2Fb", "/models/a%2Fb"},
      {"*", "*"},
  };
  for (const auto& [path, normal] : cases) EXPECT_EQ(normalise_path(path), normal) << path;
}

TEST(Routes, NamesEndpointsNeverPaths) {
  const std::vector<std::pair<std::string, metrics::Endpoint>> cases = {
      {"/v1/chat/completions", metrics::Endpoint::chat_completions},
      {"/chat/completions/", metrics::Endpoint::chat_completions},
      {"/v1/models", metrics::Endpoint::models},
      {"/v1/models/x", metrics::Endpoint::model},
      {"/models/arn:aws:bedrock:r:1:inference-profile/us.x", metrics::Endpoint::model},
      {"/metrics", metrics::Endpoint::metrics},
      {"/livez", metrics::Endpoint::health},
      {"/nope", metrics::Endpoint::other},
      {"/status", metrics::Endpoint::other},
      {"/v1/models/", metrics::Endpoint::models},
  };
  for (const auto& [path, endpoint] : cases) {
    convert::wire::HttpRequestHead head;
    head.path = path;
    EXPECT_EQ(endpoint_of(client_routes(), head), endpoint) << path;
  }
}

TEST(Routes, OfTheAdminAddressAreNoneOfTheClients) {
  const std::vector<std::pair<std::string, metrics::Endpoint>> cases = {
      {"/status", metrics::Endpoint::status},
      {"/status/", metrics::Endpoint::status},
      {"/metrics", metrics::Endpoint::metrics},
      {"/health", metrics::Endpoint::health},
      {"/livez", metrics::Endpoint::health},
      {"/readyz", metrics::Endpoint::health},
      {"/", metrics::Endpoint::other},
      {"/statuses", metrics::Endpoint::other},
      {"/v1/models", metrics::Endpoint::other},
      {"/v1/models/x", metrics::Endpoint::other},
      {"/v1/chat/completions", metrics::Endpoint::other},
  };
  for (const auto& [path, endpoint] : cases) {
    convert::wire::HttpRequestHead head;
    head.path = path;
    EXPECT_EQ(endpoint_of(admin_routes(), head), endpoint) << path;
  }
}

}  // namespace
}  // namespace oriel::gateway
