// Ids and names that Converse takes, for those that it would refuse: deterministic, so that a
// history is the same bytes on every turn and every replica. Source: spec/converse.md §6.4.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "convert/bedrock/conversation.h"
#include "convert/bedrock/models.h"
#include "convert/chat.h"

namespace oriel::convert::bedrock {

inline constexpr std::size_t kMaxToolId = 64;
inline constexpr std::size_t kMaxToolName = 64;

bool is_valid_tool_id(std::string_view id, ToolIdRule rule);
bool is_valid_tool_name(std::string_view name);

// The id itself where it is valid, else one made from its hash (nine characters where the rule
// wants).
std::string alias_tool_id(std::string_view id, ToolIdRule rule);
// A deterministic id for the `occurrence`th (from 2) call that carries the same id.
std::string repeated_tool_id(std::string_view id, std::size_t occurrence);

// The names of one request: client's to upstream's, one to one.
class ToolNames {
 public:
  // Names that are valid as they stand and that no alias may take. Before the first alias().
  void reserve(Text name);
  // The name sent upstream for a client's name. The result borrows `name` or this object.
  Text alias(Text name);
  // The pairs that differ: upstream, client (both escaped).
  std::vector<std::pair<std::string, std::string>> aliased() const;

 private:
  std::unordered_set<std::string> taken_;
  std::unordered_map<std::string, std::string> aliases_;  // client -> upstream
};

// C10, C11 over a whole conversation.
void alias_tools(Conversation& conversation, ToolIdRule rule, ToolNames& names);

}  // namespace oriel::convert::bedrock
