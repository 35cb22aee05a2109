#include "convert/bedrock/response_format.h"

#include <algorithm>

#include "convert/bedrock/alias.h"

namespace oriel::convert::bedrock {
namespace {

using Action = Adjustment::Action;
using Kind = ResponseFormat::Kind;
using Way = FormatPlan::Way;

constexpr std::string_view kField = "response_format";
constexpr std::string_view kToolName = "json_response";
constexpr Text kNameless = Text::literal("response");
constexpr Text kJsonObject =
    Text::literal("Respond with a single valid JSON object and nothing else.");

// The first of json_response, json_response_2, … that no tool of the request has.
Text free_tool_name(const ChatRequest& request, Arena& made) {
  Text name = Text::from_escaped(kToolName);
  for (std::size_t number = 2;; ++number) {
    const bool taken = std::any_of(request.tools.begin(), request.tools.end(),
                                   [&](const Tool& tool) { return tool.name == name; });
    if (!taken) return name;
    name = Text::from_escaped(made.keep(std::string(kToolName) + "_" + std::to_string(number)));
  }
}

}  // namespace

FormatPlan plan_format(const ChatRequest& request, const Target& target,
                       const ModelCapabilities& model, SchemaBudget& budget, json::Reader& reader,
                       Arena& made, Adjustments& adjusted) {
  FormatPlan plan;
  const ResponseFormat& format = request.format;
  if (format.kind == Kind::text) return plan;
  plan.way = Way::words;
  if (format.kind == Kind::json_object || format.schema.empty()) return plan;
  if (model.can(ModelFeature::structured_output) && !target.emulate_format) {
    const auto schema = reader.read(format.schema.text);
    auto sanitised = schema ? sanitise_schema(*schema, budget) : std::nullopt;
    if (sanitised) {
      if (sanitised->changed) adjusted.add(kField, Action::rewritten);
      plan.way = Way::native;
      plan.schema = std::move(sanitised->text);
      return plan;
    }
  }
  if (model.can(ModelFeature::tools)) {
    plan.way = Way::tool;
    plan.tool_name = free_tool_name(request, made);
  } else {
    adjusted.add(kField, Action::rewritten);
  }
  return plan;
}

Text format_in_words(const ResponseFormat& format, const FormatPlan& plan, Arena& made) {
  if (plan.way == Way::tool) {
    std::string& words = made.make();
    words.append("Give the answer by calling the tool ").append(plan.tool_name.escaped());
    words.append(", and in no other way.");
    return Text::from_escaped(words);
  }
  if (format.kind == Kind::json_object || format.schema.empty()) return kJsonObject;
  std::string& words = made.make();
  words =
      "Respond with a single JSON value that is valid against the following JSON Schema, and with "
      "nothing else: ";
  json::append_escaped(format.schema.text, words);
  return Text::from_escaped(words);
}

void write_format(const ResponseFormat& format, const FormatPlan& plan, json::Writer& writer) {
  if (plan.way != Way::native) return;
  writer.key("outputConfig").begin_object().key("textFormat").begin_object();
  writer.key("type").text(Text::literal("json_schema"));
  writer.key("structure").begin_object().key("jsonSchema").begin_object();
  const bool named = is_valid_tool_name(format.name.escaped());
  writer.key("name").text(named ? format.name : kNameless);
  if (format.description && !json::is_blank(*format.description)) {
    writer.key("description").text(*format.description);
  }
  writer.key("schema").string(plan.schema);
  writer.end_object().end_object().end_object().end_object();
}

}  // namespace oriel::convert::bedrock
