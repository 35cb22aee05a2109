#include "gateway/upstream/curl_multi.h"

#include <event2/event.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <mutex>
#include <utility>

#include "gateway/upstream/curl_call.h"

namespace oriel::gateway {
namespace {

// What the caller owns: the loan of a CurlCall.
class CallHandle final : public UpstreamCall {
 public:
  using GiveBack = void (*)(CurlUpstream&, std::unique_ptr<CurlCall>);
  CallHandle(CurlUpstream& client, std::unique_ptr<CurlCall> call, GiveBack give_back)
      : client_(client), call_(std::move(call)), give_back_(give_back) {}
  ~CallHandle() override { give_back_(client_, std::move(call_)); }
  void pause() override { call_->pause(); }
  void resume() override { call_->resume(); }
  TransferTimes times() const override { return call_->times(); }

 private:
  CurlUpstream& client_;
  std::unique_ptr<CurlCall> call_;
  GiveBack give_back_;
};

void initialise_curl() {
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
}

// Runs `e` in this loop turn; or in the next, so that a chain of them cannot starve the sockets.
void activate(event* e, bool next_turn) {
  if (next_turn) {
    const timeval now{};
    evtimer_add(e, &now);
  } else {
    event_active(e, EV_TIMEOUT, 0);
  }
}

// Takes the call out of a queue that is being walked.
void forget(std::vector<CurlCall*>& queue, CurlCall* call) {
  std::replace(queue.begin(), queue.end(), call, static_cast<CurlCall*>(nullptr));
}

}  // namespace

void EventDeleter::operator()(event* e) const { event_free(e); }

class CurlUpstream::InsideCurl {
 public:
  explicit InsideCurl(CurlUpstream& client) : client_(client) { ++client_.curl_depth_; }
  InsideCurl(const InsideCurl&) = delete;
  InsideCurl& operator=(const InsideCurl&) = delete;
  ~InsideCurl() { --client_.curl_depth_; }

 private:
  CurlUpstream& client_;
};

// How the loop watches one socket. Between two transfers of a connection curl does not care for its
// socket; the watch then stays in the kernel, parked, so that a reused connection costs no
// epoll_ctl. Only sockets whose closing we are told about may be parked.
struct CurlUpstream::Watch {
  OwnedEvent read;
  OwnedEvent write;
  bool reading = false;
  bool writing = false;
  bool ours = false;
  bool parked = false;

  static void set(const OwnedEvent& e, bool& on, bool wanted) {
    if (on == wanted) return;
    on = wanted;
    if (wanted) {
      event_add(e.get(), nullptr);
    } else {
      event_del(e.get());
    }
  }
  void want(bool read_wanted, bool write_wanted) {
    set(read, reading, read_wanted);
    set(write, writing, write_wanted);
  }
};

CurlUpstream::CurlUpstream(event_base* base, CurlUpstreamOptions options)
    : base_(base),
      options_(std::move(options)),
      multi_((initialise_curl(), curl_multi_init())),
      timer_(evtimer_new(base, &CurlUpstream::on_timer, this)),
      deferred_(evtimer_new(base, &CurlUpstream::on_deferred, this)) {
  curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, &CurlUpstream::on_socket);
  curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
  curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, &CurlUpstream::on_timeout_change);
  curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
  curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, options_.max_connections);
  curl_multi_setopt(multi_, CURLMOPT_MAX_TOTAL_CONNECTIONS, options_.max_connections);
  // One stream per HTTP/2 connection: a paused stream must not hold back another.
  curl_multi_setopt(multi_, CURLMOPT_PIPELINING, CURLPIPE_NOTHING);
}

CurlUpstream::~CurlUpstream() {
  for (std::unique_ptr<CurlCall>& call : retired_) remove(*call);
  retired_.clear();
  pool_.clear();
  curl_multi_cleanup(multi_);
}

std::unique_ptr<UpstreamCall> CurlUpstream::start(UpstreamRequest request,
                                                  UpstreamObserver& observer) {
  std::unique_ptr<CurlCall> call;
  if (pool_.empty()) {
    call = std::make_unique<CurlCall>(*this);
  } else {
    call = std::move(pool_.back());
    pool_.pop_back();
  }
  const bool sendable = call->prepare(std::move(request), observer);
  if (!sendable || inside_curl() || !add(*call)) defer_start(*call);
  return std::make_unique<CallHandle>(*this, std::move(call),
                                      [](CurlUpstream& client, std::unique_ptr<CurlCall> back) {
                                        client.release(std::move(back));
                                      });
}

void CurlUpstream::release(std::unique_ptr<CurlCall> call) {
  forget(starts_, call.get());
  forget(resumes_, call.get());
  call->abandon();
  if (inside_curl() || call->on_stack()) {
    retired_.push_back(std::move(call));
    wake_deferred();
    return;
  }
  remove(*call);
  recycle(std::move(call));
}

void CurlUpstream::recycle(std::unique_ptr<CurlCall> call) {
  if (!call->usable() || pool_.size() >= options_.max_pooled_handles) return;
  call->reset();
  pool_.push_back(std::move(call));
}

bool CurlUpstream::add(CurlCall& call) {
  const CURLMcode code = curl_multi_add_handle(multi_, call.easy());
  if (code != CURLM_OK) {
    call.set_refused(curl_multi_strerror(code));
    return false;
  }
  call.set_added();
  return true;
}

void CurlUpstream::remove(CurlCall& call) {
  if (!call.added()) return;
  curl_multi_remove_handle(multi_, call.easy());
  call.set_removed();
}

void CurlUpstream::defer_start(CurlCall& call) {
  starts_.push_back(&call);
  wake_deferred();
}

