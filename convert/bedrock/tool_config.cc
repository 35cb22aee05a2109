#include "convert/bedrock/tool_config.h"

#include <string>
#include <utility>

#include "convert/bedrock/cache_points.h"
#include "convert/bedrock/schema.h"

namespace oriel::convert::bedrock {
namespace {

using Action = Adjustment::Action;
using Mode = ToolChoice::Mode;
using json::Reader;
using json::Writer;

constexpr Text kObject = Text::literal("object");
constexpr Text kAnswerTool = Text::literal("Gives the answer: the input is the answer.");
constexpr Text kNeverCall = Text::literal("Never call.");

class ToolWriter {
 public:
  ToolWriter(const ToolConfig& config, Reader& reader, Writer& writer)
      : config_(config),
        refs_(config.model.can(ModelFeature::schema_refs) ? SchemaRefs::kept : SchemaRefs::inlined),
        reader_(reader),
        writer_(writer) {}

  Result<void> write(const Tool& tool) {
    if (tool.kind == Tool::Kind::system) {
      write_system_tool(tool.name);
      return {};
    }
    const Text name = config_.names.alias(tool.name);
    begin(name, tool.description.value_or(Text()));
    bool strict = false;
    if (tool.kind == Tool::Kind::custom) {
      config_.context.custom_tools.emplace_back(name.escaped());
      write_custom_schema();
    } else if (tool.strict && write_strict_schema(tool)) {
      strict = true;
    } else {
      if (tool.strict) config_.adjusted.add("strict", Action::dropped);
      const auto root = write_tool_schema(tool.parameters, refs_, path_of(tool), reader_, writer_);
      if (!root) return Unexpected{root.error()};
      if (*root == SchemaRoot::wrapped) config_.context.wrapped_tools.emplace_back(name.escaped());
    }
    end(strict);
    return {};
  }

  void write_system_tool(Text name) {
    writer_.begin_object().key("systemTool").begin_object();
    writer_.key("name").text(name).end_object().end_object();
  }

  void write_placeholder() {
    config_.context.placeholder_tool = kPlaceholderTool.escaped();
    begin(kPlaceholderTool, kNeverCall);
    writer_.begin_object().key("type").text(kObject);
    writer_.key("properties").begin_object().end_object().end_object();
    end(false);
  }

  // The tool whose input is the answer.
  Result<void> write_format_tool() {
    const ResponseFormat& format = config_.request.format;
    const Text name = config_.format.tool_name;
    const bool described = format.description && !json::is_blank(*format.description);
    config_.context.format_tool = name.escaped();
    begin(name, described ? *format.description : kAnswerTool);
    const auto root = write_tool_schema(format.schema, refs_, "response_format.json_schema.schema",
                                        reader_, writer_);
    if (!root) return Unexpected{root.error()};
    config_.context.wrapped_format = *root == SchemaRoot::wrapped;
    end(false);
    return {};
  }

 private:
  void begin(Text name, Text description) {
    writer_.begin_object().key("toolSpec").begin_object().key("name").text(name);
    if (!json::is_blank(description)) writer_.key("description").text(description);
    writer_.key("inputSchema").begin_object().key("json");
  }

  void end(bool strict) {
    writer_.end_object();
    if (strict) writer_.key("strict").boolean(true);
    writer_.end_object().end_object();
  }

  // Any text, as the one member of an object.
  void write_custom_schema() {
    writer_.begin_object().key("type").text(kObject).key("properties").begin_object();
    writer_.key("input").begin_object().key("type").text(Text::literal("string")).end_object();
    writer_.end_object().key("required").begin_array().text(Text::literal("input")).end_array();
    writer_.end_object();
  }

  // False, with nothing written, when the model would not hold to it.
  bool write_strict_schema(const Tool& tool) {
    if (!config_.model.can(ModelFeature::strict_tools) || tool.parameters.empty()) return false;
    const auto schema = reader_.read(tool.parameters.text);
    const auto sanitised = schema ? sanitise_schema(*schema, config_.budget) : std::nullopt;
    if (!sanitised) return false;
    if (sanitised->changed) config_.adjusted.add("strict", Action::rewritten);
    writer_.raw({sanitised->text});
    return true;
  }

  std::string path_of(const Tool& tool) const {
    const auto index =
        std::to_string(static_cast<std::size_t>(&tool - config_.request.tools.data()));
    return config_.request.legacy_functions ? "functions[" + index + "].parameters"
                                            : "tools[" + index + "].function.parameters";
  }

  const ToolConfig& config_;
  SchemaRefs refs_;
  Reader& reader_;
  Writer& writer_;
};

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

}  // namespace

Result<void> write_tool_config(const ToolConfig& config, Reader& reader, Writer& writer) {
  const ToolPlan& plan = config.plan;
  if (!plan.declared()) return {};
  ToolWriter tools(config, reader, writer);
  writer.key("toolConfig").begin_object().key("tools").begin_array();
  for (std::size_t i = 0; i < plan.tools.size(); ++i) {
    if (auto written = tools.write(*plan.tools[i]); !written) return written;
    write_cache_point(config.cache_marks[i], writer);
  }
  if (plan.grounding) tools.write_system_tool(Text::from_escaped(kGroundingTool));
  if (plan.placeholder) tools.write_placeholder();
  if (plan.format) {
    if (auto written = tools.write_format_tool(); !written) return written;
  }
  writer.end_array();
  write_tool_choice(plan.choice, config.names, writer);
  writer.end_object();
  return {};
}

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

}  // namespace oriel::convert::bedrock
