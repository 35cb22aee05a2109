#include "convert/bedrock/constraints.h"

#include "convert/bedrock/constraint_checks.h"

namespace oriel::convert::bedrock {

Violation find_violation(json::Value body, const ModelCapabilities& model) {
  for (const auto check :
       {check_messages, check_cache_points, check_tool_config, check_settings, check_reasoning}) {
    if (auto found = check(body, model)) return found;
  }
  return std::nullopt;
}

}  // namespace oriel::convert::bedrock
