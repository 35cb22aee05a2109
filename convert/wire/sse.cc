#include "convert/wire/sse.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "convert/json/word.h"
#include "convert/wire/make_error.h"

namespace oriel::convert::wire {
namespace {

// Where the first CR or LF stands, or npos. Eight bytes at a time.
std::size_t find_line_end(std::string_view bytes) {
  std::size_t at = 0;
  for (; at + 8 <= bytes.size(); at += 8) {
    const std::uint64_t word = json::load_word(bytes.data() + at);
    if (json::has_byte(word, '\n') || json::has_byte(word, '\r')) break;
  }
  for (; at < bytes.size(); ++at) {
    if (bytes[at] == '\n' || bytes[at] == '\r') return at;
  }
  return std::string_view::npos;
}

}  // namespace

Pull SseDecoder::pull(std::string_view& bytes, SseEvent& event) {
  if (broken_) return Pull::broken;
  if (std::exchange(handed_out_, false)) clear_event();
  while (!bytes.empty()) {
    if (std::exchange(skip_lf_, false) && bytes.front() == '\n') {
      bytes.remove_prefix(1);
      continue;
    }
    const std::size_t end = find_line_end(bytes);
    std::string_view line = bytes.substr(0, end);
    if (line_.size() + line.size() > max_event_) return fail("oversize");
    if (end == std::string_view::npos) {
      line_.append(line);
      bytes = {};
      break;
    }
    skip_lf_ = bytes[end] == '\r';
    bytes.remove_prefix(end + 1);
    if (!line_.empty()) {
      line_.append(line);
      line = line_.view();
    }
    const Pull taken = take_line(line);
    line_.clear();
    if (taken == Pull::item) {
      handed_out_ = true;
      event.name = name_;
      event.data = data_.view().substr(0, data_.size() - 1);
    }
    if (taken != Pull::need_more) return taken;
  }
  return Pull::need_more;
}

Pull SseDecoder::take_line(std::string_view line) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (std::exchange(first_line_, false) && line.substr(0, 3) == kByteOrderMark) {
    line.remove_prefix(3);
  }
  if (line.empty()) {
    if (!data_.empty()) return Pull::item;
    clear_event();
    return Pull::need_more;
  }
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return take_field(line, {});
  std::string_view value = line.substr(colon + 1);
  if (!value.empty() && value.front() == ' ') value.remove_prefix(1);
  return take_field(line.substr(0, colon), value);
}

Pull SseDecoder::take_field(std::string_view name, std::string_view value) {
  if (name == "data") {
    if (data_.size() + value.size() >= max_event_) return fail("oversize");
    data_.append(value);
    data_.append("\n");
  } else if (name == "event") {
    if (value.size() > kMaxName) return fail("event_name");
    name_ = value;
  }
  return Pull::need_more;
}

Pull SseDecoder::fail(const char* reason) {
  broken_ = true;
  error_ = upstream_error(ErrorKind::upstream_stream_corrupt, reason);
  return Pull::broken;
}

void SseDecoder::clear_event() {
  data_.clear();
  name_.clear();
}

}  // namespace oriel::convert::wire
