#include "convert/bedrock/resolve.h"

#include <algorithm>
#include <array>

#include "convert/bedrock/models.h"

namespace oriel::convert {
namespace {

constexpr std::size_t kMaxModelId = 2048;  // of Converse's modelId

constexpr std::string_view kNovaMicro = "amazon.nova-micro-v1:0";
constexpr std::string_view kNovaLite = "amazon.nova-lite-v1:0";
constexpr std::string_view kNovaPro = "amazon.nova-pro-v1:0";
constexpr std::string_view kNova2Lite = "amazon.nova-2-lite-v1:0";
constexpr std::string_view kTitanEmbed = "amazon.titan-embed-text-v2:0";
constexpr std::string_view kNovaCanvas = "amazon.nova-canvas-v1:0";

constexpr auto kShipped = std::to_array<ShippedAlias>({
    {"gpt-4o-mini", kNovaLite},
    {"gpt-4.1-mini", kNovaLite},
    {"gpt-3.5-turbo*", kNovaLite},
    {"gpt-4.1-nano", kNovaMicro},
    {"gpt-5-nano", kNovaMicro},
    {"gpt-4o", kNovaPro},
    {"gpt-4.1", kNovaPro},
    {"gpt-4-turbo", kNovaPro},
    {"gpt-5-mini", kNova2Lite},
    {"o4-mini", kNova2Lite},
    {"text-embedding-3-small", kTitanEmbed},
    {"text-embedding-3-large", kTitanEmbed},
    {"text-embedding-ada-002", kTitanEmbed},
    {"dall-e-3", kNovaCanvas},
    {"gpt-image-1", kNovaCanvas},
    {"claude-haiku-4-5", "anthropic.claude-haiku-4-5-20251001-v1:0"},
    {"claude-sonnet-4-5", "anthropic.claude-sonnet-4-5-20250929-v1:0"},
    {"claude-opus-4-5", "anthropic.claude-opus-4-5-20251101-v1:0"},
    {"claude-sonnet-4-6", "anthropic.claude-sonnet-4-6"},
    {"claude-opus-4-6", "anthropic.claude-opus-4-6-v1"},
    {"claude-opus-4-7", "anthropic.claude-opus-4-7"},
    {"claude-opus-4-8", "anthropic.claude-opus-4-8"},
    {"claude-sonnet-5", "anthropic.claude-sonnet-5"},
    {"claude-opus-5", "anthropic.claude-opus-5"},
    {"claude-fable-5", "anthropic.claude-fable-5"},
});

constexpr auto kGeos = std::to_array<std::string_view>(
    {"us", "eu", "apac", "au", "jp", "ca", "in", "sa", "us-gov", "global"});

// Longest first: only one is taken off.
constexpr auto kProviderPrefixes =
    std::to_array<std::string_view>({"bedrock/converse/", "amazon-bedrock/", "bedrock/"});

bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }

bool is_model_char(char c) {
  return is_lower(c) || is_upper(c) || is_digit(c) || c == '.' || c == '-' || c == ':' || c == '_';
}

// `provider.model…`: provider names have no hyphen and models begin with a letter, which keeps
// OpenAI's own `gpt-4.1` and the like out.
bool is_base_id(std::string_view id) {
  const std::size_t dot = id.find('.');
  if (dot == std::string_view::npos || dot == 0 || dot + 1 >= id.size()) return false;
  const std::string_view provider = id.substr(0, dot);
  return is_lower(provider.front()) && is_lower(id[dot + 1]) &&
         std::all_of(provider.begin(), provider.end(),
                     [](char c) { return is_lower(c) || is_digit(c); }) &&
         std::all_of(id.begin(), id.end(), is_model_char);
}

bool has_word(std::string_view words, std::string_view word) {
  if (word.empty()) return false;
  while (!words.empty()) {
    const std::size_t space = words.find(' ');
    if (words.substr(0, space) == word) return true;
    if (space == std::string_view::npos) break;
    words.remove_prefix(space + 1);
  }
  return false;
}

// The prefix of the profile that serves a model in a region.
std::string_view geo_of(std::string_view region, const ModelCapabilities& model) {
  const bool by_country = model.can(ModelFeature::asia_by_country);
  if (region.starts_with("us-gov-")) return "us-gov";
  if (region.starts_with("us-")) return "us";
  if (region.starts_with("eu-")) return "eu";
  if (region.starts_with("ca-")) return by_country ? "global" : "ca";
  if (!region.starts_with("ap-")) return "global";
  if (!by_country) return "apac";
  if (region == "ap-northeast-1" || region == "ap-northeast-3") return "jp";
  if (region == "ap-southeast-2" || region == "ap-southeast-4") return "au";
  return "global";
}

// Which profiles may serve a region's callers, the nearest first; the first row that fits counts.
struct RegionGeos {
  std::string_view region_prefix;
  std::array<std::string_view, 3> geos;
};
constexpr auto kRegionGeos = std::to_array<RegionGeos>({
    {"us-gov-", {"us-gov"}},
    {"us-", {"us", "global"}},
    {"eu-", {"eu", "global"}},
    {"ca-", {"ca", "us", "global"}},
    {"sa-", {"sa", "us", "global"}},
    {"ap-northeast-1", {"jp", "apac", "global"}},
    {"ap-northeast-3", {"jp", "apac", "global"}},
    {"ap-southeast-2", {"au", "apac", "global"}},
    {"ap-southeast-4", {"au", "apac", "global"}},
    {"ap-south-", {"in", "apac", "global"}},
    {"ap-", {"apac", "global"}},
    {"", {"global"}},
});

std::string join_geo(std::string_view geo, std::string_view id) {
  std::string profile(geo);
  return profile.append(".").append(id);
}

// Where a name is called from.
struct Place {
  std::string_view region;
  const RegionList* listed;
};

using Listed = RegionList::Listed;

bool is_on_demand(std::string_view id, const Place& place) {
  const Listed listed = place.listed == nullptr ? Listed::unknown : place.listed->on_demand(id);
  if (listed != Listed::unknown) return listed == Listed::yes;
  const std::string_view regions = capabilities_of(id).on_demand;
  return regions == "*" || has_word(regions, place.region);
}

Resolved resolve_base_id(std::string_view id, const Place& place) {
  std::string sent(id);
  if (!place.region.empty() && !is_on_demand(id, place)) {
    if (auto profile = profile_of(id, place.region, place.listed)) sent = std::move(*profile);
  }
  return {{std::move(sent), std::string(id)}, {}};
}

bool is_region(std::string_view region) {
  return region.size() >= 3 && region.size() <= 32 && is_lower(region.front()) &&
         std::all_of(region.begin(), region.end(),
                     [](char c) { return is_lower(c) || is_digit(c) || c == '-'; });
}

// arn:PARTITION:bedrock:REGION:ACCOUNT:TYPE/NAME; the region becomes part of a host name, so it is
// checked to the letter.
std::optional<Resolved> resolve_arn(std::string_view arn) {
  std::array<std::string_view, 5> parts;
  std::string_view rest = arn;
  for (std::string_view& part : parts) {
    const std::size_t colon = rest.find(':');
    if (colon == std::string_view::npos) return std::nullopt;
    part = rest.substr(0, colon);
    rest.remove_prefix(colon + 1);
  }
  const auto& [scheme, partition, service, region, account] = parts;
  const std::size_t slash = rest.find('/');
  if (scheme != "arn" || !partition.starts_with("aws") || !is_region(region) ||
      (service != "bedrock" && service != "sagemaker") ||
      !std::all_of(account.begin(), account.end(), is_digit) || slash == std::string_view::npos ||
      slash == 0 || slash + 1 == rest.size() ||
      !std::all_of(rest.begin(), rest.end(), [](char c) { return is_model_char(c) || c == '/'; })) {
    return std::nullopt;
  }
  const std::string_view type = rest.substr(0, slash);
  const std::string_view name = rest.substr(slash + 1);
  Resolved resolved{{std::string(arn), {}}, std::string(region)};
  if (type == "foundation-model" || type == "inference-profile") {
    resolved.target.foundation_model = strip_geo(name);
  }
  resolved.hidden = type == "application-inference-profile" || type == "provisioned-model";
  return resolved;
}

std::optional<Resolved> resolve_id(std::string_view name, const Place& place) {
  if (name.empty() || name.size() > kMaxModelId) return std::nullopt;
  if (name.starts_with("arn:")) return resolve_arn(name);
  const std::string_view base = strip_geo(name);
  if (!is_base_id(base)) return std::nullopt;
  if (base.size() == name.size()) return resolve_base_id(base, place);
  return Resolved{{std::string(name), std::string(base)}, {}};
}

bool is_glob(std::string_view pattern) { return pattern.find('*') != std::string_view::npos; }

// Exact names before patterns, in the order of the table.
template <class Row>
const Row* find_alias(std::span<const Row> rows, std::string_view name) {
  for (const Row& row : rows) {
    if (std::string_view(row.pattern) == name) return &row;
  }
  for (const Row& row : rows) {
    if (is_glob(row.pattern) && matches_glob(row.pattern, name)) return &row;
  }
  return nullptr;
}

std::optional<Resolved> resolve_shipped(std::string_view name, const Place& place) {
  const ShippedAlias* alias = find_alias(shipped_aliases(), name);
  if (alias == nullptr) return std::nullopt;
  return resolve_id(alias->model, place);
}

std::optional<Resolved> resolve_name(std::string_view name, std::span<const Alias> configured,
                                     const Place& place) {
  if (const Alias* alias = find_alias(configured, name)) {
    auto resolved = resolve_id(alias->model, place);
    if (!resolved) resolved = resolve_shipped(alias->model, place);
    if (resolved && !alias->base_model.empty()) {
      resolved->target.foundation_model = strip_geo(alias->base_model);
      resolved->hidden = false;
    }
    return resolved;
  }
  if (auto resolved = resolve_shipped(name, place)) return resolved;
  return resolve_id(name, place);
}

}  // namespace

