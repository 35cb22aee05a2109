#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "tests/bedrock_sim/constraints.h"
#include "tests/bedrock_sim/crypto.h"
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

// ASCII white space, NBSP and the Unicode spaces of U+2000 to U+200A, U+2028/9, U+202F, U+3000.
bool is_blank(std::string_view text) {
  while (!text.empty()) {
    const std::string_view two = text.substr(0, 2);
    const std::string_view three = text.substr(0, 3);
    if (text[0] == ' ' || (text[0] >= '\t' && text[0] <= '\r')) {
      text.remove_prefix(1);
    } else if (two == "\xC2\xA0" || two == "\xC2\x85") {
      text.remove_prefix(2);
    } else if ((three >= "\xE2\x80\x80" && three <= "\xE2\x80\x8A") || three == "\xE2\x80\xA8" ||
               three == "\xE2\x80\xA9" || three == "\xE2\x80\xAF" || three == "\xE3\x80\x80") {
      text.remove_prefix(3);
    } else {
      return false;
    }
  }
  return true;
}

std::string joined(const std::vector<std::string_view>& items) {
  std::string out;
  for (const std::string_view item : items) out += (out.empty() ? "" : ", ") + std::string(item);
  return out;
}

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

class Conversation {
 public:
  Conversation(const element& body, const Model& model) : body_(body), model_(model) {}

  Fault check() {
    std::string_view previous;
    for (const element message : list_member(body_, "messages")) {
      const std::string_view role = text_member(message, "role");
      if (turn_ == 0 && role != "user") {
        return invalid(
            "A conversation must start with a user message. Try again with a "
            "conversation that starts with a user message.");
      }
      if (role == previous || role == "system") {
        return invalid(
            "A conversation must alternate between user and assistant roles. Make sure "
            "the conversation alternates between user and assistant roles and try "
            "again.");
      }
      previous = role;
      if (Fault fault = check_turn(message, role); fault.found()) return fault;
      ++turn_;
    }
    if (turn_ == 0) {
      return invalid(
          "A conversation must start with a user message. Try again with a conversation "
          "that starts with a user message.");
    }
    if (Fault fault = check_many_images(); fault.found()) return fault;
    if (saw_tool_block_ && !member(body_, "toolConfig")) {
      return invalid(
          "The toolConfig field must be defined when using toolUse and toolResult "
          "content blocks.");
    }
    if (!open_calls_.empty()) return missing_results(open_calls_);
    return previous == "assistant" ? check_prefill() : Fault{};
  }

 private:
  std::string at(std::size_t block) const {
    return "messages." + std::to_string(turn_) + ".content." + std::to_string(block);
  }

  Fault check_turn(const element& message, std::string_view role) {
    images_in_turn_ = documents_in_turn_ = 0;
    texts_in_turn_ = 0;
    results_late_ = false;
    calls_.clear();
    results_.clear();
    std::size_t count = 0;
    for (const element block : list_member(message, "content")) {
      if (Fault fault = check_block(block, role, count); fault.found()) return fault;
      ++count;
    }
    if (count == 0) {
      return invalid("The content field in the Message object at messages." +
                     std::to_string(turn_) +
                     " is empty. Add a ContentBlock object to the content "
                     "field and try again.");
    }
    if (documents_in_turn_ > 0 && texts_in_turn_ == 0) {
      return invalid("A document block at messages." + std::to_string(turn_) +
                     " needs a text block beside it. Add a text block and try again.");
    }
    if (images_in_turn_ > kMaxImagesPerMessage || documents_in_turn_ > kMaxDocumentsPerMessage) {
      return model_says("too many images and documents: " + std::to_string(images_in_turn_) +
                        " + " + std::to_string(documents_in_turn_) + " > " +
                        std::to_string(kMaxImagesPerMessage));
    }
    if (role == "user") {
      if (Fault fault = check_results(count); fault.found()) return fault;
    } else {
      open_calls_ = calls_;
    }
    return {};
  }

