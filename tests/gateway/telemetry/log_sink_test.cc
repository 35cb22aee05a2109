#include "gateway/telemetry/log_sink.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "convert/json/reader.h"
#include "gateway/telemetry/log_file.h"
#include "gateway/telemetry/process_source.h"

namespace oriel::gateway {
namespace {

class FixedClock : public Clock {
 public:
  SteadyTime now() const override { return {}; }
  WallTime wall() const override { return WallTime(std::chrono::milliseconds(1'714'564'800'123)); }
};

const FixedClock kClock;

std::unique_ptr<LogSink> open_sink(const std::string& path, std::size_t queue_lines = 4'096) {
  auto sink = LogSink::open({path, queue_lines}, kClock);
  EXPECT_TRUE(sink.has_value());
  return sink.has_value() ? std::move(*sink) : nullptr;
}

class TempFile {
 public:
  TempFile() { ::close(::mkstemp(path_)); }
  ~TempFile() { ::unlink(path_); }
  std::string path() const { return path_; }
  std::vector<std::string> lines() const {
    std::ifstream file(path_);
    std::vector<std::string> lines;
    for (std::string line; std::getline(file, line);) lines.push_back(line);
    return lines;
  }

 private:
  char path_[32] = "/tmp/log_sink_XXXXXX";
};

// A pipe that can be opened by name.
struct Pipe {
  Pipe() { EXPECT_EQ(::pipe(ends), 0); }
  ~Pipe() {
    close_reader();
    ::close(ends[1]);
  }
  void close_reader() {
    if (ends[0] >= 0) ::close(ends[0]);
    ends[0] = -1;
  }
  std::string path() const { return "/proc/self/fd/" + std::to_string(ends[1]); }
  std::string drain() {
    ::fcntl(ends[0], F_SETFL, O_NONBLOCK);
    std::string text;
    char piece[4'096];
    for (ssize_t got; (got = ::read(ends[0], piece, sizeof piece)) > 0;) {
      text.append(piece, static_cast<std::size_t>(got));
    }
    return text;
  }
  int ends[2] = {-1, -1};
};

TEST(LogSink, WritesEveryLineInOrder) {
  TempFile file;
  {
    auto sink = open_sink(file.path(), 10'000);
    for (std::size_t i = 0; i < 5'000; ++i) {
      sink->submit("{\"n\":" + std::to_string(i) + ",\"pad\":\"" + std::string(i % 700, 'x') +
                   "\"}");
    }
    EXPECT_EQ(sink->dropped(), 0U);
  }
  const auto lines = file.lines();
  ASSERT_EQ(lines.size(), 5'000U);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    ASSERT_TRUE(lines[i].starts_with("{\"n\":" + std::to_string(i) + ",")) << lines[i];
    ASSERT_TRUE(lines[i].ends_with("\"}"));
  }
}

TEST(LogSink, AppendsToWhatIsThere) {
  TempFile file;
  open_sink(file.path())->submit("{\"run\":1}");
  open_sink(file.path())->submit("{\"run\":2}");
  EXPECT_EQ(file.lines(), (std::vector<std::string>{"{\"run\":1}", "{\"run\":2}"}));
}

TEST(LogSink, LogsTheGatewaysOwnLifeAsJson) {
  TempFile file;
  {
    auto sink = open_sink(file.path());
    sink->log(LogLevel::info, "ready",
              {{"listen", "127.0.0.1:8080"}, {"workers", 2}, {"share", 0.5}, {"tls", false}});
    sink->log(LogLevel::error, "config", {{"error", "line 3: \"x\"\n\xFF"}});
    sink->log(LogLevel::warn, "drain");
  }
  EXPECT_EQ(file.lines(),
            (std::vector<std::string>{
                R"({"time":"2024-05-01T12:00:00.123Z","level":"info","event":"ready",)"
                R"("listen":"127.0.0.1:8080","workers":2,"share":0.5,"tls":false})",
                R"({"time":"2024-05-01T12:00:00.123Z","level":"error","event":"config",)"
                R"("error":"line 3: \"x\"\n)"
                "\xEF\xBF\xBD\"}",
                R"({"time":"2024-05-01T12:00:00.123Z","level":"warn","event":"drain"})"}));
}

TEST(LogSink, AFileThatCannotBeOpenedIsAnError) {
  const auto sink = LogSink::open({"/nowhere/at/all.log", 16}, kClock);
  ASSERT_FALSE(sink.has_value());
  EXPECT_NE(sink.error().detail.find("/nowhere/at/all.log"), std::string::npos);
}

TEST(LogSink, AFullDiskCostsLinesAndNothingElse) {
  auto sink = open_sink("/dev/full");
  for (int i = 0; i < 100; ++i) sink->submit("{}");
  while (sink->dropped() < 100) std::this_thread::yield();
  EXPECT_EQ(sink->dropped(), 100U);
}

TEST(LogSink, AReaderThatLeftCostsLinesAndNothingElse) {
  Pipe pipe;
  auto sink = open_sink(pipe.path());
  pipe.close_reader();
  for (int i = 0; i < 100; ++i) sink->submit("{}");
  while (sink->dropped() < 100) std::this_thread::yield();
  EXPECT_EQ(sink->dropped(), 100U);
}

// Nobody reads: submit() does not wait, the sink closes in bounded time, every line is whole,
// written or counted.
TEST(LogSink, AReaderThatDoesNotReadNeverBlocks) {
  Pipe pipe;
  auto sink = open_sink(pipe.path(), 256);
  constexpr std::size_t kLines = 20'000;
  const std::string pad(500, 'x');
  const auto start = std::chrono::steady_clock::now();
  for (std::size_t i = 0; i < kLines; ++i) {
    sink->submit("{\"n\":" + std::to_string(i) + ",\"pad\":\"" + pad + "\"}");
  }
  const std::uint64_t dropped_while_open = sink->dropped();
  EXPECT_GT(dropped_while_open, kLines - 2'000);
  sink.reset();
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(20));
  std::istringstream text(pipe.drain());
  std::size_t whole = 0;
  for (std::string line; std::getline(text, line);) {
    if (line.ends_with("\"}")) ++whole;
  }
  EXPECT_GT(whole, 0U);
  EXPECT_LE(whole + dropped_while_open, kLines);
}

TEST(LogSink, TakesLinesFromManyThreads) {
  TempFile file;
  {
    auto sink = open_sink(file.path(), 10'000);
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&sink, t] {
        for (int i = 0; i < 1'000; ++i) {
          sink->submit("{\"t\":" + std::to_string(t * 1'000 + i) + "}");
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
  }
  const auto lines = file.lines();
  EXPECT_EQ(std::set<std::string>(lines.begin(), lines.end()).size(), 4'000U);
}

// A line that was cut by a full pipe is closed off before the next one begins.
TEST(LogFile, ClosesOffATornLine) {
  Pipe pipe;
  ::fcntl(pipe.ends[1], F_SETFL, O_NONBLOCK);
  LogFile file(pipe.ends[1], LogFile::Owner::borrowed);
  file.stop();
  file.add(std::string(100'000, 'a'));  // more than a pipe holds
  file.add("lost");
  file.flush();
  EXPECT_EQ(file.dropped(), 2U);
  const std::string first = pipe.drain();
  EXPECT_EQ(first, std::string(first.size(), 'a'));
  file.add("next");
  file.flush();
  EXPECT_EQ(pipe.drain(), "\nnext\n");
  EXPECT_EQ(file.dropped(), 2U);
}

TEST(LogFile, DoesNotBlockOnASocket) {
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
  LogFile file(ends[0], LogFile::Owner::owned);
  file.stop();
  for (int i = 0; i < 1'000; ++i) {
    file.add(std::string(1'000, 'a'));
    file.flush();
  }
  EXPECT_GT(file.dropped(), 0U);
  EXPECT_LT(file.dropped(), 1'000U);
  ::close(ends[1]);
  file.add("to nobody");
  file.flush();  // no SIGPIPE
}

TEST(ProcessSource, ReadsThisProcess) {
  const auto stats = read_process_stats();
  ASSERT_TRUE(stats.has_value());
  EXPECT_GT(stats->resident_bytes, 1'000'000U);
  EXPECT_GE(stats->virtual_bytes, stats->resident_bytes);
  EXPECT_GE(stats->open_fds, 3U);
  EXPECT_GT(stats->start_time_seconds, 1'600'000'000.0);
  const int extra = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  EXPECT_EQ(read_process_stats()->open_fds, stats->open_fds + 1);
  ::close(extra);
}

}  // namespace
}  // namespace oriel::gateway
