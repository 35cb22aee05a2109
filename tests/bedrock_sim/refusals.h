// The errors that `[sim says=NAME]` asks for: every text that a gateway has to tell apart, as
// Bedrock and its models write it. Static data; any thread.
#pragma once

#include <string_view>
#include <vector>

namespace oriel::sim {

struct Refusal {
  std::string_view name;
  std::string_view type;
  std::string_view message;
};

const std::vector<Refusal>& all_refusals();
// Null when none has that name.
const Refusal* find_refusal(std::string_view name);

}  // namespace oriel::sim
