// Pictures, documents, sounds and films of a message as Converse's blocks, for models that take
// them, and the limits on them. Source: spec/converse.md §4.2, §5.2 C18 to C20. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "convert/bedrock/conversation.h"
#include "convert/bedrock/models.h"
#include "convert/chat.h"
#include "convert/error.h"

namespace oriel::convert::bedrock {

inline constexpr std::size_t kMaxMediaPerMessage = 20;  // C19: pictures and documents, merged turn
inline constexpr std::size_t kMaxImageBase64Bytes = 5UL * 1024 * 1024;     // C19: 3.75 MiB
inline constexpr std::size_t kMaxDocumentBase64Bytes = 6UL * 1024 * 1024;  // C18: 4.5 MiB
inline constexpr std::size_t kMaxVideoBase64Bytes = 25'000'000;
inline constexpr std::size_t kManyImages = 20;         // C19: above, pictures must be smaller
inline constexpr std::uint32_t kMaxImageSide = 8'000;  // pixels
inline constexpr std::uint32_t kMaxManyImageSide = 2'000;
inline constexpr std::size_t kMaxS3Uri = 1'024;

// Where a part stands.
enum class MediaPlace : std::uint8_t { message, tool_result };

bool is_media(ContentPart::Kind kind);
// What stands for a part where Converse takes no media: "[image omitted]".
Text omitted(ContentPart::Kind kind);

// The block of a media part, or why the model does not take it; `part` is its index in `message`.
Result<Block> convert_media(const Message& message, std::size_t part, MediaPlace place,
                            const ModelCapabilities& model);

// Whether `word` is one of Converse's formats of such a block.
bool is_media_format(Block::Kind kind, std::string_view word);
// Converse's `s3Location.uri`.
bool is_s3_uri(std::string_view plain);
// The sides of a picture by its header; zeros where its first bytes do not tell.
struct ImageSides {
  std::uint32_t width = 0;
  std::uint32_t height = 0;
};
ImageSides sides_of(std::string_view base64);

// C19 for every picture that is sent: its bytes and its sides.
Result<void> check_images(const ChatRequest& request);
// C18, C19: how many pictures and documents one turn holds.
Result<void> check_media_counts(const Conversation& conversation);

}  // namespace oriel::convert::bedrock
