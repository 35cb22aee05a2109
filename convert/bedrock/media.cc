#include "convert/bedrock/media.h"

#include <algorithm>
#include <array>
#include <limits>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "convert/bedrock/refusals.h"
#include "convert/wire/base64.h"
#include "convert/wire/chars.h"
#include "convert/wire/image_probe.h"
#include "convert/wire/media_format.h"

namespace oriel::convert::bedrock {
namespace {

using Part = ContentPart::Kind;
using Kind = Block::Kind;

constexpr std::size_t kNoLimit = std::numeric_limits<std::size_t>::max();
constexpr std::size_t kMaxDocumentsPerMessage = 5;  // C18
constexpr std::size_t kHeaderBytes = 32;            // tell the sides of all but JPEG
constexpr std::size_t kPlainJpegHeaderBytes = 1024;
constexpr std::size_t kJpegHeaderBytes = 64UL * 1024;  // with metadata before the sides

struct MediaRow {
  Part part;
  Kind block;
  ModelFeature feature;
  bool in_tool_results;     // Converse's union has it there
  std::string_view member;  // of the client's part
  std::string_view noun;
  Text omitted;
  std::size_t max_base64;
  std::string_view too_large;  // codes
  std::string_view bad_url;
  std::string_view bad_format;
  std::span<const std::string_view> formats;
};
constexpr MediaRow kRows[] = {
    {Part::image, Kind::image, ModelFeature::image, true, "image_url", "image",
     Text::literal("[image omitted]"), kNoLimit, "image_too_large", "invalid_image_url",
     "unsupported_image_media_type", wire::kImageFormats},
    {Part::document, Kind::document, ModelFeature::document, true, "file", "file",
     Text::literal("[document omitted]"), kMaxDocumentBase64Bytes, "file_too_large",
     "invalid_file_url", "unsupported_file", wire::kDocumentFormats},
    {Part::audio, Kind::audio, ModelFeature::audio, false, "input_audio", "audio",
     Text::literal("[audio omitted]"), kNoLimit, "audio_too_large", "invalid_audio_url",
     "unsupported_audio_media_type", wire::kAudioFormats},
    {Part::video, Kind::video, ModelFeature::video, true, "video_url", "video",
     Text::literal("[video omitted]"), kMaxVideoBase64Bytes, "video_too_large", "invalid_video_url",
     "unsupported_video_media_type", wire::kVideoFormats},
};

const MediaRow* row_of(Part part) {
  const auto* const found = std::find_if(std::begin(kRows), std::end(kRows),
                                         [&](const MediaRow& row) { return row.part == part; });
  return found == std::end(kRows) ? nullptr : found;
}

const MediaRow* row_of(Kind kind) {
  const auto* const found = std::find_if(std::begin(kRows), std::end(kRows),
                                         [&](const MediaRow& row) { return row.block == kind; });
  return found == std::end(kRows) ? nullptr : found;
}

std::string path_of(const Message& message, std::size_t part, std::string_view member) {
  return "messages[" + std::to_string(message.index) + "].content[" + std::to_string(part) + "]." +
         std::string(member);
}

Unexpected<Error> refuse_media(std::string text, std::string_view param, std::string_view code) {
  return refuse(ErrorKind::invalid_request, std::move(text), param, code);
}

Unexpected<Error> refuse_too_large(std::string_view noun, std::size_t size, std::size_t most,
                                   std::string_view param, std::string_view code) {
  std::string text = "The " + std::string(noun) + " is too large: " + std::to_string(size) +
                     " bytes of base64. At most " + std::to_string(most) + " are accepted.";
  return refuse_media(std::move(text), param, code);
}

bool is_bucket_char(char c) { return (c >= 'a' && c <= 'z') || wire::is_digit(c); }

// An object of S3, which Bedrock fetches itself.
Result<void> convert_location(const Media& media, const MediaRow& row, const std::string& param,
                              const ModelCapabilities& model, Block& block) {
  const std::string start = "Invalid " + std::string(row.noun) + " URL: ";
  const std::string plain = json::unescape(media.url);
  if (!wire::equal_ignoring_case(plain.substr(0, 5), "s3://")) {
    return refuse_media(start + "only base64 data URLs are accepted here, " +
                            std::string(row.noun) + "s are not fetched.",
                        param, row.bad_url);
  }
  if (!model.can(ModelFeature::s3_media)) {
    return refuse_media(start + "s3 locations are only supported by certain models.", param,
                        row.bad_url);
  }
  if (!is_s3_uri(plain)) {
    return refuse_media(start + "expected 's3://', a bucket and a key.", param, row.bad_url);
  }
  if (block.format.empty()) {
    return refuse_media(start + "its extension names no format that is supported.", param,
                        row.bad_format);
  }
  block.uri = media.url;
  return {};
}

// What C18 does not limit for the newer models.
bool any_size(const Block& block, const ModelCapabilities& model) {
  return block.kind == Kind::document && block.format == "pdf" &&
         model.can(ModelFeature::large_pdf);
}

Unexpected<Error> refuse_messages(std::string message, std::string_view code) {
  return refuse_media(std::move(message), "messages", code);
}

struct MediaCounts {
  std::size_t images = 0;
  std::size_t documents = 0;
  void add(const std::vector<Block>& blocks) {
    for (const Block& block : blocks) {
      images += block.kind == Kind::image ? 1 : 0;
      documents += block.kind == Kind::document ? 1 : 0;
      add(block.content);
    }
  }
};

bool is_sent_image(const Message& message, const ContentPart& part) {
  return part.kind == Part::image && !part.media.base64.empty() &&
         (message.role == Role::user || message.role == Role::tool);
}

std::size_t count_sent_images(const ChatRequest& request) {
  std::size_t count = 0;
  for (const Message& message : request.messages) {
    for (const ContentPart& part : message.parts) {
      if (is_sent_image(message, part)) ++count;
    }
  }
  return count;
}

Result<void> check_image(const Message& message, std::size_t part, std::uint32_t most) {
  const std::string_view base64 = message.parts[part].media.base64;
  constexpr std::string_view kMember = "image_url";
  if (base64.size() > kMaxImageBase64Bytes) {
    return refuse_too_large("image", base64.size(), kMaxImageBase64Bytes,
                            path_of(message, part, kMember), "image_too_large");
  }
  const ImageSides sides = sides_of(base64);
  if (sides.width <= most && sides.height <= most) return {};
  std::string text = "The image is too large: " + std::to_string(sides.width) + " x " +
                     std::to_string(sides.height) + " pixels. At most " + std::to_string(most) +
                     " pixels per side are accepted";
  text += most == kMaxManyImageSide ? " in a request with more than 20 images." : ".";
  return refuse_media(std::move(text), path_of(message, part, kMember), "image_too_large");
}

}  // namespace

bool is_media(Part kind) { return row_of(kind) != nullptr; }

Text omitted(Part kind) {
  const MediaRow* row = row_of(kind);
  return row == nullptr ? Text() : row->omitted;
}

bool is_media_format(Kind kind, std::string_view word) {
  const MediaRow* row = row_of(kind);
  return row != nullptr &&
         std::find(row->formats.begin(), row->formats.end(), word) != row->formats.end();
}

// s3://[a-z0-9][.\-a-z0-9]{1,61}[a-z0-9](/.*)?
bool is_s3_uri(std::string_view plain) {
  constexpr std::string_view kScheme = "s3://";
  if (!plain.starts_with(kScheme) || plain.size() > kMaxS3Uri) return false;
  plain.remove_prefix(kScheme.size());
  const std::string_view bucket = plain.substr(0, plain.find('/'));
  const auto inside = [](char c) { return is_bucket_char(c) || c == '.' || c == '-'; };
  return bucket.size() >= 3 && bucket.size() <= 63 && is_bucket_char(bucket.front()) &&
         is_bucket_char(bucket.back()) && std::all_of(bucket.begin(), bucket.end(), inside) &&
         plain.find_first_of("\r\n") == std::string_view::npos;
}

ImageSides sides_of(std::string_view base64) {
  std::array<unsigned char, kHeaderBytes> first{};
  const std::size_t size = wire::decode_base64_prefix(base64, first);
  const std::span<const unsigned char> header(first.data(), size);
  auto info = wire::probe_image_info(header);
  if (!info && wire::probe_image(header) == ImageFormat::jpeg) {
    std::vector<unsigned char> longer;
    for (const std::size_t bytes : {kPlainJpegHeaderBytes, kJpegHeaderBytes}) {
      longer.resize(std::min(bytes, base64.size()));
      const std::size_t more = wire::decode_base64_prefix(base64, longer);
      info = wire::probe_image_info(std::span<const unsigned char>(longer.data(), more));
      if (info) break;
    }
  }
  return info ? ImageSides{info->width, info->height} : ImageSides{};
}

Result<Block> convert_media(const Message& message, std::size_t part, MediaPlace place,
                            const ModelCapabilities& model) {
  const Media& media = message.parts[part].media;
  const MediaRow& row = *row_of(message.parts[part].kind);
  const std::string start = "Invalid content type. " + std::string(row.member);
  if (!model.can(row.feature)) {
    return refuse_media(start + " is only supported by certain models.",
                        path_of(message, part, "type"), "invalid_value");
  }
  if (place == MediaPlace::tool_result &&
      !(row.in_tool_results && model.can(ModelFeature::tool_result_media))) {
    return refuse_media(start + " is not supported in messages with role 'tool' with this model.",
                        path_of(message, part, "type"), "invalid_value");
  }
  Block block;
  block.kind = row.block;
  block.format = media.format;
  block.base64 = media.base64;
  block.name = media.file_name;
  std::string param = path_of(message, part, row.member);
  if (!media.url.empty()) {
    auto located = convert_location(media, row, param, model, block);
    if (!located) return Unexpected{std::move(located.error())};
  }
  if (block.base64.size() > row.max_base64 && !any_size(block, model)) {
    return refuse_too_large(row.noun, block.base64.size(), row.max_base64, std::move(param),
                            row.too_large);
  }
  return block;
}

Result<void> check_images(const ChatRequest& request) {
  const std::size_t count = count_sent_images(request);
  if (count == 0) return {};
  const std::uint32_t most = count > kManyImages ? kMaxManyImageSide : kMaxImageSide;
  for (const Message& message : request.messages) {
    for (std::size_t i = 0; i < message.parts.size(); ++i) {
      if (!is_sent_image(message, message.parts[i])) continue;
      if (auto checked = check_image(message, i, most); !checked) return checked;
    }
  }
  return {};
}

Result<void> check_media_counts(const Conversation& conversation) {
  for (const Turn& turn : conversation.turns) {
    MediaCounts counts;
    counts.add(turn.blocks);
    if (counts.documents > kMaxDocumentsPerMessage) {
      return refuse_messages("Too many documents: at most " +
                                 std::to_string(kMaxDocumentsPerMessage) +
                                 " are accepted in one turn.",
                             "too_many_documents");
    }
    if (counts.images + counts.documents > kMaxMediaPerMessage) {
      return refuse_messages("Too many images: at most " + std::to_string(kMaxMediaPerMessage) +
                                 " are accepted in one turn.",
                             "too_many_images");
    }
  }
  return {};
}

}  // namespace oriel::convert::bedrock
