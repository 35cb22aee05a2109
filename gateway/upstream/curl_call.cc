#include "gateway/upstream/curl_call.h"

#include <event2/event.h>

#include <algorithm>
#include <cstdio>
#include <utility>

namespace oriel::gateway {
namespace {

constexpr std::size_t kSmallBody = 65'535;  // curl sends less than 64 KiB with the head
constexpr std::size_t kKeptBody = 8'192;    // of a pooled call's copy
constexpr long kKeepAliveIdleSeconds = 60;
constexpr long kKeepAliveProbeSeconds = 20;
constexpr long kNoConnectLimitMs = 24L * 60 * 60 * 1000;  // curl reads 0 as its own default
// CURLE_TOO_LARGE, which curl before 8.6 does not have.
constexpr auto kCurlTooLarge = static_cast<CURLcode>(100);

bool is_token(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return c > ' ' && c < '\x7f' &&
           std::string_view("()<>@,;:\\\"/[]?={}").find(c) == std::string_view::npos;
  });
}

bool has_line_break(std::string_view value) {
  return value.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos;
}

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

// The digits of "HTTP/1.1 200 OK" and "HTTP/2 200"; 0 when there is no such status.
int status_in(std::string_view line) {
  const std::size_t space = line.find(' ');
  if (space == std::string_view::npos || line.size() < space + 4) return 0;
  int status = 0;
  for (const char c : line.substr(space + 1, 3)) {
    if (c < '0' || c > '9') return 0;
    status = status * 10 + (c - '0');
  }
  return status;
}

timeval to_timeval(std::chrono::milliseconds duration) {
  timeval value{};
  value.tv_sec = static_cast<time_t>(duration.count() / 1000);
  value.tv_usec = static_cast<suseconds_t>(duration.count() % 1000 * 1000);
  return value;
}

std::uint64_t info_us(CURL* easy, CURLINFO what) {
  curl_off_t value = 0;
  curl_easy_getinfo(easy, what, &value);
  return value > 0 ? static_cast<std::uint64_t>(value) : 0;
}

std::uint64_t since(std::uint64_t later, std::uint64_t earlier) {
  return later > earlier ? later - earlier : 0;
}

}  // namespace

TransferFault fault_of(CURLcode code, std::string_view detail) {
  switch (code) {
    case CURLE_OK: return TransferFault::none;
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY: return TransferFault::resolve;
    case CURLE_COULDNT_CONNECT:
    case CURLE_PROXY: return TransferFault::connect;
    case CURLE_OPERATION_TIMEDOUT:
      return TransferFault::connect_timeout;  // its only timeout is that
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_INVALIDCERTSTATUS:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_USE_SSL_FAILED: return TransferFault::tls;
    case CURLE_RECV_ERROR:
      // curl has no code of its own for a broken chunk.
      return detail.find("in chunked-encoding") == std::string_view::npos ? TransferFault::reset
                                                                          : TransferFault::protocol;
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_ERROR:
    case CURLE_PARTIAL_FILE:
    case CURLE_HTTP2_STREAM: return TransferFault::reset;
    case CURLE_UNSUPPORTED_PROTOCOL:  // an answer without a status line
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_BAD_CONTENT_ENCODING:
    case CURLE_HTTP2:
    case CURLE_HTTP_RETURNED_ERROR:
    case CURLE_WRITE_ERROR:
    case CURLE_ABORTED_BY_CALLBACK: return TransferFault::protocol;
    default: return TransferFault::local;
  }
}

CurlCall::CurlCall(CurlUpstream& client)
    : client_(client),
      easy_(curl_easy_init()),
      phase_timer_(evtimer_new(client.base(), &CurlCall::on_phase_timeout, this)),
      total_timer_(evtimer_new(client.base(), &CurlCall::on_total_timeout, this)) {
  if (easy_ != nullptr) set_fixed_options();
}

CurlCall::~CurlCall() { curl_easy_cleanup(easy_); }

