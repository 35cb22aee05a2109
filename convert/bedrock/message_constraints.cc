// C1 to C8, C10, C14 to C20, C26: turns, their blocks, and what answers what.
#include <set>
#include <vector>

#include "convert/bedrock/alias.h"
#include "convert/bedrock/constraint_checks.h"
#include "convert/bedrock/documents.h"
#include "convert/bedrock/media.h"

namespace oriel::convert::bedrock {
namespace {

using json::Member;
using json::Text;
using json::Value;

constexpr std::size_t kMaxDocuments = 5;

bool ends_blank(Text text) {
  const std::string plain = json::unescape(text);
  return !plain.empty() &&
         std::string_view(" \t\r\n\v\f").find(plain.back()) != std::string_view::npos;
}

bool is_blank_member(Value object, std::string_view name) {
  return json::is_blank(text_of(object, name).value_or(Text()));
}

struct MediaShape {
  std::string_view member;
  ModelFeature feature;
  Block::Kind kind;
  bool in_results;
};
constexpr MediaShape kMedia[] = {
    {"image", ModelFeature::image, Block::Kind::image, true},
    {"document", ModelFeature::document, Block::Kind::document, true},
    {"audio", ModelFeature::audio, Block::Kind::audio, false},
    {"video", ModelFeature::video, Block::Kind::video, true},
};

const MediaShape* find_media(std::string_view member) {
  const auto* const found = std::find_if(std::begin(kMedia), std::end(kMedia),
                                         [&](const auto& row) { return row.member == member; });
  return found == std::end(kMedia) ? nullptr : found;
}

class Checker {
 public:
  Checker(Value body, const ModelCapabilities& model) : body_(body), model_(model) {}

  Violation check() {
    const auto messages = body_.find("messages");
    if (!messages || messages->children().empty()) return "C1 no messages";
    for (const Member item : messages->children()) turns_.push_back(item.value);
    for (at_ = 0; at_ < turns_.size(); ++at_) {
      if (auto found = check_turn()) return found;
      if (auto found = check_pairing()) return found;
    }
    if (images_ > kManyImages && longest_side_ > kMaxManyImageSide) return "C19 many large images";
    if (auto found = check_end()) return found;
    return check_system();
  }

 private:
  Violation here(std::string_view rule) const { return violation_at(rule, "messages", at_); }
  bool is_user(std::size_t turn) const { return word_of(turns_[turn], "role") == "user"; }

  std::vector<Value> blocks(std::size_t turn, std::string_view kind) const {
    std::vector<Value> found;
    const auto content = turns_[turn].find("content");
    if (!content) return found;
    for (const Member item : content->children()) {
      if (const auto block = item.value.find(kind)) found.push_back(*block);
    }
    return found;
  }

  Violation check_turn() {
    const std::string role = word_of(turns_[at_], "role");
    if (role != "user" && role != "assistant") return here("unknown role");
    if (at_ == 0 && role != "user") return here("C1 does not start with a user");
    if (at_ > 0 && is_user(at_) == is_user(at_ - 1)) return here("C2 does not alternate");
    const auto content = turns_[at_].find("content");
    if (!content || content->children().empty()) return here("C4 empty content");
    turn_images_ = 0;
    turn_documents_ = 0;
    bool others = false;
    for (const Member item : content->children()) {
      if (auto found = check_block(item.value)) return found;
      others = others || !(item.value.find("toolResult") || item.value.find("cachePoint"));
    }
    const bool results = !blocks(at_, "toolResult").empty();
    if (results && others && model_.can(ModelFeature::split_tool_results)) {
      return here("C26 tool results beside other blocks");
    }
    if (!blocks(at_, "document").empty() && blocks(at_, "text").empty()) {
      return here("C17 a document without a text");
    }
    if (turn_documents_ > kMaxDocuments) return here("C18 too many documents");
    if (turn_images_ + turn_documents_ > kMaxMediaPerMessage) return here("C19 too many images");
    return check_reasoning_order();
  }

