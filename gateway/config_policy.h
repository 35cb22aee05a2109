// How a deployment wants models' requests treated, as configuration keys: each row stands twice in
// the field table, as `defaults.NAME` and as `models.*.NAME`. Source: spec/converse.md §3 to §10.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "convert/dialect.h"
#include "gateway/config_schema.h"

namespace oriel::gateway {

struct PolicyField {
  std::string_view name;  // "auto_cache"
  ConfigField::Kind kind;
  std::int64_t min;
  std::int64_t max;
  std::string_view default_text;
  std::string_view doc;
  // Returns what is wrong with the value, or nothing.
  std::string (*set)(convert::EncodePolicy& policy, FieldValue&& value);
};

std::span<const PolicyField> policy_fields();

// What must hold between a policy's fields; the text says what is wrong.
std::string check_policy(const convert::EncodePolicy& policy);

}  // namespace oriel::gateway
