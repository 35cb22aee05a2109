#include "gateway/telemetry/tracing_config.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>
#include <string_view>

#include "convert/wire/chars.h"
#include "convert/wire/percent.h"

namespace oriel::gateway {
namespace {

using convert::wire::trim_blanks;

constexpr std::int64_t kHour = 3'600'000;
constexpr std::int64_t kMaxSpans = 1'000'000;
constexpr std::size_t kMaxPairs = 64;

using Pairs = std::vector<std::pair<std::string, std::string>>;

// Reads variable after variable, and collects what is wrong with them.
class Variables {
 public:
  Variables(const aws::Environment& environment, std::vector<std::string>& warnings)
      : environment_(environment), warnings_(warnings) {}

  std::optional<std::string> find(std::string_view name) {
    auto value = aws::variable(environment_, name);
    name_ = name;
    return value;
  }
  // The signal's own variable hides the general one.
  std::optional<std::string> find_exporter(std::string_view what) {
    if (auto own = find("OTEL_EXPORTER_OTLP_TRACES_" + std::string(what))) return own;
    return find("OTEL_EXPORTER_OTLP_" + std::string(what));
  }
  // Says something about the variable that was found last.
  void warn(const std::string& what) { warnings_.push_back(name_ + " " + what); }
  // It is wrong, and counts as if it were not there. `what`: how it should be.
  void ignore(const std::string& what) { warn("is ignored: it is " + what); }

