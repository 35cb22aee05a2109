#include "gateway/config.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <utility>

#include "gateway/config_policy.h"
#include "gateway/config_schema.h"

namespace oriel::gateway {
namespace {

using convert::Error;
using convert::ErrorKind;
using convert::Result;

constexpr std::size_t kMaxFile = 1024 * 1024;
constexpr int kMaxDepth = 8;

Error config_error(std::string message) {
  Error error;
  error.kind = ErrorKind::invalid_request;
  error.message = std::move(message);
  return error;
}

// How many single edits turn one name into the other.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j < row.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t substituted = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({substituted, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row.back();
}

// `${NAME}` and `${NAME:-default}`; an unset name without default is an error, told in `missing`.
std::string expand(const std::string& text, const Environment& environment, std::string& missing) {
  std::string out;
  std::size_t from = 0;
  for (std::size_t at = text.find("${"); at != std::string::npos; at = text.find("${", from)) {
    const std::size_t close = text.find('}', at);
    if (close == std::string::npos) break;
    out.append(text, from, at - from);
    std::string name = text.substr(at + 2, close - at - 2);
    std::optional<std::string> fallback;
    if (const std::size_t colon = name.find(":-"); colon != std::string::npos) {
      fallback = name.substr(colon + 2);
      name.resize(colon);
    }
    auto value = environment(name);
    if (!value) value = std::move(fallback);
    if (!value) missing = name;
    out.append(value.value_or(std::string()));
    from = close + 1;
  }
  return out.append(text, from);
}

// Walks a YAML tree against the field table.
class ConfigReader {
 public:
  ConfigReader(Config initial, const std::string& file_name, const Environment& environment)
      : file_name_(file_name), environment_(environment), config_(std::move(initial)) {}

  Result<Config> read(const YAML::Node& root) {
    if (root.IsDefined() && !root.IsNull()) walk(root, "", "", "", 0);
    if (!error_.empty()) return Unexpected{config_error(error_)};
    return std::move(config_);
  }

 private:
  // `pattern` is the path with stars for entry names; `shown` the path as the file has it.
  void walk(const YAML::Node& node, const std::string& pattern, const std::string& shown,
            const std::string& entry, int depth) {
    if (!node.IsMap() || depth > kMaxDepth) {
      fail(node, "'" + (shown.empty() ? std::string("the file") : shown) + "' is a map of keys");
      return;
    }
    std::vector<std::string> seen;
    for (const auto& item : node) {
      if (!item.first.IsScalar()) return fail(item.first, "a key is plain text");
      const std::string& key = item.first.Scalar();
      if (std::find(seen.begin(), seen.end(), key) != seen.end()) {
        return fail(item.first, "key '" + key + "' stands twice");
      }
      seen.push_back(key);
    }
    // What models begin with is read before they are.
    for (const bool defaults : {true, false}) {
      for (const auto& item : node) {
        if (!error_.empty()) return;
        const std::string& key = item.first.Scalar();
        if ((pattern.empty() && key == "defaults") != defaults) continue;
        visit(item.first, item.second, key, pattern, shown, entry, depth);
      }
    }
  }

  void visit(const YAML::Node& key_node, const YAML::Node& value, const std::string& key,
             const std::string& pattern, const std::string& shown, const std::string& entry,
             int depth) {
    const bool names_entries = pattern == "providers" || pattern == "models" || pattern == "prices";
    const std::string step = names_entries ? "*" : key;
    const std::string child = pattern.empty() ? step : pattern + "." + step;
    const std::string child_shown = shown.empty() ? key : shown + "." + key;
    const std::string& child_entry = names_entries ? key : entry;
    for (const ConfigField& field : config_fields()) {
      if (field.path == child) return set(field, value, child_shown, child_entry);
    }
    for (const ConfigField& field : config_fields()) {
      if (field.path.starts_with(child + ".")) {
        return walk(value, child, child_shown, child_entry, depth + 1);
      }
    }
    fail(key_node, "unknown key '" + child_shown + "'" + suggestion(key, pattern));
  }

