#include "convert/bedrock/feature_names.h"

#include <array>

namespace oriel::convert {
namespace {

using enum ModelFeature;

constexpr auto kNames = std::to_array<FeatureName>({
    {"image", image},
    {"tools", tools},
    {"choice_auto", choice_auto},
    {"choice_any", choice_any},
    {"choice_named", choice_named},
    {"streaming", streaming},
    {"streaming_tools", streaming_tools},
    {"system", system},
    {"temperature", temperature},
    {"temp_top_p_exclusive", temp_top_p_exclusive},
    {"prefill", prefill},
    {"status_field", status_field},
    {"schema_refs", schema_refs},
    {"strict_tools", strict_tools},
    {"split_tool_results", split_tool_results},
    {"blank_stop", blank_stop},
    {"asia_by_country", asia_by_country},
    {"top_p", top_p},
    {"top_k", top_k},
    {"document", document},
    {"audio", audio},
    {"video", video},
    {"structured_output", structured_output},
    {"cache", cache},
    {"cache_1h", cache_1h},
    {"cache_tools", cache_tools},
    {"tool_result_media", tool_result_media},
    {"s3_media", s3_media},
    {"service_tier", service_tier},
    {"must_choose", must_choose},
    {"seed", seed},
    {"penalties", penalties},
    {"thinking_budget", thinking_budget},
    {"large_pdf", large_pdf},
});

}  // namespace

std::span<const FeatureName> feature_names() { return kNames; }

std::optional<ModelFeature> find_feature(std::string_view name) {
  for (const FeatureName& row : kNames) {
    if (row.name == name) return row.feature;
  }
  return std::nullopt;
}

}  // namespace oriel::convert
