#include "gateway/exchange/content_notes.h"

#include <algorithm>
#include <string>

#include "convert/json/text.h"

namespace oriel::gateway {
namespace {

// Appends what there is room for, whole characters.
void keep(std::string_view bytes, std::string& kept) {
  const std::size_t room = metrics::kMaxLogContent - std::min(kept.size(), metrics::kMaxLogContent);
  kept.append(json::clip_utf8(bytes, room));
}

}  // namespace

void ContentNotes::body(std::string_view bytes) {
  if (wanted_ == LogContent::off) return;
  metrics::Content& content = record_.content.emplace();
  content.request_bytes = bytes.size();
  if (wanted_ == LogContent::full) keep(bytes, content.request);
}

void ContentNotes::request(const convert::ChatRequest& request) {
  if (!record_.content) return;
  record_.content->messages = static_cast<std::uint32_t>(request.messages.size());
  record_.content->tools = static_cast<std::uint32_t>(request.tools.size());
}

void ContentNotes::answer(std::string_view bytes) {
  if (!record_.content) return;
  metrics::Content& content = *record_.content;
  const bool nothing_was_cut = content.answer.size() == content.answer_bytes;
  content.answer_bytes += bytes.size();
  if (wanted_ == LogContent::full && nothing_was_cut) keep(bytes, content.answer);
}

}  // namespace oriel::gateway
