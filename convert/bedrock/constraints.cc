#include "convert/bedrock/constraints.h"

#include <algorithm>
#include <set>
#include <vector>

#include "convert/bedrock/alias.h"
#include "convert/bedrock/normalise.h"

namespace oriel::convert::bedrock {
namespace {

using json::Member;
using json::Text;
using json::Value;
using Violation = std::optional<std::string>;

std::optional<Text> text_of(Value object, std::string_view name) {
  const auto value = object.find(name);
  return value ? value->as_text() : std::nullopt;
}

std::string word_of(Value object, std::string_view name) {
  const auto text = text_of(object, name);
  return text ? json::unescape(*text) : std::string();
}

bool ends_blank(Text text) {
  const std::string plain = json::unescape(text);
  return !plain.empty() &&
         std::string_view(" \t\r\n\v\f").find(plain.back()) != std::string_view::npos;
}

std::size_t images_in(Value result) {
  const auto content = result.find("content");
  std::size_t count = 0;
  if (!content) return count;
  for (const Member item : content->children()) {
    if (item.value.find("image")) ++count;
  }
  return count;
}

class Checker {
 public:
  Checker(Value body, const ModelCapabilities& model) : body_(body), model_(model) {}

  Violation check() {
    const auto messages = body_.find("messages");
    if (!messages || messages->children().empty()) return "C1 no messages";
    for (const Member item : messages->children()) turns_.push_back(item.value);
    for (at_ = 0; at_ < turns_.size(); ++at_) {
      if (auto found = check_turn(turns_[at_])) return found;
      if (auto found = check_pairing()) return found;
    }
    if (auto found = check_end()) return found;
    if (auto found = check_system()) return found;
    if (auto found = check_tools()) return found;
    return check_inference();
  }

 private:
  std::string here(std::string_view rule) const {
    return std::string(rule) + " at messages." + std::to_string(at_);
  }
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

  Violation check_turn(Value turn) {
    if (at_ == 0 && !is_user(0)) return here("C1 does not start with a user");
    if (at_ > 0 && is_user(at_) == is_user(at_ - 1)) return here("C2 does not alternate");
    const auto content = turn.find("content");
    if (!content || content->children().empty()) return here("C4 empty content");
    std::size_t images = 0;
    bool others = false;
    for (const Member item : content->children()) {
      if (auto found = check_block(item.value)) return found;
      if (item.value.find("image")) ++images;
      if (const auto result = item.value.find("toolResult")) images += images_in(*result);
      others = others || !item.value.find("toolResult");
    }
    if (images > kMaxImagesPerMessage) return here("C19 too many images");
    const bool results = !blocks(at_, "toolResult").empty();
    if (results && others && model_.can(ModelFeature::split_tool_results)) {
      return here("C26 tool results beside other blocks");
    }
    return std::nullopt;
  }

  Violation check_block(Value block) {
    if (const auto text = text_of(block, "text"); text && json::is_blank(*text)) {
      return here("C3 blank text");
    }
    if (const auto image = block.find("image")) {
      const auto source = image->find("source");
      if (!is_user(at_)) return here("C20 image in an assistant turn");
      if (!source || word_of(*source, "bytes").size() > kMaxImageBase64Bytes) {
        return here("C19 image too large");
      }
    }
    if (const auto use = block.find("toolUse")) {
      used_tools_ = true;
      const auto input = use->find("input");
      if (!input || !input->is_object()) return here("C14 input is no object");
      const std::string id = word_of(*use, "toolUseId");
      if (!is_valid_tool_id(id, model_.tool_id_rule)) return here("C10 id");
      if (!ids_.insert(id).second) return here("C10 id used twice");
      if (!is_valid_tool_name(word_of(*use, "name"))) return here("C11 name");
      if (is_user(at_)) return here("C8 toolUse in a user turn");
    }
    if (const auto result = block.find("toolResult")) {
      used_tools_ = true;
      if (!is_user(at_)) return here("C8 toolResult in an assistant turn");
      const auto content = result->find("content");
      if (!content || content->children().empty()) return here("C4 empty tool result");
      for (const Member item : content->children()) {
        const auto text = text_of(item.value, "text");
        if (text && json::is_blank(*text)) return here("C3 blank tool result");
      }
    }
    return std::nullopt;
  }

