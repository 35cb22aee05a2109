// The yardstick: a bare forwarder, evhttp in front and libcurl multi behind on one libevent loop,
// without JSON, signatures, metrics or logs. What Oriel costs is told as a ratio to this
// (spec/performance.md). It does what a plain forwarder does well: pooled easy handles, kept
// connections, bodies by pointer, no signals, no Nagle delay, chunks passed on as they come. One
// thread; POST only.
#include <curl/curl.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <strings.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

namespace {

struct Forwarder;

struct Transfer {
  Forwarder* owner = nullptr;
  CURL* easy = nullptr;
  curl_slist* headers = nullptr;
  // Given back to evhttp by the one reply that every request gets, also when its client has left.
  evhttp_request* client = nullptr;
  bool client_left = false;
  std::string answer;  // of an answer with Content-Length
  std::string content_type;
  bool chunked = false;
  bool started = false;
};

// What curl waits for on one of its sockets.
struct Watch {
  event* ready = nullptr;
  int mask = 0;
};

struct Forwarder {
  event_base* base = nullptr;
  CURLM* multi = nullptr;
  event* timer = nullptr;
  std::string upstream;
  std::vector<Transfer*> pool;
};

void recycle(Transfer* transfer) {
  curl_slist_free_all(transfer->headers);
  transfer->headers = nullptr;
  transfer->client = nullptr;
  transfer->answer.clear();
  transfer->content_type.clear();
  transfer->client_left = transfer->chunked = transfer->started = false;
  transfer->owner->pool.push_back(transfer);
}

long status_of(Transfer* transfer) {
  long status = 0;
  curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
  return status;
}

void put_headers(Transfer* transfer) {
  evkeyvalq* out = evhttp_request_get_output_headers(transfer->client);
  if (!transfer->content_type.empty()) {
    evhttp_add_header(out, "Content-Type", transfer->content_type.c_str());
  }
}

std::size_t on_header(char* bytes, std::size_t size, std::size_t count, void* self) {
  auto* transfer = static_cast<Transfer*>(self);
  const std::string line(bytes, size * count);
  if (strncasecmp(line.c_str(), "content-type:", 13) == 0) {
    const std::size_t begin = line.find_first_not_of(" \t\r\n", 13);
    if (begin == std::string::npos) return line.size();
    const std::size_t end = line.find_last_not_of(" \t\r\n") + 1;
    transfer->content_type.assign(line, begin, end - begin);
  } else if (strncasecmp(line.c_str(), "transfer-encoding:", 18) == 0) {
    transfer->chunked = true;
  }
  return size * count;
}

std::size_t on_write(char* bytes, std::size_t size, std::size_t count, void* self) {
  auto* transfer = static_cast<Transfer*>(self);
  if (transfer->client_left) return 0;  // ends the transfer
  if (!transfer->chunked) {
    transfer->answer.append(bytes, size * count);
    return size * count;
  }
  if (!transfer->started) {
    put_headers(transfer);
    evhttp_send_reply_start(transfer->client, static_cast<int>(status_of(transfer)), "OK");
    transfer->started = true;
  }
  evbuffer* chunk = evbuffer_new();
  evbuffer_add(chunk, bytes, size * count);
  evhttp_send_reply_chunk(transfer->client, chunk);
  evbuffer_free(chunk);
  return size * count;
}

void finish(Transfer* transfer, CURLcode code) {
  evhttp_connection* connection = evhttp_request_get_connection(transfer->client);
  // The connection lives on, and this transfer will serve another.
  if (!transfer->client_left) evhttp_connection_set_closecb(connection, nullptr, nullptr);
  if (transfer->started && code != CURLE_OK && !transfer->client_left) {
    evhttp_connection_free(connection);  // a cut stream must look cut
  } else if (transfer->started) {
    evhttp_send_reply_end(transfer->client);
  } else if (code != CURLE_OK) {
    evhttp_send_reply(transfer->client, 502, "Bad Gateway", nullptr);
  } else {
    put_headers(transfer);
    evbuffer* answer = evbuffer_new();
    evbuffer_add(answer, transfer->answer.data(), transfer->answer.size());
    evhttp_send_reply(transfer->client, static_cast<int>(status_of(transfer)), "OK", answer);
    evbuffer_free(answer);
  }
  recycle(transfer);
}

void reap(Forwarder* forwarder) {
  int left = 0;
  while (CURLMsg* message = curl_multi_info_read(forwarder->multi, &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    const CURLcode code = message->data.result;
    CURL* easy = message->easy_handle;
    Transfer* transfer = nullptr;
    curl_easy_getinfo(easy, CURLINFO_PRIVATE, &transfer);
    curl_multi_remove_handle(forwarder->multi, easy);
    finish(transfer, code);
  }
}

void on_ready(evutil_socket_t socket, short what, void* self) {
  auto* forwarder = static_cast<Forwarder*>(self);
  const int mask = ((what & EV_READ) != 0 ? CURL_CSELECT_IN : 0) |
                   ((what & EV_WRITE) != 0 ? CURL_CSELECT_OUT : 0);
  int running = 0;
  curl_multi_socket_action(forwarder->multi, socket, mask, &running);
  reap(forwarder);
}

int on_socket(CURL*, curl_socket_t socket, int what, void* self, void* assigned) {
  auto* forwarder = static_cast<Forwarder*>(self);
  auto* watch = static_cast<Watch*>(assigned);
  if (what == CURL_POLL_REMOVE) {
    if (watch != nullptr) {
      event_free(watch->ready);
      delete watch;
      curl_multi_assign(forwarder->multi, socket, nullptr);
    }
    return 0;
  }
  if (watch == nullptr) {
    watch = new Watch;
    curl_multi_assign(forwarder->multi, socket, watch);
  }
  if (watch->mask == what) return 0;
  if (watch->ready != nullptr) event_free(watch->ready);
  watch->mask = what;
  const int flags = EV_PERSIST | ((what & CURL_POLL_IN) != 0 ? EV_READ : 0) |
                    ((what & CURL_POLL_OUT) != 0 ? EV_WRITE : 0);
  watch->ready = event_new(forwarder->base, socket, static_cast<short>(flags), on_ready, forwarder);
  event_add(watch->ready, nullptr);
  return 0;
}

int on_timeout_change(CURLM*, long milliseconds, void* self) {
  auto* forwarder = static_cast<Forwarder*>(self);
  if (milliseconds < 0) {
    evtimer_del(forwarder->timer);
    return 0;
  }
  timeval wait{};
  wait.tv_sec = milliseconds / 1000;
  wait.tv_usec = milliseconds % 1000 * 1000;
  evtimer_add(forwarder->timer, &wait);
  return 0;
}

void on_timer(evutil_socket_t, short, void* self) {
  auto* forwarder = static_cast<Forwarder*>(self);
  int running = 0;
  curl_multi_socket_action(forwarder->multi, CURL_SOCKET_TIMEOUT, 0, &running);
  reap(forwarder);
}

Transfer* take(Forwarder* forwarder) {
  if (!forwarder->pool.empty()) {
    Transfer* transfer = forwarder->pool.back();
    forwarder->pool.pop_back();
    return transfer;
  }
  auto* transfer = new Transfer;
  transfer->owner = forwarder;
  transfer->easy = curl_easy_init();
  CURL* easy = transfer->easy;
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_PROXY, "");
  curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
  curl_easy_setopt(easy, CURLOPT_POST, 1L);
  curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer);
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, transfer);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_write);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer);
  return transfer;
}

