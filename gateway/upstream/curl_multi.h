// CurlUpstream: the real UpstreamClient, a curl multi handle on the worker's libevent base.
// HTTP/1.1 to http:// URLs; HTTP/2 to https:// where the server offers it, one stream per
// connection. Connections and easy handles are reused. Belongs to its worker's thread; every call
// is destroyed before it.
//
// curl's callbacks may neither add nor remove transfers, and curl must not be entered from its
// timer callback: such work waits for the deferred event, which runs from a clean stack in the same
// loop turn. The process ignores SIGPIPE: curl is told to leave signals alone.
#pragma once

#include <curl/curl.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "gateway/upstream/upstream.h"

struct event;
struct event_base;
struct sockaddr;

namespace oriel::gateway {

class CurlCall;

struct CurlUpstreamOptions {
  std::string ca_file;          // PEM, the only authorities trusted; empty: the system's
  std::string proxy;            // URL; empty: none, whatever the environment says
  long max_connections = 4096;  // open at once, all hosts; further calls wait
  std::chrono::seconds max_connection_idle{55};  // older idle connections are not reused
  std::size_t max_pooled_handles = 256;          // easy handles kept for later calls
  // Asked of every address before it is connected to; null: all are good.
  bool (*may_connect)(const sockaddr& address, std::size_t size) = nullptr;
};

struct EventDeleter {
  void operator()(event* e) const;
};
using OwnedEvent = std::unique_ptr<event, EventDeleter>;

class CurlUpstream final : public UpstreamClient {
 public:
  CurlUpstream(event_base* base, CurlUpstreamOptions options);
  CurlUpstream(const CurlUpstream&) = delete;
  CurlUpstream& operator=(const CurlUpstream&) = delete;
  ~CurlUpstream() override;

  // Never calls the observer before it has returned: what fails at once is told by on_done later.
  std::unique_ptr<UpstreamCall> start(UpstreamRequest request, UpstreamObserver& observer) override;

  // Sockets opened so far: grows by one where a connection could not be reused.
  std::uint64_t connections_opened() const { return connections_opened_; }

 private:
  friend class CurlCall;
  class InsideCurl;
  struct Watch;

  // For CurlCall.
  event_base* base() const { return base_; }
  const CurlUpstreamOptions& options() const { return options_; }
  bool inside_curl() const { return curl_depth_ > 0; }
  void defer_start(CurlCall& call);
  void defer_resume(CurlCall& call);
  void release(std::unique_ptr<CurlCall> call);
  bool add(CurlCall& call);
  void remove(CurlCall& call);
  void resume(CurlCall& call);

  void recycle(std::unique_ptr<CurlCall> call);
  void drive(curl_socket_t socket, int mask);
  void tell_finished();
  void run_deferred();
  void wake_deferred();
  Watch& watch_of(curl_socket_t socket);
  void park(Watch& watch);

  static int on_socket(CURL* easy, curl_socket_t socket, int what, void* self, void* unused);
  static int on_timeout_change(CURLM* multi, long timeout_ms, void* self);
  static curl_socket_t on_open(void* self, curlsocktype purpose, curl_sockaddr* address);
  static int on_close(void* self, curl_socket_t socket);
  static void on_ready(int socket, short what, void* self);
  static void on_timer(int, short, void* self);
  static void on_deferred(int, short, void* self);

  event_base* base_;
  CurlUpstreamOptions options_;
  CURLM* multi_;
  OwnedEvent timer_;
  OwnedEvent deferred_;
  std::vector<std::unique_ptr<Watch>> watches_;  // by descriptor
  std::vector<std::unique_ptr<CurlCall>> pool_;
  std::vector<std::unique_ptr<CurlCall>> retired_;
  std::vector<CurlCall*> starts_;   // nullptr: released meanwhile
  std::vector<CurlCall*> resumes_;  // nullptr: released meanwhile
  int curl_depth_ = 0;
  bool in_timer_ = false;  // the zero timeouts that curl asks for now wait for the next loop turn
  bool in_deferred_ = false;  // so does what is deferred now
  std::uint64_t connections_opened_ = 0;
};

}  // namespace oriel::gateway