  std::string suggestion(const std::string& key, const std::string& pattern) const {
    std::string best;
    std::size_t best_distance = key.size() / 2 + 1;
    const std::string prefix = pattern.empty() ? "" : pattern + ".";
    for (const ConfigField& field : config_fields()) {
      if (!field.path.starts_with(prefix)) continue;
      std::string_view name = std::string_view(field.path).substr(prefix.size());
      name = name.substr(0, name.find('.'));
      const std::size_t distance = edit_distance(key, name);
      if (distance < best_distance) {
        best_distance = distance;
        best = name;
      }
    }
    return best.empty() ? std::string() : ", did you mean '" + best + "'?";
  }

  void set(const ConfigField& field, const YAML::Node& node, const std::string& shown,
           const std::string& entry) {
    FieldValue value;
    std::string wrong = read_value(field, node, value);
    if (wrong.empty()) wrong = field.set(config_, entry, std::move(value));
    if (!wrong.empty()) fail(node, "'" + shown + "' " + wrong);
  }

  std::string read_value(const ConfigField& field, const YAML::Node& node, FieldValue& value) {
    using Kind = ConfigField::Kind;
    if (field.kind == Kind::texts) return read_list(field, node, value);
    if (!node.IsScalar()) return "is one value";
    std::string missing;
    std::string text = expand(node.Scalar(), environment_, missing);
    if (!missing.empty()) return "needs the environment variable " + missing + ", which is not set";
    switch (field.kind) {
      case Kind::text:
      case Kind::secret:
        if (text.size() < static_cast<std::size_t>(field.min) ||
            text.size() > static_cast<std::size_t>(field.max)) {
          return "is " + std::to_string(field.min) + " to " + std::to_string(field.max) +
                 " characters long";
        }
        value.text = std::move(text);
        return {};
      case Kind::flag:
        if (text != "true" && text != "false") return "is true or false";
        value.flag = text == "true";
        return {};
      case Kind::decimal: return read_decimal(field, text, value);
      default: return read_integer(field, text, value);
    }
  }

  // Digits, and up to six more behind a point: exact, unlike a binary fraction.
  static std::string read_decimal(const ConfigField& field, const std::string& text,
                                  FieldValue& value) {
    constexpr std::size_t kPlaces = 6;
    const std::size_t point = std::min(text.find('.'), text.size());
    std::string digits = text.substr(0, point);
    std::string places = point < text.size() ? text.substr(point + 1) : "0";
    const bool shaped = !digits.empty() && !places.empty() && places.size() <= kPlaces;
    places.resize(kPlaces, '0');
    digits += places;
    const auto [at, status] =
        std::from_chars(digits.data(), digits.data() + digits.size(), value.integer);
    const bool whole = shaped && digits.find_first_not_of("0123456789") == std::string::npos &&
                       status == std::errc() && at == digits.data() + digits.size();
    if (!whole || value.integer < field.min || value.integer > field.max) {
      return "is a number from " + std::to_string(field.min / 1'000'000) + " to " +
             std::to_string(field.max / 1'000'000) + " with at most six decimal places";
    }
    return {};
  }

  static std::string read_integer(const ConfigField& field, const std::string& text,
                                  FieldValue& value) {
    const auto [at, status] =
        std::from_chars(text.data(), text.data() + text.size(), value.integer);
    const bool whole = status == std::errc() && at == text.data() + text.size();
    if (!whole || value.integer < field.min || value.integer > field.max) {
      return "is an integer from " + std::to_string(field.min) + " to " + std::to_string(field.max);
    }
    return {};
  }

  std::string read_list(const ConfigField& field, const YAML::Node& node, FieldValue& value) {
    if (!node.IsSequence() || node.size() > static_cast<std::size_t>(field.max)) {
      return "is a list of at most " + std::to_string(field.max) + " texts";
    }
    for (const YAML::Node& item : node) {
      if (!item.IsScalar()) return "is a list of texts";
      std::string missing;
      value.list.push_back(expand(item.Scalar(), environment_, missing));
      if (!missing.empty()) return "needs the environment variable " + missing;
    }
    return {};
  }

