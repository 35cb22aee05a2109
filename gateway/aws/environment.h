// The environment as a value, so that nothing but main reads the process's own. A name gives
// nullopt when it is not set; an empty value counts as not set wherever AWS settings are read.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace oriel::gateway::aws {

using Environment = std::function<std::optional<std::string>(std::string_view name)>;

inline std::optional<std::string> variable(const Environment& environment, std::string_view name) {
  std::optional<std::string> value = environment(name);
  if (value && value->empty()) value.reset();
  return value;
}

}  // namespace oriel::gateway::aws
