// The passes over turns and texts, and their order. Source: spec/converse.md §5.
#include "convert/bedrock/normalise.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "convert/bedrock/documents.h"
#include "convert/bedrock/media.h"
#include "convert/bedrock/refusals.h"
#include "convert/json/reader.h"
#include "convert/json/writer.h"

namespace oriel::convert::bedrock {
namespace {

using Kind = Block::Kind;

constexpr Text kContinue = Text::literal("(continue)");
constexpr Text kPleaseContinue = Text::literal("Please continue.");
constexpr Text kUnderstood = Text::literal("Understood.");

bool is_blank_text(const Block& block) {
  return (block.kind == Kind::text || block.kind == Kind::guarded_text) &&
         json::is_blank(block.text);
}

bool is_reasoning(const Block& block) { return block.kind == Kind::reasoning; }

Turn turn_of(Turn::Role role, Text text) {
  Turn turn{role, {}};
  turn.blocks.push_back(Block::of_text(text));
  return turn;
}

// Length of the character or escape that starts at `at`.
std::size_t unit_length(std::string_view escaped, std::size_t at) {
  const auto lead = static_cast<unsigned char>(escaped[at]);
  std::size_t length = 1;
  if (lead == '\\') {
    length = at + 1 < escaped.size() && escaped[at + 1] == 'u' ? 6 : 2;
  } else if (lead >= 0xF0) {
    length = 4;
  } else if (lead >= 0xE0) {
    length = 3;
  } else if (lead >= 0xC0) {
    length = 2;
  }
  return std::min(length, escaped.size() - at);
}

Text trim_right(Text text) {
  const std::string_view escaped = text.escaped();
  std::size_t end = 0;
  for (std::size_t at = 0; at < escaped.size();) {
    std::size_t length = unit_length(escaped, at);
    const std::string_view unit = escaped.substr(at, length);
    // Half a surrogate pair is no text of its own, and never white space.
    const bool half = length == 6 && (unit[2] == 'd' || unit[2] == 'D') && unit[3] >= '8';
    at += length;
    if (half || !json::is_blank(Text::from_escaped(unit))) end = at;
  }
  return Text::from_escaped(escaped.substr(0, end));
}

bool has_user_turn(const Conversation& conversation) {
  return std::any_of(conversation.turns.begin(), conversation.turns.end(),
                     [](const Turn& turn) { return turn.role == Turn::Role::user; });
}

// A mark behind something that goes is one behind what stands before it.
void keep_mark(CacheMark mark, CacheMark* before) {
  if (before != nullptr) *before = std::max(*before, mark);
}

bool is_tool_result(const Block& block) { return block.kind == Kind::tool_result; }

}  // namespace

void inline_system(Conversation& conversation) {
  if (conversation.system.empty()) return;
  if (conversation.turns.empty() || conversation.turns.front().role != Turn::Role::user) {
    conversation.turns.emplace(conversation.turns.begin());
  }
  std::vector<Block> blocks;
  for (const SystemText& system : conversation.system) {
    blocks.push_back(Block::of_text(system.text));
    blocks.back().cache = system.cache;
  }
  auto& first = conversation.turns.front().blocks;
  first.insert(first.begin(), std::make_move_iterator(blocks.begin()),
               std::make_move_iterator(blocks.end()));
  conversation.system.clear();
  conversation.rewritten = true;
}

void drop_blank_text(Conversation& conversation) {
  CacheMark* before = conversation.system.empty() ? nullptr : &conversation.system.back().cache;
  for (Turn& turn : conversation.turns) {
    std::size_t kept = 0;
    for (std::size_t i = 0; i < turn.blocks.size(); ++i) {
      if (is_blank_text(turn.blocks[i])) {
        keep_mark(turn.blocks[i].cache, before);
        continue;
      }
      if (kept != i) turn.blocks[kept] = std::move(turn.blocks[i]);
      if (turn.blocks[kept].kind != Kind::reasoning) before = &turn.blocks[kept].cache;
      ++kept;
    }
    turn.blocks.erase(turn.blocks.begin() + static_cast<std::ptrdiff_t>(kept), turn.blocks.end());
    // Reasoning that led to nothing is no turn: Claude refuses one that ends in it.
    if (std::all_of(turn.blocks.begin(), turn.blocks.end(), is_reasoning)) turn.blocks.clear();
  }
  std::erase_if(conversation.turns, [](const Turn& turn) { return turn.blocks.empty(); });
}

void merge_turns(Conversation& conversation) {
  auto& turns = conversation.turns;
  if (turns.empty()) return;
  std::size_t last = 0;
  for (std::size_t i = 1; i < turns.size(); ++i) {
    if (turns[i].role == turns[last].role) {
      std::move(turns[i].blocks.begin(), turns[i].blocks.end(),
                std::back_inserter(turns[last].blocks));
    } else if (++last != i) {
      turns[last] = std::move(turns[i]);
    }
  }
  turns.resize(last + 1);
}

void order_blocks(Conversation& conversation) {
  for (Turn& turn : conversation.turns) {
    if (turn.role != Turn::Role::assistant) continue;  // pair_tools() has put results first
    const auto rest = std::stable_partition(turn.blocks.begin(), turn.blocks.end(), is_reasoning);
    std::stable_partition(rest, turn.blocks.end(),
                          [](const Block& block) { return block.kind != Kind::tool_use; });
  }
}

void lead_with_user(Conversation& conversation) {
  auto& turns = conversation.turns;
  if (!turns.empty() && turns.front().role == Turn::Role::user) return;
  turns.insert(turns.begin(), turn_of(Turn::Role::user, kContinue));
  conversation.rewritten = true;
}

void end_with_user(Conversation& conversation) {
  auto& turns = conversation.turns;
  if (turns.empty() || turns.back().role != Turn::Role::assistant) return;
  turns.push_back(turn_of(Turn::Role::user, kPleaseContinue));
  conversation.rewritten = true;
}

void finish_last_turn(Conversation& conversation, const ModelCapabilities& model, ToolUse tools) {
  auto& turns = conversation.turns;
  if (!model.can(ModelFeature::prefill) || tools == ToolUse::declared) {
    end_with_user(conversation);
  }
  if (turns.empty() || turns.back().role != Turn::Role::assistant) return;
  Block& last = turns.back().blocks.back();
  if (last.kind == Kind::text) last.text = trim_right(last.text);
}

void split_tool_results(Conversation& conversation) {
  std::vector<Turn> turns;
  turns.reserve(conversation.turns.size());
  for (Turn& turn : conversation.turns) {
    const auto rest = std::find_if_not(turn.blocks.begin(), turn.blocks.end(), is_tool_result);
    if (rest == turn.blocks.begin() || rest == turn.blocks.end()) {
      turns.push_back(std::move(turn));
      continue;
    }
    Turn after{Turn::Role::user, {}};
    after.blocks.assign(std::make_move_iterator(rest), std::make_move_iterator(turn.blocks.end()));
    turn.blocks.erase(rest, turn.blocks.end());
    turns.push_back(std::move(turn));
    turns.push_back(turn_of(Turn::Role::assistant, kUnderstood));
    turns.push_back(std::move(after));
  }
  conversation.turns = std::move(turns);
}

bool last_tool_turn_lacks_reasoning(const Conversation& conversation) {
  const auto holds = [](const Turn& turn, Kind kind) {
    return std::any_of(turn.blocks.begin(), turn.blocks.end(),
                       [&](const Block& block) { return block.kind == kind; });
  };
  const auto& turns = conversation.turns;
  const auto last = std::find_if(turns.rbegin(), turns.rend(),
                                 [&](const Turn& turn) { return holds(turn, Kind::tool_use); });
  return last != turns.rend() && !holds(*last, Kind::reasoning);
}

Result<Conversation> normalise(const ChatRequest& request, const ModelCapabilities& model,
                               ToolUse tools, const EncodePolicy& policy, Adjustments& adjusted,
                               std::span<const Text> wrapped_tools) {
  if (policy.strict_history) {
    if (auto checked = check_tool_history(request); !checked) return Unexpected{checked.error()};
  }
  if (auto checked = check_images(request); !checked) return Unexpected{checked.error()};
  auto converted = convert_messages(request, model, tools, policy, adjusted);
  if (!converted) return converted;
  Conversation& conversation = *converted;
  // Most conversations mention no tools: the passes about them have nothing to do.
  const bool with_tools = mentions_tools(request);
  if (with_tools && tools == ToolUse::none) neutralise_tools(conversation);
  const bool spoke = has_user_turn(conversation);
  drop_blank_text(conversation);
  if (spoke && !has_user_turn(conversation)) {
    return refuse(ErrorKind::invalid_request, "Invalid 'messages': no user message has content.",
                  "messages", {});
  }
  if (!model.can(ModelFeature::system)) inline_system(conversation);
  merge_turns(conversation);
  if (with_tools) {
    make_call_ids_unique(conversation);
    pair_tools(conversation, model);
  }
  order_blocks(conversation);
  lead_with_user(conversation);
  finish_last_turn(conversation, model, tools);
  if (with_tools && model.can(ModelFeature::split_tool_results)) split_tool_results(conversation);
  name_documents(conversation);
  introduce_documents(conversation);
  if (auto counted = check_media_counts(conversation); !counted) {
    return Unexpected{counted.error()};
  }
  if (with_tools) read_arguments(conversation, wrapped_tools);
  return converted;
}

}  // namespace oriel::convert::bedrock
