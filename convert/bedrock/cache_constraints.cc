// C24 and §9: how many cache points, how long they live, what they follow.
#include "convert/bedrock/cache_points.h"
#include "convert/bedrock/constraint_checks.h"

namespace oriel::convert::bedrock {
namespace {

using json::Member;
using json::Value;

class Checker {
 public:
  explicit Checker(const ModelCapabilities& model) : model_(model) {}

  // `list` is one array in which points stand between other elements.
  Violation check_list(std::string_view name, Value list) {
    std::optional<Value> before;
    std::size_t index = 0;
    for (const Member item : list.children()) {
      if (const auto point = item.value.find("cachePoint")) {
        if (auto found = check_point(*point)) return violation_at(*found, name, index);
        if (!before) return violation_at("a cache point behind nothing", name, index);
        if (auto found = check_place(*before)) return violation_at(*found, name, index);
      }
      before = item.value;
      ++index;
    }
    return std::nullopt;
  }

  Violation check_turn(Value turn, std::size_t index) {
    const auto content = turn.find("content");
    if (!content) return std::nullopt;
    const std::size_t before = points_;
    if (auto found = check_list("messages." + std::to_string(index) + ".content", *content)) {
      return found;
    }
    if (model_.family != ModelFamily::nova || points_ == before) return std::nullopt;
    for (const Member item : content->children()) {
      if (item.value.find("toolUse") || item.value.find("toolResult")) {
        return violation_at("a cache point beside tools", "messages", index);
      }
    }
    return std::nullopt;
  }

 private:
  Violation check_point(Value point) {
    if (!model_.can(ModelFeature::cache)) return "a cache point on a model without";
    if (word_of(point, "type") != "default") return "unknown type of cache point";
    if (++points_ > kMaxCachePoints) return "C24 too many cache points";
    const auto ttl = text_of(point, "ttl");
    const std::string word = word_of(point, "ttl");
    if (ttl && !model_.can(ModelFeature::cache_1h)) return "ttl on a model without";
    if (ttl && word != "5m" && word != "1h") return "unknown ttl";
    if (word == "1h" && short_seen_) return "C24 1h behind 5m";
    short_seen_ = short_seen_ || word != "1h";
    return std::nullopt;
  }

  Violation check_place(Value before) const {
    constexpr std::string_view kTextFormats[] = {"csv", "html", "md", "txt"};
    if (before.find("cachePoint")) return "two cache points in a row";
    if (before.find("reasoningContent")) return "a cache point behind reasoning";
    const auto document = before.find("document");
    if (document && is_one_of(word_of(*document, "format"), kTextFormats)) {
      return "a cache point behind a text document";
    }
    return std::nullopt;
  }

  const ModelCapabilities& model_;
  std::size_t points_ = 0;
  bool short_seen_ = false;
};

}  // namespace

Violation check_cache_points(Value body, const ModelCapabilities& model) {
  Checker checker(model);
  if (const auto tools = find_under(body, {"toolConfig", "tools"})) {
    for (const Member item : tools->children()) {
      if (item.value.find("cachePoint") && !model.can(ModelFeature::cache_tools)) {
        return "a cache point in tools";
      }
    }
    if (auto found = checker.check_list("toolConfig.tools", *tools)) return found;
  }
  if (const auto system = body.find("system")) {
    if (auto found = checker.check_list("system", *system)) return found;
  }
  const auto messages = body.find("messages");
  if (!messages) return std::nullopt;
  std::size_t index = 0;
  for (const Member item : messages->children()) {
    if (auto found = checker.check_turn(item.value, index++)) return found;
  }
  return std::nullopt;
}

}  // namespace oriel::convert::bedrock
