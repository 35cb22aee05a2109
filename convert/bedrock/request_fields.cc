#include "convert/bedrock/request_fields.h"

namespace oriel::convert::bedrock {
namespace {

using json::Writer;

void write_metadata(const std::vector<ExtraFields::Pair>& pairs, Writer& writer) {
  if (pairs.empty()) return;
  writer.key("requestMetadata").begin_object();
  for (const ExtraFields::Pair& pair : pairs) {
    writer.key(pair.key);
    if (pair.value.text.starts_with('"')) {
      writer.raw(pair.value);
    } else {
      writer.string(pair.value.text);
    }
  }
  writer.end_object();
}

void write_guardrail(const Guardrail& guardrail, Operation operation, Writer& writer) {
  if (guardrail.empty()) return;
  writer.key("guardrailConfig").begin_object();
  writer.key("guardrailIdentifier").string(guardrail.id);
  writer.key("guardrailVersion").string(guardrail.version);
  if (!guardrail.trace.empty()) writer.key("trace").string(guardrail.trace);
  // Converse itself refuses it.
  if (!guardrail.stream_mode.empty() && operation == Operation::converse_stream) {
    writer.key("streamProcessingMode").string(guardrail.stream_mode);
  }
  writer.end_object();
}

}  // namespace

void write_request_fields(const ExtraFields& extras, Operation operation, Writer& writer) {
  write_metadata(extras.metadata, writer);
  if (!extras.service_tier.empty()) {
    writer.key("serviceTier").begin_object();
    writer.key("type").string(extras.service_tier).end_object();
  }
  if (!extras.latency.empty()) {
    writer.key("performanceConfig").begin_object();
    writer.key("latency").string(extras.latency).end_object();
  }
  write_guardrail(extras.guardrail, operation, writer);
  if (!extras.prompt_variables.empty()) {
    writer.key("promptVariables").raw(extras.prompt_variables);
  }
  if (!extras.response_paths.empty()) {
    writer.key("additionalModelResponseFieldPaths").raw(extras.response_paths);
  }
}

}  // namespace oriel::convert::bedrock
