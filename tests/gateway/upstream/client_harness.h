// What the tests of the upstream client share: an observer that writes everything down, and a loop
// that runs until something holds or a watchdog ends the wait.
#pragma once

#include <event2/event.h>
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "gateway/upstream/curl_multi.h"

namespace oriel::gateway {

class Recorder : public UpstreamObserver {
 public:
  void on_head(int got, const std::vector<convert::Header>& fields) override {
    ++heads;
    status = got;
    headers = fields;
    if (at_head) at_head();
  }
  void on_body(std::string_view bytes) override {
    EXPECT_FALSE(paused) << "on_body while paused";
    body.append(bytes);
    ++pieces;
    if (at_body) at_body();
  }
  void on_done(const TransferResult& got) override {
    ++dones;
    result = got;
    times = call->times();
    if (at_done) at_done();
  }
  bool done() const { return dones > 0; }

  int heads = 0;
  int status = 0;
  std::vector<convert::Header> headers;
  std::string body;
  int pieces = 0;
  int dones = 0;
  bool paused = false;
  TransferResult result;
  TransferTimes times;
  std::function<void()> at_head, at_body, at_done;
  std::unique_ptr<UpstreamCall> call;
};

class UpstreamTest : public testing::Test {
 protected:
  static constexpr std::chrono::seconds kPatience{60};
  // No name: a label has 63 characters at most. The resolver says so by itself, without a network.
  static std::string unresolvable() { return "http://" + std::string(64, 'x') + "/"; }

  struct BaseFree {
    void operator()(event_base* owned) const { event_base_free(owned); }
  };
  static std::unique_ptr<event_base, BaseFree> make_base() {
    event_config* config = event_config_new();
    event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK | EVENT_BASE_FLAG_EPOLL_USE_CHANGELIST);
    std::unique_ptr<event_base, BaseFree> made(event_base_new_with_config(config));
    event_config_free(config);
    return made;
  }

  void use(CurlUpstreamOptions options) {
    client = std::make_unique<CurlUpstream>(base.get(), std::move(options));
  }

  static UpstreamRequest get(std::string url) {
    UpstreamRequest request;
    request.method = "GET";
    request.url = std::move(url);
    return request;
  }
  static UpstreamRequest post(std::string url, std::string_view body) {
    UpstreamRequest request;
    request.method = "POST";
    request.url = std::move(url);
    request.body = body;
    return request;
  }

  void start(Recorder& recorder, UpstreamRequest request) {
    recorder.call = client->start(std::move(request), recorder);
  }

  // Runs the loop until `holds`; the time limit only ends a test that has failed.
  void run_until(const std::function<bool()>& holds) {
    bool expired = false;
    const timeval limit{kPatience.count(), 0};
    OwnedEvent watchdog(evtimer_new(
        base.get(), [](int, short, void* flag) { *static_cast<bool*>(flag) = true; }, &expired));
    evtimer_add(watchdog.get(), &limit);
    while (!holds() && !expired) event_base_loop(base.get(), EVLOOP_ONCE);
    ASSERT_FALSE(expired) << "waited in vain";
  }
  // Lets everything happen that is due by then.
  void run_for(std::chrono::milliseconds duration) {
    bool over = false;
    const timeval limit{duration.count() / 1000, duration.count() % 1000 * 1000};
    OwnedEvent timer(evtimer_new(
        base.get(), [](int, short, void* flag) { *static_cast<bool*>(flag) = true; }, &over));
    evtimer_add(timer.get(), &limit);
    while (!over) event_base_loop(base.get(), EVLOOP_ONCE);
  }
  // As run_until(), for what another thread makes true: no event of this loop tells of it.
  void poll_until(const std::function<bool()>& holds) {
    const auto end = std::chrono::steady_clock::now() + kPatience;
    while (!holds()) {
      ASSERT_LT(std::chrono::steady_clock::now(), end) << "waited in vain";
      run_for(std::chrono::milliseconds(1));
    }
  }
  // Whether it holds with a deadline of some length: a busy machine may be too slow for a short
  // one, and what is wrong is wrong with all of them.
  static bool with_some_deadline(const std::function<bool(std::chrono::milliseconds)>& holds) {
    for (const int deadline : {50, 500, 5'000}) {
      if (holds(std::chrono::milliseconds(deadline))) return true;
    }
    return false;
  }
  // Starts, waits for the end and lets the call go.
  void perform(Recorder& recorder, UpstreamRequest request) {
    start(recorder, std::move(request));
    run_until([&] { return recorder.done(); });
    recorder.call.reset();
  }
  TransferFault fault_of_get(std::string url) {
    Recorder recorder;
    perform(recorder, get(std::move(url)));
    return recorder.result.fault;
  }

  std::unique_ptr<event_base, BaseFree> base = make_base();
  std::unique_ptr<CurlUpstream> client =
      std::make_unique<CurlUpstream>(base.get(), CurlUpstreamOptions{});
};

}  // namespace oriel::gateway
