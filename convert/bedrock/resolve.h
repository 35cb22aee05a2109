// From the name that a client uses to the model that Bedrock serves: aliases, ids, ARNs, provider
// prefixes, geographic inference profiles. Source: spec/converse.md §2, aws.md §3.4. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "convert/dialect.h"

namespace oriel::convert {

// A configured name. `pattern` may hold '*', which matches any run of characters.
struct Alias {
  std::string pattern;
  std::string model;       // a Bedrock id or ARN, or a shipped alias
  std::string base_model;  // the foundation model where `model` is an ARN that hides it
};

struct Resolved {
  Target target;
  std::string region;  // an ARN's own; else empty
  // An ARN that hides its foundation model, of a kind that AWS tells it of.
  bool hidden = false;
};

// What AWS lists for a region: stronger than the catalogue, as far as it is known.
class RegionList {
 public:
  enum class Listed : std::uint8_t { yes, no, unknown };
  virtual ~RegionList() = default;
  // Whether the region serves the bare id on demand.
  virtual Listed on_demand(std::string_view foundation_model) const = 0;
  virtual Listed has_profile(std::string_view profile_id) const = 0;
};

// nullopt: no such model. `region` decides which geographic profile serves a model that has no
// on-demand throughput of its own; `listed` may be null.
std::optional<Resolved> resolve_bedrock_model(std::string_view client_name,
                                              std::span<const Alias> configured,
                                              std::string_view region,
                                              const RegionList* listed = nullptr);

// The geographic profile that serves a bare id in a region. nullopt: no bare id (an ARN, an id with
// a geo), or AWS lists no such profile.
std::optional<std::string> profile_of(std::string_view model_id, std::string_view region,
                                      const RegionList* listed);

// `bedrock/fast` -> `fast`; names without a provider's prefix unchanged.
std::string_view strip_provider_prefix(std::string_view client_name);

struct ShippedAlias {
  std::string_view pattern;
  std::string_view model;
};
// The names that work without configuration; also what the model list shows.
std::span<const ShippedAlias> shipped_aliases();

// `us.amazon.nova-lite-v1:0` -> `amazon.nova-lite-v1:0`; ids without a geographic prefix unchanged.
std::string_view strip_geo(std::string_view model_id);

// Whether `text` matches `pattern`, where '*' stands for any run of characters.
bool matches_glob(std::string_view pattern, std::string_view text);

}  // namespace oriel::convert