  Fault check_block(const element& block, std::string_view role, std::size_t index) {
    if (const auto text = member(block, "text")) {
      ++texts_in_turn_;
      last_text_ = text_of(*text);
      if (is_blank(last_text_)) {
        return invalid("The text field in the ContentBlock object at " + at(index) +
                       " is blank. Add text to the text field, and try again.");
      }
    } else if (const auto image = member(block, "image")) {
      if (role != "user") return wrong_role(index, "image", "user");
      return check_image(*image, index);
    } else if (const auto document = member(block, "document")) {
      if (role != "user") return wrong_role(index, "document", "user");
      return check_document(*document);
    } else if (const auto call = member(block, "toolUse")) {
      if (role != "assistant") return wrong_role(index, "toolUse", "assistant");
      return check_call(*call, index);
    } else if (const auto result = member(block, "toolResult")) {
      if (role != "user") return wrong_role(index, "toolResult", "user");
      return check_result(*result, index);
    } else if (const auto reasoning = member(block, "reasoningContent")) {
      if (role != "assistant") return wrong_role(index, "reasoningContent", "assistant");
      return check_reasoning(*reasoning, index);
    } else if (member(block, "video") || member(block, "audio")) {
      return unsupported(member(block, "video") ? "video" : "audio");
    }
    return {};
  }

  static Fault unsupported(const std::string& field) {
    return invalid("This model doesn't support the " + field + " field. Remove the " + field +
                   " field and try again.");
  }

  Fault wrong_role(std::size_t index, const std::string& field, const std::string& role) const {
    return invalid("The " + field + " field at " + at(index) +
                   " is only allowed in messages with "
                   "the " +
                   role + " role.");
  }

  Fault check_image(const element& image, std::size_t index) {
    if (!model_.can(kImages)) return unsupported("image");
    ++images_in_turn_;
    const auto data = deep(image, {"source", "bytes"});
    if (!data) return {};
    const std::string_view base64 = text_of(*data);
    if (base64.size() > kMaxImageBase64) {
      return model_says(at(index) + ".image.source.base64: image exceeds 5 MB maximum: " +
                        std::to_string(base64.size()) + " bytes > 5242880 bytes");
    }
    const ImageFacts facts = read_image(base64);
    const std::string_view format = text_member(image, "format");
    if (facts.format.empty()) return model_says(at(index) + ".image: Could not process image");
    if (facts.format != format) {
      return model_says(at(index) +
                        ".image.source.base64: The image was specified using the image/" +
                        std::string(format) + " media type, but the image appears to be a image/" +
                        std::string(facts.format) + " image");
    }
    const int side = std::max(facts.width, facts.height);
    if (side > kMaxPixels) {
      return model_says(at(index) +
                        ".image.source.base64.data: At least one of the image dimensions "
                        "exceed max allowed size: 8000 pixels");
    }
    ++images_;
    largest_side_ = std::max(largest_side_, side);
    return {};
  }

  Fault check_many_images() const {
    if (images_ <= kMaxImagesPerMessage || largest_side_ <= kMaxPixelsOfMany) return {};
    return model_says(
        "messages: At least one of the image dimensions exceed max allowed size for "
        "many-image requests: 2000 pixels");
  }

  Fault check_document(const element& document) {
    if (!model_.can(kDocuments)) return unsupported("document");
    ++documents_in_turn_;
    const std::string_view name = text_member(document, "name");
    if (!good_document_name(name)) {
      return invalid(
          "The document file name can only contain alphanumeric characters, whitespace "
          "characters, hyphens, parentheses, and square brackets. The name can't contain "
          "more than one consecutive whitespace character.");
    }
    if (!documents_.insert(name).second) {
      return invalid(
          "Messages can't contain duplicate document names. Rename the document and "
          "retry your request.");
    }
    const auto data = deep(document, {"source", "bytes"});
    if (data && text_of(*data).size() / 4 * 3 > kMaxDocumentBytes) {
      return invalid("The document exceeds the 4.5 MB maximum.");
    }
    return {};
  }

  Fault check_call(const element& call, std::size_t index) {
    saw_tool_block_ = true;
    const auto input = member(call, "input");
    if (input && !input->is_object()) {
      return invalid("The format of the value at " + at(index) +
                     ".toolUse.input is invalid. "
                     "Provide a json object for the field and try again.");
    }
    if (!text_member(call, "type").empty()) return {};  // A server tool's: nobody answers it.
    const std::string_view id = text_member(call, "toolUseId");
    if (!ids_.insert(id).second && model_.family == Family::kClaude) {
      return model_says(at(index) + ".tool_use.id: `tool_use` ids must be unique");
    }
    calls_.push_back(id);
    return check_mistral_id(id);
  }

