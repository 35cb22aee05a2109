// A file descriptor that lines are written to in batches without ever hanging on it. One thread
// (the log's), except for stop() and dropped().
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>

namespace oriel::gateway {

class LogFile {
 public:
  enum class Owner : bool { borrowed, owned };
  LogFile(int fd, Owner owner);
  ~LogFile();
  LogFile(const LogFile&) = delete;
  LogFile& operator=(const LogFile&) = delete;

  // Adds a line to the batch; flush() sends it.
  void add(std::string_view line);
  bool batch_is_full() const;
  bool batch_is_empty() const { return batch_.empty(); }
  // Writes the batch, or drops what the descriptor does not take within a second.
  void flush();

  // From now on waits add up to half a second at most.
  void stop() { stopping_.store(true, std::memory_order_relaxed); }
  bool stopping() const { return stopping_.load(std::memory_order_relaxed); }
  std::uint64_t dropped() const { return dropped_.load(std::memory_order_relaxed); }

 private:
  bool wait_until_writable();
  std::int64_t put(std::string_view bytes) const;

  const int fd_;
  const Owner owner_;
  bool is_socket_ = false;
  bool torn_ = false;  // what went out last was cut within a line
  int drain_left_ms_;
  std::string batch_;
  std::atomic<bool> stopping_{false};
  std::atomic<std::uint64_t> dropped_{0};
};

}  // namespace oriel::gateway
