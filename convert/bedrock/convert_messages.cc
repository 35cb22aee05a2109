// The first pass: OpenAI messages to system texts and turns. Source: spec/converse.md §4.
#include <string>

#include "convert/bedrock/normalise.h"

namespace oriel::convert::bedrock {
namespace {

constexpr Text kNoOutput = Text::literal("(no output)");
constexpr Text kImageOmitted = Text::literal("[image omitted]");

std::string path_of(const Message& message, std::size_t part) {
  return "messages[" + std::to_string(message.index) + "].content[" + std::to_string(part) + "]";
}

Unexpected<Error> refuse(std::string text, std::string param, std::string code) {
  Error error;
  error.kind = ErrorKind::invalid_request;
  error.message = std::move(text);
  error.param = std::move(param);
  error.code = std::move(code);
  return Unexpected{std::move(error)};
}

Result<Block> convert_image(const Message& message, std::size_t part, const Image& image) {
  if (!image.url.empty()) {
    return refuse(
        "Invalid image URL: only base64 data URLs are accepted here, images are not fetched.",
        path_of(message, part) + ".image_url", "invalid_image_url");
  }
  if (image.base64.size() > kMaxImageBase64Bytes) {
    return refuse("Image too large: " + std::to_string(image.base64.size()) +
                      " bytes of base64. At most " + std::to_string(kMaxImageBase64Bytes) +
                      " are accepted.",
                  path_of(message, part) + ".image_url", "image_too_large");
  }
  Block block;
  block.kind = Block::Kind::image;
  block.base64 = image.base64;
  block.format = image.format;
  return block;
}

// The parts of one message; `images` says whether its role may show them.
enum class Images : std::uint8_t { taken, omitted };

Result<void> convert_parts(const Message& message, Images images, Conversation& conversation,
                           std::vector<Block>& blocks) {
  blocks.reserve(message.parts.size() + message.tool_calls.size());
  for (std::size_t i = 0; i < message.parts.size(); ++i) {
    const ContentPart& part = message.parts[i];
    switch (part.kind) {
      case ContentPart::Kind::text:
      case ContentPart::Kind::refusal: blocks.push_back(Block::of_text(part.text)); break;
      case ContentPart::Kind::image: {
        if (images == Images::omitted) {
          blocks.push_back(Block::of_text(kImageOmitted));
          conversation.rewritten = true;
          break;
        }
        auto block = convert_image(message, i, part.image);
        if (!block) return Unexpected{std::move(block.error())};
        blocks.push_back(std::move(*block));
        break;
      }
      case ContentPart::Kind::other:
        return refuse("Invalid value: '" + std::string(part.type_name) +
                          "'. This content type is not supported with this model.",
                      path_of(message, i) + ".type", "invalid_value");
    }
  }
  return {};
}

Result<void> convert_system(const Message& message, Conversation& conversation) {
  std::vector<Block> blocks;
  auto converted = convert_parts(message, Images::omitted, conversation, blocks);
  for (const Block& block : blocks) {
    if (!json::is_blank(block.text)) conversation.system.push_back(block.text);
  }
  return converted;
}

Result<void> convert_tool_result(const Message& message, Conversation& conversation) {
  Block result;
  result.kind = Block::Kind::tool_result;
  result.id = message.tool_call_id;
  auto converted = convert_parts(message, Images::taken, conversation, result.content);
  if (!converted) return converted;
  std::erase_if(result.content, [](const Block& block) {
    return block.kind == Block::Kind::text && json::is_blank(block.text);
  });
  if (result.content.empty()) result.content.push_back(Block::of_text(kNoOutput));
  Turn& turn = conversation.turns.emplace_back();
  turn.blocks.push_back(std::move(result));
  return {};
}

Result<void> convert_assistant(const Message& message, Conversation& conversation) {
  Turn turn{Turn::Role::assistant, {}};
  auto converted = convert_parts(message, Images::omitted, conversation, turn.blocks);
  if (!converted) return converted;
  for (const ToolCall& call : message.tool_calls) {
    Block use;
    use.kind = Block::Kind::tool_use;
    use.id = call.id;
    use.name = call.name;
    use.arguments = call.arguments;
    turn.blocks.push_back(std::move(use));
  }
  conversation.turns.push_back(std::move(turn));
  return {};
}

Result<void> convert_message(const Message& message, Conversation& conversation) {
  switch (message.role) {
    case Role::system:
    case Role::developer: return convert_system(message, conversation);
    case Role::tool: return convert_tool_result(message, conversation);
    case Role::assistant: return convert_assistant(message, conversation);
    case Role::user: break;
  }
  Turn& turn = conversation.turns.emplace_back();
  return convert_parts(message, Images::taken, conversation, turn.blocks);
}

}  // namespace

Result<Conversation> convert_messages(const ChatRequest& request) {
  Conversation conversation;
  conversation.turns.reserve(request.messages.size());
  for (const Message& message : request.messages) {
    auto converted = convert_message(message, conversation);
    if (!converted) return Unexpected{std::move(converted.error())};
  }
  return conversation;
}

}  // namespace oriel::convert::bedrock
