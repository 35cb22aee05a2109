// The request shapes of Bedrock Runtime as its service model has them, and the check of a body
// against them. Rows are generated (make_shapes.py). Stateless; any thread.
#pragma once

#include <cstdint>
#include <string_view>

#include "tests/bedrock_sim/fault.h"

namespace simdjson::dom {
class element;
}

namespace oriel::sim {

enum class Kind {
  kStructure,
  kUnion,
  kList,
  kMap,
  kString,
  kBlob,
  kInteger,
  kFloat,
  kBoolean,
  kDocument
};
enum class Need { kOptional, kRequired };

inline constexpr std::int64_t kUnbounded = INT64_MIN;

struct Member {
  std::string_view name;
  int shape;
  Need need;
};

struct Shape {
  Kind kind;
  std::string_view name;
  int first_member;
  int member_count;
  int first_word;  // Enum words.
  int word_count;
  int key;      // Shape of a map's keys.
  int element;  // Shape of a list's members or a map's values.
  std::int64_t min;
  std::int64_t max;
  std::string_view pattern;
};

enum class Root { kConverse, kConverseStream };

// `body` must be the parsed request. Type errors win over constraint errors, as in the service.
Fault check_shape(const simdjson::dom::element& body, Root root);

}  // namespace oriel::sim
