#include "tests/bedrock_sim/stats.h"

#include <algorithm>
#include <charconv>
#include <chrono>

#include "tests/bedrock_sim/json_out.h"

namespace oriel::sim {
namespace {

constexpr std::string_view kNames[kOperations] = {"Converse",
                                                  "ConverseStream",
                                                  "ListFoundationModels",
                                                  "ListInferenceProfiles",
                                                  "GetInferenceProfile",
                                                  "ListProvisionedModelThroughputs",
                                                  "GetProvisionedModelThroughput",
                                                  "Unknown"};
constexpr std::size_t kMaxAttemptKeys = 10000;
constexpr std::size_t kMaxModels = 256;

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

void Stats::remember(HttpRequest& request, const Outcome& outcome) {
  const std::lock_guard lock(mutex_);
  if (seen_count_ > 0) {
    Seen& before = seen_[(seen_count_ - 1) % kRemembered];
    if (before.body_size > kKeptBody) {
      before.body = std::string();
      before.body_size = 0;
    }
  }
  Seen& slot = seen_[seen_count_++ % kRemembered];
  slot.operation = outcome.operation;
  slot.id = outcome.id;
  slot.status = outcome.status;
  slot.head = request.head;
  // The request is answered: its body can be taken, and the next one gets the old buffer.
  slot.body.swap(request.body_storage);
  slot.body_size = request.body_size;
  if (outcome.id.empty()) return;
  if (models_.size() < kMaxModels || models_.count(slot.id) != 0) {
    ++models_[slot.id][outcome.status];
  }
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
  json.key("models").open();
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [id, statuses] : models_) {
      std::string quoted;
      JsonOut::append_quoted(quoted, id);
      json.key(std::string_view(quoted).substr(1, quoted.size() - 2)).open();
      for (const auto& [status, count] : statuses) json.field(std::to_string(status), count);
      json.close();
    }
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

void Stats::append_seen(JsonOut& json, const Seen& seen) {
  HttpRequest request;
  request.head = seen.head;
  json.open();
  if (parse_head(request)) {
    json.field("operation", kNames[static_cast<std::size_t>(seen.operation)]);
    json.field("id", seen.id).field("status", seen.status);
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
    json.field("body", std::string_view(seen.body).substr(0, seen.body_size));
  }
  json.close();
}

std::string Stats::last_request_json() const {
  const std::lock_guard lock(mutex_);
  if (seen_count_ == 0) return "{}";
  std::string out;
  JsonOut json(out);
  append_seen(json, seen_[(seen_count_ - 1) % kRemembered]);
  return out;
}

std::string Stats::requests_json() const {
  const std::lock_guard lock(mutex_);
  std::string out;
  JsonOut json(out);
  json.open();
  json.field("count", static_cast<std::int64_t>(seen_count_));
  json.key("requests").open_list();
  const std::size_t first = seen_count_ > kRemembered ? seen_count_ - kRemembered : 0;
  for (std::size_t i = first; i < seen_count_; ++i) append_seen(json, seen_[i % kRemembered]);
  json.close_list().close();
  return out;
}

bool Stats::fail(std::string_view query) {
  std::string_view operation;
  Failure failure{500, 1};
  while (!query.empty()) {
    const std::size_t end = std::min(query.find('&'), query.size());
    const std::string_view part = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    const std::size_t equals = part.find('=');
    if (equals == std::string_view::npos) return false;
    const std::string_view value = part.substr(equals + 1);
    const char* last = value.data() + value.size();
    const std::string_view key = part.substr(0, equals);
    if (key == "operation") {
      operation = value;
    } else if (key == "status") {
      if (std::from_chars(value.data(), last, failure.status).ec != std::errc()) return false;
    } else if (key == "times") {
      if (std::from_chars(value.data(), last, failure.times).ec != std::errc()) return false;
    } else {
      return false;
    }
  }
  const std::lock_guard lock(mutex_);
  for (std::size_t i = 0; i < kOperations; ++i) {
    if (kNames[i] != operation) continue;
    failures_[i] = failure;
    return true;
  }
  return false;
}

int Stats::take_failure(Operation operation) {
  const std::lock_guard lock(mutex_);
  Failure& failure = failures_[static_cast<std::size_t>(operation)];
  if (failure.times == 0) return 0;
  --failure.times;
  return failure.status;
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
  seen_count_ = 0;
  models_.clear();
  failures_ = {};
  attempts_.clear();
}

}  // namespace oriel::sim
