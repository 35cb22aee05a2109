#include "gateway/exchange/learned.h"

#include <algorithm>
#include <functional>

namespace oriel::gateway {
namespace {

using convert::CapabilityPatch;
using convert::Lesson;

bool same(const CapabilityPatch& a, const CapabilityPatch& b) {
  return a.add == b.add && a.remove == b.remove && a.context_tokens == b.context_tokens &&
         a.max_output_tokens == b.max_output_tokens;
}

template <class T>
bool holds(const std::deque<T>& list, const T& value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

// False: it is there already.
template <class T>
bool add(std::deque<T>& list, T value, std::size_t most) {
  if (holds(list, value)) return false;
  if (list.size() == most) list.pop_front();
  list.push_back(std::move(value));
  return true;
}

}  // namespace

std::size_t Learned::hash_of(std::string_view schema) {
  return std::hash<std::string_view>()(schema);
}

void Learned::apply(convert::Target& target, std::size_t schema) const {
  if (models_.empty()) return;
  const auto found = models_.find(target.upstream_model);
  if (found == models_.end()) return;
  target.patch.merge(found->second.patch);
  if (holds(found->second.schemas, schema)) target.emulate_format = true;
}

bool Learned::wants_profile(std::string_view upstream_model, std::string_view region) const {
  if (models_.empty()) return false;
  const auto found = models_.find(std::string(upstream_model));
  return found != models_.end() && holds(found->second.regions, std::string(region));
}

bool Learned::keep(const Lesson& lesson, std::string_view upstream_model, std::string_view region,
                   std::size_t schema) {
  switch (lesson.kind) {
    case Lesson::Kind::none: return false;
    case Lesson::Kind::capability: {
      CapabilityPatch& patch = model(upstream_model).patch;
      const CapabilityPatch before = patch;
      patch.merge(lesson.patch);
      return !same(before, patch);
    }
    case Lesson::Kind::format: return add(model(upstream_model).schemas, schema, kMaxPerModel);
    case Lesson::Kind::profile:
      return add(model(upstream_model).regions, std::string(region), kMaxPerModel);
  }
  return false;
}

Learned::Model& Learned::model(std::string_view upstream_model) {
  std::string name(upstream_model);
  const auto found = models_.find(name);
  if (found != models_.end()) return found->second;
  if (models_.size() == max_models_) {
    models_.erase(order_.front());
    order_.pop_front();
  }
  order_.push_back(name);
  return models_[std::move(name)];
}

}  // namespace oriel::gateway
