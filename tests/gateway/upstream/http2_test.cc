// HTTP/2 over TLS, against node's server: the node that ORIEL_NODE names, or else the one that is
// found; without either the tests are skipped.
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "tests/gateway/upstream/client_harness.h"
#include "tests/gateway/upstream/test_certificate.h"

extern char** environ;

namespace oriel::gateway {
namespace {

using std::chrono::milliseconds;

const char* named_node() { return std::getenv("ORIEL_NODE"); }

class NodeServer {
 public:
  NodeServer(const std::string& certificate, const std::string& key) {
    int input[2];
    int output[2];
    if (pipe2(input, O_CLOEXEC) != 0 || pipe2(output, O_CLOEXEC) != 0) return;
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, input[0], 0);
    posix_spawn_file_actions_adddup2(&actions, output[1], 1);
    const std::string node = named_node() != nullptr ? named_node() : "node";
    std::vector<std::string> words{node, ORIEL_TEST_DATA "/http2_server.mjs", certificate, key};
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    if (posix_spawnp(&process_, node.c_str(), &actions, nullptr, arguments.data(), environ) != 0) {
      process_ = -1;
    }
    posix_spawn_file_actions_destroy(&actions);
    close(input[0]);
    close(output[1]);
    input_ = input[1];
    std::string line;
    for (char c = 0; process_ > 0 && read(output[0], &c, 1) == 1 && c != '\n';) line.push_back(c);
    close(output[0]);
    port_ = line;
  }
  ~NodeServer() {
    close(input_);
    if (process_ > 0) waitpid(process_, nullptr, 0);
  }
  bool running() const { return !port_.empty(); }
  std::string url(std::string_view path) const {
    return "https://127.0.0.1:" + port_ + std::string(path);
  }

 private:
  pid_t process_ = -1;
  int input_ = -1;
  std::string port_;
};

class Http2 : public UpstreamTest {
 protected:
  void SetUp() override {
    if (!server.running() && named_node() == nullptr) GTEST_SKIP() << "no node here";
    ASSERT_TRUE(server.running()) << named_node();
    CurlUpstreamOptions options;
    options.ca_file = certificate.certificate_file();
    use(options);
  }
  // Asks until node has seen it.
  bool reported(const std::string& seen) {
    for (int i = 0; i < 10'000; ++i) {
      Recorder recorder;
      perform(recorder, get(server.url("/report")));
      if (recorder.body.find(seen) != std::string::npos) return true;
    }
    return false;
  }

  const TestCertificate certificate{"IP:127.0.0.1"};
  const NodeServer server{certificate.certificate_file(), certificate.key_file()};
};

TEST_F(Http2, IsSpokenAndConnectionsAreReused) {
  for (int i = 0; i < 5; ++i) {
    Recorder recorder;
    perform(recorder, get(server.url("/plain")));
    EXPECT_EQ(recorder.result.fault, TransferFault::none) << recorder.result.detail;
    EXPECT_EQ(recorder.status, 200);
    EXPECT_EQ(recorder.body, "hello");
    EXPECT_EQ(convert::find_header(recorder.headers, "X-Answer"), "plain");
    EXPECT_EQ(recorder.times.http_major, 2);
    EXPECT_EQ(recorder.times.reused_connection, i > 0);
  }
  EXPECT_EQ(client->connections_opened(), 1u);
}

TEST_F(Http2, BodiesOfAllSizesArrive) {
  for (const std::size_t size : {0u, 1u, 65535u, 65536u, 3'000'000u}) {
    const std::string body(size, 'b');
    Recorder recorder;
    perform(recorder, post(server.url("/echo"), body));
    EXPECT_EQ(recorder.result.fault, TransferFault::none) << recorder.result.detail;
    EXPECT_TRUE(recorder.body == body) << recorder.body.size();
  }
}

TEST_F(Http2, ManyCallsAtOnce) {
  std::vector<Recorder> recorders(50);
  std::vector<std::string> bodies(recorders.size());
  for (std::size_t i = 0; i < recorders.size(); ++i) {
    bodies[i] = std::string(1000 * i, static_cast<char>('a' + i % 26));
    start(recorders[i], post(server.url("/echo"), bodies[i]));
  }
  run_until([&] {
    return std::all_of(recorders.begin(), recorders.end(), [](auto& r) { return r.done(); });
  });
  for (std::size_t i = 0; i < recorders.size(); ++i) {
    EXPECT_EQ(recorders[i].result.fault, TransferFault::none) << recorders[i].result.detail;
    EXPECT_TRUE(recorders[i].body == bodies[i]);
  }
}

TEST_F(Http2, PauseAndResumeLosesNothing) {
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
  perform(recorder, get(server.url("/large")));
  EXPECT_EQ(recorder.result.fault, TransferFault::none) << recorder.result.detail;
  ASSERT_EQ(recorder.body.size(), 10u * 1024 * 1024);
  std::size_t wrong = 0;
  for (std::size_t i = 0; i < recorder.body.size(); ++i) {
    wrong += recorder.body[i] != static_cast<char>((i * 7 + i / 251) & 0xFF);
  }
  EXPECT_EQ(wrong, 0u);
}

TEST_F(Http2, PausedCallHoldsNoOtherBack) {
  Recorder slow;
  slow.at_head = [&] {
    slow.call->pause();
    slow.paused = true;
  };
  start(slow, get(server.url("/large")));
  run_until([&] { return slow.paused; });
  for (int i = 0; i < 3; ++i) {
    Recorder quick;
    perform(quick, get(server.url("/plain")));
    EXPECT_EQ(quick.body, "hello");
  }
  slow.paused = false;
  slow.call->resume();
  run_until([&] { return slow.done(); });
  EXPECT_EQ(slow.body.size(), 10u * 1024 * 1024);
}

TEST_F(Http2, LettingGoCancelsTheStream) {
  for (const char* path : {"/stall", "/silent", "/endless"}) {
    Recorder recorder;
    recorder.at_head = [&] { recorder.call.reset(); };
    start(recorder, get(server.url(path)));
    if (std::string_view(path) == "/silent") {
      EXPECT_TRUE(reported("\"silent\":1"));
      recorder.call.reset();
    }
    run_until([&] { return !recorder.call; });
  }
  EXPECT_TRUE(reported("\"cancelled\":3"));
}

TEST_F(Http2, BrokenStreamsAreResets) {
  for (const char* path : {"/reset", "/refused", "/cut", "/short"}) {
    Recorder recorder;
    perform(recorder, get(server.url(path)));
    EXPECT_EQ(recorder.result.fault, TransferFault::reset)
        << path << " " << recorder.result.detail << " " << static_cast<int>(recorder.result.fault);
  }
  Recorder after;
  perform(after, get(server.url("/plain")));
  EXPECT_EQ(after.body, "hello");
}

TEST_F(Http2, DeadlinesHold) {
  UpstreamRequest silent = get(server.url("/silent"));
  silent.deadlines.first_byte = milliseconds(200);
  Recorder first;
  perform(first, std::move(silent));
  EXPECT_EQ(first.result.fault, TransferFault::first_byte_timeout);
  EXPECT_TRUE(with_some_deadline([&](milliseconds idle) {
    UpstreamRequest stall = get(server.url("/stall"));
    stall.deadlines.idle = idle;
    Recorder second;
    perform(second, std::move(stall));
    EXPECT_EQ(second.result.fault, TransferFault::idle_timeout);
    return second.body == "begun";
  }));
}

}  // namespace
}  // namespace oriel::gateway
