// The first pass: OpenAI messages to system texts and turns. Source: spec/converse.md §4.
#include <algorithm>
#include <string>
#include <utility>

#include "convert/bedrock/media.h"
#include "convert/bedrock/normalise.h"

namespace oriel::convert::bedrock {
namespace {

using Action = Adjustment::Action;
using Part = ContentPart::Kind;

constexpr Text kNoOutput = Text::literal("(no output)");

bool is_blank_text(const Block& block) {
  return block.kind == Block::Kind::text && json::is_blank(block.text);
}

// Whether two user messages name different authors.
bool has_several_authors(const ChatRequest& request) {
  Text first;
  for (const Message& message : request.messages) {
    if (message.role != Role::user || message.name.empty()) continue;
    if (first.empty()) first = message.name;
    if (message.name != first) return true;
  }
  return false;
}

// Claude signs its reasoning and wants it back; no other family takes any.
bool takes_reasoning(const ModelCapabilities& model) {
  return model.family == ModelFamily::claude &&
         (model.reasoning == ReasoningMode::adaptive || model.reasoning == ReasoningMode::manual);
}

class MessageConverter {
 public:
  MessageConverter(const ChatRequest& request, const ModelCapabilities& model, ToolUse tools,
                   const EncodePolicy& policy, Adjustments& adjusted)
      : request_(request),
        model_(model),
        tools_(tools),
        policy_(policy),
        adjusted_(adjusted),
        prefix_names_(policy.prefix_user_names && has_several_authors(request)) {}

  Result<Conversation> convert() {
    conversation_.turns.reserve(request_.messages.size());
    for (const Message& message : request_.messages) {
      auto converted = convert_message(message);
      if (!converted) return Unexpected{std::move(converted.error())};
    }
    return std::move(conversation_);
  }

 private:
  Result<void> convert_message(const Message& message) {
    const bool told = message.role == Role::tool || (prefix_names_ && message.role == Role::user);
    if (!message.name.empty() && !told) {
      adjusted_.add("name", Action::dropped);
    }
    switch (message.role) {
      case Role::system:
      case Role::developer: return convert_system(message);
      case Role::tool: return convert_tool_result(message);
      case Role::assistant: return convert_assistant(message);
      case Role::user: return convert_user(message);
    }
    return {};
  }

  // Appends the message's parts; media become a placeholder where the role shows none.
  enum class MediaUse : std::uint8_t { shown, in_result, omitted };
  Result<void> convert_parts(const Message& message, MediaUse use, std::vector<Block>& blocks) {
    blocks.reserve(message.parts.size() + message.tool_calls.size() + message.reasoning.size());
    for (std::size_t i = 0; i < message.parts.size(); ++i) {
      const ContentPart& part = message.parts[i];
      if (!is_media(part.kind)) {
        Block& block = blocks.emplace_back(Block::of_text(part.text));
        if (part.kind == Part::guarded_text && use == MediaUse::shown) {
          block.kind = Block::Kind::guarded_text;
          block.guard_qualifiers = part.guard_qualifiers;
        }
      } else if (use == MediaUse::omitted) {
        blocks.push_back(Block::of_text(omitted(part.kind)));
        conversation_.rewritten = true;
      } else {
        const auto place =
            use == MediaUse::in_result ? MediaPlace::tool_result : MediaPlace::message;
        auto block = convert_media(message, i, place, model_);
        if (!block) return Unexpected{std::move(block.error())};
        blocks.push_back(std::move(*block));
      }
      blocks.back().cache = part.cache;
    }
    return {};
  }

  // The mark behind a message is one behind its last block.
  void mark_message(const Message& message, std::vector<Block>& blocks) {
    if (message.cache == CacheMark::none) return;
    if (blocks.empty()) {
      adjusted_.add("cache_control", Action::dropped);
    } else {
      blocks.back().cache = std::max(blocks.back().cache, message.cache);
    }
  }

  Result<void> convert_system(const Message& message) {
    std::vector<Block> blocks;
    auto converted = convert_parts(message, MediaUse::omitted, blocks);
    if (!converted) return converted;
    mark_message(message, blocks);
    const bool inlined = policy_.inline_system && !conversation_.turns.empty();
    if (inlined) {
      inline_instruction(std::move(blocks));
      return {};
    }
    auto& system = conversation_.system;
    for (const Block& block : blocks) {
      if (!is_blank_text(block)) {
        system.emplace_back(block.text, block.cache);
      } else if (!system.empty()) {
        system.back().cache = std::max(system.back().cache, block.cache);
      }
    }
    return {};
  }

