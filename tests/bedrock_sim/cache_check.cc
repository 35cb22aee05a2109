#include "tests/bedrock_sim/constraints.h"
#include "tests/bedrock_sim/dom.h"

namespace oriel::sim {
namespace {

constexpr int kMaxCachePoints = 4;

// Cache points in the order Bedrock reads them: tools, system, messages.
class CachePoints {
 public:
  explicit CachePoints(const Model& model) : model_(model) {}

  Fault read(const element& holder) {
    const auto point = member(holder, "cachePoint");
    if (!point) return {};
    if (!model_.can(kCache)) {
      return {"AccessDeniedException",
              "You invoked an unsupported model or your request did not allow prompt caching. See "
              "the documentation for more information."};
    }
    ++count_;
    const std::string_view ttl = text_member(*point, "ttl");
    if ((!ttl.empty() && !model_.can(kCacheTtl)) || (ttl == "1h" && !model_.can(kCacheHour))) {
      return unsupported("cachePoint.ttl");
    }
    if (ttl == "1h" && five_minutes_seen_) rising_ = true;
    if (ttl != "1h") five_minutes_seen_ = true;
    return {};
  }

  Fault finish() const {
    if (count_ > kMaxCachePoints) {
      return model_says("A maximum of 4 blocks with cache_control may be provided. Found " +
                        std::to_string(count_) + ".");
    }
    if (!rising_) return {};
    return model_says(
        "a ttl='1h' cache_control block must not come after a ttl='5m' "
        "cache_control block");
  }

 private:
  const Model& model_;
  int count_ = 0;
  bool five_minutes_seen_ = false;
  bool rising_ = false;
};

bool is_text_document(const element& block) {
  const auto document = member(block, "document");
  if (!document) return false;
  const std::string_view format = text_member(*document, "format");
  return format == "txt" || format == "md" || format == "csv" || format == "html";
}

// The places of one message.
Fault check_turn(const element& message, std::size_t turn, const Model& model) {
  bool after_text_document = false;
  bool has_point = false;
  bool has_tool = false;
  std::size_t index = 0;
  for (const element block : list_member(message, "content")) {
    const bool point = member(block, "cachePoint").has_value();
    if (point && after_text_document && model.claude()) {
      return model_says("messages." + std::to_string(turn) + ".content." + std::to_string(index) +
                        ".type: Field required");
    }
    has_point = has_point || point;
    has_tool = has_tool || member(block, "toolUse") || member(block, "toolResult");
    after_text_document = is_text_document(block);
    ++index;
  }
  if (!has_point || !has_tool || model.can(kCacheTools)) return {};
  return unsupported("messages.content.cachePoint");
}

}  // namespace

Fault check_cache_points(const element& body, const Model& model) {
  CachePoints points(model);
  if (const auto tools = member(body, "toolConfig")) {
    for (const element tool : list_member(*tools, "tools")) {
      if (Fault fault = points.read(tool); fault.found()) return fault;
      if (member(tool, "cachePoint") && !model.can(kCacheTools)) {
        return unsupported("toolConfig.tools.cachePoint");
      }
    }
  }
  for (const element block : list_member(body, "system")) {
    if (Fault fault = points.read(block); fault.found()) return fault;
  }
  std::size_t turn = 0;
  for (const element message : list_member(body, "messages")) {
    for (const element block : list_member(message, "content")) {
      if (Fault fault = points.read(block); fault.found()) return fault;
    }
    if (Fault fault = check_turn(message, turn++, model); fault.found()) return fault;
  }
  return points.finish();
}

}  // namespace oriel::sim