 private:
  const aws::Environment& environment_;
  std::vector<std::string>& warnings_;
  std::string name_;
};

std::optional<std::int64_t> read_integer(Variables& variables,
                                         const std::optional<std::string>& text,
                                         std::int64_t most) {
  if (!text) return std::nullopt;
  std::int64_t value = 0;
  const auto [at, status] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (status == std::errc() && at == text->data() + text->size() && value >= 1 && value <= most) {
    return value;
  }
  variables.ignore("an integer from 1 to " + std::to_string(most));
  return std::nullopt;
}

// "key=value,key=value", percent-encoded. What is wrong is said without the text: it may be secret.
Pairs read_pairs(Variables& variables, const std::optional<std::string>& text) {
  Pairs pairs;
  if (!text) return pairs;
  for (std::size_t at = 0; at <= text->size();) {
    const std::size_t comma = std::min(text->find(',', at), text->size());
    const std::string_view pair = trim_blanks(std::string_view(*text).substr(at, comma - at));
    at = comma + 1;
    if (pair.empty()) continue;
    const std::size_t equals = std::min(pair.find('='), pair.size());
    auto key = convert::wire::percent_decode(trim_blanks(pair.substr(0, equals)));
    auto value = equals == pair.size()
                     ? std::nullopt
                     : convert::wire::percent_decode(trim_blanks(pair.substr(equals + 1)));
    if (!key || key->empty() || !value || pairs.size() == kMaxPairs) {
      variables.ignore("a list of at most " + std::to_string(kMaxPairs) +
                       " percent-encoded key=value, separated by commas");
      return {};
    }
    pairs.emplace_back(std::move(*key), std::move(*value));
  }
  return pairs;
}

void read_switches(Variables& variables, TracingConfig& config) {
  if (const auto disabled = variables.find("OTEL_SDK_DISABLED")) {
    config.disabled = convert::wire::equal_ignoring_case(*disabled, "true");
    if (!config.disabled && !convert::wire::equal_ignoring_case(*disabled, "false")) {
      variables.ignore("true or false");
    }
  }
  if (const auto exporter = variables.find("OTEL_TRACES_EXPORTER")) {
    if (*exporter == "none") {
      config.disabled = true;
    } else if (*exporter != "otlp") {
      variables.ignore("'otlp' or 'none'");
    }
  }
}

void read_endpoint(Variables& variables, TracingConfig& config) {
  auto url = variables.find("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT");
  if (!url) {
    url = variables.find("OTEL_EXPORTER_OTLP_ENDPOINT");
    if (url) url->append(url->ends_with('/') ? "v1/traces" : "/v1/traces");
  }
  if (!url) return;
  if (!url->starts_with("http://") && !url->starts_with("https://")) {
    return variables.ignore("a URL that starts with http:// or https://");
  }
  config.endpoint = std::move(*url);
}

void read_headers(Variables& variables, TracingConfig& config) {
  Pairs pairs = read_pairs(variables, variables.find_exporter("HEADERS"));
  for (const auto& [name, value] : pairs) {
    if (!convert::wire::is_token(name) || !convert::wire::is_field_value(value)) {
      return variables.ignore("a list of what HTTP headers may hold");
    }
  }
  for (auto& [name, value] : pairs) {
    config.headers.emplace_back(std::move(name), aws::Secret(std::move(value)));
  }
}

void read_exporter(Variables& variables, TracingConfig& config) {
  read_headers(variables, config);
  if (const auto coding = variables.find_exporter("COMPRESSION")) {
    if (*coding == "gzip") {
      config.compression = TracingConfig::Compression::gzip;
    } else if (*coding != "none") {
      variables.ignore("'gzip' or 'none'");
    }
  }
  config.ca_file = variables.find_exporter("CERTIFICATE").value_or("");
  const auto protocol = variables.find_exporter("PROTOCOL");
  if (protocol && *protocol != "http/json") {
    variables.warn("asks for what is not spoken: spans are sent as http/json");
  }
  if (variables.find_exporter("CLIENT_CERTIFICATE")) {
    variables.warn("is not honoured: spans are sent without it");
  }
  const auto timeout = read_integer(variables, variables.find_exporter("TIMEOUT"), kHour);
  if (timeout) config.timeout = std::chrono::milliseconds(*timeout);
}

void read_batches(Variables& variables, TracingConfig& config) {
  const auto read = [&](std::string_view name, std::int64_t most) {
    return read_integer(variables, variables.find(name), most);
  };
  if (const auto delay = read("OTEL_BSP_SCHEDULE_DELAY", kHour)) {
    config.delay = std::chrono::milliseconds(*delay);
  }
  if (const auto timeout = read("OTEL_BSP_EXPORT_TIMEOUT", kHour)) {
    config.timeout = std::min(config.timeout, std::chrono::milliseconds(*timeout));
  }
  if (const auto queue = read("OTEL_BSP_MAX_QUEUE_SIZE", kMaxSpans)) {
    config.max_queue = static_cast<std::size_t>(*queue);
  }
  if (const auto batch = read("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", kMaxSpans)) {
    config.max_batch = static_cast<std::size_t>(*batch);
  }
  config.max_batch = std::min(config.max_batch, config.max_queue);
}

void read_resource(Variables& variables, TracingConfig& config) {
  config.resource = read_pairs(variables, variables.find("OTEL_RESOURCE_ATTRIBUTES"));
  std::erase_if(config.resource, [&](auto& attribute) {
    if (attribute.first != "service.name") return false;
    if (!attribute.second.empty()) config.service_name = std::move(attribute.second);
    return true;
  });
  if (auto name = variables.find("OTEL_SERVICE_NAME")) config.service_name = std::move(*name);
}

// A number from 0 to 1 as millionths.
std::uint32_t read_share(Variables& variables) {
  constexpr std::uint32_t kAll = 1'000'000;
  const auto text = variables.find("OTEL_TRACES_SAMPLER_ARG");
  if (!text) return kAll;
  double share = 0;
  const auto [at, status] = std::from_chars(text->data(), text->data() + text->size(), share);
  const bool whole = status == std::errc() && at == text->data() + text->size();
  if (whole && share >= 0 && share <= 1) {
    return static_cast<std::uint32_t>(std::lround(share * kAll));
  }
  variables.ignore("a number from 0 to 1");
  return kAll;
}

void read_sampler(Variables& variables, TracingConfig& config) {
  const auto named = variables.find("OTEL_TRACES_SAMPLER");
  if (!named) return;
  constexpr std::string_view kParent = "parentbased_";
  const bool follows_parent = named->starts_with(kParent);
  const std::string_view sampler =
      std::string_view(*named).substr(follows_parent ? kParent.size() : 0);
  if (sampler == "always_off") {
    config.sample_millionths = 0;
  } else if (sampler == "traceidratio") {
    config.sample_millionths = read_share(variables);
  } else if (sampler != "always_on") {
    return variables.ignore(
        "always_on, always_off or traceidratio, or one of them behind parentbased_");
  }
  config.follows_parent = follows_parent;
}

}  // namespace

TracingConfig tracing_from(const aws::Environment& environment) {
  TracingConfig config;
  Variables variables(environment, config.warnings);
  read_switches(variables, config);
  if (config.disabled) return config;
  read_endpoint(variables, config);
  read_exporter(variables, config);
  read_batches(variables, config);
  read_resource(variables, config);
  read_sampler(variables, config);
  return config;
}

}  // namespace oriel::gateway