  Violation check_block(Value block) {
    const std::string_view kind = union_member(block);
    const auto value = block.find(kind);
    if (const MediaShape* media = find_media(kind)) return check_media(*value, *media);
    if (kind == "text") {
      return is_blank_member(block, "text") ? here("C3 blank text") : std::nullopt;
    }
    if (kind == "toolUse") return check_tool_use(*value);
    if (kind == "toolResult") return check_tool_result(*value);
    if (kind == "reasoningContent") return check_reasoning_content(*value);
    if (kind == "guardContent") return check_guard_content(*value);
    return kind == "cachePoint" ? std::nullopt : here("unknown block");
  }

  Violation check_media(Value media, const MediaShape& shape) {
    if (!is_user(at_)) return here("C20 media in an assistant turn");
    if (!model_.can(shape.feature)) return here("media that the model does not take");
    const std::string format = word_of(media, "format");
    if (!is_media_format(shape.kind, format)) return here("unknown media format");
    const auto source = media.find("source");
    if (!source) return here("media without source");
    const std::string_view place = union_member(*source);
    if (place == "s3Location") {
      if (!model_.can(ModelFeature::s3_media)) return here("s3Location");
      if (!is_s3_uri(word_of(*source->find(place), "uri"))) return here("S3 uri");
    } else if (place != "bytes" || word_of(*source, "bytes").empty()) {
      return here("media without bytes");
    }
    const std::string bytes = word_of(*source, "bytes");
    if (shape.kind == Block::Kind::image) return check_image(bytes);
    if (shape.kind == Block::Kind::document) return check_document(media, format, bytes);
    if (shape.kind == Block::Kind::video && bytes.size() > kMaxVideoBase64Bytes) {
      return here("video too large");
    }
    return std::nullopt;
  }

  Violation check_image(std::string_view bytes) {
    ++images_;
    ++turn_images_;
    if (bytes.size() > kMaxImageBase64Bytes) return here("C19 image too large");
    const ImageSides sides = sides_of(bytes);
    longest_side_ = std::max({longest_side_, sides.width, sides.height});
    return longest_side_ > kMaxImageSide ? here("C19 image sides") : std::nullopt;
  }

  Violation check_document(Value document, std::string_view format, std::string_view bytes) {
    ++turn_documents_;
    const std::string name = word_of(document, "name");
    if (!is_valid_document_name(name)) return here("C15 document name");
    if (!document_names_.insert(name).second) return here("C16 document name used twice");
    const bool any_size = format == "pdf" && model_.can(ModelFeature::large_pdf);
    if (bytes.size() > kMaxDocumentBase64Bytes && !any_size) return here("C18 document too large");
    return std::nullopt;
  }

  Violation check_tool_use(Value use) {
    if (is_user(at_)) return here("C8 toolUse in a user turn");
    const auto input = use.find("input");
    if (!input || !input->is_object()) return here("C14 input is no object");
    const std::string id = word_of(use, "toolUseId");
    if (!is_valid_tool_id(id, model_.tool_id_rule)) return here("C10 id");
    if (!ids_.insert(id).second) return here("C10 id used twice");
    if (!is_valid_tool_name(word_of(use, "name"))) return here("C11 name");
    return std::nullopt;
  }

  Violation check_tool_result(Value result) {
    if (!is_user(at_)) return here("C8 toolResult in an assistant turn");
    const auto status = text_of(result, "status");
    if (status && !model_.can(ModelFeature::status_field)) return here("status");
    if (status && *status != Text::literal("error") && *status != Text::literal("success")) {
      return here("unknown status");
    }
    const auto content = result.find("content");
    if (!content || content->children().empty()) return here("C4 empty tool result");
    for (const Member item : content->children()) {
      const std::string_view kind = union_member(item.value);
      const MediaShape* media = find_media(kind);
      if (media != nullptr && media->in_results) {
        if (!model_.can(ModelFeature::tool_result_media)) return here("media in a tool result");
        if (auto found = check_media(*item.value.find(kind), *media)) return found;
      } else if (kind == "text") {
        if (is_blank_member(item.value, "text")) return here("C3 blank tool result");
      } else if (kind != "json" || !item.value.find("json")->is_object()) {
        return here("unknown content of a tool result");
      }
    }
    return std::nullopt;
  }

