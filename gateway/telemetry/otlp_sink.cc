#include "gateway/telemetry/otlp_sink.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <deque>
#include <optional>
#include <utility>
#include <vector>

#include "convert/wire/retry_after.h"
#include "gateway/loop.h"
#include "gateway/telemetry/otlp_body.h"
#include "metrics/gzip.h"

namespace oriel::gateway {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kMaxAnswer = 64 * 1024;  // bytes that are looked at
constexpr milliseconds kFirstPause{1'000};     // between tries, doubled each time
constexpr milliseconds kLastPause{30'000};
constexpr milliseconds kMaxToldPause{86'400'000};
constexpr milliseconds kConnect{5'000};

// What the protocol lets be tried again; everything else is final.
bool may_retry(int status) {
  return status == 429 || status == 502 || status == 503 || status == 504;
}

// Half of the pause to one and a half of it.
milliseconds jittered(milliseconds pause, Random& random) {
  std::array<std::uint8_t, 2> bits{};
  random.fill(bits);
  return pause / 2 + milliseconds(pause.count() * (bits[0] * 256 + bits[1]) / 65'536);
}

milliseconds until(SteadyTime deadline, SteadyTime now) {
  return std::chrono::ceil<milliseconds>(std::max(deadline - now, SteadyTime::duration(0)));
}

}  // namespace

struct OtlpSink::Impl final : UpstreamObserver {
  Impl(event_base* base, const Clock& clock_in, Random& random_in, UpstreamClient& client_in,
       Options options_in)
      : clock(clock_in),
        random(random_in),
        client(client_in),
        options(std::move(options_in)),
        envelope(options.tracing, options.version),
        overdue(base, [this] { send_some(); }),
        retry(base, [this] { call(); }),
        patience(base, [this] { give_up(); }),
        told(base, [this] { std::exchange(done, {})(); }) {}

  const Clock& clock;
  Random& random;
  UpstreamClient& client;
  const Options options;
  const OtlpEnvelope envelope;
  std::atomic<std::uint64_t> dropped{0};
  std::atomic<std::size_t> waiting{0};  // spans: admitted, and neither taken nor dropped

  std::deque<SpanBatch> queue;
  std::size_t queued = 0;  // spans in it
  Timer overdue;  // the oldest of them has waited long enough; set while no export is under way
  Health health = Health::working;

  // The export that is under way.
  std::string body;
  std::size_t sending = 0;  // spans in it; zero: none is under way
  SteadyTime deadline;
  milliseconds pause{0};
  Timer retry;
  std::unique_ptr<UpstreamCall> upstream;
  int status = 0;
  std::optional<milliseconds> told_pause;
  json::PaddedBuffer answer;

  // The end.
  bool flushing = false;
  Timer patience;
  Timer told;
  std::function<void()> done;

  void submit(SpanBatch batch);
  void send_some();
  void call();
  void on_head(int head_status, const std::vector<convert::Header>& headers) override;
  void on_body(std::string_view bytes) override;
  void on_done(const TransferResult& result) override;
  void try_again(const std::string& detail);
  void finish(std::size_t lost, const std::string& detail);
  void flush(milliseconds how_long, std::function<void()> when_done);
  void give_up();
  void end_flush();
  void release(std::size_t spans) { waiting.fetch_sub(spans, std::memory_order_relaxed); }
  void set_health(Health now, std::string_view detail);
};

void OtlpSink::Impl::submit(SpanBatch batch) {
  queued += batch.count;
  queue.push_back(std::move(batch));
  if (sending != 0) return;
  if (flushing || queued >= options.tracing.max_batch) return send_some();
  if (queue.size() == 1) overdue.arm(options.tracing.delay);
}

// Workers' batches go whole: the last one may bring more than a batch should hold.
void OtlpSink::Impl::send_some() {
  overdue.cancel();
  std::size_t taken = 0;
  std::vector<std::string_view> spans;
  while (taken < queue.size() && sending < options.tracing.max_batch) {
    spans.push_back(queue[taken].spans);
    sending += queue[taken].count;
    ++taken;
  }
  body = envelope.around(spans);
  queued -= sending;
  queue.erase(queue.begin(), queue.begin() + static_cast<std::ptrdiff_t>(taken));
  if (options.tracing.compression == TracingConfig::Compression::gzip) {
    auto packed = metrics::gzip(body);
    if (!packed) return finish(sending, "no memory to compress spans");
    body = std::move(*packed);
  }
  deadline = clock.now() + options.tracing.timeout;
  pause = kFirstPause;
  call();
}

void OtlpSink::Impl::call() {
  const milliseconds left = std::max(until(deadline, clock.now()), milliseconds(1));
  UpstreamRequest request;
  request.method = "POST";
  request.url = options.tracing.endpoint;
  request.headers.push_back({"content-type", "application/json"});
  if (options.tracing.compression == TracingConfig::Compression::gzip) {
    request.headers.push_back({"content-encoding", "gzip"});
  }
  request.headers.push_back({"user-agent", "oriel/" + options.version});
  for (const auto& [name, value] : options.tracing.headers) {
    request.headers.push_back({name, value.reveal()});
  }
  request.body = body;
  request.deadlines = {
      .connect = std::min(left, kConnect), .first_byte = left, .idle = left, .total = left};
  status = 0;
  told_pause.reset();
  answer.clear();
  upstream = client.start(std::move(request), *this);
}

void OtlpSink::Impl::on_head(int head_status, const std::vector<convert::Header>& headers) {
  status = head_status;
  told_pause = convert::wire::read_retry_after(headers, kMaxToldPause);
}

void OtlpSink::Impl::on_body(std::string_view bytes) {
  if (status == 200 && answer.size() + bytes.size() <= kMaxAnswer) answer.append(bytes);
}

void OtlpSink::Impl::on_done(const TransferResult& result) {
  upstream.reset();
  if (result.fault != TransferFault::none) return try_again(result.detail);
  const std::string detail = "the collector answered HTTP " + std::to_string(status);
  if (may_retry(status)) return try_again(detail);
  if (status < 200 || status > 299) return finish(sending, detail);
  const auto rejected = std::min<std::uint64_t>(rejected_spans(answer), sending);
  finish(static_cast<std::size_t>(rejected), "the collector rejected spans");
}

// Once more, if that can still be in time.
void OtlpSink::Impl::try_again(const std::string& detail) {
  const milliseconds wait = told_pause.value_or(jittered(pause, random));
  pause = std::min(2 * pause, kLastPause);
  if (clock.now() + wait >= deadline) return finish(sending, detail);
  retry.arm(wait);
}

void OtlpSink::Impl::finish(std::size_t lost, const std::string& detail) {
  dropped.fetch_add(lost, std::memory_order_relaxed);
  release(std::exchange(sending, 0));
  body.clear();
  set_health(lost == 0 ? Health::working : Health::failing, detail);
  if (!queue.empty()) {
    if (flushing || queued >= options.tracing.max_batch) return send_some();
    return overdue.arm(options.tracing.delay);
  }
  if (flushing) end_flush();
}

void OtlpSink::Impl::flush(milliseconds how_long, std::function<void()> when_done) {
  flushing = true;
  done = std::move(when_done);
  patience.arm(how_long);
  if (sending != 0) return;
  queue.empty() ? end_flush() : send_some();
}

void OtlpSink::Impl::give_up() {
  upstream.reset();
  retry.cancel();
  const std::size_t lost = std::exchange(sending, 0) + std::exchange(queued, 0);
  queue.clear();
  release(lost);
  dropped.fetch_add(lost, std::memory_order_relaxed);
  end_flush();
}

void OtlpSink::Impl::end_flush() {
  patience.cancel();
  told.arm(milliseconds(0));
}

void OtlpSink::Impl::set_health(Health now, std::string_view detail) {
  if (std::exchange(health, now) == now || !options.on_health) return;
  options.on_health(now, now == Health::failing ? detail : std::string_view());
}

OtlpSink::OtlpSink(event_base* base, const Clock& clock, Random& random, UpstreamClient& client,
                   Options options)
    : impl_(std::make_unique<Impl>(base, clock, random, client, std::move(options))) {}
OtlpSink::~OtlpSink() = default;

bool OtlpSink::admit(std::size_t spans) {
  const std::size_t before = impl_->waiting.fetch_add(spans, std::memory_order_relaxed);
  // What is larger than the whole queue passes when that is empty.
  if (before == 0 || before + spans <= impl_->options.tracing.max_queue) return true;
  impl_->release(spans);
  impl_->dropped.fetch_add(spans, std::memory_order_relaxed);
  return false;
}

void OtlpSink::submit(SpanBatch batch) { impl_->submit(std::move(batch)); }

void OtlpSink::flush(milliseconds patience, std::function<void()> done) {
  impl_->flush(patience, std::move(done));
}

std::uint64_t OtlpSink::dropped() const { return impl_->dropped.load(std::memory_order_relaxed); }

}  // namespace oriel::gateway
