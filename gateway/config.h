// The configuration: one immutable value, shared as shared_ptr<const Config> and swapped whole.
// Made from a YAML file through the field table of config_schema.h, plus command line and
// environment (options.h). Durations in milliseconds, sizes in bytes.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "convert/dialect.h"
#include "convert/error.h"
#include "gateway/aws/credentials.h"
#include "gateway/aws/environment.h"
#include "gateway/exchange/chat_config.h"
#include "gateway/http/server.h"
#include "gateway/telemetry/tracing_config.h"
#include "gateway/upstream/media_fetch_curl.h"
#include "gateway/upstream/upstream.h"
#include "metrics/pricing.h"

namespace oriel::gateway {

// A configured upstream service.
struct ProviderConfig {
  enum class Type : std::uint8_t { bedrock, openai };
  std::string name;
  std::optional<Type> type;
  std::string region;       // bedrock; empty: from the environment
  std::string base_url;     // openai: "https://host/v1"; bedrock: overrides the runtime endpoint
  aws::Secret api_key;      // openai; empty: no Authorization header
  std::string control_url;  // bedrock: overrides the control plane's endpoint
};

// A name that clients use, and what serves it.
struct ModelConfig {
  std::string name;  // may hold '*', which stands for any run of characters
  std::string provider;
  std::string model;       // the provider's name of it; empty: the same name
  std::string base_model;  // bedrock: the foundation model behind an ARN that hides it
  std::string region;      // bedrock: in place of the provider's
  convert::EncodePolicy policy;
  convert::CapabilityPatch patch;  // stronger than the catalogue and than AWS's lists
  metrics::Price price;            // kinds without one here have PriceConfig's, or the table's
};

// What upstream's models cost, whatever name serves them.
struct PriceConfig {
  std::string name;  // upstream's; may hold '*', which stands for any run of characters
  metrics::Price price;
};

struct Config {
  std::string listen = "127.0.0.1:8080";
  std::uint32_t workers = 0;  // 0: one per core
  http::ServerLimits server;
  http::CorsPolicy cors;
  std::string tls_certificate;  // PEM file; with tls_key: HTTPS
  std::string tls_key;
  std::uint32_t max_in_flight = 4096;      // requests served at once, per worker: 503 above
  std::chrono::milliseconds lame_duck{0};  // not ready, still accepting
  std::chrono::milliseconds drain_timeout{30'000};

  CallDeadlines upstream;
  std::string upstream_ca_file;              // PEM bundle; empty: the system's
  std::size_t max_reply = 64 * 1024 * 1024;  // bytes of an upstream answer that is not streamed

  std::string log_file;  // empty: standard output
  bool log_client_address = true;

  std::string admin_listen;  // metrics, probes and the status page; empty: no address of their own
  bool semconv = true;       // whether the OpenTelemetry GenAI names are exposed beside ours
  bool emf = false;          // whether CloudWatch's documents are written to standard output
  std::string emf_namespace = "Oriel";
  std::chrono::milliseconds emf_flush{60'000};
  TracingConfig tracing;

  std::vector<ProviderConfig> providers;
  std::vector<ModelConfig> models;
  std::vector<PriceConfig> prices;
  std::string default_model;       // serves names that nothing else serves; empty: 404
  convert::EncodePolicy defaults;  // of models without a word of their own
  // How often AWS is asked what it serves; zero: never.
  std::chrono::milliseconds bedrock_refresh{600'000};
  ChatConfig chat;
  MediaConfig media;

  const ProviderConfig* find_provider(std::string_view name) const;
};

using aws::Environment;

// What OpenTelemetry's conventions call such a provider.
std::string_view semconv_name(ProviderConfig::Type type);

// What holds before the file is read: the defaults, and OpenTelemetry's variables.
Config initial_config(const Environment& environment);

// Reads and checks `yaml`. The error's message is one line, "FILE:LINE:COLUMN: what is wrong".
convert::Result<Config> parse_config(const std::string& yaml, const std::string& file_name,
                                     const Environment& environment);
convert::Result<Config> load_config(const std::string& file_name, const Environment& environment);

// What a Config must satisfy beyond its fields: references, pairs, the implicit Bedrock provider
// when no provider is configured.
convert::Result<Config> complete_config(Config config);

}  // namespace oriel::gateway
