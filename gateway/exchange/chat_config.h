// How chats are answered, where the configuration has a say: its keys `chat.*` and `log.content`.
// Part of the immutable Config. Source: spec/converse.md §8.4, §13.4, §13.5.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace oriel::gateway {

// What becomes of an upstream call whose client has left.
enum class OnDisconnect : std::uint8_t {
  cancel,  // it is cut at once; what it cost stays unknown
  drain,   // it is read to its end, within bounds, for its usage
};

// What of the content the log line says.
enum class LogContent : std::uint8_t {
  off,
  length,  // how much was said
  full,    // what was said: prompts and answers are in the log then
};

struct ChatConfig {
  // A comment after so much silence in a stream that has begun; zero: none.
  std::chrono::milliseconds keep_alive{15'000};
  // A stream begins after so long even when nothing came yet; its errors are then events in it.
  // Zero: never.
  std::chrono::milliseconds early_commit{0};
  OnDisconnect on_disconnect = OnDisconnect::cancel;
  std::chrono::milliseconds drain_timeout{60'000};
  std::size_t drain_bytes = 4 * 1024 * 1024;  // of one chat, behind its client's end
  std::uint32_t max_draining = 64;            // chats at once, per worker: others are cancelled
  // Reasoning kept for clients that forget it, all workers together; zero: none.
  std::size_t signature_cache_bytes = 64 * 1024 * 1024;
  LogContent log_content = LogContent::off;  // the key log.content
};

}  // namespace oriel::gateway
