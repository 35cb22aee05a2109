// What the caller does to a call: deadlines, pausing, letting go at every moment.
#include <algorithm>
#include <atomic>
#include <future>

#include "tests/gateway/upstream/client_harness.h"
#include "tests/gateway/upstream/hostile_server.h"

namespace oriel::gateway {
namespace {

using std::chrono::milliseconds;

class Control : public UpstreamTest {
 protected:
  // Ten megabytes whose every place is recognisable.
  static std::string pattern() {
    std::string made(10 * 1024 * 1024, '\0');
    for (std::size_t i = 0; i < made.size(); ++i)
      made[i] = static_cast<char>((i * 7 + i / 251) & 0xFF);
    return made;
  }
  bool outlives_a_pause(milliseconds idle);
};

TEST_F(Control, SilentServerMeetsTheFirstByteDeadline) {
  HostileServer server([](Connection& c) { c.wait_closed(); });
  UpstreamRequest request = get(server.url());
  request.deadlines.first_byte = milliseconds(30);
  Recorder recorder;
  perform(recorder, std::move(request));
  EXPECT_EQ(recorder.result.fault, TransferFault::first_byte_timeout);
  EXPECT_EQ(recorder.heads, 0);
}

TEST_F(Control, UnansweredConnectionMeetsTheConnectDeadline) {
  const QuietPort full(QuietPort::Kind::full);
  UpstreamRequest request = get(full.url());
  request.deadlines.connect = milliseconds(30);
  Recorder recorder;
  perform(recorder, std::move(request));
  EXPECT_EQ(recorder.result.fault, TransferFault::connect_timeout) << recorder.result.detail;
}

TEST_F(Control, StalledBodyMeetsTheIdleDeadline) {
  for (const char* part : {"HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n",
                           "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"}) {
    HostileServer server([&](Connection& c) {
      c.read_request();
      c.send(part);
      c.wait_closed();
    });
    UpstreamRequest request = get(server.url());
    request.deadlines.idle = milliseconds(30);
    Recorder recorder;
    perform(recorder, std::move(request));
    EXPECT_EQ(recorder.result.fault, TransferFault::idle_timeout) << part;
  }
}

TEST_F(Control, EndlessStreamMeetsTheTotalDeadline) {
  HostileServer server([](Connection& c) {
    c.read_request();
    c.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    while (c.send("1\r\nx\r\n")) continue;
  });
  EXPECT_TRUE(with_some_deadline([&](milliseconds total) {
    UpstreamRequest request = get(server.url());
    request.deadlines.total = total;
    Recorder recorder;
    perform(recorder, std::move(request));
    EXPECT_EQ(recorder.result.fault, TransferFault::total_timeout);
    return recorder.heads == 1;  // within that time the stream had begun
  }));
}

// Whether a call outlives a pause of twice its idle deadline, and what comes soon after.
bool Control::outlives_a_pause(milliseconds idle) {
  std::promise<void> more;
  HostileServer server([&](Connection& c) {
    c.read_request();
    c.send("HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nhalf");
    more.get_future().wait();
    c.send("rest");
    c.wait_closed();
  });
  UpstreamRequest request = get(server.url());
  request.deadlines.idle = idle;
  Recorder recorder;
  recorder.at_body = [&] {
    if (recorder.body == "half") {
      recorder.call->pause();
      recorder.paused = true;
    }
  };
  start(recorder, std::move(request));
  run_until([&] { return recorder.paused || recorder.done(); });
  run_for(idle * 2);
  const bool outlived = !recorder.done();
  recorder.paused = false;
  recorder.call->resume();
  more.set_value();
  run_until([&] { return recorder.done(); });
  return outlived && recorder.result.fault == TransferFault::none && recorder.body == "halfrest";
}

TEST_F(Control, PausedTimeIsNotIdleTime) {
  EXPECT_TRUE(with_some_deadline([&](milliseconds idle) { return outlives_a_pause(idle); }));
}

// Pauses after every piece and resumes a turn later: each byte comes once and in order.
TEST_F(Control, PauseAndResumeLosesNothing) {
  const std::string whole = pattern();
  for (const bool chunked : {false, true}) {
    HostileServer server([&](Connection& c) {
      c.read_request();
      if (!chunked) {
        c.send(plain_answer(whole));
      } else {
        c.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
        for (std::size_t at = 0; at < whole.size(); at += 65536) {
          c.send("10000\r\n");
          c.send(std::string_view(whole).substr(at, 65536));
          c.send("\r\n");
        }
        c.send("0\r\n\r\n");
      }
      c.wait_closed();
    });
    Recorder recorder;
    OwnedEvent later(evtimer_new(
        base.get(),
        [](int, short, void* self) {
          auto& r = *static_cast<Recorder*>(self);
          r.paused = false;
          if (r.call) r.call->resume();
        },
        &recorder));
    recorder.at_body = [&] {
      recorder.call->pause();
      recorder.paused = true;
      const timeval soon{};
      evtimer_add(later.get(), &soon);
    };
    perform(recorder, get(server.url()));
    EXPECT_EQ(recorder.result.fault, TransferFault::none) << recorder.result.detail;
    EXPECT_TRUE(recorder.body == whole) << recorder.body.size();
    EXPECT_GT(recorder.pieces, 100);
  }
}

TEST_F(Control, PauseFromOutsideAndTwiceAndResumeAtOnce) {
  const std::string whole = pattern();
  HostileServer server([&](Connection& c) {
    c.read_request();
    c.send(plain_answer(whole));
    c.wait_closed();
  });
  Recorder recorder;
  start(recorder, get(server.url()));
  recorder.call->pause();
  recorder.call->resume();
  recorder.call->pause();
  recorder.call->pause();
  recorder.paused = true;
  run_until([&] { return recorder.heads == 1; });
  run_for(milliseconds(20));
  EXPECT_EQ(recorder.body, "");
  recorder.call->resume();
  recorder.call->pause();
  run_for(milliseconds(20));
  EXPECT_EQ(recorder.body, "");
  recorder.paused = false;
  recorder.call->resume();
  EXPECT_EQ(recorder.body, "") << "delivered from inside resume()";
  run_until([&] { return recorder.done(); });
  EXPECT_TRUE(recorder.body == whole);
}

TEST_F(Control, PausedReaderHoldsTheServerBack) {
  std::atomic<std::size_t> sent{0};
  HostileServer server([&](Connection& c) {
    c.read_request();
    c.send("HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n");
    const std::string block(65536, 'x');
    while (c.send(block)) sent += block.size();
  });
  Recorder recorder;
  recorder.at_head = [&] {
    recorder.call->pause();
    recorder.paused = true;
  };
  start(recorder, get(server.url()));
  run_until([&] { return recorder.heads == 1; });
  std::size_t held = 1;
  poll_until([&] {  // until the server can send no more
    run_for(milliseconds(50));
    return std::exchange(held, sent) == sent;
  });
  EXPECT_LT(held, 32u * 1024 * 1024);
  recorder.call.reset();
}

TEST_F(Control, LettingGoClosesTheConnectionAtOnce) {
  std::promise<void> asked;
  std::promise<void> closed;
  HostileServer server([&](Connection& c) {
    c.read_request();
    asked.set_value();
    c.wait_closed();
    closed.set_value();
  });
  Recorder recorder;
  start(recorder, get(server.url()));
  auto was_asked = asked.get_future();
  poll_until([&] { return was_asked.wait_for(milliseconds(0)) == std::future_status::ready; });
  recorder.call.reset();
  EXPECT_EQ(closed.get_future().wait_for(std::chrono::seconds(5)), std::future_status::ready);
  run_for(milliseconds(10));
  EXPECT_FALSE(recorder.done());
}

TEST_F(Control, LettingGoInsideEveryCallbackIsTheEnd) {
  HostileServer server([&](Connection& c) {
    while (!c.read_request().empty()) {
      c.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n");
      c.send("3\r\ntwo\r\n0\r\n\r\n");
    }
  });
  for (int where = 0; where < 3; ++where) {
    Recorder recorder;
    const auto let_go = [&] { recorder.call.reset(); };
    if (where == 0) recorder.at_head = let_go;
    if (where == 1) recorder.at_body = let_go;
    if (where == 2) recorder.at_done = let_go;
    start(recorder, get(server.url()));
    run_until([&] { return !recorder.call; });
    run_for(milliseconds(10));
    EXPECT_EQ(recorder.heads, 1);
    EXPECT_EQ(recorder.pieces > 0, where > 0);
    EXPECT_EQ(recorder.dones, where == 2 ? 1 : 0);
  }
  Recorder after;
  perform(after, get(server.url()));
  EXPECT_EQ(after.body, "onetwo");
}

TEST_F(Control, LettingGoAtEveryTurnOfTheLoop) {
  HostileServer server([&](Connection& c) {
    while (!c.read_request().empty()) c.send(plain_answer(std::string(100'000, 'x')));
  });
  const std::string body(300'000, 'b');
  for (int turns = 0; turns < 40; ++turns) {
    Recorder recorder;
    start(recorder, post(server.url(), body));
    for (int i = 0; i < turns; ++i) event_base_loop(base.get(), EVLOOP_NONBLOCK);
    recorder.call.reset();
  }
  Recorder unresolved;
  start(unresolved, get(unresolvable()));
  event_base_loop(base.get(), EVLOOP_NONBLOCK);
  unresolved.call.reset();
  run_for(milliseconds(20));
}

// Of two calls racing, the first to answer lets go of the other, whose body is still being sent and
// goes at the same time.
TEST_F(Control, WinnerLetsGoOfTheLoserInTheMiddleOfItsBody) {
  HostileServer fast([&](Connection& c) {
    while (!c.read_request().empty()) c.send(plain_answer("won"));
  });
  HostileServer slow([&](Connection& c) {
    c.read_head();
    c.wait_closed();
  });
  for (int i = 0; i < 30; ++i) {
    auto body = std::make_unique<std::string>(8'000'000, 'x');
    Recorder loser;
    Recorder winner;
    winner.at_head = [&] {
      loser.call.reset();
      body.reset();
    };
    if (i % 2 == 0) start(loser, post(slow.url(), *body));
    for (int turn = 0; turn < i / 2; ++turn) event_base_loop(base.get(), EVLOOP_NONBLOCK);
    start(winner, get(fast.url()));
    if (i % 2 != 0) start(loser, post(slow.url(), *body));
    run_until([&] { return winner.done(); });
    EXPECT_EQ(winner.body, "won");
    EXPECT_FALSE(loser.done());
    winner.call.reset();
  }
}

// A body that curl sends again, because the reused connection was dead, is whole again.
TEST_F(Control, LargeBodyIsSentAgainOnAFreshConnection) {
  const std::string body = pattern();
  HostileServer server([&](Connection& c) {
    if (c.number == 1) {
      c.read_request();
      c.send(plain_answer("first"));
      c.read_head();
      c.reset();
      return;
    }
    c.send(plain_answer(c.read_request().ends_with(body) ? "whole" : "broken"));
    c.wait_closed();
  });
  Recorder first;
  perform(first, get(server.url()));
  Recorder second;
  perform(second, post(server.url(), body));
  // Whether curl dares to send again depends on how much of the body was gone; a fault is honest
  // too.
  if (second.result.fault == TransferFault::none) {
    EXPECT_EQ(second.body, "whole");
  } else {
    EXPECT_EQ(second.result.fault, TransferFault::reset) << second.result.detail;
  }
}

TEST_F(Control, LargeBodyArrivesWhole) {
  const std::string body = pattern();
  HostileServer server([&](Connection& c) {
    for (std::string r = c.read_request(); !r.empty(); r = c.read_request()) {
      c.send(plain_answer(r.ends_with(body) ? "same" : "other"));
    }
  });
  for (const std::size_t size : {body.size(), std::size_t{65535}, std::size_t{65536}}) {
    Recorder recorder;
    perform(recorder, post(server.url(), std::string_view(body).substr(body.size() - size)));
    EXPECT_EQ(recorder.body, size == body.size() ? "same" : "other");
  }
  EXPECT_EQ(server.accepted(), 1);
}

TEST_F(Control, CallsStartedInsideCallbacksRun) {
  HostileServer server([&](Connection& c) {
    while (!c.read_request().empty()) c.send(plain_answer("ok"));
  });
  Recorder from_head;
  Recorder from_body;
  Recorder from_done;
  Recorder dropped;
  Recorder first;
  first.at_head = [&] {
    start(from_head, get(server.url()));
    start(dropped, get(server.url()));
    dropped.call.reset();
  };
  first.at_body = [&] { start(from_body, get(server.url())); };
  first.at_done = [&] { start(from_done, get(server.url())); };
  start(first, get(server.url()));
  run_until([&] { return from_head.done() && from_body.done() && from_done.done(); });
  EXPECT_EQ(from_head.body + from_body.body + from_done.body, "okokok");
  EXPECT_FALSE(dropped.done());
}

TEST_F(Control, DeadlinesAndEndsOfManyCallsMixed) {
  HostileServer server([&](Connection& c) {
    while (!c.read_request().empty()) {
      if (c.number % 3 == 0) {
        c.wait_closed();
      } else if (c.number % 3 == 1) {
        c.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhal");
        c.reset();
        return;
      } else {
        c.send(plain_answer("whole"));
      }
    }
  });
  std::vector<Recorder> recorders(60);
  for (Recorder& recorder : recorders) {
    UpstreamRequest request = get(server.url());
    request.deadlines.first_byte = milliseconds(1000);
    start(recorder, std::move(request));
  }
  run_until([&] {
    return std::all_of(recorders.begin(), recorders.end(), [](auto& r) { return r.done(); });
  });
  int counts[3] = {};
  for (Recorder& recorder : recorders) {
    EXPECT_EQ(recorder.dones, 1);
    switch (recorder.result.fault) {
      case TransferFault::none: ++counts[0]; break;
      case TransferFault::reset: ++counts[1]; break;
      case TransferFault::first_byte_timeout: ++counts[2]; break;
      default: ADD_FAILURE() << recorder.result.detail;
    }
  }
  EXPECT_GT(counts[0], 0);
  EXPECT_GT(counts[1], 0);
  EXPECT_GT(counts[2], 0);
}

}  // namespace
}  // namespace oriel::gateway
