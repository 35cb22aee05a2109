// What refusals have taught about models: kept in memory, applied to later requests before they are
// encoded, so that each lesson costs one refusal. Source: spec/converse.md §15.3. One per worker,
// used on its thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>

#include "convert/dialect.h"
#include "convert/lesson.h"

namespace oriel::gateway {

class Learned {
 public:
  explicit Learned(std::size_t max_models = 256) : max_models_(max_models) {}

  bool empty() const { return models_.empty(); }
  // Puts what is known of the target's model into it; `schema` is the hash of the request's
  // response format.
  void apply(convert::Target& target, std::size_t schema) const;
  // Whether the model is to be called through an inference profile in this region.
  bool wants_profile(std::string_view upstream_model, std::string_view region) const;

  // Keeps a lesson. False: it was known.
  bool keep(const convert::Lesson& lesson, std::string_view upstream_model, std::string_view region,
            std::size_t schema);

  static std::size_t hash_of(std::string_view schema);

 private:
  struct Model {
    convert::CapabilityPatch patch;
    std::deque<std::size_t> schemas;  // hashes of formats that it refused, newest last
    std::deque<std::string> regions;  // where it wants a profile
  };
  static constexpr std::size_t kMaxPerModel = 64;

  Model& model(std::string_view upstream_model);

  std::size_t max_models_;
  std::unordered_map<std::string, Model> models_;
  std::deque<std::string> order_;  // oldest first: who goes when there are too many
};

}  // namespace oriel::gateway
