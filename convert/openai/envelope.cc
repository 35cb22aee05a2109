#include "convert/openai/envelope.h"

#include <utility>

namespace oriel::convert::openai {

void write_envelope(const Envelope& envelope, std::string_view object, json::Writer& writer) {
  writer.key("id").string(envelope.id);
  writer.key("object").string(object);
  writer.key("created").integer(envelope.created);
  writer.key("model").text(envelope.model);
}

void write_usage(const Usage& usage, json::Writer& writer) {
  writer.begin_object();
  writer.key("prompt_tokens").unsigned_integer(usage.prompt());
  writer.key("completion_tokens").unsigned_integer(usage.output);
  writer.key("total_tokens").unsigned_integer(usage.total());
  writer.key("prompt_tokens_details").begin_object();
  writer.key("cached_tokens").unsigned_integer(usage.cache_read);
  writer.key("cache_write_tokens").unsigned_integer(usage.cache_write());
  writer.key("audio_tokens").unsigned_integer(0);
  writer.end_object();
  writer.key("completion_tokens_details").begin_object();
  if (usage.reasoning) writer.key("reasoning_tokens").unsigned_integer(*usage.reasoning);
  writer.key("audio_tokens").unsigned_integer(0);
  writer.key("accepted_prediction_tokens").unsigned_integer(0);
  writer.key("rejected_prediction_tokens").unsigned_integer(0);
  writer.end_object().end_object();
}

void append_spliced(const Splice& splice, std::string& out) {
  struct Change {
    SourceSpan span;
    std::string_view replacement;
  };
  Change changes[] = {{splice.model, splice.model_text}, {splice.removed, {}}};
  if (splice.removed.begin < splice.model.begin) std::swap(changes[0], changes[1]);
  std::size_t at = 0;
  for (const auto& [span, replacement] : changes) {
    const bool inside =
        span.begin >= at && span.begin <= span.end && span.end <= splice.source.size();
    if (!span.present() || !inside) continue;
    out.append(splice.source, at, span.begin - at);
    out.append(replacement);
    at = span.end;
  }
  out.append(splice.source, at);
}

}  // namespace oriel::convert::openai
