// bench-load: a load generator that verifies every answer. Closed loop (each connection sends its
// next request when the last has ended) or open loop (arrivals at a fixed rate; latency counts from
// when a request was due, so that a slow server cannot hide its queue). Answers may be whole or
// streamed; of streams the pieces of content are counted and the gaps between them measured. One
// thread, epoll; prints one JSON object, and fails when any answer was wrong or missing.
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <deque>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "bench/load_answer.h"
#include "bench/load_samples.h"

namespace oriel::bench {
namespace {

using Clock = std::chrono::steady_clock;
using Time = Clock::time_point;
using Seconds = std::chrono::duration<double>;

constexpr std::uint64_t kMaxErrors = 1'000;
constexpr std::chrono::seconds kPatience{30};  // for what still runs when the time is over

struct Options {
  std::string host = "127.0.0.1";
  int port = 0;
  std::string path = "/v1/chat/completions";
  std::string body_file;
  std::vector<std::string> headers;
  int connections = 16;
  double rate = 0;             // requests per second; 0: closed loop
  double duration = 5;         // seconds
  std::uint64_t requests = 0;  // 0: as many as the duration allows
  double warmup = 0;           // seconds at the start that are not measured
  double ramp = 0;             // seconds over which a closed loop's connections start
  std::string needle;          // stands in every answer
  Format format = Format::json;
  std::uint64_t pieces = 0;  // of every stream; 0: any number
  double gap_ms = 0;         // what upstream leaves between pieces
};

struct Connection {
  explicit Connection(Format format) : answer(format) {}
  int fd = -1;
  bool busy = false;
  bool wants_write = false;
  std::size_t sent = 0;
  Time due, last_piece;
  std::uint64_t pieces = 0;
  Answer answer;
};

Clock::duration of_seconds(double seconds) {
  return std::chrono::duration_cast<Clock::duration>(Seconds(seconds));
}

class Load {
 public:
  explicit Load(Options options) : options_(std::move(options)) {}
  int run();

 private:
  bool prepare();
  void connect_one(Connection& c);
  void watch(Connection& c, int operation);
  void begin(Connection& c, Time due);
  void pump_out(Connection& c);
  void on_event(Connection& c, std::uint32_t events);
  void on_answer(Connection& c);
  void note_pieces(Connection& c);
  void finish(Connection& c);
  void fail(Connection& c, const std::string& why);
  void start_due(Time now);
  void arm_timer(Time now);
  bool over(Time now) const;
  bool open_loop() const { return options_.rate > 0; }
  bool measuring(Time due) const { return due >= measure_from_; }
  void print();

