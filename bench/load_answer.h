// Reads one HTTP answer at a time in pieces of any size, and counts the events of a streamed one.
// Owned by a connection of the load generator and reused for its next request.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace oriel::bench {

enum class Format : std::uint8_t { json, sse, event_stream };

class Answer {
 public:
  enum class State : std::uint8_t { more, done, broken };

  explicit Answer(Format format) : format_(format) {}

  // Makes it ready for the next answer.
  void reset();
  // Bytes behind the answer's end make it broken.
  State feed(std::string_view bytes);

  int status() const { return status_; }
  // Of a stream: [DONE] or the metadata frame came, and nothing behind it.
  bool complete() const { return format_ == Format::json || (ended_ && pending_.empty()); }
  std::uint64_t pieces() const { return pieces_; }  // events that carry content
  std::string_view head() const { return head_; }   // in lower case
  // A whole answer's body; a stream's first bytes.
  std::string_view body() const { return body_; }

 private:
  State feed_head(std::string_view bytes);
  State feed_body(std::string_view bytes);
  State feed_chunks(std::string_view bytes);
  void take(std::string_view content);
  void take_sse();
  void take_frames();

  Format format_;
  std::string head_;
  bool head_done_ = false;
  int status_ = 0;
  bool chunked_ = false;
  std::uint64_t left_ = 0;  // of the body, or of the chunk
  std::string chunk_line_;
  bool last_chunk_ = false;
  std::string body_;
  std::string pending_;  // the event that has begun but not ended
  std::uint64_t pieces_ = 0;
  bool ended_ = false;
};

}  // namespace oriel::bench
