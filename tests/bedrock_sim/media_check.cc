#include "tests/bedrock_sim/media_check.h"

#include <algorithm>

#include "tests/bedrock_sim/constraints.h"
#include "tests/bedrock_sim/dom.h"
#include "tests/bedrock_sim/image_header.h"

namespace oriel::sim {
namespace {

constexpr std::size_t kMaxImageBase64 = 5242880;
constexpr std::size_t kMaxDocumentBytes = 4718592;
constexpr int kMaxImagesPerMessage = 20;
constexpr int kMaxDocumentsPerMessage = 5;
constexpr int kMaxPixels = 8000;
constexpr int kMaxPixelsOfMany = 2000;

bool good_document_name(std::string_view name) {
  bool space = false;
  for (const char c : name) {
    const bool blank = c == ' ' || c == '\t' || c == '\n';
    const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (!plain && !blank && std::string_view("-()[]").find(c) == std::string_view::npos) {
      return false;
    }
    if (blank && space) return false;
    space = blank;
  }
  return true;
}

}  // namespace

void MediaCheck::start_turn() { images_in_turn_ = documents_in_turn_ = bare_documents_ = 0; }

Fault MediaCheck::check(const element& block, const std::string& at, Place place) {
  struct Kind {
    const char* name;
    std::uint64_t trait;
  };
  for (const Kind& kind : {Kind{"image", kImages}, Kind{"document", kDocuments},
                           Kind{"video", kVideo}, Kind{"audio", kAudio}}) {
    const auto media = member(block, kind.name);
    if (!media) continue;
    if (!model_.can(kind.trait)) return unsupported(kind.name);
    if (place == Place::kToolResult && !model_.can(kResultMedia)) {
      return unsupported(std::string("toolResult.content.") + kind.name);
    }
    if (Fault fault = check_source(*media); fault.found()) return fault;
    if (kind.trait == kImages) return check_image(*media, at);
    if (kind.trait != kDocuments) return {};
    if (place == Place::kTurn) ++bare_documents_;
    return check_document(*media);
  }
  return {};
}

Fault MediaCheck::check_source(const element& media) const {
  if (!deep(media, {"source", "s3Location"}) || model_.can(kS3)) return {};
  return unsupported("s3Location");
}

Fault MediaCheck::check_image(const element& image, const std::string& at) {
  ++images_in_turn_;
  const auto data = deep(image, {"source", "bytes"});
  if (!data) return {};
  const std::string_view base64 = text_of(*data);
  if (base64.size() > kMaxImageBase64) {
    return model_says(at + ".image.source.base64: image exceeds 5 MB maximum: " +
                      std::to_string(base64.size()) + " bytes > 5242880 bytes");
  }
  const ImageFacts facts = read_image(base64);
  const std::string_view format = text_member(image, "format");
  if (facts.format.empty()) return model_says(at + ".image: Could not process image");
  if (facts.format != format) {
    return model_says(at + ".image.source.base64: The image was specified using the image/" +
                      std::string(format) + " media type, but the image appears to be a image/" +
                      std::string(facts.format) + " image");
  }
  const int side = std::max(facts.width, facts.height);
  if (side > kMaxPixels) {
    return model_says(at +
                      ".image.source.base64.data: At least one of the image dimensions "
                      "exceed max allowed size: 8000 pixels");
  }
  ++images_;
  largest_side_ = std::max(largest_side_, side);
  return {};
}

Fault MediaCheck::check_document(const element& document) {
  const std::string_view name = text_member(document, "name");
  if (!good_document_name(name)) {
    return invalid(
        "The document file name can only contain alphanumeric characters, whitespace "
        "characters, hyphens, parentheses, and square brackets. The name can't contain "
        "more than one consecutive whitespace character.");
  }
  if (!names_.insert(name).second) {
    return invalid(
        "Messages can't contain duplicate document names. Rename the document and "
        "retry your request.");
  }
  if (model_.can(kManyPdfs) && text_member(document, "format") == "pdf") return {};
  ++documents_in_turn_;
  const auto data = deep(document, {"source", "bytes"});
  if (data && text_of(*data).size() / 4 * 3 > kMaxDocumentBytes) {
    return invalid("The document exceeds the 4.5 MB maximum.");
  }
  return {};
}

Fault MediaCheck::end_turn(bool has_text) const {
  if (bare_documents_ > 0 && !has_text) {
    return invalid("A text block must be included when using documents.");
  }
  if (images_in_turn_ > kMaxImagesPerMessage || documents_in_turn_ > kMaxDocumentsPerMessage) {
    return model_says("too many images and documents: " + std::to_string(images_in_turn_) + " + " +
                      std::to_string(documents_in_turn_) + " > " +
                      std::to_string(kMaxImagesPerMessage));
  }
  return {};
}

Fault MediaCheck::finish() const {
  if (images_ <= kMaxImagesPerMessage || largest_side_ <= kMaxPixelsOfMany) return {};
  return model_says(
      "messages: At least one of the image dimensions exceed max allowed size for "
      "many-image requests: 2000 pixels");
}

}  // namespace oriel::sim
