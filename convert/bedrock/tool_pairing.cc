// Pairing calls with results, and taking both away where no tools may be named.
// Source: spec/converse.md §5.4, §6.5.
#include <algorithm>
#include <string>
#include <unordered_map>
#include <utility>

#include "convert/bedrock/alias.h"
#include "convert/bedrock/normalise.h"

namespace oriel::convert::bedrock {
namespace {

using Kind = Block::Kind;

constexpr Text kNotExecuted = Text::literal("Tool call was not executed.");

// A result as text that says whose it was: `label` and then its content.
void append_as_text(const Block& result, std::string_view label, Conversation& conversation,
                    std::vector<Block>& out) {
  std::string& text = conversation.arena.make();
  text.append("[").append(label).append("]");
  std::vector<Block> pictures;
  for (const Block& block : result.content) {
    if (block.kind == Kind::text) {
      text.append(" ").append(block.text.escaped());
    } else {
      pictures.push_back(block);
    }
  }
  out.push_back(Block::of_text(Text::from_escaped(text)));
  std::move(pictures.begin(), pictures.end(), std::back_inserter(out));
  out.back().cache = result.cache;
  conversation.rewritten = true;
}

Block missing_result(Text id, const ModelCapabilities& model) {
  Block block;
  block.kind = Kind::tool_result;
  block.id = id;
  block.failed = model.can(ModelFeature::status_field);
  block.content.push_back(Block::of_text(kNotExecuted));
  return block;
}

// Makes `user` answer exactly the calls of `assistant`, in their order, before anything else.
void pair_turn(const Turn* assistant, Turn& user, const ModelCapabilities& model,
               Conversation& conversation) {
  std::unordered_map<std::string_view, std::size_t> result_of;  // id -> index of its last result
  for (std::size_t i = 0; i < user.blocks.size(); ++i) {
    if (user.blocks[i].kind == Kind::tool_result) result_of[user.blocks[i].id.escaped()] = i;
  }
  std::vector<Block> paired;
  std::vector<bool> used(user.blocks.size(), false);
  if (assistant != nullptr) {
    for (const Block& call : assistant->blocks) {
      if (call.kind != Kind::tool_use) continue;
      const auto found = result_of.find(call.id.escaped());
      if (found == result_of.end()) {
        paired.push_back(missing_result(call.id, model));
        conversation.rewritten = true;
        continue;
      }
      paired.push_back(std::move(user.blocks[found->second]));
      used[found->second] = true;
    }
  }
  for (std::size_t i = 0; i < user.blocks.size(); ++i) {
    if (used[i]) continue;
    Block& block = user.blocks[i];
    if (block.kind != Kind::tool_result) {
      paired.push_back(std::move(block));
    } else if (const std::size_t last = result_of[block.id.escaped()]; last != i && used[last]) {
      conversation.rewritten = true;  // an earlier answer to the same call
    } else {
      const std::string label = "tool result " + std::string(block.id.escaped());
      append_as_text(block, label, conversation, paired);
    }
  }
  user.blocks = std::move(paired);
}

bool has_calls(const Turn& turn) {
  return std::any_of(turn.blocks.begin(), turn.blocks.end(),
                     [](const Block& block) { return block.kind == Kind::tool_use; });
}

}  // namespace

void make_call_ids_unique(Conversation& conversation) {
  std::unordered_map<std::string_view, std::size_t> seen;  // id -> calls that carry it
  auto& turns = conversation.turns;
  for (std::size_t t = 0; t < turns.size(); ++t) {
    if (turns[t].role != Turn::Role::assistant) continue;
    std::unordered_map<std::string_view, std::vector<Text>> renamed;  // id -> its calls here
    for (Block& block : turns[t].blocks) {
      if (block.kind != Kind::tool_use) continue;
      const Text id = block.id;
      const std::size_t occurrence = ++seen[id.escaped()];
      if (occurrence > 1) {
        block.id = conversation.arena.keep_escaped(repeated_tool_id(id.escaped(), occurrence));
      }
      renamed[id.escaped()].push_back(block.id);
    }
    if (renamed.empty() || t + 1 == turns.size()) continue;
    // The results follow their calls: the last ones where there are more than calls.
    std::unordered_map<std::string_view, std::size_t> left;
    for (const Block& block : turns[t + 1].blocks) {
      if (block.kind == Kind::tool_result) ++left[block.id.escaped()];
    }
    for (Block& block : turns[t + 1].blocks) {
      if (block.kind != Kind::tool_result) continue;
      const auto calls = renamed.find(block.id.escaped());
      if (calls == renamed.end()) continue;
      std::size_t& remaining = left[block.id.escaped()];
      const std::size_t surplus =
          remaining > calls->second.size() ? remaining - calls->second.size() : 0;
      --remaining;
      if (surplus > 0) continue;
      block.id = calls->second.front();
      if (calls->second.size() > 1) calls->second.erase(calls->second.begin());
    }
  }
}

void pair_tools(Conversation& conversation, const ModelCapabilities& model) {
  auto& turns = conversation.turns;
  if (!turns.empty() && turns.back().role == Turn::Role::assistant && has_calls(turns.back())) {
    turns.emplace_back();
  }
  for (std::size_t i = 0; i < turns.size(); ++i) {
    if (turns[i].role != Turn::Role::user) continue;
    pair_turn(i > 0 ? &turns[i - 1] : nullptr, turns[i], model, conversation);
  }
}

void neutralise_tools(Conversation& conversation) {
  std::unordered_map<std::string_view, Text> names;  // of the calls so far
  for (Turn& turn : conversation.turns) {
    // Signed for a turn that calls: without the calls it is refused.
    if (has_calls(turn)) {
      std::erase_if(turn.blocks, [](const Block& block) { return block.kind == Kind::reasoning; });
    }
    std::vector<Block> blocks;
    blocks.reserve(turn.blocks.size());
    for (Block& block : turn.blocks) {
      if (block.kind == Kind::tool_use) {
        names[block.id.escaped()] = block.name;
        std::string& text = conversation.arena.make();
        text.append("[called ").append(block.name.escaped()).append(" with ");
        text.append(json::is_blank(block.arguments) ? "{}" : block.arguments.escaped());
        text.append("]");
        blocks.push_back(Block::of_text(Text::from_escaped(text)));
        blocks.back().cache = block.cache;
        conversation.rewritten = true;
      } else if (block.kind == Kind::tool_result) {
        const auto name = names.find(block.id.escaped());
        const std::string label = name == names.end()
                                      ? "tool result " + std::string(block.id.escaped())
                                      : "result of " + std::string(name->second.escaped());
        append_as_text(block, label, conversation, blocks);
      } else {
        blocks.push_back(std::move(block));
      }
    }
    turn.blocks = std::move(blocks);
  }
}

}  // namespace oriel::convert::bedrock
