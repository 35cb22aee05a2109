// Answers as servers give them, good and bad: what the observer is told.
#include <algorithm>
#include <atomic>

#include "convert/dialect.h"
#include "tests/gateway/upstream/client_harness.h"
#include "tests/gateway/upstream/hostile_server.h"

namespace oriel::gateway {
namespace {

using Answers = UpstreamTest;

TEST_F(Answers, PlainAnswerIsTold) {
  std::string request;
  HostileServer server([&](Connection& c) {
    request = c.read_request();
    c.send("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n");
    c.send(plain_answer("hello"));
    c.wait_closed();
  });
  const std::string body = "{\"a\":1}";
  UpstreamRequest sent = post(server.url("/model/arn%3Aaws%2Fx/../v1%3A0/converse?a=b%20c"), body);
  sent.headers = {{"Content-Type", "application/json"}, {"X-Empty", ""}, {"X-Two", "a  b"}};
  Recorder recorder;
  perform(recorder, std::move(sent));
  EXPECT_EQ(recorder.result.fault, TransferFault::none) << recorder.result.detail;
  EXPECT_EQ(recorder.heads, 1);
  EXPECT_EQ(recorder.status, 200);
  EXPECT_EQ(recorder.body, "hello");
  EXPECT_EQ(recorder.dones, 1);
  ASSERT_EQ(recorder.headers.size(), 2u);
  EXPECT_EQ(convert::find_header(recorder.headers, "x-answer"), "padded");
  EXPECT_EQ(request, "POST /model/arn%3Aaws%2Fx/../v1%3A0/converse?a=b%20c HTTP/1.1\r\nHost: " +
                         server.url("").substr(7) +
                         "\r\nContent-Type: application/json\r\nX-Empty:\r\nX-Two: a  b\r\n"
                         "Content-Length: 7\r\n\r\n{\"a\":1}");
}

TEST_F(Answers, MethodsTakeTurnsOnOneHandle) {
  HostileServer server([&](Connection& c) {
    for (std::string r = c.read_request(); !r.empty(); r = c.read_request()) {
      const std::string line = r.substr(0, r.find(' '));
      const std::size_t body = r.size() - r.find("\r\n\r\n") - 4;
      std::string answer = plain_answer(line + " " + std::to_string(body));
      if (line == "HEAD") answer.resize(answer.find("\r\n\r\n") + 4);
      c.send(answer);
    }
  });
  struct Case {
    const char* method;
    const char* body;
    const char* answer;
  };
  for (const Case& one :
       {Case{"POST", "xyz", "POST 3"}, Case{"GET", "", "GET 0"}, Case{"HEAD", "", ""},
        Case{"DELETE", "", "DELETE 0"}, Case{"PUT", "ab", "PUT 2"}, Case{"POST", "", "POST 0"},
        Case{"GET", "q", "GET 1"}, Case{"GET", "", "GET 0"}}) {
    Recorder recorder;
    UpstreamRequest request = post(server.url(), one.body);
    request.method = one.method;
    perform(recorder, std::move(request));
    EXPECT_EQ(recorder.result.fault, TransferFault::none) << one.method;
    EXPECT_EQ(recorder.body, one.answer);
  }
  EXPECT_EQ(server.accepted(), 1);
  EXPECT_EQ(client->connections_opened(), 1u);
}

TEST_F(Answers, ConnectionsAreReused) {
  HostileServer server([&](Connection& c) {
    while (!c.read_request().empty()) c.send(plain_answer("again"));
  });
  for (int i = 0; i < 20; ++i) {
    Recorder recorder;
    perform(recorder, get(server.url()));
    EXPECT_EQ(recorder.body, "again");
    EXPECT_EQ(recorder.times.reused_connection, i > 0);
    EXPECT_EQ(recorder.times.connect_us > 0, i == 0);
    EXPECT_GT(recorder.times.first_byte_us, 0u);
    EXPECT_GE(recorder.times.total_us, recorder.times.first_byte_us);
    EXPECT_EQ(recorder.times.http_major, 1);
  }
  EXPECT_EQ(server.accepted(), 1);
}

// A call that still waits tells of its own connection, not of its slot's last one.
TEST_F(Answers, TimesAreToldBeforeTheEnd) {
  std::atomic<int> asked{0};
  HostileServer server([&](Connection& c) {
    while (!c.read_request().empty()) {
      if (++asked > 1) return static_cast<void>(c.wait_closed());
      c.send(plain_answer("first"));
    }
  });
  Recorder first;
  perform(first, get(server.url()));
  for (const bool reused : {true, false}) {
    Recorder waiting;
    start(waiting, get(server.url()));
    EXPECT_FALSE(waiting.call->times().reused_connection);
    EXPECT_EQ(waiting.call->times().connect_us, 0u);
    poll_until([&] { return asked == (reused ? 2 : 3); });
    EXPECT_EQ(waiting.call->times().reused_connection, reused);
    EXPECT_EQ(waiting.call->times().connect_us > 0, !reused);
    EXPECT_EQ(waiting.call->times().first_byte_us, 0u);
    EXPECT_FALSE(waiting.done());
  }
}

TEST_F(Answers, ConnectionClosedWhileIdleIsReplaced) {
  std::atomic<int> closed{0};
  HostileServer server([&](Connection& c) {
    c.read_request();
    c.send(plain_answer("once"));
    c.shut();
    ++closed;
  });
  for (int i = 1; i <= 3; ++i) {
    Recorder recorder;
    perform(recorder, get(server.url()));
    EXPECT_EQ(recorder.result.fault, TransferFault::none) << recorder.result.detail;
    EXPECT_EQ(recorder.body, "once");
    poll_until([&] { return closed == i; });
  }
  EXPECT_EQ(server.accepted(), 3);
}

TEST_F(Answers, ChunkedAnswerWithTrailer) {
  HostileServer server([&](Connection& c) {
    c.read_request();
    c.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n1\r\n \r\n");
    c.send("5\r\nworld\r\n0\r\nX-Trailer: t\r\n\r\n");
    c.wait_closed();
  });
  Recorder recorder;
  perform(recorder, get(server.url()));
  EXPECT_EQ(recorder.result.fault, TransferFault::none) << recorder.result.detail;
  EXPECT_EQ(recorder.body, "hello world");
  EXPECT_EQ(recorder.headers.size(), 1u);
}

TEST_F(Answers, DribbleByteByByte) {
  HostileServer server([&](Connection& c) {
    c.read_request();
    for (const char byte : plain_answer("slow and steady")) c.send({&byte, 1});
    c.wait_closed();
  });
  Recorder recorder;
  perform(recorder, get(server.url()));
  EXPECT_EQ(recorder.result.fault, TransferFault::none) << recorder.result.detail;
  EXPECT_EQ(recorder.body, "slow and steady");
  EXPECT_EQ(convert::find_header(recorder.headers, "X-Answer"), "padded");
}

TEST_F(Answers, EmptyAnswersEndToo) {
  for (const char* answer : {"HTTP/1.1 204 No Content\r\n\r\n", "HTTP/1.1 304 Not Modified\r\n\r\n",
                             "HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n",
                             "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"}) {
    HostileServer server([&](Connection& c) {
      c.read_request();
      c.send(answer);
      c.wait_closed();
    });
    Recorder recorder;
    perform(recorder, get(server.url()));
    EXPECT_EQ(recorder.result.fault, TransferFault::none) << answer << recorder.result.detail;
    EXPECT_EQ(recorder.heads, 1);
    EXPECT_EQ(recorder.body, "");
  }
}

// Every proper prefix of an answer, then the end of the connection, is a fault; never a short
// success.
TEST_F(Answers, EarlyEndAtEveryByteIsAFault) {
  const std::string chunked =
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n";
  for (const std::string& whole : {plain_answer("hello"), chunked}) {
    std::atomic<std::size_t> cut{0};
    std::atomic<bool> rst{false};
    HostileServer server([&](Connection& c) {
      c.read_request();
      c.send(std::string_view(whole).substr(0, cut));
      if (rst) c.reset();
    });
    for (const bool with_reset : {false, true}) {
      rst = with_reset;
      for (cut = 0; cut < whole.size() - 1; ++cut) {
        Recorder recorder;
        perform(recorder, get(server.url()));
        EXPECT_NE(recorder.result.fault, TransferFault::none) << cut << " of " << whole;
        EXPECT_NE(recorder.result.fault, TransferFault::local) << recorder.result.detail;
        if (recorder.heads > 0) {
          EXPECT_EQ(recorder.result.fault, TransferFault::reset);
        }
      }
    }
  }
}

TEST_F(Answers, BrokenAnswersAreProtocolFaults) {
  for (const std::string& answer : {
           std::string("garbage that is not HTTP at all\r\n\r\n"),
           std::string("HTTP/1.1 2x0 OK\r\n\r\n"),
           std::string("HTTP/1.1 200 OK\r\nno colon here\r\n\r\n"),
           std::string("HTTP/1.1 200 OK\r\n: no name\r\n\r\n"),
           std::string("HTTP/1.1 200 OK\r\nSpace : x\r\n\r\n"),
           std::string("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n"),
           std::string("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n"),
           std::string("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhelloXX\r\n"),
           std::string("HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\nx"),
           "HTTP/1.1 200 OK\r\nX: " + std::string(200'000, 'x'),
       }) {
    HostileServer server([&](Connection& c) {
      c.read_request();
      c.send(answer);
      c.wait_closed();
    });
    EXPECT_EQ(fault_of_get(server.url()), TransferFault::protocol) << answer.substr(0, 90);
  }
}

TEST_F(Answers, EndlessHeadersAreCut) {
  for (const char* line : {"X-Again: and again\r\n", "HTTP/1.1 100 Continue\r\n\r\n"}) {
    HostileServer server([&](Connection& c) {
      c.read_request();
      if (line[0] == 'X') c.send("HTTP/1.1 200 OK\r\n");
      while (c.send(line)) continue;
    });
    Recorder recorder;
    UpstreamRequest request = get(server.url());
    request.max_head = 8192;
    perform(recorder, std::move(request));
    EXPECT_EQ(recorder.result.fault, TransferFault::protocol);
    EXPECT_EQ(recorder.heads, 0);
  }
}

TEST_F(Answers, UnreachableServersAreToldApart) {
  const QuietPort closed(QuietPort::Kind::closed);
  EXPECT_EQ(fault_of_get(closed.url()), TransferFault::connect);
  EXPECT_EQ(fault_of_get(unresolvable()), TransferFault::resolve);
}

TEST_F(Answers, RequestsThatCannotBeSentAreLocalFaultsToldLater) {
  const auto with_header = [](std::string name, std::string value) {
    UpstreamRequest request = get("http://127.0.0.1:1/");
    request.headers.push_back({std::move(name), std::move(value)});
    return request;
  };
  std::vector<UpstreamRequest> requests;
  requests.push_back(get("ftp://127.0.0.1/"));
  requests.push_back(get(""));
  requests.push_back(get("http://"));
  requests.push_back(get("http://127.0.0.1:99999/"));
  requests.push_back(get("http://127.0.0.1:1/a\r\nX: y"));
  requests.push_back(with_header("X", "a\r\nHost: b"));
  requests.push_back(with_header("X: y\r\nZ", "a"));
  requests.push_back(with_header("", "a"));
  UpstreamRequest odd = get("http://127.0.0.1:1/");
  odd.method = "GET /x";
  requests.push_back(odd);
  for (UpstreamRequest& request : requests) {
    Recorder recorder;
    const std::string url = request.url;
    start(recorder, std::move(request));
    EXPECT_FALSE(recorder.done());
    run_until([&] { return recorder.done(); });
    EXPECT_EQ(recorder.result.fault, TransferFault::local) << url << recorder.result.detail;
    recorder.call.reset();
  }
}

TEST_F(Answers, ManyCallsAtOnce) {
  HostileServer server([&](Connection& c) {
    for (std::string r = c.read_request(); !r.empty(); r = c.read_request()) {
      c.send(plain_answer(r.substr(r.find("\r\n\r\n") + 4)));
    }
  });
  for (int round = 0; round < 3; ++round) {
    std::vector<Recorder> recorders(200);
    std::vector<std::string> bodies(recorders.size());
    for (std::size_t i = 0; i < recorders.size(); ++i) {
      bodies[i] = std::string(100 * i, static_cast<char>('a' + i % 26));
      start(recorders[i], post(server.url(), bodies[i]));
    }
    run_until([&] {
      return std::all_of(recorders.begin(), recorders.end(), [](auto& r) { return r.done(); });
    });
    for (std::size_t i = 0; i < recorders.size(); ++i) {
      EXPECT_EQ(recorders[i].result.fault, TransferFault::none) << recorders[i].result.detail;
      EXPECT_EQ(recorders[i].body, bodies[i]);
    }
  }
  EXPECT_LE(server.accepted(), 200);
}

TEST_F(Answers, ConnectionsAreCapped) {
  CurlUpstreamOptions options;
  options.max_connections = 4;
  use(options);
  HostileServer server([&](Connection& c) {
    while (!c.read_request().empty()) c.send(plain_answer("ok"));
  });
  std::vector<Recorder> recorders(40);
  for (Recorder& recorder : recorders) start(recorder, get(server.url()));
  run_until([&] {
    return std::all_of(recorders.begin(), recorders.end(), [](auto& r) { return r.done(); });
  });
  for (Recorder& recorder : recorders) EXPECT_EQ(recorder.body, "ok");
  EXPECT_LE(server.accepted(), 4);
}

}  // namespace
}  // namespace oriel::gateway