  Violation check_reasoning_content(Value reasoning) {
    if (is_user(at_)) return here("reasoning in a user turn");
    if (model_.family != ModelFamily::claude) return here("reasoning of another family");
    const std::string_view kind = union_member(reasoning);
    if (kind == "redactedContent") {
      return word_of(reasoning, kind).empty() ? here("empty redacted reasoning") : std::nullopt;
    }
    const auto text = reasoning.find("reasoningText");
    if (!text || !text_of(*text, "text")) return here("reasoning without text");
    return word_of(*text, "signature").empty() ? here("unsigned reasoning") : std::nullopt;
  }

  Violation check_guard_content(Value guard) {
    constexpr std::string_view kQualifiers[] = {"grounding_source", "query", "guard_content"};
    if (!is_user(at_)) return here("guardContent in an assistant turn");
    const auto text = guard.find("text");
    if (!text || is_blank_member(*text, "text")) return here("C3 blank guardContent");
    const auto qualifiers = text->find("qualifiers");
    if (!qualifiers) return std::nullopt;
    for (const Member item : qualifiers->children()) {
      const Text word = item.value.as_text().value_or(Text());
      if (!is_one_of(word.escaped(), kQualifiers)) return here("unknown qualifier");
    }
    return std::nullopt;
  }

  // Claude: reasoning leads, and something follows it.
  Violation check_reasoning_order() const {
    bool others = false;
    bool last_is_reasoning = false;
    for (const Member item : turns_[at_].find("content")->children()) {
      last_is_reasoning = item.value.find("reasoningContent").has_value();
      if (last_is_reasoning && others) return here("reasoning behind other blocks");
      others = others || !last_is_reasoning;
    }
    return last_is_reasoning ? here("a turn that ends in reasoning") : std::nullopt;
  }

  // C7, C8: a turn answers exactly the calls of the turn before it, first and in their order.
  Violation check_pairing() const {
    const auto ids = [&](std::size_t turn, std::string_view kind) {
      std::vector<std::string> found;
      for (const Value block : blocks(turn, kind)) found.push_back(word_of(block, "toolUseId"));
      return found;
    };
    const auto wanted = at_ > 0 ? ids(at_ - 1, "toolUse") : std::vector<std::string>();
    if (wanted != ids(at_, "toolResult")) return here("C7/C8 tool results do not answer the calls");
    bool results_over = false;
    for (const Member item : turns_[at_].find("content")->children()) {
      if (item.value.find("cachePoint")) continue;
      const bool result = item.value.find("toolResult").has_value();
      if (result && results_over) return here("C7 a tool result behind other blocks");
      results_over = !result;
    }
    return std::nullopt;
  }

  Violation check_end() {
    at_ = turns_.size() - 1;
    if (is_user(at_)) return std::nullopt;
    if (!blocks(at_, "toolUse").empty()) return here("C7 unanswered calls at the end");
    if (!model_.can(ModelFeature::prefill) || body_.find("toolConfig")) return here("C6 prefill");
    const auto texts = blocks(at_, "text");
    if (!texts.empty() && ends_blank(*texts.back().as_text())) return here("C5 trailing space");
    return std::nullopt;
  }

  Violation check_system() const {
    const auto system = body_.find("system");
    if (!system) return std::nullopt;
    if (!model_.can(ModelFeature::system)) return "system on a model without";
    if (system->children().empty()) return "empty system";
    for (const Member item : system->children()) {
      const std::string_view kind = union_member(item.value);
      if (kind == "cachePoint") continue;
      if (kind != "text" || is_blank_member(item.value, kind)) return "C3 blank system text";
    }
    return std::nullopt;
  }

  Value body_;
  const ModelCapabilities& model_;
  std::vector<Value> turns_;
  std::size_t at_ = 0;
  std::size_t images_ = 0;
  std::size_t turn_images_ = 0;
  std::size_t turn_documents_ = 0;
  std::uint32_t longest_side_ = 0;
  std::set<std::string> ids_;
  std::set<std::string> document_names_;
};

}  // namespace

Violation check_messages(Value body, const ModelCapabilities& model) {
  return Checker(body, model).check();
}

}  // namespace oriel::convert::bedrock
