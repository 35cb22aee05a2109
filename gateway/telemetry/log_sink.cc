#include "gateway/telemetry/log_sink.h"

#include <fcntl.h>
#include <signal.h>
#include <spdlog/async_logger.h>
#include <spdlog/details/thread_pool.h>
#include <spdlog/sinks/sink.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <system_error>
#include <thread>
#include <utility>

#include "convert/json/writer.h"
#include "gateway/telemetry/log_file.h"
#include "metrics/log_line.h"

namespace oriel::gateway {
namespace {

// Signals belong to the main thread; SIGPIPE on a closed stdout is an error code here.
void block_signals() {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
}

// How long the first line of a batch waits for company. While the log's thread rests here nobody
// has to wake it, so a busy gateway pays neither a futex nor a write per line.
constexpr std::chrono::milliseconds kGather{5};

// Writes a batch when nothing more waits.
class BatchSink : public spdlog::sinks::sink {
 public:
  explicit BatchSink(LogFile& file) : file_(file) {}

  void read_from(spdlog::details::thread_pool& pool) { pool_ = &pool; }

  void log(const spdlog::details::log_msg& message) override {
    if (file_.batch_is_empty() && !file_.stopping()) std::this_thread::sleep_for(kGather);
    file_.add({message.payload.data(), message.payload.size()});
    if (file_.batch_is_full() || pool_->queue_size() == 0) file_.flush();
  }
  void flush() override { file_.flush(); }
  void set_pattern(const std::string&) override {}
  void set_formatter(std::unique_ptr<spdlog::formatter>) override {}

 private:
  LogFile& file_;
  spdlog::details::thread_pool* pool_ = nullptr;
};

void put(json::Writer& writer, const LogField& field) {
  writer.key(field.name);
  if (const auto* text = std::get_if<std::string_view>(&field.value)) {
    writer.string(text->substr(0, metrics::kMaxLogText));
  } else if (const auto* integer = std::get_if<std::int64_t>(&field.value)) {
    writer.integer(*integer);
  } else if (const auto* number = std::get_if<double>(&field.value)) {
    writer.number(*number);
  } else {
    writer.boolean(std::get<bool>(field.value));
  }
}

}  // namespace

struct LogSink::Impl {
  Impl(int fd, LogFile::Owner owner, std::size_t queue_lines)
      : file(fd, owner),
        pool(std::make_shared<spdlog::details::thread_pool>(queue_lines, 1, block_signals)) {
    auto sink = std::make_shared<BatchSink>(file);
    sink->read_from(*pool);
    logger = std::make_shared<spdlog::async_logger>("oriel", std::move(sink), pool,
                                                    spdlog::async_overflow_policy::overrun_oldest);
    logger->set_level(spdlog::level::info);
    logger->set_error_handler([this](const std::string&) { ++failed; });
  }

  LogFile file;
  std::shared_ptr<spdlog::details::thread_pool> pool;
  std::shared_ptr<spdlog::async_logger> logger;
  std::atomic<std::uint64_t> failed{0};  // lines that spdlog could not queue
};

std::string_view to_string(LogLevel level) {
  switch (level) {
    case LogLevel::info: return "info";
    case LogLevel::warn: return "warn";
    case LogLevel::error: return "error";
  }
  return "";
}

convert::Result<std::unique_ptr<LogSink>> LogSink::open(const Options& options,
                                                        const Clock& clock) {
  int fd = STDOUT_FILENO;
  auto owner = LogFile::Owner::borrowed;
  if (!options.path.empty()) {
    constexpr int kFlags = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK;
    fd = ::open(options.path.c_str(), kFlags, 0640);
    owner = LogFile::Owner::owned;
  }
  if (fd < 0) {
    convert::Error error;
    error.detail =
        "cannot open the log file " + options.path + ": " + std::generic_category().message(errno);
    return Unexpected{std::move(error)};
  }
  auto impl = std::make_unique<Impl>(fd, owner, options.queue_lines);
  return std::unique_ptr<LogSink>(new LogSink(std::move(impl), clock));
}

LogSink::LogSink(std::unique_ptr<Impl> impl, const Clock& clock)
    : impl_(std::move(impl)), clock_(clock) {}

LogSink::~LogSink() {
  impl_->file.stop();
  impl_->pool.reset();  // the queue's thread writes what is left, and ends
  impl_->file.flush();
}

void LogSink::submit(std::string_view line) {
  impl_->logger->log(spdlog::level::info, spdlog::string_view_t(line.data(), line.size()));
}

void LogSink::log(LogLevel level, std::string_view event, std::initializer_list<LogField> fields) {
  std::string line;
  json::Writer writer(line);
  writer.begin_object();
  writer.key("time").begin_string();
  metrics::append_time(clock_.wall(), line);
  writer.end_string();
  writer.key("level").string(to_string(level));
  writer.key("event").string(event);
  for (const LogField& field : fields) put(writer, field);
  writer.end_object();
  submit(line);
}

std::uint64_t LogSink::dropped() const {
  return impl_->pool->overrun_counter() + impl_->file.dropped() + impl_->failed.load();
}

}  // namespace oriel::gateway