  void fail(const YAML::Node& node, const std::string& what) {
    if (!error_.empty()) return;
    const YAML::Mark mark = node.Mark();
    error_ = file_name_ + ":" + std::to_string(mark.line + 1) + ":" +
             std::to_string(mark.column + 1) + ": " + what;
  }

  const std::string& file_name_;
  const Environment& environment_;
  Config config_;
  std::string error_;
};

}  // namespace

const ProviderConfig* Config::find_provider(std::string_view name) const {
  for (const ProviderConfig& provider : providers) {
    if (provider.name == name) return &provider;
  }
  return nullptr;
}

std::string_view semconv_name(ProviderConfig::Type type) {
  return type == ProviderConfig::Type::bedrock ? "aws.bedrock" : "openai";
}

Config initial_config(const Environment& environment) {
  Config config;
  config.tracing = tracing_from(environment);
  return config;
}

Result<Config> parse_config(const std::string& yaml, const std::string& file_name,
                            const Environment& environment) {
  if (yaml.size() > kMaxFile) return Unexpected{config_error(file_name + ": larger than 1 MiB")};
  try {
    ConfigReader reader(initial_config(environment), file_name, environment);
    auto config = reader.read(YAML::Load(yaml));
    if (!config) return config;
    auto complete = complete_config(std::move(*config));
    if (!complete) return Unexpected{config_error(file_name + ": " + complete.error().message)};
    return complete;
  } catch (const YAML::Exception& fault) {
    return Unexpected{config_error(file_name + ":" + std::to_string(fault.mark.line + 1) + ":" +
                                   std::to_string(fault.mark.column + 1) + ": " + fault.msg)};
  }
}

Result<Config> load_config(const std::string& file_name, const Environment& environment) {
  std::ifstream file(file_name, std::ios::binary);
  if (!file) return Unexpected{config_error(file_name + ": cannot be read")};
  std::ostringstream text;
  text << file.rdbuf();
  return parse_config(text.str(), file_name, environment);
}

Result<Config> complete_config(Config config) {
  using Type = ProviderConfig::Type;
  if (config.providers.empty()) {
    ProviderConfig bedrock;
    bedrock.name = "bedrock";
    bedrock.type = Type::bedrock;
    config.providers.push_back(std::move(bedrock));
  }
  for (const ProviderConfig& provider : config.providers) {
    const std::string name = "provider '" + provider.name + "'";
    if (!provider.type) return Unexpected{config_error(name + " needs a type")};
    if (provider.type == Type::openai && provider.base_url.empty()) {
      return Unexpected{config_error(name + " needs a base_url")};
    }
  }
  for (ModelConfig& model : config.models) {
    if (config.find_provider(model.provider) == nullptr) {
      return Unexpected{config_error("model '" + model.name + "' names the provider '" +
                                     model.provider + "', which is not configured")};
    }
    if (model.model.empty() && model.name.find('*') != std::string::npos) {
      return Unexpected{config_error("model '" + model.name + "' is a pattern and needs a model")};
    }
    if (model.model.empty()) model.model = model.name;
    if (const std::string wrong = check_policy(model.policy); !wrong.empty()) {
      return Unexpected{config_error("model '" + model.name + "': " + wrong)};
    }
  }
  if (const std::string wrong = check_policy(config.defaults); !wrong.empty()) {
    return Unexpected{config_error("defaults: " + wrong)};
  }
  if (config.media.ca_file.empty()) config.media.ca_file = config.upstream_ca_file;
  if (config.tls_certificate.empty() != config.tls_key.empty()) {
    return Unexpected{config_error("server.tls needs both certificate and key")};
  }
  return config;
}

}  // namespace oriel::gateway