  Options options_;
  std::string request_;
  int epoll_ = -1, timer_ = -1;
  std::deque<Connection> connections_;
  std::vector<Connection*> idle_;  // open loop: those without a request
  std::deque<Time> waiting_;       // open loop: due, but every connection is busy
  std::size_t started_ = 0;        // closed loop: connections that have begun
  Time start_, measure_from_, stop_at_, next_arrival_, last_finish_;
  std::uint64_t begun_ = 0, done_ = 0, failed_ = 0, reconnects_ = 0, bytes_ = 0, pieces_ = 0;
  std::uint64_t busy_ = 0;
  std::map<std::string, std::uint64_t> errors_;
  Samples latency_, first_piece_, gap_, jitter_, lateness_;
};

bool Load::prepare() {
  std::ifstream file(options_.body_file, std::ios::binary);
  std::ostringstream body;
  body << file.rdbuf();
  if (!file) {
    std::fprintf(stderr, "cannot read %s\n", options_.body_file.c_str());
    return false;
  }
  request_ = "POST " + options_.path + " HTTP/1.1\r\nhost: " + options_.host + ":" +
             std::to_string(options_.port) + "\r\ncontent-type: application/json\r\n";
  for (const std::string& header : options_.headers) request_ += header + "\r\n";
  request_ += "content-length: " + std::to_string(body.str().size()) + "\r\n\r\n" + body.str();
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  epoll_ = epoll_create1(0);
  timer_ = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
  epoll_event event{};
  event.events = EPOLLIN;  // without a connection: the timer
  epoll_ctl(epoll_, EPOLL_CTL_ADD, timer_, &event);
  for (int i = 0; i < options_.connections; ++i)
    connect_one(connections_.emplace_back(options_.format));
  return true;
}

void Load::connect_one(Connection& c) {
  c.fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(options_.port));
  inet_pton(AF_INET, options_.host.c_str(), &address.sin_addr);
  if (connect(c.fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    std::perror("connect");
    std::exit(1);
  }
  const int on = 1;
  setsockopt(c.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  c.wants_write = false;
  watch(c, EPOLL_CTL_ADD);
}

void Load::watch(Connection& c, int operation) {
  epoll_event event{};
  event.events = EPOLLIN | (c.wants_write ? EPOLLOUT : 0U);
  event.data.ptr = &c;
  epoll_ctl(epoll_, operation, c.fd, &event);
}

void Load::begin(Connection& c, Time due) {
  c.busy = true;
  ++busy_;
  ++begun_;
  c.sent = 0;
  c.due = due;
  c.pieces = 0;
  c.answer.reset();
  if (open_loop() && measuring(due)) lateness_.add(Clock::now() - due);
  pump_out(c);
}

void Load::pump_out(Connection& c) {
  while (c.sent < request_.size()) {
    const ssize_t n =
        send(c.fd, request_.data() + c.sent, request_.size() - c.sent, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno != EAGAIN) return;  // reading tells what has happened
    if (n < 0) break;
    c.sent += static_cast<std::size_t>(n);
  }
  const bool wants_write = c.sent < request_.size();
  if (wants_write == c.wants_write) return;
  c.wants_write = wants_write;
  watch(c, EPOLL_CTL_MOD);
}

void Load::on_event(Connection& c, std::uint32_t events) {
  if ((events & EPOLLOUT) != 0) pump_out(c);
  if ((events & ~std::uint32_t{EPOLLOUT}) == 0) return;
  static char buffer[64 * 1024];
  const ssize_t n = recv(c.fd, buffer, sizeof buffer, MSG_DONTWAIT);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (n <= 0 && !c.busy) {  // an idle connection may be closed
    close(c.fd);
    ++reconnects_;
    return connect_one(c);
  }
  if (n <= 0) return fail(c, "closed before the answer's end");
  if (!c.busy) return fail(c, "bytes without a request");
  bytes_ += static_cast<std::uint64_t>(n);
  const Answer::State state = c.answer.feed({buffer, static_cast<std::size_t>(n)});
  if (state == Answer::State::broken) return fail(c, "malformed answer");
  if (c.answer.pieces() > c.pieces) note_pieces(c);
  if (state == Answer::State::done) on_answer(c);
}

void Load::note_pieces(Connection& c) {
  const std::uint64_t fresh = c.answer.pieces() - c.pieces;
  const bool first = c.pieces == 0;
  c.pieces += fresh;
  pieces_ += fresh;
  const Time now = Clock::now();
  if (measuring(c.due)) {
    const Clock::duration nominal = of_seconds(options_.gap_ms / 1000);
    if (first) {
      first_piece_.add(now - c.due);
    } else {
      gap_.add(now - c.last_piece);
      jitter_.add(std::chrono::abs(now - c.last_piece - nominal));
    }
    // Pieces that came together have no gap between them.
    for (std::uint64_t i = 1; i < fresh; ++i) jitter_.add(nominal);
  }
  c.last_piece = now;
}

void Load::on_answer(Connection& c) {
  if (c.answer.status() != 200) return fail(c, "status " + std::to_string(c.answer.status()));
  if (!options_.needle.empty() && c.answer.body().find(options_.needle) == std::string_view::npos) {
    return fail(c, "the needle is missing");
  }
  if (!c.answer.complete()) return fail(c, "the stream ended early");
  if (options_.pieces != 0 && c.pieces != options_.pieces) {
    return fail(c, "a stream of " + std::to_string(c.pieces) + " pieces");
  }
  finish(c);
}

void Load::finish(Connection& c) {
  const Time now = Clock::now();
  c.busy = false;
  --busy_;
  ++done_;
  last_finish_ = now;
  if (measuring(c.due)) latency_.add(now - c.due);
  if (open_loop()) {
    idle_.push_back(&c);
    start_due(now);
  } else if (!over(now)) {
    begin(c, now);
  }
}

void Load::fail(Connection& c, const std::string& why) {
  ++errors_[why];
  ++failed_;
  close(c.fd);
  if (failed_ > kMaxErrors) {
    print();
    std::exit(1);
  }
  connect_one(c);
  if (!c.busy) return;
  c.busy = false;
  --busy_;
  const Time now = Clock::now();
  if (open_loop()) {
    idle_.push_back(&c);
  } else if (!over(now)) {
    begin(c, now);
  }
}

bool Load::over(Time now) const {
  return now >= stop_at_ || (options_.requests != 0 && begun_ >= options_.requests);
}

// Starts what is due: arrivals of an open loop, connections of a closed one.
void Load::start_due(Time now) {
  if (!open_loop()) {
    const double per_second =
        options_.ramp > 0 ? static_cast<double>(connections_.size()) / options_.ramp : 1e9;
    const double due = Seconds(now - start_).count() * per_second;
    while (started_ < connections_.size() && !over(now) && static_cast<double>(started_) <= due) {
      begin(connections_[started_++], now);
    }
    return;
  }
  const Clock::duration gap = of_seconds(1 / options_.rate);
  for (; next_arrival_ <= now && next_arrival_ < stop_at_; next_arrival_ += gap) {
    waiting_.push_back(next_arrival_);
  }
  while (!waiting_.empty() && !idle_.empty()) {
    Connection* c = idle_.back();
    idle_.pop_back();
    const Time due = waiting_.front();
    waiting_.pop_front();
    begin(*c, due);
  }
}

// Wakes the loop for the next arrival, and now and then in any case.
void Load::arm_timer(Time now) {
  constexpr std::chrono::milliseconds kTick{1}, kIdle{100};
  Time at = now + (started_ < connections_.size() ? kTick : kIdle);
  if (open_loop() && next_arrival_ < stop_at_) at = std::min(at, next_arrival_);
  const auto since = std::chrono::duration_cast<std::chrono::nanoseconds>(at.time_since_epoch());
  itimerspec spec{};
  spec.it_value.tv_sec = since.count() / 1'000'000'000;
  spec.it_value.tv_nsec = since.count() % 1'000'000'000;
  timerfd_settime(timer_, TFD_TIMER_ABSTIME, &spec, nullptr);
}

int Load::run() {
  if (!prepare()) return 1;
  start_ = next_arrival_ = last_finish_ = Clock::now();
  measure_from_ = start_ + of_seconds(options_.warmup);
  stop_at_ = measure_from_ + of_seconds(options_.duration);
  if (open_loop()) {
    for (Connection& c : connections_) idle_.push_back(&c);
    started_ = connections_.size();
  }
  std::vector<epoll_event> ready(1024);
  for (;;) {
    const Time now = Clock::now();
    start_due(now);
    if (over(now) && ((busy_ == 0 && waiting_.empty()) || now >= stop_at_ + kPatience)) break;
    arm_timer(now);
    const int count = epoll_wait(epoll_, ready.data(), static_cast<int>(ready.size()), -1);
    for (int i = 0; i < count; ++i) {
      const epoll_event& event = ready[static_cast<std::size_t>(i)];
      if (event.data.ptr == nullptr) continue;  // the timer: the next arm_timer() clears it
      on_event(*static_cast<Connection*>(event.data.ptr), event.events);
    }
  }
  if (busy_ + waiting_.size() > 0) {
    errors_["no answer in time"] += busy_ + waiting_.size();
    failed_ += busy_ + waiting_.size();
  }
  print();
  return failed_ == 0 && done_ > 0 ? 0 : 1;
}

void Load::print() {
  using Number = unsigned long long;
  const double seconds = Seconds(last_finish_ - start_).count();
  std::printf(
      "{\"requests\": %llu, \"failed\": %llu, \"reconnects\": %llu, \"seconds\": %.3f, "
      "\"rps\": %.1f, \"pieces\": %llu, \"bytes\": %llu",
      Number{done_}, Number{failed_}, Number{reconnects_}, seconds,
      seconds > 0 ? static_cast<double>(done_) / seconds : 0, Number{pieces_}, Number{bytes_});
  latency_.print("latency");
  first_piece_.print("first_piece");
  gap_.print("gap");
  jitter_.print("jitter");
  lateness_.print("lateness");
  std::printf(", \"errors\": {");
  const char* comma = "";
  for (const auto& [why, count] : errors_) {
    std::printf("%s\"%s\": %llu", comma, why.c_str(), Number{count});
    comma = ", ";
  }
  std::printf("}}\n");
}

}  // namespace
}  // namespace oriel::bench

int main(int argc, char** argv) {
  using oriel::bench::Format;
  std::signal(SIGPIPE, SIG_IGN);
  oriel::bench::Options options;
  const std::map<std::string, Format> formats{
      {"json", Format::json}, {"sse", Format::sse}, {"event-stream", Format::event_stream}};
  CLI::App cli{"Load generator of the benches", "bench-load"};
  cli.add_option("--host", options.host, "IPv4 address");
  cli.add_option("--port", options.port)->required();
  cli.add_option("--path", options.path);
  cli.add_option("--body", options.body_file, "File with the request body")->required();
  cli.add_option("--header", options.headers, "Further header lines");
  cli.add_option("--connections", options.connections)->check(CLI::Range(1, 100'000));
  cli.add_option("--rate", options.rate, "Requests per second; 0 is a closed loop");
  cli.add_option("--duration", options.duration, "Seconds");
  cli.add_option("--requests", options.requests, "Closed loop: stop after so many");
  cli.add_option("--warmup", options.warmup, "Seconds at the start that are not measured");
  cli.add_option("--ramp", options.ramp, "Closed loop: seconds over which connections start");
  cli.add_option("--needle", options.needle, "Text that every answer must hold");
  cli.add_option("--format", options.format)->transform(CLI::CheckedTransformer(formats));
  cli.add_option("--pieces", options.pieces, "Pieces of content that every stream must have");
  cli.add_option("--gap-ms", options.gap_ms, "What upstream leaves between pieces, for the jitter");
  CLI11_PARSE(cli, argc, argv);
  return oriel::bench::Load(std::move(options)).run();
}