void CurlUpstream::defer_resume(CurlCall& call) {
  resumes_.push_back(&call);
  wake_deferred();
}

void CurlUpstream::resume(CurlCall& call) {
  const InsideCurl inside(*this);
  curl_easy_pause(call.easy(), CURLPAUSE_CONT);
}

void CurlUpstream::wake_deferred() { activate(deferred_.get(), in_deferred_); }

// What is queued meanwhile by the callbacks waits for the next turn.
void CurlUpstream::run_deferred() {
  in_deferred_ = true;
  const std::size_t starts = starts_.size();
  for (std::size_t i = 0; i < starts; ++i) {
    if (CurlCall* call = std::exchange(starts_[i], nullptr)) call->begin();
  }
  starts_.erase(starts_.begin(), starts_.begin() + static_cast<std::ptrdiff_t>(starts));
  const std::size_t resumes = resumes_.size();
  for (std::size_t i = 0; i < resumes; ++i) {
    if (CurlCall* call = std::exchange(resumes_[i], nullptr)) call->deliver();
  }
  resumes_.erase(resumes_.begin(), resumes_.begin() + static_cast<std::ptrdiff_t>(resumes));
  tell_finished();
  std::vector<std::unique_ptr<CurlCall>> retired = std::exchange(retired_, {});
  for (std::unique_ptr<CurlCall>& call : retired) {
    remove(*call);
    recycle(std::move(call));
  }
  in_deferred_ = false;
}

void CurlUpstream::drive(curl_socket_t socket, int mask) {
  {
    const InsideCurl inside(*this);
    int running = 0;
    curl_multi_socket_action(multi_, socket, mask, &running);
  }
  tell_finished();
}

void CurlUpstream::tell_finished() {
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    const CURLcode code = message->data.result;
    CurlCall* call = nullptr;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &call);
    remove(*call);
    call->finish(code);
  }
}

CurlUpstream::Watch& CurlUpstream::watch_of(curl_socket_t socket) {
  const auto index = static_cast<std::size_t>(socket);
  if (index >= watches_.size()) watches_.resize(index + 1);
  std::unique_ptr<Watch>& watch = watches_[index];
  if (!watch) {
    watch = std::make_unique<Watch>();
    watch->read.reset(
        event_new(base_, socket, EV_READ | EV_PERSIST, &CurlUpstream::on_ready, this));
    watch->write.reset(
        event_new(base_, socket, EV_WRITE | EV_PERSIST, &CurlUpstream::on_ready, this));
  }
  return *watch;
}

void CurlUpstream::park(Watch& watch) {
  watch.parked = true;
  watch.want(watch.reading, false);
}

int CurlUpstream::on_socket(CURL*, curl_socket_t socket, int what, void* self, void*) {
  auto& client = *static_cast<CurlUpstream*>(self);
  const auto index = static_cast<std::size_t>(socket);
  if (what == CURL_POLL_REMOVE) {
    if (index >= client.watches_.size() || !client.watches_[index]) return 0;
    if (client.watches_[index]->ours) {
      client.park(*client.watches_[index]);
    } else {
      client.watches_[index].reset();
    }
    return 0;
  }
  Watch& watch = client.watch_of(socket);
  watch.parked = false;
  watch.want((what & CURL_POLL_IN) != 0, (what & CURL_POLL_OUT) != 0);
  return 0;
}

int CurlUpstream::on_timeout_change(CURLM*, long timeout_ms, void* self) {
  auto& client = *static_cast<CurlUpstream*>(self);
  if (timeout_ms < 0) {
    evtimer_del(client.timer_.get());
  } else if (timeout_ms == 0) {
    activate(client.timer_.get(), client.in_timer_);
  } else {
    timeval wait{};
    wait.tv_sec = timeout_ms / 1000;
    wait.tv_usec = timeout_ms % 1000 * 1000;
    evtimer_add(client.timer_.get(), &wait);
  }
  return 0;
}

curl_socket_t CurlUpstream::on_open(void* self, curlsocktype, curl_sockaddr* address) {
  auto& client = *static_cast<CurlUpstream*>(self);
  const auto may_connect = client.options_.may_connect;
  if (may_connect != nullptr && !may_connect(address->addr, address->addrlen)) {
    return CURL_SOCKET_BAD;
  }
  const int made = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
  if (made < 0) return CURL_SOCKET_BAD;
  ++client.connections_opened_;
  client.watch_of(made).ours = true;
  return made;
}

int CurlUpstream::on_close(void* self, curl_socket_t socket) {
  auto& client = *static_cast<CurlUpstream*>(self);
  client.watches_[static_cast<std::size_t>(socket)].reset();
  return close(socket);
}

void CurlUpstream::on_ready(int socket, short what, void* self) {
  auto& client = *static_cast<CurlUpstream*>(self);
  Watch& watch = *client.watches_[static_cast<std::size_t>(socket)];
  if (watch.parked) {
    // The idle connection ended, or said something unasked, or its paused transfer has more to
    // read: curl looks for itself when it comes back to the socket.
    watch.want(false, false);
    return;
  }
  int mask = 0;
  if ((what & EV_READ) != 0) mask |= CURL_CSELECT_IN;
  if ((what & EV_WRITE) != 0) mask |= CURL_CSELECT_OUT;
  client.drive(socket, mask);
}

void CurlUpstream::on_timer(int, short, void* self) {
  auto& client = *static_cast<CurlUpstream*>(self);
  client.in_timer_ = true;
  client.drive(CURL_SOCKET_TIMEOUT, 0);
  client.in_timer_ = false;
}

void CurlUpstream::on_deferred(int, short, void* self) {
  static_cast<CurlUpstream*>(self)->run_deferred();
}

}  // namespace oriel::gateway