void CurlCall::set_fixed_options() {
  const CurlUpstreamOptions& options = client_.options();
  curl_easy_setopt(easy_, CURLOPT_PRIVATE, this);
  curl_easy_setopt(easy_, CURLOPT_ERRORBUFFER, curl_words_.data());
  curl_easy_setopt(easy_, CURLOPT_HEADERFUNCTION, &CurlCall::on_header);
  curl_easy_setopt(easy_, CURLOPT_HEADERDATA, this);
  curl_easy_setopt(easy_, CURLOPT_WRITEFUNCTION, &CurlCall::on_write);
  curl_easy_setopt(easy_, CURLOPT_WRITEDATA, this);
  curl_easy_setopt(easy_, CURLOPT_READFUNCTION, &CurlCall::on_read);
  curl_easy_setopt(easy_, CURLOPT_READDATA, this);
  curl_easy_setopt(easy_, CURLOPT_SEEKFUNCTION, &CurlCall::on_seek);
  curl_easy_setopt(easy_, CURLOPT_SEEKDATA, this);
  curl_easy_setopt(easy_, CURLOPT_OPENSOCKETFUNCTION, &CurlCall::on_open);
  curl_easy_setopt(easy_, CURLOPT_OPENSOCKETDATA, this);
  curl_easy_setopt(easy_, CURLOPT_CLOSESOCKETFUNCTION, &CurlUpstream::on_close);
  curl_easy_setopt(easy_, CURLOPT_CLOSESOCKETDATA, &client_);
  curl_easy_setopt(easy_, CURLOPT_PREREQFUNCTION, &CurlCall::on_connected);
  curl_easy_setopt(easy_, CURLOPT_PREREQDATA, this);
  curl_easy_setopt(easy_, CURLOPT_NOSIGNAL, 1L);
  // Letting go of a call never waits for a resolver thread.
  curl_easy_setopt(easy_, CURLOPT_QUICK_EXIT, 1L);
  curl_easy_setopt(easy_, CURLOPT_PROXY, options.proxy.c_str());
  curl_easy_setopt(easy_, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  curl_easy_setopt(easy_, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy_, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(easy_, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
  curl_easy_setopt(easy_, CURLOPT_PATH_AS_IS, 1L);
  curl_easy_setopt(easy_, CURLOPT_PIPEWAIT, 0L);
  curl_easy_setopt(easy_, CURLOPT_TCP_NODELAY, 1L);
  curl_easy_setopt(easy_, CURLOPT_TCP_KEEPALIVE, 1L);
  curl_easy_setopt(easy_, CURLOPT_TCP_KEEPIDLE, kKeepAliveIdleSeconds);
  curl_easy_setopt(easy_, CURLOPT_TCP_KEEPINTVL, kKeepAliveProbeSeconds);
  curl_easy_setopt(easy_, CURLOPT_MAXAGE_CONN,
                   static_cast<long>(options.max_connection_idle.count()));
  curl_easy_setopt(easy_, CURLOPT_SSL_VERIFYPEER, 1L);
  curl_easy_setopt(easy_, CURLOPT_SSL_VERIFYHOST, 2L);
  curl_easy_setopt(easy_, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  // A directory of authorities would widen ca_file and keep curl from caching the parsed file.
  curl_easy_setopt(easy_, CURLOPT_CAPATH, nullptr);
  if (!options.ca_file.empty()) curl_easy_setopt(easy_, CURLOPT_CAINFO, options.ca_file.c_str());
}

bool CurlCall::prepare(UpstreamRequest&& request, UpstreamObserver& observer) {
  request_ = std::move(request);
  observer_ = &observer;
  curl_words_[0] = '\0';
  arm_phase(request_.deadlines.first_byte);
  if (request_.deadlines.total.count() > 0) {
    const timeval wait = to_timeval(request_.deadlines.total);
    evtimer_add(total_timer_.get(), &wait);
  }
  if (easy_ == nullptr) return cannot_send("curl_easy_init failed");
  return build_headers() && set_request_options();
}

bool CurlCall::set_request_options() {
  const bool secure = request_.url.starts_with("https://");
  if (!secure && !request_.url.starts_with("http://")) return cannot_send("not an http(s) URL");
  if (has_line_break(request_.url) || !is_token(request_.method)) {
    return cannot_send("malformed method or URL");
  }
  const long version = secure ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1;
  if (version != last_http_version_) {
    last_http_version_ = version;
    curl_easy_setopt(easy_, CURLOPT_HTTP_VERSION, version);
  }
  const bool sends_body = !request_.body.empty() || request_.method == "POST";
  const std::string method = request_.method + (sends_body ? "+" : "-");
  if (method != last_method_) {
    last_method_ = method;
    curl_easy_setopt(easy_, CURLOPT_NOBODY, 0L);
    curl_easy_setopt(easy_, sends_body ? CURLOPT_POST : CURLOPT_HTTPGET, 1L);
    if (method == "HEAD-") curl_easy_setopt(easy_, CURLOPT_NOBODY, 1L);
    const bool usual = method == "POST+" || method == "GET-" || method == "HEAD-";
    curl_easy_setopt(easy_, CURLOPT_CUSTOMREQUEST, usual ? nullptr : request_.method.c_str());
  }
  curl_easy_setopt(easy_, CURLOPT_HTTPHEADER, header_nodes_.data());
  if (sends_body) set_body();
  const auto connect = request_.deadlines.connect.count();
  curl_easy_setopt(easy_, CURLOPT_CONNECTTIMEOUT_MS,
                   connect > 0 ? static_cast<long>(connect) : kNoConnectLimitMs);
  if (curl_easy_setopt(easy_, CURLOPT_URL, request_.url.c_str()) != CURLE_OK) {
    return cannot_send("curl refuses the URL");
  }
  return true;
}

// A call may be let go, and its body freed, at a moment when curl will still work on the transfer.
// So curl never gets a pointer to the body: a small one is copied, which lets curl send it together
// with the head, and a large one is read through on_read, as curl would itself.
void CurlCall::set_body() {
  const bool small = request_.body.size() <= kSmallBody;
  if (small) small_body_.assign(request_.body);
  curl_easy_setopt(easy_, CURLOPT_POSTFIELDSIZE_LARGE,
                   static_cast<curl_off_t>(request_.body.size()));
  curl_easy_setopt(easy_, CURLOPT_POSTFIELDS, small ? small_body_.c_str() : nullptr);
}

// One text block and nodes into it instead of curl_slist_append's two allocations a line. "Name:"
// takes curl's own line away, "Name;" sends an empty one.
bool CurlCall::build_headers() {
  static constexpr std::array<std::string_view, 3> kUnasked{"Expect", "Accept", "Content-Type"};
  header_text_.clear();
  std::vector<std::size_t> starts;
  starts.reserve(request_.headers.size() + kUnasked.size());
  for (const convert::Header& header : request_.headers) {
    if (!is_token(header.name) || has_line_break(header.value)) {
      return cannot_send("malformed request header field");
    }
    starts.push_back(header_text_.size());
    header_text_.append(header.name);
    if (trimmed(header.value).empty()) {
      header_text_.push_back(';');
    } else {
      header_text_.append(": ").append(header.value);
    }
    header_text_.push_back('\0');
  }
  for (const std::string_view name : kUnasked) {
    if (!convert::find_header(request_.headers, name).empty()) continue;
    starts.push_back(header_text_.size());
    header_text_.append(name).append(":").push_back('\0');
  }
  header_nodes_.resize(starts.size());
  for (std::size_t i = 0; i < starts.size(); ++i) {
    header_nodes_[i].data = header_text_.data() + starts[i];
    header_nodes_[i].next = i + 1 < starts.size() ? &header_nodes_[i + 1] : nullptr;
  }
  return true;
}

bool CurlCall::cannot_send(std::string_view why) {
  fault_ = TransferFault::local;
  fault_detail_ = why;
  return false;
}

void CurlCall::begin() {
  if (observer_ == nullptr) return;  // a deadline was faster
  if (fault_ != TransferFault::none || !client_.add(*this)) tell_done(fault_, fault_detail_);
}

void CurlCall::finish(CURLcode code) {
  measured_ = true;
  if (fault_ != TransferFault::none) {
    tell_done(fault_, fault_detail_);
    return;
  }
  const std::string_view detail =
      curl_words_[0] != '\0' ? std::string_view(curl_words_.data()) : curl_easy_strerror(code);
  TransferFault fault = fault_of(code, detail);
  if (phase_ == Phase::head) {
    long sent = 0;
    curl_easy_getinfo(easy_, CURLINFO_REQUEST_SIZE, &sent);
    // curl's own caps on one line and on the whole head.
    const bool too_large = code == CURLE_OUT_OF_MEMORY || code == kCurlTooLarge;
    if (code == CURLE_OK || (too_large && sent > 0)) fault = TransferFault::protocol;
  }
  tell_done(fault, fault == TransferFault::none ? std::string_view() : detail);
}

void CurlCall::fail_now(TransferFault fault, std::string_view detail) {
  client_.remove(*this);
  tell_done(fault, detail);
}

void CurlCall::tell_done(TransferFault fault, std::string_view detail) {
  evtimer_del(phase_timer_.get());
  evtimer_del(total_timer_.get());
  if (observer_ == nullptr) return;
  const TransferResult result{fault, std::string(detail)};
  telling_ = true;
  std::exchange(observer_, nullptr)->on_done(result);
  telling_ = false;
}

TransferTimes CurlCall::times() const {
  TransferTimes times;
  if (!measured_) return times;
  long sent = 0;
  long opened = 0;
  long version = CURL_HTTP_VERSION_NONE;
  curl_easy_getinfo(easy_, CURLINFO_REQUEST_SIZE, &sent);
  curl_easy_getinfo(easy_, CURLINFO_NUM_CONNECTS, &opened);
  curl_easy_getinfo(easy_, CURLINFO_HTTP_VERSION, &version);
  times.reused_connection = sent > 0 && opened == 0;
  if (!times.reused_connection) {
    const std::uint64_t resolved = info_us(easy_, CURLINFO_NAMELOOKUP_TIME_T);
    const std::uint64_t connected = info_us(easy_, CURLINFO_CONNECT_TIME_T);
    times.dns_us = resolved;
    times.connect_us = since(connected, resolved);
    times.tls_us = since(info_us(easy_, CURLINFO_APPCONNECT_TIME_T), connected);
  }
  if (head_bytes_ > 0) times.first_byte_us = info_us(easy_, CURLINFO_STARTTRANSFER_TIME_T);
  times.total_us = info_us(easy_, CURLINFO_TOTAL_TIME_T);
  times.http_major = version == CURL_HTTP_VERSION_2_0 ? 2 : 1;
  return times;
}

void CurlCall::abandon() {
  observer_ = nullptr;
  evtimer_del(phase_timer_.get());
  evtimer_del(total_timer_.get());
}

void CurlCall::reset() {
  request_ = {};
  body_sent_ = 0;
  small_body_.clear();
  if (small_body_.capacity() > kKeptBody) small_body_.shrink_to_fit();
  header_text_.clear();
  response_.clear();
  head_bytes_ = 0;
  status_ = 0;
  phase_ = Phase::head;
  fault_ = TransferFault::none;
  fault_detail_.clear();
  measured_ = false;
  paused_ = false;
  curl_paused_ = false;
}

void CurlCall::pause() {
  paused_ = true;
  if (head_bytes_ > 0) evtimer_del(phase_timer_.get());
}

void CurlCall::resume() {
  if (!paused_) return;
  paused_ = false;
  if (observer_ == nullptr) return;
  if (head_bytes_ > 0) arm_phase(request_.deadlines.idle);
  if (curl_paused_) client_.defer_resume(*this);
}

void CurlCall::deliver() {
  if (paused_ || !std::exchange(curl_paused_, false)) return;
  client_.resume(*this);
}

void CurlCall::arm_phase(std::chrono::milliseconds limit) {
  if (limit.count() <= 0) {
    evtimer_del(phase_timer_.get());
    return;
  }
  const timeval wait = to_timeval(limit);
  evtimer_add(phase_timer_.get(), &wait);
}

bool CurlCall::refuse(std::string_view why) {
  fault_ = TransferFault::protocol;
  fault_detail_ = why;
  return false;
}

// One line of the head, its line break included; or of the trailer, which nobody reads.
bool CurlCall::take_line(std::string_view line) {
  head_bytes_ += line.size();
  if (!paused_) arm_phase(request_.deadlines.idle);
  if (head_bytes_ > request_.max_head) return refuse("response header too large");
  if (phase_ == Phase::body) return true;
  while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) line.remove_suffix(1);
  if (status_ == 0) {
    status_ = status_in(line);
    return status_ >= 100 || refuse("malformed status line");
  }
  return line.empty() ? end_head() : take_field(line);
}

bool CurlCall::take_field(std::string_view line) {
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos || !is_token(line.substr(0, colon))) {
    return refuse("malformed response header field");
  }
  response_.push_back(
      {std::string(line.substr(0, colon)), std::string(trimmed(line.substr(colon + 1)))});
  return true;
}

bool CurlCall::end_head() {
  const int status = std::exchange(status_, 0);
  if (status == 101) return refuse("unasked protocol switch");
  if (status < 200) {
    response_.clear();
    return true;
  }
  phase_ = Phase::body;
  observer_->on_head(status, response_);
  return observer_ != nullptr;
}

std::size_t CurlCall::on_header(char* bytes, std::size_t size, std::size_t count, void* self) {
  auto& call = *static_cast<CurlCall*>(self);
  const std::size_t length = size * count;
  if (call.observer_ == nullptr || !call.take_line({bytes, length})) return 0;
  return length;
}

std::size_t CurlCall::on_write(char* bytes, std::size_t size, std::size_t count, void* self) {
  auto& call = *static_cast<CurlCall*>(self);
  const std::size_t length = size * count;
  if (call.observer_ == nullptr) return CURL_WRITEFUNC_ERROR;
  if (call.paused_) {
    call.curl_paused_ = true;
    return CURL_WRITEFUNC_PAUSE;
  }
  call.arm_phase(call.request_.deadlines.idle);
  call.observer_->on_body({bytes, length});
  return call.observer_ == nullptr ? CURL_WRITEFUNC_ERROR : length;
}

std::size_t CurlCall::on_read(char* room, std::size_t size, std::size_t count, void* self) {
  auto& call = *static_cast<CurlCall*>(self);
  if (call.observer_ == nullptr) return CURL_READFUNC_ABORT;
  const std::string_view next = call.request_.body.substr(call.body_sent_, size * count);
  next.copy(room, next.size());
  call.body_sent_ += next.size();
  return next.size();
}

// Back to the start, when a reused connection turns out dead and curl sends the request again.
int CurlCall::on_seek(void* self, curl_off_t offset, int origin) {
  auto& call = *static_cast<CurlCall*>(self);
  if (origin != SEEK_SET || call.observer_ == nullptr) return CURL_SEEKFUNC_FAIL;
  call.body_sent_ = std::min(static_cast<std::size_t>(offset), call.request_.body.size());
  return CURL_SEEKFUNC_OK;
}

curl_socket_t CurlCall::on_open(void* self, curlsocktype purpose, curl_sockaddr* address) {
  auto& call = *static_cast<CurlCall*>(self);
  call.measured_ = true;
  return CurlUpstream::on_open(&call.client_, purpose, address);
}

// A connection stands, a new one or one that is used again.
int CurlCall::on_connected(void* self, char*, char*, int, int) {
  static_cast<CurlCall*>(self)->measured_ = true;
  return CURL_PREREQFUNC_OK;
}

void CurlCall::on_phase_timeout(int, short, void* self) {
  auto& call = *static_cast<CurlCall*>(self);
  if (call.head_bytes_ == 0) {
    call.fail_now(TransferFault::first_byte_timeout, "no answer in time");
  } else {
    call.fail_now(TransferFault::idle_timeout, "nothing more came in time");
  }
}

void CurlCall::on_total_timeout(int, short, void* self) {
  static_cast<CurlCall*>(self)->fail_now(TransferFault::total_timeout, "took too long in all");
}

}  // namespace oriel::gateway