  // An instruction between turns, where it stands.
  void inline_instruction(std::vector<Block> blocks) {
    std::erase_if(blocks, is_blank_text);
    for (Block& block : blocks) {
      std::string& text = conversation_.arena.make();
      text.append("<system>").append(block.text.escaped()).append("</system>");
      block.text = Text::from_escaped(text);
      conversation_.rewritten = true;
    }
    if (!blocks.empty()) conversation_.turns.push_back({Turn::Role::user, std::move(blocks)});
  }

  Result<void> convert_user(const Message& message) {
    Turn turn;
    auto converted = convert_parts(message, MediaUse::shown, turn.blocks);
    if (!converted) return converted;
    mark_message(message, turn.blocks);
    if (prefix_names_ && !message.name.empty()) prefix_name(message.name, turn.blocks);
    conversation_.turns.push_back(std::move(turn));
    return {};
  }

  void prefix_name(Text name, std::vector<Block>& blocks) {
    const auto said = std::find_if(blocks.begin(), blocks.end(), [](const Block& block) {
      return block.kind == Block::Kind::text && !is_blank_text(block);
    });
    if (said == blocks.end()) return;
    std::string& text = conversation_.arena.make();
    text.append(name.escaped()).append(": ").append(said->text.escaped());
    said->text = Text::from_escaped(text);
    conversation_.rewritten = true;
  }

  Result<void> convert_tool_result(const Message& message) {
    Block result;
    result.kind = Block::Kind::tool_result;
    result.id = message.tool_call_id;
    result.cache = message.cache;
    result.failed = message.failed && model_.can(ModelFeature::status_field);
    if (message.failed && !result.failed) adjusted_.add("is_error", Action::dropped);
    // Without a toolConfig the result becomes an ordinary part of the turn.
    const MediaUse use = tools_ == ToolUse::none ? MediaUse::shown : MediaUse::in_result;
    auto converted = convert_parts(message, use, result.content);
    if (!converted) return converted;
    // A result's content has no place for cache points: they come behind it.
    for (Block& block : result.content) {
      if (block.kind == Block::Kind::guarded_text) block.kind = Block::Kind::text;
      result.cache = std::max(result.cache, std::exchange(block.cache, CacheMark::none));
    }
    std::erase_if(result.content, is_blank_text);
    if (result.content.empty()) result.content.push_back(Block::of_text(kNoOutput));
    Turn& turn = conversation_.turns.emplace_back();
    turn.blocks.push_back(std::move(result));
    return {};
  }

  void convert_reasoning(const Message& message, std::vector<Block>& blocks) {
    for (const ReasoningBlock& reasoning : message.reasoning) {
      if (reasoning.signature.empty() && reasoning.redacted.empty()) continue;
      if (!takes_reasoning(model_)) {
        adjusted_.add("thinking_blocks", Action::dropped);
        return;
      }
      Block& block = blocks.emplace_back();
      block.kind = Block::Kind::reasoning;
      block.text = reasoning.text;
      block.signature = reasoning.signature;
      block.redacted = reasoning.redacted;
    }
  }

  Result<void> convert_assistant(const Message& message) {
    Turn turn{Turn::Role::assistant, {}};
    convert_reasoning(message, turn.blocks);
    const std::size_t reasoned = turn.blocks.size();
    auto converted = convert_parts(message, MediaUse::omitted, turn.blocks);
    if (!converted) return converted;
    for (const ToolCall& call : message.tool_calls) {
      Block& use = turn.blocks.emplace_back();
      use.kind = Block::Kind::tool_use;
      use.custom = call.custom;
      use.id = call.id;
      use.name = call.name;
      use.arguments = call.arguments;
    }
    // Reasoning alone bears no mark.
    if (turn.blocks.size() > reasoned) mark_message(message, turn.blocks);
    conversation_.turns.push_back(std::move(turn));
    return {};
  }

  const ChatRequest& request_;
  const ModelCapabilities& model_;
  const ToolUse tools_;
  const EncodePolicy& policy_;
  Adjustments& adjusted_;
  const bool prefix_names_;
  Conversation conversation_;
};

}  // namespace

Result<Conversation> convert_messages(const ChatRequest& request, const ModelCapabilities& model,
                                      ToolUse tools, const EncodePolicy& policy,
                                      Adjustments& adjusted) {
  return MessageConverter(request, model, tools, policy, adjusted).convert();
}

bool mentions_tools(const ChatRequest& request) {
  return std::any_of(request.messages.begin(), request.messages.end(), [](const Message& message) {
    return message.role == Role::tool || !message.tool_calls.empty();
  });
}

}  // namespace oriel::convert::bedrock