  // C7, C8: a turn answers exactly the calls of the turn before it, first and in their order.
  Violation check_pairing() {
    std::vector<std::string> wanted;
    if (at_ > 0) {
      for (const Value use : blocks(at_ - 1, "toolUse"))
        wanted.push_back(word_of(use, "toolUseId"));
    }
    std::vector<std::string> got;
    for (const Value result : blocks(at_, "toolResult"))
      got.push_back(word_of(result, "toolUseId"));
    if (wanted != got) return here("C7/C8 tool results do not answer the calls");
    bool results_over = false;
    for (const Member item : turns_[at_].find("content")->children()) {
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

  Violation check_system() {
    const auto system = body_.find("system");
    if (!system) return std::nullopt;
    if (!model_.can(ModelFeature::system)) return "system on a model without";
    if (system->children().empty()) return "empty system";
    for (const Member item : system->children()) {
      const auto text = text_of(item.value, "text");
      if (!text || json::is_blank(*text)) return "C3 blank system text";
    }
    return std::nullopt;
  }

  Violation check_tools() {
    const auto config = body_.find("toolConfig");
    if (!config) return used_tools_ ? Violation("C9 tool blocks without toolConfig") : std::nullopt;
    const auto tools = config->find("tools");
    if (!tools || tools->children().empty()) return "C9 empty tools";
    std::set<std::string> names;
    for (const Member item : tools->children()) {
      const auto spec = item.value.find("toolSpec");
      if (!spec) return "toolSpec missing";
      const std::string name = word_of(*spec, "name");
      if (!is_valid_tool_name(name)) return "C11 tool name";
      if (!names.insert(name).second) return "two tools of one name";
      const auto description = spec->find("description");
      if (description && json::is_blank(description->as_text().value_or(Text()))) {
        return "C12 blank description";
      }
      const auto schema = spec->find("inputSchema");
      const auto json = schema ? schema->find("json") : std::nullopt;
      if (!json || word_of(*json, "type") != "object") return "C13 schema root";
    }
    const auto choice = config->find("toolChoice");
    const auto named = choice ? choice->find("tool") : std::nullopt;
    if (named && !names.contains(word_of(*named, "name"))) return "toolChoice names no tool";
    return std::nullopt;
  }

  Violation check_inference() {
    if (const auto metadata = body_.find("requestMetadata")) {
      const std::size_t pairs = metadata->children().count();
      if (pairs == 0 || pairs > 16) return "C27 requestMetadata size";
    }
    const auto config = body_.find("inferenceConfig");
    if (!config) return std::nullopt;
    if (config->children().empty()) return "empty inferenceConfig";
    const auto temperature = config->find("temperature");
    const auto top_p = config->find("topP");
    if ((temperature || top_p) && !model_.can(ModelFeature::sampling)) return "C23 sampling";
    if (temperature && top_p && model_.can(ModelFeature::temp_top_p_exclusive)) {
      return "C22 temperature and topP";
    }
    if (temperature && temperature->as_number().value_or(2) > 1) return "temperature range";
    const auto stops = config->find("stopSequences");
    if (!stops) return std::nullopt;
    if (stops->children().empty()) return "empty stopSequences";
    for (const Member stop : stops->children()) {
      const Text text = stop.value.as_text().value_or(Text());
      if (text.empty() || (json::is_blank(text) && !model_.can(ModelFeature::blank_stop))) {
        return "C21 blank stop sequence";
      }
    }
    return std::nullopt;
  }

  Value body_;
  const ModelCapabilities& model_;
  std::vector<Value> turns_;
  std::size_t at_ = 0;
  bool used_tools_ = false;
  std::set<std::string> ids_;
};

}  // namespace

Violation find_violation(Value body, const ModelCapabilities& model) {
  return Checker(body, model).check();
}

}  // namespace oriel::convert::bedrock
