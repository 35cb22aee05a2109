// C9, C11 to C13, C25 and §6: declared tools, the choice among them, and schemas that are compiled.
#include <set>

#include "convert/bedrock/alias.h"
#include "convert/bedrock/constraint_checks.h"
#include "convert/json/padded_buffer.h"

namespace oriel::convert::bedrock {
namespace {

using json::Member;
using json::Value;

constexpr std::size_t kMaxUnions = 16;     // C25, over all schemas that are compiled
constexpr std::size_t kMaxOptionals = 24;  // C25, of the answer's format

bool mentions_tools(Value body) {
  const auto messages = body.find("messages");
  if (!messages) return false;
  for (const Member turn : messages->children()) {
    const auto content = turn.value.find("content");
    if (!content) continue;
    for (const Member block : content->children()) {
      if (block.value.find("toolUse") || block.value.find("toolResult")) return true;
    }
  }
  return false;
}

struct SchemaCounts {
  std::size_t unions = 0;
  std::size_t optionals = 0;

  void add(Value value) {
    if (value.is_object()) {
      const auto type = value.find("type");
      if (value.find("anyOf") || (type && type->is_array())) ++unions;
      add_optionals(value);
    }
    for (const Member member : value.children()) add(member.value);
  }

 private:
  void add_optionals(Value object) {
    const auto properties = object.find("properties");
    if (!properties || !properties->is_object()) return;
    const auto required = object.find("required");
    const std::size_t wanted = required ? required->children().count() : 0;
    const std::size_t all = properties->children().count();
    optionals += all > wanted ? all - wanted : 0;
  }
};

class Checker {
 public:
  Checker(Value body, const ModelCapabilities& model) : body_(body), model_(model) {}

  Violation check() {
    const auto config = body_.find("toolConfig");
    if (!config) {
      if (mentions_tools(body_)) return "C9 tool blocks without toolConfig";
    } else {
      if (!model_.can(ModelFeature::tools)) return "toolConfig on a model without";
      if (auto found = check_tools(*config)) return found;
      if (auto found = check_choice(*config)) return found;
    }
    if (auto found = check_format()) return found;
    return compiled_.unions > kMaxUnions ? Violation("C25 too many unions") : std::nullopt;
  }

 private:
  Violation check_tools(Value config) {
    const auto tools = config.find("tools");
    if (!tools || tools->children().empty()) return "C9 empty tools";
    for (const Member item : tools->children()) {
      const std::string_view kind = union_member(item.value);
      if (kind == "cachePoint") continue;
      if (kind == "systemTool" && model_.family == ModelFamily::nova) continue;
      if (kind != "toolSpec") return "unknown tool";
      if (auto found = check_spec(*item.value.find(kind))) return found;
    }
    return std::nullopt;
  }

  Violation check_spec(Value spec) {
    const std::string name = word_of(spec, "name");
    if (!is_valid_tool_name(name)) return "C11 tool name";
    if (!names_.insert(name).second) return "two tools of one name";
    const auto description = spec.find("description");
    if (description && json::is_blank(description->as_text().value_or(json::Text()))) {
      return "C12 blank description";
    }
    const auto schema = find_under(spec, {"inputSchema", "json"});
    if (!schema || word_of(*schema, "type") != "object") return "C13 schema root";
    const auto strict = spec.find("strict");
    if (strict && !model_.can(ModelFeature::strict_tools)) return "strict on a model without";
    if (strict && strict->as_boolean() == true) compiled_.add(*schema);
    return std::nullopt;
  }

  Violation check_choice(Value config) const {
    const auto choice = config.find("toolChoice");
    if (!choice) {
      if (model_.can(ModelFeature::must_choose)) return "toolChoice is missing";
      return check_own_choice("auto");
    }
    const std::string_view kind = union_member(*choice);
    if (kind == "auto") {
      if (!model_.can(ModelFeature::choice_auto)) return "toolChoice auto";
    } else if (kind == "any") {
      if (!model_.can(ModelFeature::choice_any)) return "toolChoice any";
    } else if (kind == "tool") {
      if (!model_.can(ModelFeature::choice_named)) return "toolChoice tool";
      if (!names_.contains(word_of(*choice->find("tool"), "name"))) return "toolChoice names none";
    } else {
      return "unknown toolChoice";
    }
    return check_own_choice(kind);
  }

  // Claude's own tool_choice says the same as Converse's.
  Violation check_own_choice(std::string_view kind) const {
    const auto own = find_under(body_, {"additionalModelRequestFields", "tool_choice"});
    if (!own) return std::nullopt;
    if (model_.family != ModelFamily::claude) return "tool_choice of another family";
    return word_of(*own, "type") == kind ? std::nullopt : Violation("two tool choices");
  }

  // outputConfig.textFormat: its schema is text.
  Violation check_format() {
    const auto format = find_under(body_, {"outputConfig", "textFormat"});
    if (!format) return std::nullopt;
    if (!model_.can(ModelFeature::structured_output)) return "textFormat on a model without";
    if (word_of(*format, "type") != "json_schema") return "unknown textFormat";
    const auto schema = find_under(*format, {"structure", "jsonSchema"});
    if (!schema || word_of(*schema, "name").empty()) return "textFormat without name";
    const std::string text = word_of(*schema, "schema");
    const json::PaddedBuffer buffer{std::string_view(text)};
    json::Reader reader;
    const auto value = reader.read(buffer);
    if (!value || !value->is_object()) return "textFormat without schema";
    SchemaCounts counts;
    counts.add(*value);
    if (counts.optionals > kMaxOptionals) return "C25 too many optional members";
    compiled_.unions += counts.unions;
    return std::nullopt;
  }

  Value body_;
  const ModelCapabilities& model_;
  std::set<std::string> names_;
  SchemaCounts compiled_;
};

}  // namespace

Violation check_tool_config(Value body, const ModelCapabilities& model) {
  return Checker(body, model).check();
}

}  // namespace oriel::convert::bedrock
