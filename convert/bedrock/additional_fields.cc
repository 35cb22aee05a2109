#include "convert/bedrock/additional_fields.h"

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "convert/bedrock/refusals.h"
#include "convert/bedrock/tool_config.h"
#include "convert/json/padded_buffer.h"

namespace oriel::convert::bedrock {
namespace {

using Action = Adjustment::Action;
using json::Text;
using json::Value;
using json::Writer;

constexpr std::string_view kField = "additionalModelRequestFields";

// What Converse says itself: the model would be told twice, past limits and policy.
constexpr auto kNeverPassed = std::to_array<std::string_view>(
    {"amazon-bedrock-guardrailConfig", "guardrailConfig", "max_tokens", "messages", "model",
     "prompt", "stream", "system"});
// What must agree with toolConfig: ours, where we have one.
constexpr std::string_view kToolChoice = "tool_choice";

bool has_derived(const AdditionalFields& fields) {
  const ExtraFields& extras = fields.extras;
  return !fields.reasoning.empty() || fields.tools.one_call_at_a_time || !extras.top_k.empty() ||
         !extras.seed.empty() || !extras.presence_penalty.empty() ||
         !extras.frequency_penalty.empty() || !extras.user_id.empty();
}

void write_penalty(std::string_view snake, std::string_view camel, Raw value, ModelFamily family,
                   Writer& writer) {
  if (value.empty()) return;
  if (family == ModelFamily::ai21) {
    writer.key(camel).begin_object().key("scale").raw(value).end_object();
  } else {
    writer.key(snake).raw(value);
  }
}

void write_derived(const AdditionalFields& fields, ToolNames& names, Writer& writer) {
  const ExtraFields& extras = fields.extras;
  const ModelFamily family = fields.model.family;
  write_reasoning(fields.reasoning, writer);
  if (!extras.top_k.empty() && family == ModelFamily::nova) {
    writer.key("inferenceConfig").begin_object().key("topK").raw(extras.top_k).end_object();
  } else if (!extras.top_k.empty()) {
    writer.key("top_k").raw(extras.top_k);
  }
  if (!extras.seed.empty()) writer.key("seed").raw(extras.seed);
  write_penalty("presence_penalty", "presencePenalty", extras.presence_penalty, family, writer);
  write_penalty("frequency_penalty", "frequencyPenalty", extras.frequency_penalty, family, writer);
  if (!extras.user_id.empty()) {
    writer.key("metadata").begin_object().key("user_id").text(extras.user_id).end_object();
  }
  if (fields.tools.one_call_at_a_time) {
    write_one_call_at_a_time(fields.tools.choice, names, writer);
  }
}

bool is_same_key(Text a, Text b) {
  if (a == b) return true;
  return (a.has_escapes() || b.has_escapes()) && json::unescape(a) == json::unescape(b);
}

std::optional<Value> find_key(Value object, Text key) {
  for (const json::Member member : object.children()) {
    if (is_same_key(member.key, key)) return member.value;
  }
  return std::nullopt;
}

// Writes objects as one: every key once, at its first place, with its last value; objects under one
// key are merged in turn.
class Merger {
 public:
  Merger(Writer& writer, Adjustments& adjusted) : writer_(writer), adjusted_(adjusted) {}

  // The first layer is ours. False when an object has too many members.
  bool write(std::span<const Value> layers) { return write_object(layers, true); }

 private:
  bool write_object(std::span<const Value> layers, bool top) {
    writer_.begin_object();
    for (std::size_t at = 0; at < layers.size(); ++at) {
      if (layers[at].children().count() > kMaxMergedMembers) return false;
      for (const json::Member member : layers[at].children()) {
        const auto earlier = layers.first(at);
        const bool written = std::any_of(earlier.begin(), earlier.end(), [&](Value layer) {
          return find_key(layer, member.key).has_value();
        });
        if (top && at > 0 && is_kept_out(member.key, written)) continue;
        if (written) continue;
        const bool ours = top && at == 0 && member.key.escaped() == kToolChoice;
        if (!write_value(member, ours ? layers.first(1) : layers.subspan(at))) return false;
      }
    }
    writer_.end_object();
    return true;
  }

  bool write_value(const json::Member& member, std::span<const Value> layers) {
    std::vector<Value> values;
    for (const Value layer : layers) {
      const auto value = find_key(layer, member.key);
      if (!value) continue;
      if (!value->is_object() || (!values.empty() && !values.back().is_object())) values.clear();
      values.push_back(*value);
    }
    writer_.key(member.key);
    if (values.size() > 1) return write_object(values, false);
    writer_.raw(values.front().raw());
    return true;
  }

  bool is_kept_out(Text key, bool written) {
    const std::string plain = json::unescape(key);
    const bool kept_out =
        (written && plain == kToolChoice) ||
        std::find(kNeverPassed.begin(), kNeverPassed.end(), plain) != kNeverPassed.end();
    if (kept_out) adjusted_.add(kField, Action::dropped);
    return kept_out;
  }

  Writer& writer_;
  Adjustments& adjusted_;
};

// [ours, the unknown fields that are passed on, the client's own]
json::PaddedBuffer layers_of(const AdditionalFields& fields, ToolNames& names) {
  std::string text;
  Writer writer(text);
  writer.begin_array().begin_object();
  write_derived(fields, names, writer);
  writer.end_object();
  if (!fields.extras.passed.empty()) {
    writer.begin_object();
    for (const ExtraField& field : fields.extras.passed) {
      writer.key(Text::from_escaped(field.name)).raw(field.value);
    }
    writer.end_object();
  }
  if (!fields.extras.request_fields.empty()) writer.raw(fields.extras.request_fields);
  writer.end_array();
  return json::PaddedBuffer{std::string_view(text)};
}

}  // namespace

Result<void> write_additional_fields(const AdditionalFields& fields, ToolNames& names,
                                     json::Reader& reader, Writer& writer, Adjustments& adjusted) {
  const bool derived = has_derived(fields);
  const bool given = !fields.extras.passed.empty() || !fields.extras.request_fields.empty();
  if (!given) {
    if (!derived) return {};
    writer.key(kField).begin_object();
    write_derived(fields, names, writer);
    writer.end_object();
    return {};
  }
  const json::PaddedBuffer text = layers_of(fields, names);
  const auto layers = reader.read(text);
  std::vector<Value> objects;
  if (layers) {
    for (const json::Member layer : layers->children()) objects.push_back(layer.value);
  }
  std::string merged;
  Writer merging(merged);
  if (!layers || !Merger(merging, adjusted).write(objects)) {
    return refuse_value(
        "Invalid 'additionalModelRequestFields': expected at most 256 members, not too deep.",
        kField);
  }
  if (merged != "{}") writer.key(kField).raw({merged});
  return {};
}

}  // namespace oriel::convert::bedrock
