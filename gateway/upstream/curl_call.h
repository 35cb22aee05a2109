// CurlCall: one transfer on an easy handle, and the slot that is used again for the next. Reads the
// response's head from curl's header lines, keeps the deadlines, pauses and classifies faults. Lent
// to a handle (the UpstreamCall that the caller owns), which gives it back to CurlUpstream when it
// goes. Belongs to the worker's thread.
#pragma once

#include <curl/curl.h>

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/upstream/curl_multi.h"
#include "gateway/upstream/upstream.h"

namespace oriel::gateway {

// Which fault a curl result is. `detail` is curl's message.
TransferFault fault_of(CURLcode code, std::string_view detail);

class CurlCall {
 public:
  explicit CurlCall(CurlUpstream& client);
  CurlCall(const CurlCall&) = delete;
  CurlCall& operator=(const CurlCall&) = delete;
  ~CurlCall();

  bool usable() const { return easy_ != nullptr; }
  CURL* easy() const { return easy_; }

  // Takes a request on and starts its deadlines. False: it cannot be sent, begin() will say why.
  bool prepare(UpstreamRequest&& request, UpstreamObserver& observer);
  // Starts the transfer, or tells why it cannot start. From a clean stack.
  void begin();
  // The transfer is over, as curl says; it is no longer in the multi handle.
  void finish(CURLcode code);
  // Nobody listens any more: nothing is told from here on, and the request's body is not read
  // again.
  void abandon();
  // The multi handle did not take it.
  void set_refused(std::string_view why) { cannot_send(why); }
  // Ready for the next prepare().
  void reset();

  void pause();
  void resume();
  void deliver();  // what was held back while paused

  TransferTimes times() const;

  bool added() const { return added_; }
  void set_added() { added_ = true; }
  void set_removed() { added_ = false; }
  bool on_stack() const { return telling_; }

 private:
  enum class Phase : std::uint8_t { head, body };

  void set_fixed_options();
  bool set_request_options();
  void set_body();
  bool build_headers();
  bool cannot_send(std::string_view why);
  void fail_now(TransferFault fault, std::string_view detail);
  void tell_done(TransferFault fault, std::string_view detail);
  void arm_phase(std::chrono::milliseconds limit);
  bool refuse(std::string_view why);
  bool take_line(std::string_view line);
  bool take_field(std::string_view line);
  bool end_head();

  static std::size_t on_header(char* bytes, std::size_t size, std::size_t count, void* self);
  static std::size_t on_write(char* bytes, std::size_t size, std::size_t count, void* self);
  static std::size_t on_read(char* room, std::size_t size, std::size_t count, void* self);
  static int on_seek(void* self, curl_off_t offset, int origin);
  static curl_socket_t on_open(void* self, curlsocktype purpose, curl_sockaddr* address);
  static int on_connected(void* self, char*, char*, int, int);
  static void on_phase_timeout(int, short, void* self);
  static void on_total_timeout(int, short, void* self);

  CurlUpstream& client_;
  CURL* easy_;
  OwnedEvent phase_timer_;  // first byte, then idle
  OwnedEvent total_timer_;
  std::array<char, CURL_ERROR_SIZE> curl_words_{};
  std::string last_method_;  // what the easy handle is set to
  long last_http_version_ = -1;

  UpstreamRequest request_;
  UpstreamObserver* observer_ = nullptr;
  std::string small_body_;
  std::size_t body_sent_ = 0;             // of a large body
  std::string header_text_;               // NUL-terminated lines
  std::vector<curl_slist> header_nodes_;  // into header_text_
  std::vector<convert::Header> response_;
  std::size_t head_bytes_ = 0;
  int status_ = 0;
  Phase phase_ = Phase::head;
  TransferFault fault_ = TransferFault::none;  // found by us, stronger than curl's
  std::string fault_detail_;
  bool added_ = false;        // in the multi handle
  bool measured_ = false;     // what curl tells is of this transfer, not of the slot's last one
  bool paused_ = false;       // the caller wants no body
  bool curl_paused_ = false;  // curl holds bytes back
  bool telling_ = false;      // inside on_done
};

}  // namespace oriel::gateway