void on_client_close(evhttp_connection*, void* self) {
  static_cast<Transfer*>(self)->client_left = true;
}

void on_request(evhttp_request* request, void* self) {
  // evhttp calls again, with the URI taken away, when writing the reply of a request has failed.
  if (evhttp_request_get_uri(request) == nullptr) return;
  auto* forwarder = static_cast<Forwarder*>(self);
  Transfer* transfer = take(forwarder);
  transfer->client = request;
  evhttp_connection_set_closecb(evhttp_request_get_connection(request), on_client_close, transfer);
  evbuffer* input = evhttp_request_get_input_buffer(request);
  evkeyvalq* headers = evhttp_request_get_input_headers(request);
  for (const char* name : {"Authorization", "Content-Type", "Accept"}) {
    if (const char* value = evhttp_find_header(headers, name)) {
      transfer->headers =
          curl_slist_append(transfer->headers, (std::string(name) + ": " + value).c_str());
    }
  }
  transfer->headers = curl_slist_append(transfer->headers, "Expect:");
  const std::string url = forwarder->upstream + evhttp_request_get_uri(request);
  curl_easy_setopt(transfer->easy, CURLOPT_URL, url.c_str());
  curl_easy_setopt(transfer->easy, CURLOPT_HTTPHEADER, transfer->headers);
  curl_easy_setopt(transfer->easy, CURLOPT_POSTFIELDSIZE_LARGE,
                   static_cast<curl_off_t>(evbuffer_get_length(input)));
  curl_easy_setopt(transfer->easy, CURLOPT_POSTFIELDS, evbuffer_pullup(input, -1));
  curl_multi_add_handle(forwarder->multi, transfer->easy);
}

void make_multi(Forwarder* forwarder) {
  forwarder->multi = curl_multi_init();
  curl_multi_setopt(forwarder->multi, CURLMOPT_MAXCONNECTS, 4096L);
  curl_multi_setopt(forwarder->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
  curl_multi_setopt(forwarder->multi, CURLMOPT_SOCKETDATA, forwarder);
  curl_multi_setopt(forwarder->multi, CURLMOPT_TIMERFUNCTION, on_timeout_change);
  curl_multi_setopt(forwarder->multi, CURLMOPT_TIMERDATA, forwarder);
  forwarder->timer = evtimer_new(forwarder->base, on_timer, forwarder);
}

// The port it listens on, or 0.
int serve(Forwarder* forwarder, std::uint16_t port) {
  evhttp* server = evhttp_new(forwarder->base);
  evhttp_set_allowed_methods(server, EVHTTP_REQ_POST);
  evhttp_set_gencb(server, on_request, forwarder);
  evhttp_bound_socket* bound = evhttp_bind_socket_with_handle(server, "127.0.0.1", port);
  if (bound == nullptr) return 0;
  const int socket = evhttp_bound_socket_get_fd(bound);
  const int on = 1;  // accepted sockets inherit it
  setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  sockaddr_in address{};
  socklen_t size = sizeof address;
  getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size);
  return ntohs(address.sin_port);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: bench-forwarder PORT UPSTREAM_URL\n");
    return 2;
  }
  std::signal(SIGPIPE, SIG_IGN);
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  curl_global_init(CURL_GLOBAL_DEFAULT);
  Forwarder forwarder;
  event_config* config = event_config_new();
  event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK | EVENT_BASE_FLAG_EPOLL_USE_CHANGELIST);
  forwarder.base = event_base_new_with_config(config);
  event_config_free(config);
  forwarder.upstream = argv[2];
  make_multi(&forwarder);
  const int port = serve(&forwarder, static_cast<std::uint16_t>(std::atoi(argv[1])));
  if (port == 0) {
    std::fprintf(stderr, "cannot listen on port %s\n", argv[1]);
    return 1;
  }
  std::printf("listening on http://127.0.0.1:%d\n", port);
  std::fflush(stdout);
  event_base_dispatch(forwarder.base);
  return 0;
}
