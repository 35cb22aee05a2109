#include "bench/load_answer.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

namespace oriel::bench {
namespace {

constexpr std::size_t kMaxHead = 64 * 1024;
constexpr std::size_t kKeptOfStream = 4 * 1024;
constexpr std::size_t kPreludeBytes = 12;
constexpr std::size_t kMinFrame = 16;

}  // namespace

void Answer::reset() {
  head_.clear();
  head_done_ = chunked_ = last_chunk_ = ended_ = false;
  status_ = 0;
  left_ = pieces_ = 0;
  chunk_line_.clear();
  body_.clear();
  pending_.clear();
}

Answer::State Answer::feed(std::string_view bytes) {
  if (!head_done_) return feed_head(bytes);
  return chunked_ ? feed_chunks(bytes) : feed_body(bytes);
}

Answer::State Answer::feed_head(std::string_view bytes) {
  head_.append(bytes);
  const std::size_t end = head_.find("\r\n\r\n");
  if (end == std::string::npos) return head_.size() < kMaxHead ? State::more : State::broken;
  const std::string rest = head_.substr(end + 4);
  head_.resize(end + 2);
  for (char& c : head_) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  if (head_.size() < 12 || head_.compare(0, 7, "http/1.") != 0) return State::broken;
  status_ = std::atoi(head_.c_str() + 9);
  head_done_ = true;
  chunked_ = head_.find("\r\ntransfer-encoding: chunked\r\n") != std::string::npos;
  const std::size_t length = head_.find("\r\ncontent-length:");
  if (!chunked_ && length == std::string::npos) return State::broken;
  left_ = chunked_ ? 0 : std::strtoull(head_.c_str() + length + 17, nullptr, 10);
  return chunked_ ? feed_chunks(rest) : feed_body(rest);
}

Answer::State Answer::feed_body(std::string_view bytes) {
  if (bytes.size() > left_) return State::broken;
  left_ -= bytes.size();
  take(bytes);
  return left_ == 0 ? State::done : State::more;
}

Answer::State Answer::feed_chunks(std::string_view bytes) {
  while (!bytes.empty()) {
    if (left_ > 0) {
      const std::size_t n = std::min<std::uint64_t>(left_, bytes.size());
      take(bytes.substr(0, n));
      left_ -= n;
      bytes.remove_prefix(n);
      continue;
    }
    chunk_line_.push_back(bytes.front());
    bytes.remove_prefix(1);
    if (chunk_line_.size() > 64) return State::broken;
    if (chunk_line_.back() != '\n') continue;
    if (chunk_line_ == "\r\n") {  // behind a chunk's data, or behind the last chunk
      if (last_chunk_) return bytes.empty() ? State::done : State::broken;
    } else {
      left_ = std::strtoull(chunk_line_.c_str(), nullptr, 16);
      last_chunk_ = left_ == 0;
    }
    chunk_line_.clear();
  }
  return State::more;
}

void Answer::take(std::string_view content) {
  if (format_ == Format::json) {
    body_.append(content);
    return;
  }
  if (body_.size() < kKeptOfStream) body_.append(content.substr(0, kKeptOfStream));
  pending_.append(content);
  format_ == Format::sse ? take_sse() : take_frames();
}

void Answer::take_sse() {
  constexpr std::string_view kContent = "\"content\":\"";
  std::size_t from = 0;
  for (;;) {
    const std::size_t end = pending_.find("\n\n", from);
    if (end == std::string::npos) break;
    const std::string_view event = std::string_view(pending_).substr(from, end - from);
    const std::size_t content = event.find(kContent);
    if (content != std::string_view::npos &&
        event.substr(content + kContent.size()).substr(0, 1) != "\"") {
      ++pieces_;
    }
    ended_ = event == "data: [DONE]";
    from = end + 2;
  }
  pending_.erase(0, from);
}

void Answer::take_frames() {
  std::size_t from = 0;
  while (pending_.size() - from >= kPreludeBytes) {
    std::uint32_t size = 0;
    std::memcpy(&size, pending_.data() + from, sizeof size);
    size = ntohl(size);
    if (size < kMinFrame || pending_.size() - from < size) break;
    const std::string_view frame = std::string_view(pending_).substr(from, size);
    if (frame.find("contentBlockDelta") != std::string_view::npos) ++pieces_;
    ended_ = frame.find("metadata") != std::string_view::npos;
    from += size;
  }
  pending_.erase(0, from);
}

}  // namespace oriel::bench
