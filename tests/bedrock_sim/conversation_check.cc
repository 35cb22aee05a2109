#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "tests/bedrock_sim/constraints.h"
#include "tests/bedrock_sim/crypto.h"
#include "tests/bedrock_sim/dom.h"
#include "tests/bedrock_sim/media_check.h"

namespace oriel::sim {
namespace {

std::string joined(const std::vector<std::string_view>& items) {
  std::string out;
  for (const std::string_view item : items) out += (out.empty() ? "" : ", ") + std::string(item);
  return out;
}

Fault must_start_with_user() {
  return invalid(
      "A conversation must start with a user message. Try again with a conversation that "
      "starts with a user message.");
}

// Who may say what: blocks that only one role may hold.
struct RoleRule {
  const char* field;
  std::string_view role;
};
constexpr RoleRule kRoleRules[] = {
    {"image", "user"},        {"document", "user"},     {"video", "user"},
    {"audio", "user"},        {"toolResult", "user"},   {"guardContent", "user"},
    {"searchResult", "user"}, {"toolUse", "assistant"}, {"citationsContent", "assistant"},
};

class Conversation {
 public:
  Conversation(const element& body, const Model& model)
      : body_(body), model_(model), thought_(thought_of(body, model)), media_(model) {}

  Fault check() {
    std::string_view previous;
    for (const element message : list_member(body_, "messages")) {
      const std::string_view role = text_member(message, "role");
      if (turn_ == 0 && role != "user") return must_start_with_user();
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
    if (turn_ == 0) return must_start_with_user();
    if (Fault fault = media_.finish(); fault.found()) return fault;
    if (saw_tool_block_ && !member(body_, "toolConfig")) {
      return invalid(
          "The toolConfig field must be defined when using toolUse and toolResult "
          "content blocks.");
    }
    if (!open_calls_.empty()) return missing_results(open_calls_);
    if (!wanted_thinking_.empty()) return missing_thinking();
    return previous == "assistant" ? check_prefill() : Fault{};
  }

 private:
  std::string at(std::size_t block) const {
    return "messages." + std::to_string(turn_) + ".content." + std::to_string(block);
  }

  Fault check_turn(const element& message, std::string_view role) {
    has_text_ = results_late_ = false;
    last_text_ = {};
    calls_.clear();
    results_.clear();
    kinds_.clear();
    media_.start_turn();
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
    if (Fault fault = media_.end_turn(has_text_); fault.found()) return fault;
    if (role == "user") return check_results();
    open_calls_ = calls_;
    return check_thinking_order();
  }

  Fault check_block(const element& block, std::string_view role, std::size_t index) {
    for (const RoleRule& rule : kRoleRules) {
      if (rule.role != role && member(block, rule.field)) {
        return wrong_role(index, rule.field, rule.role);
      }
    }
    if (member(block, "cachePoint")) return {};  // It marks the block before it: no block itself.
    kinds_.push_back(kind_of(block));
    if (const auto text = member(block, "text")) {
      has_text_ = true;
      last_text_ = text_of(*text);
      return is_blank(last_text_) ? blank_text("ContentBlock", at(index)) : Fault{};
    }
    if (const auto guarded = deep(block, {"guardContent", "text", "text"})) {
      has_text_ = true;
      return is_blank(text_of(*guarded)) ? blank_text("GuardrailConverseContentBlock", at(index))
                                         : Fault{};
    }
    if (const auto call = member(block, "toolUse")) return check_call(*call, index);
    if (const auto result = member(block, "toolResult")) return check_result(*result, index);
    if (const auto reasoning = member(block, "reasoningContent")) {
      return check_reasoning(*reasoning, role, index);
    }
    return media_.check(block, at(index), MediaCheck::Place::kTurn);
  }

  // A block's name on the model's side.
  static std::string_view kind_of(const element& block) {
    if (const auto reasoning = member(block, "reasoningContent")) {
      return member(*reasoning, "redactedContent") ? "redacted_thinking" : "thinking";
    }
    if (member(block, "toolUse")) return "tool_use";
    if (member(block, "toolResult")) return "tool_result";
    return "text";
  }

  static Fault blank_text(const std::string& object, const std::string& place) {
    return invalid("The text field in the " + object + " object at " + place +
                   " is blank. Add text to the text field, and try again.");
  }

  Fault wrong_role(std::size_t index, const std::string& field, std::string_view role) const {
    return invalid("The " + field + " field at " + at(index) +
                   " is only allowed in messages with the " + std::string(role) + " role.");
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
    if (!ids_.insert(id).second && model_.claude()) {
      return model_says(at(index) + ".tool_use.id: `tool_use` ids must be unique");
    }
    calls_.push_back(id);
    return check_tool_id(id);
  }

  Fault check_result(const element& result, std::size_t index) {
    saw_tool_block_ = true;
    if (member(result, "status") && !model_.can(kStatus)) return unsupported("toolResult.status");
    std::size_t number = 0;
    for (const element part : list_member(result, "content")) {
      const std::string place = at(index) + ".toolResult.content." + std::to_string(number++);
      const auto text = member(part, "text");
      if (text && is_blank(text_of(*text))) {
        if (!model_.claude()) return blank_text("ToolResultContentBlock", place);
        return model_says(text_of(*text).empty()
                              ? "messages: text content blocks must be non-empty"
                              : "messages: text content blocks must contain non-whitespace text");
      }
      const auto json = member(part, "json");
      if (json && !json->is_object()) {
        return invalid("The format of the value at " + place +
                       ".json is invalid. Provide a json object for the field and try again.");
      }
      Fault fault = media_.check(part, place, MediaCheck::Place::kToolResult);
      if (fault.found()) return fault;
    }
    results_.push_back(text_member(result, "toolUseId"));
    if (results_.size() != kinds_.size()) results_late_ = true;
    return check_tool_id(results_.back());
  }

  Fault check_tool_id(std::string_view id) const {
    if (!model_.can(kNineIds)) return {};
    const bool good = id.size() >= 9 && id.find_first_of(".:") == std::string_view::npos;
    if (good) return {};
    return model_says("Tool call id was " + std::string(id) +
                      " but must be a-z, A-Z, 0-9, with a length of 9.");
  }

  Fault check_reasoning(const element& reasoning, std::string_view role, std::size_t index) const {
    const bool takes = model_.claude() || model_.family == Family::kNova2;
    if (role != "assistant" || !takes) {
      return invalid(
          "User messages cannot contain reasoning content. Please remove the reasoning content and "
          "try again.");
    }
    if (!model_.claude()) return {};
    const auto redacted = member(reasoning, "redactedContent");
    if (redacted && text_of(*redacted) != kRedactedContent) {
      return model_says(at(index) + ": Invalid `data` in `redacted_thinking` block");
    }
    const auto text = member(reasoning, "reasoningText");
    if (!text) return {};
    const auto signature = member(*text, "signature");
    if (!signature) return model_says(at(index) + ".thinking.signature: Field required");
    if (text_of(*signature) != reasoning_signature(text_member(*text, "text"))) {
      return model_says(at(index) + ": Invalid `signature` in `thinking` block");
    }
    return {};
  }

  static bool is_thinking(std::string_view kind) {
    return kind == "thinking" || kind == "redacted_thinking";
  }

  // An assistant's turn: what it ends with, and what manual thinking will want it to begin with
  // when its calls are the last ones.
  Fault check_thinking_order() {
    wanted_thinking_ = {};
    if (!model_.claude() || kinds_.empty()) return {};
    if (is_thinking(kinds_.back())) {
      return model_says("messages." + std::to_string(turn_) +
                        ": The final block in an assistant message cannot be `thinking`.");
    }
    if (thought_.manual && !calls_.empty() && !is_thinking(kinds_.front())) {
      wanted_thinking_ = kinds_.front();
      wanted_at_ = at(0);
    }
    return {};
  }

  Fault missing_thinking() const {
    return model_says(wanted_at_ +
                      ".type: Expected `thinking` or `redacted_thinking`, but found `" +
                      std::string(wanted_thinking_) +
                      "`. When `thinking` is enabled, a final `assistant` message must start with "
                      "a thinking block (preceeding the lastmost set of `tool_use` and "
                      "`tool_result` blocks). We recommend you include thinking blocks from "
                      "previous turns. To avoid this requirement, disable `thinking`.");
  }

  Fault missing_results(const std::vector<std::string_view>& ids) const {
    return invalid("Expected toolResult blocks at messages." + std::to_string(turn_) +
                   ".content for the following Ids: " + joined(ids));
  }

  // A user turn's results against the calls of the turn before.
  Fault check_results() {
    std::vector<std::string_view> missing;
    for (const std::string_view id : open_calls_) {
      if (std::find(results_.begin(), results_.end(), id) == results_.end()) missing.push_back(id);
    }
    if (!missing.empty()) return missing_results(missing);
    if (results_.size() > open_calls_.size()) {
      return invalid("The number of toolResult blocks at messages." + std::to_string(turn_) +
                     ".content exceeds the number of toolUse blocks of previous turn.");
    }
    if (results_late_ && model_.claude()) {
      return model_says("messages." + std::to_string(turn_) +
                        ": `tool_use` ids were found without "
                        "`tool_result` blocks immediately after: " +
                        joined(results_) +
                        ". Each "
                        "`tool_use` block must have a corresponding `tool_result` block in the "
                        "next message.");
    }
    if (model_.can(kSplitResults) && !results_.empty() && results_.size() != kinds_.size()) {
      return invalid(
          "Conversation blocks and tool result blocks cannot be provided in the same "
          "turn.");
    }
    // Only a tool loop that is still going on wants its thinking back.
    if (results_.empty()) wanted_thinking_ = {};
    open_calls_.clear();
    return {};
  }

  // The conversation ends with the assistant.
  Fault check_prefill() const {
    if (!model_.can(kPrefill) || thought_.asked || member(body_, "toolConfig")) {
      return model_says(
          "This model does not support assistant message prefill. The conversation "
          "must end with a user message.");
    }
    const bool trailing =
        !last_text_.empty() && (last_text_.back() == ' ' || last_text_.back() == '\n' ||
                                last_text_.back() == '\t' || last_text_.back() == '\r');
    if (trailing && model_.claude()) {
      return model_says("messages: final assistant content cannot end with trailing whitespace");
    }
    return {};
  }

  const element& body_;
  const Model& model_;
  const Thought thought_;
  MediaCheck media_;
  std::size_t turn_ = 0;
  bool has_text_ = false;
  bool saw_tool_block_ = false;
  bool results_late_ = false;
  std::string_view last_text_;  // Of the turn.
  std::string_view wanted_thinking_;
  std::string wanted_at_;
  std::vector<std::string_view> calls_, open_calls_, results_;
  std::vector<std::string_view> kinds_;  // Of the turn's blocks, cache points aside.
  std::set<std::string_view> ids_;
};

}  // namespace

Fault check_conversation(const element& body, const Model& model) {
  return Conversation(body, model).check();
}

bool is_blank(std::string_view text) {
  while (!text.empty()) {
    const std::string_view two = text.substr(0, 2);
    const std::string_view three = text.substr(0, 3);
    // ASCII; NBSP and NEL; U+2000 to U+200A, U+2028/9, U+202F, U+3000.
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

std::string reasoning_signature(std::string_view text) {
  return "SIM" + hex(sha256("reasoning:" + std::string(text))).substr(0, 41) + "==";
}

}  // namespace oriel::sim
