// Pictures, documents, sounds and films as blocks, and their limits: spec/converse.md §4.2, §5.2
// C18 to C20, trap 42.
#include "convert/bedrock/media.h"

#include <gtest/gtest.h>

#include <string>

namespace oriel::convert::bedrock {
namespace {

using Part = ContentPart::Kind;

Message message_of(Part kind, std::string_view base64, std::string_view format) {
  Message message;
  message.index = 3;
  message.parts.emplace_back().kind = kind;
  message.parts[0].media.base64 = base64;
  message.parts[0].media.format = format;
  return message;
}

ModelCapabilities model_with(ModelFeatures features) {
  ModelCapabilities model;
  model.features = features;
  return model;
}

// A PNG's header, a GIF's and a WebP's (VP8X), each 0x1F41 (8001) wide and 5 high.
constexpr std::string_view kPng = "iVBORw0KGgoAAAANSUhEUgAAH0EAAAAFCAYAAAA=";
constexpr std::string_view kGif = "R0lGODlhQR8FAAAA";
constexpr std::string_view kWebp = "UklGRgAAAABXRUJQVlA4WAoAAAAAAAAAQB8ABAAA";

TEST(Media, BlocksAreViews) {
  const std::string base64 = "AAAA";
  Message message = message_of(Part::document, base64, "pdf");
  message.parts[0].media.file_name = Text::literal("a.pdf");
  const auto block =
      convert_media(message, 0, MediaPlace::message, model_with(ModelFeature::document));
  ASSERT_TRUE(block);
  EXPECT_EQ(block->kind, Block::Kind::document);
  EXPECT_EQ(block->base64.data(), base64.data());
  EXPECT_EQ(block->format, "pdf");
  EXPECT_EQ(block->name.escaped(), "a.pdf");
}

TEST(Media, EveryKindNeedsItsFeature) {
  struct Row {
    Part kind;
    ModelFeature feature;
    std::string_view member;
    bool in_results;
  };
  const Row rows[] = {
      {Part::image, ModelFeature::image, "image_url", true},
      {Part::document, ModelFeature::document, "file", true},
      {Part::audio, ModelFeature::audio, "input_audio", false},
      {Part::video, ModelFeature::video, "video_url", true},
  };
  for (const Row& row : rows) {
    const Message message = message_of(row.kind, "AAAA", "x");
    const auto refused = convert_media(message, 0, MediaPlace::message, model_with({}));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().param, "messages[3].content[0].type");
    EXPECT_EQ(refused.error().message, "Invalid content type. " + std::string(row.member) +
                                           " is only supported by certain models.");
    EXPECT_TRUE(convert_media(message, 0, MediaPlace::message, model_with(row.feature)));
    EXPECT_FALSE(convert_media(message, 0, MediaPlace::tool_result, model_with(row.feature)));
    const auto model = model_with(row.feature | ModelFeature::tool_result_media);
    EXPECT_EQ(convert_media(message, 0, MediaPlace::tool_result, model).has_value(),
              row.in_results);
    EXPECT_FALSE(omitted(row.kind).empty());
  }
}

TEST(Media, Sizes) {
  const std::string large(kMaxDocumentBase64Bytes + 4, 'A');
  const auto plain = model_with(ModelFeature::document);
  const auto newer = model_with(ModelFeature::document | ModelFeature::large_pdf);
  const auto convert = [&](std::string_view data, std::string_view format, const auto& model) {
    return convert_media(message_of(Part::document, data, format), 0, MediaPlace::message, model);
  };
  EXPECT_TRUE(convert(std::string_view(large).substr(4), "pdf", plain));
  EXPECT_EQ(convert(large, "pdf", plain).error().code, "file_too_large");
  EXPECT_EQ(convert(large, "docx", newer).error().code, "file_too_large");
  EXPECT_TRUE(convert(large, "pdf", newer));
  const std::string film(kMaxVideoBase64Bytes + 4, 'A');
  const auto refused = convert_media(message_of(Part::video, film, "mp4"), 0, MediaPlace::message,
                                     model_with(ModelFeature::video));
  EXPECT_EQ(refused.error().code, "video_too_large");
  EXPECT_EQ(refused.error().param, "messages[3].content[0].video_url");
}

TEST(Media, S3Uris) {
  const std::string longest = "s3://bucket/" + std::string(1024 - 12, 'k');
  const std::string_view good_ones[] = {"s3://abc", "s3://a.b-c/", "s3://bucket/a/b c.png",
                                        "s3://0bucket9/x", longest};
  for (const std::string_view good : good_ones) {
    EXPECT_TRUE(is_s3_uri(good)) << good;
  }
  const std::string too_long = longest + "k";
  const std::string long_bucket = "s3://" + std::string(64, 'a');
  const std::string_view bad_ones[] = {
      "",          "s3://",       "s3://ab",    "S3://abc",    "s3://-abc",
      "s3://abc-", "s3://ab_c/k", "s3://Abc/k", "https://abc", "s3://abc/a\nb",
      too_long,    long_bucket};
  for (const std::string_view bad : bad_ones) {
    EXPECT_FALSE(is_s3_uri(bad)) << bad;
  }
}

TEST(Media, SidesByHeader) {
  for (const std::string_view base64 : {kPng, kGif, kWebp}) {
    const ImageSides sides = sides_of(base64);
    EXPECT_EQ(sides.width, 8001U) << base64;
    EXPECT_EQ(sides.height, 5U) << base64;
  }
  for (const std::string_view base64 : {"", "AAAA", "/9j/4AAQ", "iVBORw0KGgo="}) {
    EXPECT_EQ(sides_of(base64).width, 0U) << base64;
  }
}

ChatRequest request_of(Role role, std::string_view base64, int count) {
  ChatRequest request;
  Message& message = request.messages.emplace_back();
  message.role = role;
  for (int i = 0; i < count; ++i) {
    ContentPart& part = message.parts.emplace_back();
    part.kind = Part::image;
    part.media.base64 = base64;
    part.media.format = "png";
  }
  return request;
}

TEST(Images, Limits) {
  EXPECT_EQ(check_images(request_of(Role::user, kPng, 1)).error().code, "image_too_large");
  EXPECT_EQ(check_images(request_of(Role::tool, kGif, 1)).error().param,
            "messages[0].content[0].image_url");
  EXPECT_TRUE(check_images(request_of(Role::assistant, kPng, 1)));  // is not sent
  const std::string exactly(kMaxImageBase64Bytes, 'A');
  EXPECT_TRUE(check_images(request_of(Role::user, exactly, 1)));
  const std::string over = exactly + "AAAA";
  EXPECT_EQ(check_images(request_of(Role::user, over, 1)).error().message,
            "The image is too large: 5242884 bytes of base64. At most 5242880 are accepted.");
}

TEST(Images, CountsOfATurn) {
  Conversation conversation;
  Turn& turn = conversation.turns.emplace_back();
  Block image;
  image.kind = Block::Kind::image;
  Block document = image;
  document.kind = Block::Kind::document;
  Block result;
  result.kind = Block::Kind::tool_result;
  result.content.assign(8, image);
  turn.blocks.assign(10, image);
  turn.blocks.push_back(result);
  turn.blocks.insert(turn.blocks.end(), 2, document);
  EXPECT_TRUE(check_media_counts(conversation));
  turn.blocks.push_back(document);  // "too many images and documents: 18 + 3 > 20"
  EXPECT_EQ(check_media_counts(conversation).error().code, "too_many_images");
  turn.blocks.assign(6, document);
  EXPECT_EQ(check_media_counts(conversation).error().code, "too_many_documents");
}

}  // namespace
}  // namespace oriel::convert::bedrock
