// C15 to C20: pictures, documents, video and audio of a conversation. One per request; fed turn by
// turn. Not thread safe.
#pragma once

#include <set>
#include <string>
#include <string_view>

#include "tests/bedrock_sim/fault.h"
#include "tests/bedrock_sim/models.h"

namespace simdjson::dom {
class element;
}

namespace oriel::sim {

class MediaCheck {
 public:
  enum class Place { kTurn, kToolResult };

  explicit MediaCheck(const Model& model) : model_(model) {}

  void start_turn();
  // One content block, or part of a tool result; others than media pass. `at` is its path.
  Fault check(const simdjson::dom::element& block, const std::string& at, Place place);
  // The turn's own blocks, when all are seen.
  Fault end_turn(bool has_text) const;
  // The whole request.
  Fault finish() const;

 private:
  Fault check_image(const simdjson::dom::element& image, const std::string& at);
  Fault check_document(const simdjson::dom::element& document);
  Fault check_source(const simdjson::dom::element& media) const;

  const Model& model_;
  int images_in_turn_ = 0;
  int documents_in_turn_ = 0;
  int bare_documents_ = 0;  // Of the turn, outside tool results.
  int images_ = 0;
  int largest_side_ = 0;
  std::set<std::string_view> names_;
};

}  // namespace oriel::sim
