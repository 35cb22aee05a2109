// Decoder of text/event-stream by WHATWG HTML §9.2.6: lines end with LF, CR or CRLF, comments and
// unknown fields are skipped, several data lines are joined with LF, an event without data is none.
// One per stream, single-threaded. An event that ends without its blank line is dropped, as the
// standard says.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "convert/error.h"
#include "convert/json/padded_buffer.h"
#include "convert/wire/feed.h"

namespace oriel::convert::wire {

// Its views are good until the next call into the decoder, or the end of the sink's call.
struct SseEvent {
  std::string_view name;  // of the `event` field; empty when there was none
  std::string_view data;  // readable for json::PaddedBuffer::kPadding bytes behind its end
};

class SseDecoder {
 public:
  static constexpr std::size_t kDefaultMaxEvent =
      16U * 1024 * 1024;                        // bytes of a line, of the data
  static constexpr std::size_t kMaxName = 256;  // bytes of an event's name

  explicit SseDecoder(std::size_t max_event = kDefaultMaxEvent) : max_event_(max_event) {}

  // Hands each event of `bytes` to `sink`, a callable on const SseEvent& that answers void or
  // Result<void>. An error is final: upstream_stream_corrupt, its detail "oversize" or
  // "event_name".
  template <class Sink>
  Result<void> feed(std::string_view bytes, Sink&& sink) {
    return feed_all<SseEvent>(*this, bytes, sink);
  }
  // Whether nothing of an event has begun.
  bool at_boundary() const {
    return line_.empty() && (handed_out_ || (data_.empty() && name_.empty()));
  }

  // One step of feed(): takes from the front of `bytes`.
  Pull pull(std::string_view& bytes, SseEvent& event);
  const Error& error() const { return error_; }  // after Pull::broken

 private:
  // Takes one line, without its end: an item when it was the blank line of an event that has data.
  Pull take_line(std::string_view line);
  Pull take_field(std::string_view name, std::string_view value);
  Pull fail(const char* reason);
  void clear_event();

  std::size_t max_event_;
  json::PaddedBuffer line_;  // the line that has begun but not ended
  json::PaddedBuffer data_;  // the event's data so far, an LF behind every line
  std::string name_;
  bool first_line_ = true;   // a byte order mark may lead it
  bool skip_lf_ = false;     // the last line ended with CR: an LF belongs to it
  bool handed_out_ = false;  // the event was handed out and is cleared by the next pull
  bool broken_ = false;
  Error error_;
};

}  // namespace oriel::convert::wire
