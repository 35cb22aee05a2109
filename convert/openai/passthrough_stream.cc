#include "convert/openai/passthrough_stream.h"

#include "convert/openai/passthrough_error.h"
#include "convert/openai/passthrough_facts.h"

namespace oriel::convert::openai {
namespace {

Unexpected<Error> corrupt(const char* reason) {
  Error error;
  error.kind = ErrorKind::upstream_stream_corrupt;
  error.detail = reason;
  return {std::move(error)};
}

bool is_empty(const json::Value& value) {
  if (const auto text = value.as_text()) return text->empty();
  return value.children().empty();
}

// Whether a choice's delta brings anything but its role: text, reasoning, tool calls, audio, ….
bool has_content(const json::Value& delta) {
  for (const json::Member member : delta.children()) {
    if (member.key.escaped() != "role" && !is_empty(member.value)) return true;
  }
  return false;
}

}  // namespace

Result<void> PassthroughStream::feed(std::string_view bytes, DeltaSink& sink) {
  if (done_) return {};
  auto fed = events_.feed(bytes, [&](const wire::SseEvent& event) { return take(event, sink); });
  if (done_) return {};  // whatever came behind the answer
  return fed;
}

Result<void> PassthroughStream::finish(DeltaSink&) {
  if (done_) return {};
  if (begun_.any() && begun_ == ended_) {
    done_ = true;
    return {};
  }
  Error error;
  error.kind = ErrorKind::upstream_stream_truncated;
  error.detail = begun_.any() ? "no finish reason" : "no chunk";
  return Unexpected{std::move(error)};
}

Result<void> PassthroughStream::take(const wire::SseEvent& event, DeltaSink& sink) {
  if (done_ || event.data.empty()) return {};
  if (event.data == "[DONE]") {
    done_ = true;
    return {};
  }
  const auto root = reader_.read(event.data);
  if (!root) return corrupt("json");
  if (event.name == "error" || root->find_present("error")) {
    return Unexpected{map_error(0, *root)};
  }
  if (!root->is_object()) return corrupt("not an object");
  const auto choices = root->find_present("choices");
  if (!choices) {
    facts_.count(UnknownItem::event);
    return {};
  }
  return take_chunk(*root, *choices, sink);
}

Result<void> PassthroughStream::take_chunk(const json::Value& root, const json::Value& choices,
                                           DeltaSink& sink) {
  if (!choices.is_array()) return corrupt("choices");
  ChatDelta delta;
  delta.kind = ChatDelta::Kind::source;
  delta.source = root.raw();
  delta.source_model_span = find_model_span(root);
  delta.source_usage_span = find_removable_span(root, "usage");
  delta.usage = read_usage(root);
  read_names(root, facts_);
  delta.only_usage = choices.children().empty();
  if (const auto tier = root.find("service_tier")) {
    delta.service_tier = tier->as_text().value_or(json::Text());
  }
  for (const json::Member choice : choices.children()) {
    Result<void> taken = take_choice(choice.value, delta);
    if (!taken) return taken;
  }
  sink.on_delta(delta);
  return {};
}

Result<void> PassthroughStream::take_choice(const json::Value& choice, ChatDelta& delta) {
  if (!choice.is_object()) return corrupt("choice");
  std::size_t index = 0;
  if (const auto named = choice.find_present("index")) {
    const auto number = named->as_integer();
    if (!number || *number < 0 || *number >= static_cast<std::int64_t>(kMaxChoices)) {
      return corrupt("choice index");
    }
    index = static_cast<std::size_t>(*number);
  }
  begun_.set(index);
  if (const auto content = choice.find("delta"); content && has_content(*content)) {
    delta.carries_content = true;
  }
  const auto word = choice.find("finish_reason");
  const auto finish = word ? word->as_text() : std::nullopt;
  if (!finish || finish->empty()) return {};
  ended_.set(index);
  if (index == 0) delta.source_finish = read_finish(*finish, facts_);
  return {};
}

}  // namespace oriel::convert::openai
