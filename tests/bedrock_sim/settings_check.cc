#include <set>
#include <string>

#include "tests/bedrock_sim/constraints.h"
#include "tests/bedrock_sim/dom.h"
#include "tests/bedrock_sim/resolve.h"
#include "tests/bedrock_sim/schema_check.h"

namespace oriel::sim {
namespace {

Fault check_sampling(const element& body, const Model& model) {
  const auto config = member(body, "inferenceConfig");
  if (!config) return {};
  const auto max_tokens = number_member(*config, "maxTokens");
  if (max_tokens && *max_tokens > model.max_output) {
    const std::string limit = std::to_string(model.max_output);
    return invalid("The maximum tokens you requested exceeds the model limit of " + limit +
                   ". Try again with a maximum tokens value that is lower than " + limit + ".");
  }
  const auto temperature = number_member(*config, "temperature");
  const auto top_p = number_member(*config, "topP");
  if (!model.can(kSampling) && (temperature || top_p)) {
    const std::string name = temperature ? "temperature" : "top_p";
    if (model.claude()) return model_says("`" + name + "` is deprecated for this model.");
    return model_says("Unsupported parameter: '" + name + "' is not supported with this model.");
  }
  if (model.can(kOneSampler) && temperature && top_p) {
    return model_says(
        "`temperature` and `top_p` cannot both be specified for this model. Please "
        "use only one.");
  }
  for (const element stop : list_member(*config, "stopSequences")) {
    if (model.claude() && is_blank(text_of(stop))) {
      return model_says("stop_sequences: each stop sequence must contain non-whitespace");
    }
  }
  return {};
}

Fault check_tool(const element& spec, const Model& model, std::size_t index, SchemaCheck& strict) {
  const std::string place = "toolConfig.tools." + std::to_string(index) + ".toolSpec";
  const auto schema = deep(spec, {"inputSchema", "json"});
  const auto type = schema ? member(*schema, "type") : std::nullopt;
  if (!type || text_of(*type) != "object") {
    return invalid("The value at " + place +
                   ".inputSchema.json.type must be one of the following: "
                   "object.");
  }
  const auto flag = member(spec, "strict");
  bool wanted = false;
  if (!flag || flag->get(wanted) != simdjson::SUCCESS) return {};
  if (!model.can(kStrictTools)) return unsupported("toolSpec.strict");
  return wanted ? strict.read(*schema, "tools." + std::to_string(index) + ".custom") : Fault{};
}

Fault check_system_tool(const element& tool, const Model& model) {
  if (!model.can(kSystemTools)) return unsupported("toolConfig.tools.systemTool");
  const std::string_view name = text_member(tool, "name");
  if (name == "nova_grounding" || name == "nova_code_interpreter") return {};
  return invalid("The system tool '" + std::string(name) + "' is not supported by this model.");
}

Fault check_tool_choice(const element& config, const std::set<std::string_view>& names,
                        const Model& model) {
  const auto choice = member(config, "toolChoice");
  if (!choice) {
    if (!model.can(kMustChoose)) return {};
    return invalid(
        "This model requires the toolConfig.toolChoice field. Set toolConfig.toolChoice.any and "
        "try again.");
  }
  if (member(*choice, "auto") && !model.can(kChoiceAuto)) {
    return unsupported("toolConfig.toolChoice.auto");
  }
  if (member(*choice, "any") && !model.can(kChoiceAny)) {
    return unsupported("toolConfig.toolChoice.any");
  }
  const auto tool = member(*choice, "tool");
  if (!tool) return {};
  if (!model.can(kChoiceTool)) return unsupported("toolConfig.toolChoice.tool");
  const std::string_view name = text_member(*tool, "name");
  if (names.count(name) == 0) {
    return model_says("tool_choice: Tool '" + std::string(name) + "' not found in provided tools");
  }
  return {};
}

Fault check_tools(const element& body, const Model& model, Delivery delivery, SchemaCheck& strict) {
  const auto config = member(body, "toolConfig");
  if (!config) return {};
  if (!model.can(kTools)) return invalid("This model doesn't support tool use.");
  if (delivery == Delivery::kStream && !model.can(kStreamTools)) {
    return invalid("This model doesn't support tool use in streaming mode.");
  }
  std::set<std::string_view> names;
  std::size_t index = 0;
  for (const element tool : list_member(*config, "tools")) {
    if (const auto spec = member(tool, "toolSpec")) {
      if (Fault fault = check_tool(*spec, model, index, strict); fault.found()) return fault;
      if (!names.insert(text_member(*spec, "name")).second) {
        return model_says("tools: Tool names must be unique.");
      }
    } else if (const auto system = member(tool, "systemTool")) {
      if (Fault fault = check_system_tool(*system, model); fault.found()) return fault;
    }
    ++index;
  }
  return check_tool_choice(*config, names, model);
}

Fault check_output(const element& body, const Model& model, SchemaCheck& strict) {
  const auto schema =
      deep(body, {"outputConfig", "textFormat", "structure", "jsonSchema", "schema"});
  if (!schema) return {};
  if (!model.can(kStructured)) return unsupported("outputConfig.textFormat");
  thread_local simdjson::dom::parser parser;
  element parsed;
  const simdjson::padded_string text(text_of(*schema));
  if (parser.parse(text).get(parsed) != simdjson::SUCCESS || !parsed.is_object()) {
    return invalid(
        "The value at outputConfig.textFormat.structure.jsonSchema.schema is not a "
        "valid JSON schema.");
  }
  return strict.read(parsed, "output_config.format.schema");
}

Fault check_system(const element& body, const Model& model) {
  for (const element block : list_member(body, "system")) {
    if (!model.can(kSystem)) {
      return invalid(
          "This model doesn't support system messages. Try again without a system "
          "message or use a model that supports system messages.");
    }
    const auto text = member(block, "text");
    if (text && is_blank(text_of(*text))) {
      return model_says("system: text content blocks must contain non-whitespace text");
    }
  }
  return {};
}

// Guardrails of this account; some begin with what they do.
bool known_guardrail(std::string_view id) {
  const std::string prefix = ":" + std::string(kAccount) + ":guardrail/";
  if (const std::size_t at = id.find(prefix); at != std::string_view::npos) {
    id.remove_prefix(at + prefix.size());
  }
  for (const std::string_view known : {"blockme", "maskme", "passme"}) {
    if (id.substr(0, known.size()) == known) return true;
  }
  return id == "abc123" || id == "abcdefghij12";
}

Fault check_guardrail(const element& body) {
  const auto config = member(body, "guardrailConfig");
  if (!config) return {};
  const std::string_view id = text_member(*config, "guardrailIdentifier");
  const std::string_view version = text_member(*config, "guardrailVersion");
  if (id.empty() != version.empty()) {
    return invalid(
        "Both guardrailIdentifier and guardrailVersion must be provided when using a guardrail.");
  }
  if (!id.empty() && !known_guardrail(id)) {
    return invalid("The provided guardrail identifier is invalid.");
  }
  if (version.size() > 2 && version != "DRAFT") {
    return invalid("The guardrail identifier or version provided in the request does not exist.");
  }
  return {};
}

Fault check_tier(const element& body) {
  const auto type = deep(body, {"serviceTier", "type"});
  if (type && text_of(*type) == "reserved") return invalid("Reservation not found.");
  return {};
}

}  // namespace

Fault check_settings(const element& body, const Model& model, Delivery delivery) {
  if (!model.can(kChat)) {
    return invalid("The provided model doesn't support the Converse operation.");
  }
  if (delivery == Delivery::kStream && !model.can(kStreams)) {
    return invalid(
        "The provided model does not support streaming. Use the Converse operation instead.");
  }
  SchemaCheck strict;
  Fault fault = check_system(body, model);
  if (!fault.found()) fault = check_sampling(body, model);
  if (!fault.found()) fault = check_tools(body, model, delivery, strict);
  if (!fault.found()) fault = check_output(body, model, strict);
  if (!fault.found()) fault = strict.finish();
  if (!fault.found()) fault = check_guardrail(body);
  if (!fault.found()) fault = check_tier(body);
  return fault;
}

}  // namespace oriel::sim
