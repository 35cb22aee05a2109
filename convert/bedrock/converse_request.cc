#include "convert/bedrock/converse_request.h"

#include <algorithm>
#include <utility>

#include "convert/bedrock/adjustments.h"
#include "convert/bedrock/alias.h"
#include "convert/bedrock/extras.h"
#include "convert/bedrock/normalise.h"
#include "convert/bedrock/schema.h"
#include "convert/bedrock/tool_plan.h"
#include "convert/json/writer.h"
#include "convert/wire/percent.h"

namespace oriel::convert::bedrock {
namespace {

using Action = Adjustment::Action;
using Mode = ToolChoice::Mode;
using json::Writer;

constexpr Text kMustCall = Text::literal("You must call one of the tools.");
constexpr std::size_t kBlockOverhead = 96;  // braces, keys and quotes around one block
constexpr std::size_t kBodyOverhead = 512;
constexpr std::size_t kPathOverhead = 32;  // around the model's name, escapes included
constexpr std::size_t kHeaders = 5;        // ours, and what a signature adds

// What goes into inferenceConfig.
struct Inference {
  std::optional<std::int64_t> max_tokens;
  std::optional<double> temperature;
  std::optional<double> top_p;
  std::vector<Text> stop;
  bool empty() const { return !max_tokens && !temperature && !top_p && stop.empty(); }
};

// C21 to C23 and Converse's ranges.
Inference plan_inference(const Sampling& sampling, const ModelCapabilities& model,
                         Adjustments& adjusted) {
  Inference plan{sampling.max_tokens, sampling.temperature, sampling.top_p, {}};
  const auto most = static_cast<std::int64_t>(model.max_output_tokens);
  if (plan.max_tokens && most > 0 && *plan.max_tokens > most) {
    plan.max_tokens = most;
    adjusted.add("max_tokens", Action::clamped);
  }
  const auto drop = [&](std::optional<double>& value, std::string_view name) {
    if (value) adjusted.add(name, Action::dropped);
    value.reset();
  };
  if (!model.can(ModelFeature::sampling)) {
    drop(plan.temperature, "temperature");
    drop(plan.top_p, "top_p");
  } else if (plan.temperature && model.can(ModelFeature::temp_top_p_exclusive)) {
    drop(plan.top_p, "top_p");
  }
  if (plan.temperature && *plan.temperature > 1.0) {
    plan.temperature = 1.0;
    adjusted.add("temperature", Action::clamped);
  }
  for (const Text stop : sampling.stop) {
    if (stop.empty() || (json::is_blank(stop) && !model.can(ModelFeature::blank_stop))) {
      adjusted.add("stop", Action::dropped);
    } else {
      plan.stop.push_back(stop);
    }
  }
  return plan;
}

std::size_t size_of(const Block& block) {
  std::size_t size = kBlockOverhead + block.text.escaped().size() + block.base64.size() +
                     block.input.text.size() + block.id.escaped().size() +
                     block.name.escaped().size();
  for (const Block& inner : block.content) size += size_of(inner);
  return size;
}

std::size_t estimate(const Conversation& conversation, const ToolPlan& tools) {
  std::size_t size = kBodyOverhead;
  for (const Text text : conversation.system) size += kBlockOverhead + text.escaped().size();
  for (const Turn& turn : conversation.turns) {
    size += kBlockOverhead;
    for (const Block& block : turn.blocks) size += size_of(block);
  }
  for (const Tool* tool : tools.tools) {
    size += 2 * kBlockOverhead + tool->parameters.text.size();
    if (tool->description) size += tool->description->escaped().size();
  }
  return size;
}

void write_block(const Block& block, Writer& writer) {
  writer.begin_object();
  switch (block.kind) {
    case Block::Kind::text: writer.key("text").text(block.text); break;
    case Block::Kind::image:
      writer.key("image").begin_object();
      writer.key("format").text(Text::from_escaped(to_string(block.format)));
      // Base64 needs no escapes.
      writer.key("source").begin_object().key("bytes").text(Text::from_escaped(block.base64));
      writer.end_object().end_object();
      break;
    case Block::Kind::tool_use:
      writer.key("toolUse").begin_object();
      writer.key("toolUseId").text(block.id).key("name").text(block.name);
      writer.key("input").raw(block.input).end_object();
      break;
    case Block::Kind::tool_result:
      writer.key("toolResult").begin_object().key("toolUseId").text(block.id);
      writer.key("content").begin_array();
      for (const Block& inner : block.content) write_block(inner, writer);
      writer.end_array();
      if (block.failed) writer.key("status").text(Text::literal("error"));
      writer.end_object();
      break;
  }
  writer.end_object();
}

void write_messages(const Conversation& conversation, Writer& writer) {
  writer.key("messages").begin_array();
  for (const Turn& turn : conversation.turns) {
    const bool user = turn.role == Turn::Role::user;
    writer.begin_object().key("role");
    writer.text(user ? Text::literal("user") : Text::literal("assistant"));
    writer.key("content").begin_array();
    for (const Block& block : turn.blocks) write_block(block, writer);
    writer.end_array().end_object();
  }
  writer.end_array();
}

void write_system(const Conversation& conversation, Writer& writer) {
  if (conversation.system.empty()) return;
  writer.key("system").begin_array();
  for (const Text text : conversation.system) {
    writer.begin_object().key("text").text(text).end_object();
  }
  writer.end_array();
}

void write_inference(const Inference& inference, Writer& writer) {
  if (inference.empty()) return;
  writer.key("inferenceConfig").begin_object();
  if (inference.max_tokens) writer.key("maxTokens").integer(*inference.max_tokens);
  if (inference.temperature) writer.key("temperature").number(*inference.temperature);
  if (inference.top_p) writer.key("topP").number(*inference.top_p);
  if (!inference.stop.empty()) {
    writer.key("stopSequences").begin_array();
    for (const Text stop : inference.stop) writer.text(stop);
    writer.end_array();
  }
  writer.end_object();
}

// {"auto":{}}, {"any":{}} or {"tool":{"name":…}}
void write_tool_choice(const ToolChoice& choice, ToolNames& names, Writer& writer) {
  if (choice.mode == Mode::unset || choice.mode == Mode::none) return;
  writer.key("toolChoice").begin_object();
  switch (choice.mode) {
    case Mode::required: writer.key("any").begin_object().end_object(); break;
    case Mode::named:
      writer.key("tool").begin_object().key("name").text(names.alias(choice.name)).end_object();
      break;
    default: writer.key("auto").begin_object().end_object(); break;
  }
  writer.end_object();
}

Result<void> write_tool_config(const ChatRequest& request, const ToolPlan& plan,
                               const ModelCapabilities& model, ToolNames& names,
                               json::Reader& reader, Writer& writer) {
  if (!plan.declared()) return {};
  const SchemaRefs refs =
      model.can(ModelFeature::schema_refs) ? SchemaRefs::kept : SchemaRefs::inlined;
  writer.key("toolConfig").begin_object().key("tools").begin_array();
  for (const Tool* tool : plan.tools) {
    writer.begin_object().key("toolSpec").begin_object();
    writer.key("name").text(names.alias(tool->name));
    if (tool->description && !json::is_blank(*tool->description)) {
      writer.key("description").text(*tool->description);
    }
    writer.key("inputSchema").begin_object().key("json");
    const auto index = static_cast<std::size_t>(tool - request.tools.data());
    const std::string param = "tools[" + std::to_string(index) + "].function.parameters";
    auto written = write_tool_schema(tool->parameters, refs, param, reader, writer);
    if (!written) return written;
    writer.end_object().end_object().end_object();
  }
  writer.end_array();
  write_tool_choice(plan.choice, names, writer);
  writer.end_object();
  return {};
}

// Claude's own tool_choice: it must say the same as toolConfig.toolChoice.
void write_one_call_at_a_time(const ToolChoice& choice, ToolNames& names, Writer& writer) {
  writer.key("tool_choice").begin_object().key("type");
  if (choice.mode == Mode::required) {
    writer.text(Text::literal("any"));
  } else if (choice.mode == Mode::named) {
    writer.text(Text::literal("tool")).key("name").text(names.alias(choice.name));
  } else {
    writer.text(Text::literal("auto"));
  }
  writer.key("disable_parallel_tool_use").boolean(true).end_object();
}

void write_additional_fields(const ToolPlan& plan, const ExtraFields& extras,
                             const ModelCapabilities& model, ToolNames& names, Writer& writer) {
  if (!plan.one_call_at_a_time && extras.top_k.empty()) return;
  writer.key("additionalModelRequestFields").begin_object();
  if (!extras.top_k.empty() && model.family == ModelFamily::nova) {
    writer.key("inferenceConfig").begin_object().key("topK").raw(extras.top_k).end_object();
  } else if (!extras.top_k.empty()) {
    writer.key("top_k").raw(extras.top_k);
  }
  if (plan.one_call_at_a_time) write_one_call_at_a_time(plan.choice, names, writer);
  writer.end_object();
}

void write_request_fields(const ExtraFields& extras, Writer& writer) {
  if (!extras.metadata.empty()) {
    writer.key("requestMetadata").begin_object();
    for (const ExtraFields::Pair& pair : extras.metadata) {
      const bool quoted = pair.value.text.starts_with('"');
      writer.key(pair.key);
      if (quoted) {
        writer.raw(pair.value);
      } else {
        writer.string(pair.value.text);
      }
    }
    writer.end_object();
  }
  if (!extras.service_tier.empty()) {
    writer.key("serviceTier").begin_object();
    writer.key("type").string(extras.service_tier).end_object();
  }
}

WireRequest wire_request(const ChatRequest& request, const Target& target) {
  WireRequest wire;
  const std::string_view accepted =
      request.stream ? "application/vnd.amazon.eventstream" : "application/json";
  wire.path.reserve(target.upstream_model.size() + kPathOverhead);
  wire.path = "/model/";
  wire::append_percent_encoded(target.upstream_model, wire.path);
  wire.path += request.stream ? "/converse-stream" : "/converse";
  wire.headers.reserve(kHeaders);
  wire.headers.push_back({"Content-Type", "application/json"});
  wire.headers.push_back({"Accept", std::string(accepted)});
  return wire;
}

}  // namespace

Result<Encoded> encode_converse(const ChatRequest& request, const Target& target) {
  const ModelCapabilities& model = capabilities_of(target.foundation_model);
  Adjustments adjusted;
  json::Reader reader;
  auto extras = sort_extras(request, model, reader, adjusted);
  if (!extras) return Unexpected{std::move(extras.error())};
  auto tools = plan_tools(request, model, adjusted);
  if (!tools) return Unexpected{std::move(tools.error())};
  auto conversation =
      normalise(request, model, tools->declared() ? ToolUse::declared : ToolUse::none);
  if (!conversation) return Unexpected{std::move(conversation.error())};
  if (conversation->rewritten) adjusted.add("messages", Action::rewritten);
  if (tools->ask_in_words) conversation->system.push_back(kMustCall);
  const Inference inference = plan_inference(request.sampling, model, adjusted);

  ToolNames names;
  for (const Tool& tool : request.tools) names.reserve(tool.name);
  alias_tools(*conversation, model.tool_id_rule, names);

  Encoded encoded;
  encoded.wire = wire_request(request, target);
  encoded.wire.body.reserve(estimate(*conversation, *tools));
  Writer writer(encoded.wire.body);
  writer.begin_object();
  write_messages(*conversation, writer);
  write_system(*conversation, writer);
  write_inference(inference, writer);
  auto written = write_tool_config(request, *tools, model, names, reader, writer);
  if (!written) return Unexpected{std::move(written.error())};
  write_additional_fields(*tools, *extras, model, names, writer);
  write_request_fields(*extras, writer);
  writer.end_object();
  encoded.adjusted = adjusted.take();
  encoded.context.tool_names = names.aliased();
  return encoded;
}

}  // namespace oriel::convert::bedrock
