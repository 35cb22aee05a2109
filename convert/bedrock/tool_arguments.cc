// The input of history's calls, which Converse wants as an object. Source: spec/converse.md §3
// (custom tools), §4.3, §6.1 (wrapped schemas).
#include <algorithm>
#include <optional>

#include "convert/bedrock/normalise.h"
#include "convert/json/padded_buffer.h"
#include "convert/json/reader.h"
#include "convert/json/writer.h"

namespace oriel::convert::bedrock {
namespace {

constexpr Raw kNothing{"{}"};

class ArgumentReader {
 public:
  ArgumentReader(Conversation& conversation, std::span<const Text> wrapped_tools)
      : conversation_(conversation), wrapped_tools_(wrapped_tools) {}

  Raw input_of(const Block& call) {
    if (call.custom) return object_of("input", call.arguments);
    if (json::is_blank(call.arguments)) return kNothing;
    if (!reader_) reader_.emplace();
    std::string& plain = conversation_.arena.make();
    json::append_unescaped(call.arguments, plain);
    const std::size_t size = plain.size();
    plain.append(json::PaddedBuffer::kPadding, '\0');
    const auto value = reader_->read(std::string_view(plain).substr(0, size));
    const bool wrapped =
        std::find(wrapped_tools_.begin(), wrapped_tools_.end(), call.name) != wrapped_tools_.end();
    if (value && wrapped) return object_of("value", value->raw());
    if (value && value->is_object()) return value->raw();
    if (value && value->is_null()) return kNothing;
    conversation_.rewritten = true;
    return object_of("_raw", call.arguments);
  }

 private:
  Raw object_of(std::string_view member, Text text) {
    std::string& object = conversation_.arena.make();
    json::Writer(object).begin_object().key(member).text(text).end_object();
    return {object};
  }
  Raw object_of(std::string_view member, Raw value) {
    std::string& object = conversation_.arena.make();
    json::Writer(object).begin_object().key(member).raw(value).end_object();
    return {object};
  }

  Conversation& conversation_;
  std::span<const Text> wrapped_tools_;
  std::optional<json::Reader> reader_;
};

}  // namespace

void read_arguments(Conversation& conversation, std::span<const Text> wrapped_tools) {
  ArgumentReader arguments(conversation, wrapped_tools);
  for (Turn& turn : conversation.turns) {
    for (Block& block : turn.blocks) {
      if (block.kind != Block::Kind::tool_use || !block.input.empty()) continue;
      block.input = arguments.input_of(block);
    }
  }
}

}  // namespace oriel::convert::bedrock
