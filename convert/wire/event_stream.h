// Decoder of application/vnd.amazon.eventstream: frames with two checksums, fed in pieces of any
// size. Source: spec/converse.md §14. One per stream, owned by its StreamDecoder, single-threaded.
// A frame that lies whole in the fed bytes is decoded where it stands; only a partial one is
// buffered.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "convert/error.h"
#include "convert/json/padded_buffer.h"
#include "convert/wire/feed.h"

namespace oriel::convert::wire {

// One frame. Its views are good until the next call into the decoder, or the end of the sink's
// call.
struct EventMessage {
  enum class Kind : std::uint8_t {
    event,      // event_type (may be unknown or empty: to be ignored), payload
    exception,  // exception_type ("throttlingException"), payload
    error,      // error_code, error_message; no payload
  };
  Kind kind = Kind::event;
  std::string_view event_type;
  std::string_view exception_type;
  std::string_view error_code;
  std::string_view error_message;
  std::string_view content_type;
  std::string_view payload;  // readable for json::PaddedBuffer::kPadding bytes behind its end
};

class EventStreamDecoder {
 public:
  static constexpr std::size_t kDefaultMaxMessage = 16U * 1024 * 1024;  // bytes of a whole frame

  explicit EventStreamDecoder(std::size_t max_message = kDefaultMaxMessage)
      : max_message_(max_message) {}

  // Hands each frame of `bytes` to `sink`, a callable on const EventMessage& that answers void or
  // Result<void>. An error is final; it is upstream_stream_corrupt with one of these as its detail:
  // prelude_crc, message_crc, oversize, undersize, headers_length, header, header_duplicate,
  // message_type.
  template <class Sink>
  Result<void> feed(std::string_view bytes, Sink&& sink) {
    return feed_all<EventMessage>(*this, bytes, sink);
  }
  // The transport is at its end: an error (upstream_stream_truncated, "truncated") inside a frame.
  Result<void> finish() const;
  bool at_boundary() const { return partial_.empty() || partial_done_; }

  // One step of feed(): takes from the front of `bytes`.
  Pull pull(std::string_view& bytes, EventMessage& message);
  const Error& error() const { return error_; }  // after Pull::broken

 private:
  bool check_prelude(std::string_view prelude);  // sets frame_size_ and headers_size_
  // `slack` is how much may be read behind the frame.
  Pull decode(std::string_view frame, std::size_t slack, EventMessage& message);
  Pull fail(const char* reason);

  std::size_t max_message_;
  json::PaddedBuffer partial_;  // the frame that has begun but not ended
  bool partial_done_ = false;   // partial_ was handed out and is cleared by the next pull
  json::PaddedBuffer payload_;  // scratch of a payload that has too little behind it
  std::size_t frame_size_ = 0;  // of the current frame, once its prelude was checked; else 0
  std::size_t headers_size_ = 0;
  bool broken_ = false;
  Error error_;
};

}  // namespace oriel::convert::wire
