#include "convert/wire/event_stream.h"

#include <algorithm>
#include <array>
#include <utility>

#include "convert/wire/crc32.h"
#include "convert/wire/make_error.h"

namespace oriel::convert::wire {
namespace {

constexpr std::size_t kPrelude = 12;  // total length, headers length, CRC of both
constexpr std::size_t kCrc = 4;       // of everything before it
constexpr std::size_t kOverhead = kPrelude + kCrc;

std::uint32_t big32(std::string_view bytes, std::size_t at) {
  const auto byte = [&](std::size_t i) {
    return std::uint32_t{static_cast<unsigned char>(bytes[at + i])};
  };
  return byte(0) << 24 | byte(1) << 16 | byte(2) << 8 | byte(3);
}

// Reads headers front to back; a read beyond the end empties it and answers false.
class HeaderReader {
 public:
  explicit HeaderReader(std::string_view bytes) : rest_(bytes) {}
  bool empty() const { return rest_.empty(); }
  bool take(std::size_t count, std::string_view& out) {
    if (rest_.size() < count) return false;
    out = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return true;
  }
  bool take_size(std::size_t width, std::size_t& out) {
    std::string_view bytes;
    if (!take(width, bytes)) return false;
    out = 0;
    for (const char c : bytes) out = out << 8 | static_cast<unsigned char>(c);
    return true;
  }

 private:
  std::string_view rest_;
};

constexpr std::size_t kString = 7;

// Takes a value of one of the ten types; string types give their text.
bool take_value(HeaderReader& reader, std::size_t type, std::string_view& value) {
  switch (type) {
    case 0:
    case 1: return true;                    // true, false
    case 2: return reader.take(1, value);   // int8
    case 3: return reader.take(2, value);   // int16
    case 4: return reader.take(4, value);   // int32
    case 5:                                 // int64
    case 8: return reader.take(8, value);   // timestamp
    case 9: return reader.take(16, value);  // uuid
    case 6:                                 // bytes
    case kString: {
      std::size_t size = 0;
      return reader.take_size(2, size) && reader.take(size, value);
    }
    default: return false;
  }
}

// The headers that we know; others are checked and skipped.
struct KnownHeader {
  std::string_view name;
  std::string_view value;
  bool present = false;
};
enum Known : std::size_t {
  kMessageType,
  kEventType,
  kExceptionType,
  kErrorCode,
  kErrorMessage,
  kContentType,
  kKnownCount,
};
using KnownHeaders = std::array<KnownHeader, kKnownCount>;

// nullptr, or the reason.
const char* read_headers(std::string_view bytes, KnownHeaders& known) {
  HeaderReader reader(bytes);
  while (!reader.empty()) {
    std::size_t name_size = 0;
    std::size_t type = 0;
    std::string_view name;
    std::string_view value;
    if (!reader.take_size(1, name_size) || name_size == 0 || !reader.take(name_size, name) ||
        !reader.take_size(1, type) || !take_value(reader, type, value)) {
      return "header";
    }
    const auto found = std::find_if(known.begin(), known.end(),
                                    [&](const KnownHeader& header) { return header.name == name; });
    if (found == known.end()) continue;
    if (type != kString) return "header";
    if (std::exchange(found->present, true)) return "header_duplicate";
    found->value = value;
  }
  return nullptr;
}

}  // namespace

Result<void> EventStreamDecoder::finish() const {
  if (broken_) return Unexpected{error_};
  if (at_boundary()) return {};
  return Unexpected{upstream_error(ErrorKind::upstream_stream_truncated, "truncated")};
}

Pull EventStreamDecoder::pull(std::string_view& bytes, EventMessage& message) {
  if (broken_) return Pull::broken;
  if (std::exchange(partial_done_, false)) partial_.clear();
  const auto top_up = [&](std::size_t size) {
    const std::size_t count = std::min(size - std::min(size, partial_.size()), bytes.size());
    partial_.append(bytes.substr(0, count));
    bytes.remove_prefix(count);
    return partial_.size() >= size;
  };
  if (partial_.empty() && bytes.size() >= kPrelude) {
    if (!check_prelude(bytes.substr(0, kPrelude))) return Pull::broken;
    if (bytes.size() >= frame_size_) {
      const std::string_view frame = bytes.substr(0, frame_size_);
      bytes.remove_prefix(frame_size_);
      return decode(frame, bytes.size(), message);
    }
  } else {
    const bool had_prelude = partial_.size() >= kPrelude;
    if (!top_up(kPrelude)) return Pull::need_more;
    if (!had_prelude && !check_prelude(partial_.view().substr(0, kPrelude))) return Pull::broken;
  }
  if (!top_up(frame_size_)) return Pull::need_more;
  partial_done_ = true;
  return decode(partial_.view(), json::PaddedBuffer::kPadding, message);
}

bool EventStreamDecoder::check_prelude(std::string_view prelude) {
  if (crc32(prelude.substr(0, 8)) != big32(prelude, 8)) {
    fail("prelude_crc");
    return false;
  }
  frame_size_ = big32(prelude, 0);
  headers_size_ = big32(prelude, 4);
  const char* reason = nullptr;
  if (frame_size_ < kOverhead) {
    reason = "undersize";
  } else if (frame_size_ > max_message_) {
    reason = "oversize";
  } else if (headers_size_ > frame_size_ - kOverhead) {
    reason = "headers_length";
  }
  if (reason != nullptr) fail(reason);
  return reason == nullptr;
}

Pull EventStreamDecoder::decode(std::string_view frame, std::size_t slack, EventMessage& message) {
  const std::size_t body_end = frame.size() - kCrc;
  if (crc32(frame.substr(0, body_end)) != big32(frame, body_end)) return fail("message_crc");
  KnownHeaders known{{{":message-type", {}},
                      {":event-type", {}},
                      {":exception-type", {}},
                      {":error-code", {}},
                      {":error-message", {}},
                      {":content-type", {}}}};
  if (const char* reason = read_headers(frame.substr(kPrelude, headers_size_), known)) {
    return fail(reason);
  }
  message = {};
  const std::string_view type = known[kMessageType].value;
  if (type == "exception") {
    message.kind = EventMessage::Kind::exception;
  } else if (type == "error") {
    message.kind = EventMessage::Kind::error;
  } else if (type != "event" && known[kMessageType].present) {
    return fail("message_type");
  }
  message.event_type = known[kEventType].value;
  message.exception_type = known[kExceptionType].value;
  message.error_code = known[kErrorCode].value;
  message.error_message = known[kErrorMessage].value;
  message.content_type = known[kContentType].value;
  message.payload = frame.substr(kPrelude + headers_size_, body_end - kPrelude - headers_size_);
  if (slack + kCrc < json::PaddedBuffer::kPadding) {
    payload_.clear();
    payload_.reserve(message.payload.size() + 1);  // an empty payload is padded too
    payload_.append(message.payload);
    message.payload = payload_.view();
  }
  return Pull::item;
}

Pull EventStreamDecoder::fail(const char* reason) {
  broken_ = true;
  error_ = upstream_error(ErrorKind::upstream_stream_corrupt, reason);
  return Pull::broken;
}

}  // namespace oriel::convert::wire
