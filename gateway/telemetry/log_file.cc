#include "gateway/telemetry/log_file.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>

namespace oriel::gateway {
namespace {

constexpr std::size_t kBatchBytes = 32'768;
// A pipe that is writable takes this much without blocking (pipe(7)).
constexpr std::size_t kPieceBytes = PIPE_BUF;
constexpr int kPatienceMs = 1'000;  // for one batch
constexpr int kDrainMs = 500;       // for everything, once stopping
constexpr int kSliceMs = 50;        // how soon stop() is noticed

}  // namespace

LogFile::LogFile(int fd, Owner owner) : fd_(fd), owner_(owner), drain_left_ms_(kDrainMs) {
  struct stat status = {};
  is_socket_ = ::fstat(fd, &status) == 0 && S_ISSOCK(status.st_mode);
  batch_.reserve(kBatchBytes);
}

LogFile::~LogFile() {
  if (owner_ == Owner::owned) ::close(fd_);
}

void LogFile::add(std::string_view line) { batch_.append(line).push_back('\n'); }

bool LogFile::batch_is_full() const { return batch_.size() >= kBatchBytes; }

void LogFile::flush() {
  if (batch_.empty()) return;
  std::string_view rest = batch_;
  char last = '\n';
  while (!rest.empty() && wait_until_writable()) {
    const std::int64_t taken = put(torn_ ? "\n" : rest.substr(0, kPieceBytes));
    if (taken < 0 && (errno == EINTR || errno == EAGAIN || errno == EWOULDBLOCK)) continue;
    if (taken <= 0) break;
    if (torn_) {
      torn_ = false;
      continue;
    }
    last = rest[static_cast<std::size_t>(taken) - 1];
    rest.remove_prefix(static_cast<std::size_t>(taken));
  }
  if (!rest.empty() && last != '\n') torn_ = true;
  const auto lost = std::count(rest.begin(), rest.end(), '\n');
  dropped_.fetch_add(static_cast<std::uint64_t>(lost), std::memory_order_relaxed);
  batch_.clear();
}

bool LogFile::wait_until_writable() {
  pollfd entry = {fd_, POLLOUT, 0};
  for (int waited = 0; waited <= kPatienceMs; waited += kSliceMs) {
    const bool stopping = stopping_.load(std::memory_order_relaxed);
    const int slice = stopping ? std::min(kSliceMs, drain_left_ms_) : kSliceMs;
    // An error state counts as writable: the write will say what it is.
    if (::poll(&entry, 1, slice) != 0) return true;
    if (!stopping) continue;
    drain_left_ms_ -= slice;
    if (drain_left_ms_ == 0) return false;
  }
  return false;
}

std::int64_t LogFile::put(std::string_view bytes) const {
  if (is_socket_) return ::send(fd_, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  return ::write(fd_, bytes.data(), bytes.size());
}

}  // namespace oriel::gateway