  Fault check_result(const element& result, std::size_t index) {
    saw_tool_block_ = true;
    for (const element part : list_member(result, "content")) {
      if (const auto image = member(part, "image")) {
        if (Fault fault = check_image(*image, index); fault.found()) return fault;
      }
      if (const auto document = member(part, "document")) {
        ++texts_in_turn_;  // The rule of a text block beside it is for the turn's own documents.
        if (Fault fault = check_document(*document); fault.found()) return fault;
      }
    }
    results_.push_back(text_member(result, "toolUseId"));
    if (results_.size() != index + 1) results_late_ = true;
    return check_mistral_id(results_.back());
  }

  Fault check_mistral_id(std::string_view id) const {
    if (model_.family != Family::kMistral) return {};
    const bool good = id.size() >= 9 && id.find_first_of(".:") == std::string_view::npos;
    if (good) return {};
    return model_says("Tool call id was " + std::string(id) +
                      " but must be a-z, A-Z, 0-9, with a length of 9.");
  }

  Fault check_reasoning(const element& reasoning, std::size_t index) const {
    if (model_.family != Family::kClaude) return {};
    const auto text = member(reasoning, "reasoningText");
    if (!text) return {};
    const auto signature = member(*text, "signature");
    if (!signature) return model_says(at(index) + ".thinking.signature: Field required");
    if (text_of(*signature) != reasoning_signature(text_member(*text, "text"))) {
      return model_says(at(index) + ": Invalid `signature` in `thinking` block");
    }
    return {};
  }

  Fault missing_results(const std::vector<std::string_view>& ids) const {
    return invalid("Expected toolResult blocks at messages." + std::to_string(turn_) +
                   ".content for the following Ids: " + joined(ids));
  }

  // A user turn's results against the calls of the turn before.
  Fault check_results(std::size_t blocks) {
    std::vector<std::string_view> missing;
    for (const std::string_view id : open_calls_) {
      if (std::find(results_.begin(), results_.end(), id) == results_.end()) missing.push_back(id);
    }
    if (!missing.empty()) return missing_results(missing);
    if (results_.size() > open_calls_.size()) {
      return invalid("The number of toolResult blocks at messages." + std::to_string(turn_) +
                     ".content exceeds the number of toolUse blocks of previous turn.");
    }
    if (results_late_ && model_.family == Family::kClaude) {
      return model_says("messages." + std::to_string(turn_) +
                        ": `tool_use` ids were found without "
                        "`tool_result` blocks immediately after: " +
                        joined(results_) +
                        ". Each "
                        "`tool_use` block must have a corresponding `tool_result` block in the "
                        "next message.");
    }
    if (model_.can(kSplitResults) && !results_.empty() && results_.size() != blocks) {
      return invalid(
          "Conversation blocks and tool result blocks cannot be provided in the same "
          "turn.");
    }
    open_calls_.clear();
    return {};
  }

  // The conversation ends with the assistant.
  Fault check_prefill() const {
    const auto thinking = deep(body_, {"additionalModelRequestFields", "thinking", "type"});
    const bool thinks = thinking && text_of(*thinking) != "disabled";
    if (!model_.can(kPrefill) || thinks || member(body_, "toolConfig")) {
      return model_says(
          "This model does not support assistant message prefill. The conversation "
          "must end with a user message.");
    }
    const bool trailing =
        !last_text_.empty() && (last_text_.back() == ' ' || last_text_.back() == '\n' ||
                                last_text_.back() == '\t' || last_text_.back() == '\r');
    if (trailing && model_.family == Family::kClaude) {
      return model_says("messages: final assistant content cannot end with trailing whitespace");
    }
    return {};
  }

  const element& body_;
  const Model& model_;
  std::size_t turn_ = 0;
  int images_in_turn_ = 0;
  int documents_in_turn_ = 0;
  int texts_in_turn_ = 0;
  int images_ = 0;
  int largest_side_ = 0;
  bool saw_tool_block_ = false;
  bool results_late_ = false;
  std::string_view last_text_;
  std::vector<std::string_view> calls_, open_calls_, results_;
  std::set<std::string_view> ids_, documents_;
};

}  // namespace

Fault check_conversation(const element& body, const Model& model) {
  return Conversation(body, model).check();
}

std::string reasoning_signature(std::string_view text) {
  return "SIM" + hex(sha256("reasoning:" + std::string(text))).substr(0, 41) + "==";
}

}  // namespace oriel::sim
