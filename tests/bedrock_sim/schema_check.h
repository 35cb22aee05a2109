// C25 and the subset of JSON Schema that constrained output takes: strict tools and
// outputConfig.textFormat. One per request; not thread safe.
#pragma once

#include <string>
#include <string_view>

#include "tests/bedrock_sim/fault.h"

namespace simdjson::dom {
class element;
}

namespace oriel::sim {

class SchemaCheck {
 public:
  // One whole schema; `place` names it in the fault.
  Fault read(const simdjson::dom::element& schema, const std::string& place);
  // What all of them together are too much of.
  Fault finish() const;

 private:
  Fault walk(const simdjson::dom::element& schema, int depth);
  Fault check_keywords(const simdjson::dom::element& schema, std::string_view type) const;
  void count_optionals(const simdjson::dom::element& schema);
  Fault check_reference(std::string_view reference) const;

  std::string place_;
  const simdjson::dom::element* root_ = nullptr;
  int unions_ = 0;
  int optionals_ = 0;
  int properties_ = 0;
};

}  // namespace oriel::sim
