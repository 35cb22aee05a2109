// What the last user text says: the prompt, and the directives in it. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

#include "tests/bedrock_sim/directives.h"

namespace simdjson::dom {
class element;
}

namespace oriel::sim {

struct Prompt {
  std::string text;  // The last text of the last user message, without directives.
  Directives directives;
};

// `body` must have passed check_shape. `x_sim` is the x-sim header's value.
Prompt read_prompt(const simdjson::dom::element& body, std::string_view x_sim);

}  // namespace oriel::sim