std::span<const ShippedAlias> shipped_aliases() { return kShipped; }

std::string_view strip_geo(std::string_view model_id) {
  const std::size_t dot = model_id.find('.');
  if (dot == std::string_view::npos) return model_id;
  const std::string_view head = model_id.substr(0, dot);
  const bool geo = std::find(kGeos.begin(), kGeos.end(), head) != kGeos.end();
  return geo ? model_id.substr(dot + 1) : model_id;
}

bool matches_glob(std::string_view pattern, std::string_view text) {
  std::size_t p = 0;
  std::size_t t = 0;
  std::size_t star = std::string_view::npos;
  std::size_t retry = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      retry = t;
    } else if (p < pattern.size() && pattern[p] == text[t]) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++retry;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

std::string_view strip_provider_prefix(std::string_view client_name) {
  for (const std::string_view prefix : kProviderPrefixes) {
    if (client_name.starts_with(prefix)) return client_name.substr(prefix.size());
  }
  return client_name;
}

std::optional<std::string> profile_of(std::string_view model_id, std::string_view region,
                                      const RegionList* listed) {
  if (!is_base_id(model_id) || strip_geo(model_id).size() != model_id.size()) return std::nullopt;
  const auto& row =
      *std::find_if(kRegionGeos.begin(), kRegionGeos.end(),
                    [&](const RegionGeos& one) { return region.starts_with(one.region_prefix); });
  for (const std::string_view geo : row.geos) {
    std::string profile = join_geo(geo, model_id);
    const Listed has = listed == nullptr ? Listed::unknown : listed->has_profile(profile);
    if (has == Listed::yes) return profile;
    if (has == Listed::unknown)
      return join_geo(geo_of(region, capabilities_of(model_id)), model_id);
  }
  return std::nullopt;
}

std::optional<Resolved> resolve_bedrock_model(std::string_view client_name,
                                              std::span<const Alias> configured,
                                              std::string_view region, const RegionList* listed) {
  const Place place{region, listed};
  if (auto resolved = resolve_name(client_name, configured, place)) return resolved;
  const std::string_view name = strip_provider_prefix(client_name);
  if (name.size() == client_name.size()) return std::nullopt;
  return resolve_name(name, configured, place);
}

}  // namespace oriel::convert
