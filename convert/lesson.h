// What is known of a model beyond the catalogue, and what a refusal teaches. Plain values.
// Source: spec/converse.md §11, §15.3.
#pragma once

#include <cstdint>
#include <string_view>

namespace oriel::convert {

// Corrects the catalogue for one target: from the configuration, from what AWS lists, from
// refusals. The bits are the dialect's own features (bedrock: ModelFeature).
struct CapabilityPatch {
  std::uint64_t add = 0;
  std::uint64_t remove = 0;
  std::uint32_t context_tokens = 0;     // 0: as in the catalogue
  std::uint32_t max_output_tokens = 0;  // 0: as in the catalogue

  bool empty() const {
    return add == 0 && remove == 0 && context_tokens == 0 && max_output_tokens == 0;
  }
  // The later one wins.
  void merge(const CapabilityPatch& later) {
    add = (add & ~later.remove) | later.add;
    remove = (remove & ~later.add) | later.remove;
    if (later.context_tokens != 0) context_tokens = later.context_tokens;
    if (later.max_output_tokens != 0) max_output_tokens = later.max_output_tokens;
  }
};

// What a refusal taught: the same request, encoded anew with it in mind, may be taken.
struct Lesson {
  enum class Kind : std::uint8_t {
    none,
    capability,  // `patch` holds for the model
    format,      // the model does not take this response format's schema: emulate it
    profile,     // the model wants an inference profile
  };
  Kind kind = Kind::none;
  std::string_view name;  // a literal, the feature's name in logs and metrics: "temperature"
  CapabilityPatch patch;
};

}  // namespace oriel::convert
