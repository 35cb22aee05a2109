// ClientSocket: the bytes of one client, in and out, plain or over TLS. A bufferevent reads and
// takes what the kernel does not; what is written in one loop turn is staged and leaves in one
// system call. Owned by its Connection; the worker's thread. The one place that holds input back.
//
// Facts about libevent 2.1.12 that shape it: a bufferevent's own high watermark for reading calls
// back again and again while input stays above it, and over TLS forgets what OpenSSL already holds;
// so input is held back by switching reading off. Then a client's leaving goes unseen: peer_left()
// asks. And a bufferevent reads 4 KiB at a time: read_into() is for bodies.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "convert/json/padded_buffer.h"
#include "gateway/clock.h"
#include "gateway/http/tls.h"

struct bufferevent;
struct evbuffer;
struct evbuffer_cb_info;
struct event_base;

namespace oriel::gateway::http {

class ClientSocket {
 public:
  enum class Flushed : std::uint8_t { ok, broken };
  enum class Close : std::uint8_t { orderly, reset };

  // What the owner wants to hear of; all from libevent's stack.
  struct Callbacks {
    void (*on_input)(bufferevent*, void*) = nullptr;
    void (*on_output)(bufferevent*,
                      void*) = nullptr;  // the buffered answer shrank to half the mark
    void (*on_event)(bufferevent*, short, void*) = nullptr;
    void* owner = nullptr;
  };

  ClientSocket(const Clock& clock, const ServerLimits& limits) : clock_(clock), limits_(limits) {}
  ClientSocket(const ClientSocket&) = delete;
  ClientSocket& operator=(const ClientSocket&) = delete;
  ~ClientSocket() { close(Close::orderly); }
  // Owns `fd` from here on, also when it fails (no memory).
  bool open(event_base* base, int fd, const TlsContext* tls, const Callbacks& callbacks);

  bool secure() const { return secure_; }
  bool is_open() const { return event_ != nullptr; }

  std::size_t available() const;  // bytes of input
  // The input's first bytes: what lies in one piece, or, asked for more, `size` bytes made one
  // piece.
  std::string_view peek();
  std::string_view peek(std::size_t size);
  void take(std::size_t size);  // drops them
  void hold_if_full();          // stops reading at the high watermark, until take() gets below it
  bool held() const { return held_; }
  // Reads up to `most` bytes behind `body` past the bufferevent, whose input must be empty; plain
  // only (0 over TLS). An end or an error is left for the bufferevent to find.
  std::size_t read_into(json::PaddedBuffer& body, std::size_t most);
  bool peer_left() const;         // asks the kernel: closed, half-closed or reset
  bool has_unread_input() const;  // asks the kernel, too

  std::string& staged() { return staged_; }
  std::size_t staged_size() const { return staged_.size(); }
  Flushed flush();
  std::size_t buffered() const;  // bytes not yet taken by the kernel
  SteadyTime last_progress() const { return last_progress_; }
  void shutdown_write();  // after the last flush: our side's end, so that the client sees it
  void close(Close how);

 private:
  static void on_output_change(evbuffer*, const evbuffer_cb_info* info, void* self);

  const Clock& clock_;
  const ServerLimits& limits_;
  bufferevent* event_ = nullptr;
  int fd_ = -1;
  bool secure_ = false;
  bool held_ = false;
  std::string staged_;
  std::size_t unsent_ = 0;  // at close
  SteadyTime last_progress_;
};

}  // namespace oriel::gateway::http
