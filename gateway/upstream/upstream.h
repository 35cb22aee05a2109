// The seam to upstream services: start a call, be told what comes back, cancel by destroying it.
// The real client is curl_multi.h (libcurl on the worker's loop); tests may bring their own. Used
// on one thread only, the worker's.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "convert/dialect.h"

namespace oriel::gateway {

// How long each phase of a call may take; zero is no limit.
struct CallDeadlines {
  std::chrono::milliseconds connect{5'000};
  std::chrono::milliseconds first_byte{120'000};  // from the start to the response's first byte
  std::chrono::milliseconds idle{120'000};        // between bytes, paused time not counted
  std::chrono::milliseconds total{900'000};
};

struct UpstreamRequest {
  std::string method;
  std::string url;  // absolute, path already percent-encoded: sent as it is
  std::vector<convert::Header> headers;
  std::string_view body;  // borrowed until the call is destroyed
  CallDeadlines deadlines;
  std::size_t max_head = 65'536;  // bytes of response header fields
};

enum class TransferFault : std::uint8_t {
  none,
  resolve,
  connect,
  tls,
  reset,  // the connection broke, or ended before what it had promised
  connect_timeout,
  first_byte_timeout,
  idle_timeout,
  total_timeout,
  protocol,  // not HTTP, header too large, bad chunking
  local,     // out of handles or memory
};

// What the transport measured; durations in microseconds, 0 where nothing was done (reused
// connection).
struct TransferTimes {
  std::uint64_t dns_us = 0;
  std::uint64_t connect_us = 0;
  std::uint64_t tls_us = 0;
  std::uint64_t first_byte_us = 0;
  std::uint64_t total_us = 0;
  bool reused_connection = false;
  std::uint8_t http_major = 1;
};

struct TransferResult {
  TransferFault fault = TransferFault::none;
  std::string detail;  // curl's words, for the log
};

// Told in order: on_head at most once, on_body any number of times, on_done exactly once unless the
// call is destroyed before. The call may be destroyed inside any of them: it is retired and freed
// when the stack has unwound, and nothing is told after that.
class UpstreamObserver {
 public:
  virtual ~UpstreamObserver() = default;
  virtual void on_head(int status, const std::vector<convert::Header>& headers) = 0;
  virtual void on_body(std::string_view bytes) = 0;
  virtual void on_done(const TransferResult& result) = 0;
};

class UpstreamCall {
 public:
  virtual ~UpstreamCall() = default;  // cancels what still runs
  // Stops and restarts on_body; pausing inside on_body keeps later bytes back. resume() delivers
  // from a clean stack, never from inside the call.
  virtual void pause() = 0;
  virtual void resume() = 0;
  // What was measured so far, at any time, inside on_done as well.
  virtual TransferTimes times() const = 0;
};

class UpstreamClient {
 public:
  virtual ~UpstreamClient() = default;
  virtual std::unique_ptr<UpstreamCall> start(UpstreamRequest request,
                                              UpstreamObserver& observer) = 0;
};

}  // namespace oriel::gateway
