#include "tests/bedrock_sim/stats.h"

#include <chrono>

#include "tests/bedrock_sim/json_out.h"

namespace oriel::sim {
namespace {

constexpr std::string_view kNames[kOperations] = {"Converse",
                                                  "ConverseStream",
                                                  "ListFoundationModels",
                                                  "ListInferenceProfiles",
                                                  "GetInferenceProfile",
                                                  "Unknown"};
constexpr std::size_t kMaxAttemptKeys = 10000;

void add(Stats::Counter& counter, std::int64_t by) {
  counter.fetch_add(by, std::memory_order_relaxed);
}
std::int64_t read(const Stats::Counter& counter) { return counter.load(std::memory_order_relaxed); }

}  // namespace

std::int64_t monotonic_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

void Stats::count_request(Operation operation, int status) {
  if (operation == Operation::kSimulator) return;
  add(requests_[static_cast<std::size_t>(operation)][static_cast<std::size_t>(status) % kStatuses],
      1);
}

void Stats::count_usage(const Usage& usage) {
  add(input_, usage.input);
  add(output_, usage.output);
  add(cache_read_, usage.cache_read);
  add(cache_write_, usage.cache_write);
}

void Stats::count_cancel(bool stream) {
  add(stream ? streams_cancelled_ : calls_cancelled_, 1);
  last_cancel_ms_.store(monotonic_ms(), std::memory_order_relaxed);
}

void Stats::remember(HttpRequest& request) {
  const std::lock_guard lock(mutex_);
  last_head_ = request.head;
  // The request is answered: its body can be taken, and the next one gets the old buffer.
  last_body_.swap(request.body_storage);
  last_body_size_ = request.body_size;
}

std::int64_t Stats::count_attempt(std::uint64_t body_hash) {
  const std::lock_guard lock(mutex_);
  if (attempts_.size() >= kMaxAttemptKeys) attempts_.clear();
  return ++attempts_[body_hash];
}

std::string Stats::json() const {
  std::string out;
  JsonOut json(out);
  json.open();
  json.field("now_ms", monotonic_ms()).field("started_ms", started_ms_);
  json.key("connections").open();
  json.field("accepted", read(connections_accepted)).field("open", read(connections_open)).close();
  json.key("requests").open();
  for (std::size_t i = 0; i < kOperations; ++i) {
    json.key(kNames[i]).open();
    for (std::size_t status = 0; status < kStatuses; ++status) {
      const std::int64_t count = read(requests_[i][status]);
      if (count != 0) json.field(std::to_string(status), count);
    }
    json.close();
  }
  json.close();
  json.key("tokens").open();
  json.field("input", read(input_)).field("output", read(output_));
  json.field("cache_read", read(cache_read_)).field("cache_write", read(cache_write_)).close();
  json.key("streams").open();
  json.field("started", read(streams_started)).field("completed", read(streams_completed));
  json.field("cancelled", read(streams_cancelled_)).field("broken", read(streams_broken));
  json.field("live", read(streams_live)).close();
  json.field("calls_cancelled", read(calls_cancelled_));
  json.field("last_cancel_ms", read(last_cancel_ms_));
  json.key("bytes").open();
  json.field("read", read(bytes_read)).field("written", read(bytes_written)).close();
  json.close();
  return out;
}

std::string Stats::last_request_json() const {
  const std::lock_guard lock(mutex_);
  std::string out;
  JsonOut json(out);
  json.open();
  HttpRequest request;
  request.head = last_head_;
  if (!last_head_.empty() && parse_head(request)) {
    json.field("method", request.method).field("path", request.path);
    json.field("query", request.query);
    json.key("headers").open_list();
    for (const HttpHeader& header : request.headers) {
      const bool secret =
          same_name(header.name, "authorization") || same_name(header.name, "x-amz-security-token");
      json.open_list().string(header.name).string(secret ? "[redacted]" : header.value);
      json.close_list();
    }
    json.close_list();
    json.field("body", std::string_view(last_body_).substr(0, last_body_size_));
  }
  json.close();
  return out;
}

void Stats::reset() {
  for (auto& statuses : requests_) {
    for (Counter& counter : statuses) counter = 0;
  }
  for (Counter* counter : {&input_, &output_, &cache_read_, &cache_write_, &streams_cancelled_,
                           &calls_cancelled_, &streams_started, &streams_completed, &streams_broken,
                           &connections_accepted, &bytes_read, &bytes_written}) {
    *counter = 0;
  }
  last_cancel_ms_ = -1;
  const std::lock_guard lock(mutex_);
  last_head_.clear();
  last_body_size_ = 0;
  attempts_.clear();
}

}  // namespace oriel::sim
