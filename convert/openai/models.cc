#include "convert/openai/models.h"

#include <string_view>

#include "convert/json/writer.h"

namespace oriel::convert {
namespace {

using json::Writer;

void write_known(std::string_view key, std::string_view value, Writer& writer) {
  if (!value.empty()) writer.key(key).string(value);
}

void write_known(std::string_view key, std::optional<std::int64_t> value, Writer& writer) {
  if (value) writer.key(key).integer(*value);
}

void write_known(std::string_view key, std::optional<bool> value, Writer& writer) {
  if (value) writer.key(key).boolean(*value);
}

void write_known(std::string_view key, const std::vector<std::string>& values, Writer& writer) {
  if (values.empty()) return;
  writer.key(key).begin_array();
  for (const std::string& value : values) writer.string(value);
  writer.end_array();
}

void write_gateway(const ModelInfo& model, Writer& writer) {
  writer.key("gateway").begin_object();
  write_known("provider", std::string_view(model.provider), writer);
  write_known("model_id", std::string_view(model.model_id), writer);
  write_known("profile", std::string_view(model.profile), writer);
  write_known("regions", model.regions, writer);
  write_known("context_length", model.context_length, writer);
  write_known("max_output_tokens", model.max_output_tokens, writer);
  write_known("input_modalities", model.input_modalities, writer);
  write_known("output_modalities", model.output_modalities, writer);
  write_known("streaming", model.streaming, writer);
  write_known("tools", model.tools, writer);
  write_known("structured_output", model.structured_output, writer);
  if (!model.reasoning_levels.empty()) {
    writer.key("reasoning").begin_object();
    write_known("levels", model.reasoning_levels, writer);
    writer.end_object();
  }
  write_known("prompt_cache", model.prompt_cache, writer);
  write_known("lifecycle", std::string_view(model.lifecycle), writer);
  write_known("end_of_life", model.end_of_life, writer);
  write_known("aliases", model.aliases, writer);
  writer.end_object();
}

void write_object(const ModelInfo& model, Writer& writer) {
  writer.begin_object();
  writer.key("id").string(model.id);
  writer.key("object").string("model");
  writer.key("created").integer(model.created);
  writer.key("owned_by").string(model.owned_by);
  write_known("context_length", model.context_length, writer);
  write_known("max_model_len", model.context_length, writer);
  write_gateway(model, writer);
  writer.end_object();
}

}  // namespace

void write_model(const ModelInfo& model, std::string& out) {
  Writer writer(out);
  write_object(model, writer);
}

void write_model_list(std::span<const ModelInfo> models, std::string& out) {
  Writer writer(out);
  writer.begin_object();
  writer.key("object").string("list");
  writer.key("data").begin_array();
  for (const ModelInfo& model : models) write_object(model, writer);
  writer.end_array().end_object();
}

}  // namespace oriel::convert
