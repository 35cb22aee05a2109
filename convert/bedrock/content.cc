#include "convert/bedrock/content.h"

#include "convert/bedrock/citations.h"

namespace oriel::convert::bedrock {

void Content::text(Text text, DeltaSink& sink) {
  if (plain_) return emit(text, sink);
  if (formatted_) return;
  if (!awaits_format_) return through_fence(text.escaped(), sink);
  held_.append(text.escaped());
  if (held_.size() <= kMaxHeld) return;
  awaits_format_ = false;
  through_fence(held_, sink);
  held_.clear();
}

void Content::format(Text text, DeltaSink& sink) {
  formatted_ = true;
  held_.clear();
  emit(text, sink);
}

void Content::finish(DeltaSink& sink) {
  if (plain_ || formatted_) return;
  through_fence(held_, sink);
  held_.clear();
  scratch_.clear();
  fence_.finish(scratch_);
  emit(Text::from_escaped(scratch_), sink);
}

void Content::through_fence(std::string_view text, DeltaSink& sink) {
  scratch_.clear();
  fence_.push(text, scratch_);
  emit(Text::from_escaped(scratch_), sink);
}

void Content::emit(Text text, DeltaSink& sink) {
  if (text.empty()) return;
  points_ += count_points(text);
  delta_.text = text;
  sink.on_delta(delta_);
}

}  // namespace oriel::convert::bedrock
