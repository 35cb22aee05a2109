#include "metrics/registry.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/registry.h>

#include <atomic>
#include <deque>
#include <limits>
#include <mutex>
#include <utility>
#include <vector>

#include "metrics/collector.h"
#include "metrics/exposition.h"
#include "metrics/gzip.h"
#include "metrics/pricing.h"

namespace oriel::metrics {
namespace {

// The families that are set, not counted by workers.
class ProcessFamilies {
 public:
  explicit ProcessFamilies(const BuildInfo& build)
      : log_lines_dropped_(counter(Family::log_lines_dropped)),
        spans_dropped_(counter(Family::spans_dropped)),
        config_generation_(gauge(Family::config_generation)),
        config_successful_(gauge(Family::config_last_reload_successful)),
        config_timestamp_(gauge(Family::config_last_reload_timestamp)),
        scrape_duration_(gauge(Family::scrape_duration)),
        cpu_(counter(Family::process_cpu)),
        resident_memory_(gauge(Family::process_resident_memory)),
        virtual_memory_(gauge(Family::process_virtual_memory)),
        open_fds_(gauge(Family::process_open_fds)),
        max_fds_(gauge(Family::process_max_fds)),
        start_time_(gauge(Family::process_start_time)) {
    const auto label = [](Label name, const std::string& value) {
      return std::pair(std::string(to_string(name)), value);
    };
    gauge(Family::build_info,
          {label(Label::version, build.version), label(Label::commit, build.commit),
           label(Label::compiler, build.compiler)})
        .Set(1);
    gauge(Family::price_table_timestamp).Set(static_cast<double>(kPriceTableTimestamp));
  }

  void set_log_lines_dropped(std::uint64_t total) {
    raise(log_lines_dropped_, static_cast<double>(total));
  }
  void set_spans_dropped(std::uint64_t total) { raise(spans_dropped_, static_cast<double>(total)); }
  void set_config(std::uint64_t generation, std::chrono::system_clock::time_point when) {
    config_generation_.Set(static_cast<double>(generation));
    config_successful_.Set(1);
    config_timestamp_.Set(std::chrono::duration<double>(when.time_since_epoch()).count());
  }
  // Both results' series appear with the first one, so that increase() sees the other's first.
  void count_model_list_refresh(std::string_view region, Registry::Refresh result) {
    const auto of = [&](std::string_view word) -> prometheus::Counter& {
      return counter(Family::model_list_refreshes,
                     {{std::string(to_string(Label::region)), std::string(region)},
                      {std::string(to_string(Label::result)), std::string(word)}});
    };
    prometheus::Counter& succeeded = of("ok");
    prometheus::Counter& failed = of("failed");
    (result == Registry::Refresh::ok ? succeeded : failed).Increment();
  }
  void set_credentials_expiry(std::string_view provider,
                              std::chrono::system_clock::time_point when) {
    gauge(Family::credentials_expiry,
          {{std::string(to_string(Label::provider)), std::string(provider)}})
        .Set(std::chrono::duration<double>(when.time_since_epoch()).count());
  }
  void set_scrape_duration(std::chrono::nanoseconds last) {
    scrape_duration_.Set(static_cast<double>(last.count()) / kNanosPerSecond);
  }
  void set(const ProcessStats& stats) {
    raise(cpu_, stats.cpu_seconds);
    resident_memory_.Set(static_cast<double>(stats.resident_bytes));
    virtual_memory_.Set(static_cast<double>(stats.virtual_bytes));
    open_fds_.Set(static_cast<double>(stats.open_fds));
    max_fds_.Set(stats.max_fds ? static_cast<double>(*stats.max_fds)
                               : std::numeric_limits<double>::infinity());
    start_time_.Set(stats.start_time_seconds);
  }
  const prometheus::Registry& registry() const { return registry_; }

 private:
  using Labels = prometheus::Labels;

  prometheus::Counter& counter(Family family, const Labels& labels = {}) {
    const FamilyRow& row = row_of(family);
    return prometheus::BuildCounter()
        .Name(std::string(row.name))
        .Help(std::string(row.help))
        .Register(registry_)
        .Add(labels);
  }
  prometheus::Gauge& gauge(Family family, const Labels& labels = {}) {
    const FamilyRow& row = row_of(family);
    return prometheus::BuildGauge()
        .Name(std::string(row.name))
        .Help(std::string(row.help))
        .Register(registry_)
        .Add(labels);
  }
  static void raise(prometheus::Counter& counter, double total) {
    if (total > counter.Value()) counter.Increment(total - counter.Value());
  }

  prometheus::Registry registry_;
  prometheus::Counter& log_lines_dropped_;
  prometheus::Counter& spans_dropped_;
  prometheus::Gauge& config_generation_;
  prometheus::Gauge& config_successful_;
  prometheus::Gauge& config_timestamp_;
  prometheus::Gauge& scrape_duration_;
  prometheus::Counter& cpu_;
  prometheus::Gauge& resident_memory_;
  prometheus::Gauge& virtual_memory_;
  prometheus::Gauge& open_fds_;
  prometheus::Gauge& max_fds_;
  prometheus::Gauge& start_time_;
};

}  // namespace

struct Registry::Impl {
  Impl(const BuildInfo& build, Semconv semconv) : collector(labels, semconv), process(build) {
    collector.add(preset_shard);
    preset_shard.preset_process();
  }

  LabelTable labels;
  const Words words{labels};
  SeriesDirectory directory;
  // Written under `mutex` alone; it holds nothing but zeros.
  Shard preset_shard{0, labels, words, directory};
  std::deque<Shard> shards;  // never moves them
  Collector collector;
  ProcessFamilies process;
  std::mutex mutex;
  std::atomic<std::size_t> last_size{0};  // of a scrape, with some room to grow
};

Registry::Registry(const BuildInfo& build, Semconv semconv)
    : impl_(std::make_unique<Impl>(build, semconv)) {}
Registry::~Registry() = default;

LabelTable& Registry::labels() { return impl_->labels; }

Shard& Registry::add_shard() {
  const std::lock_guard lock(impl_->mutex);
  Shard& shard = impl_->shards.emplace_back(impl_->shards.size(), impl_->labels, impl_->words,
                                            impl_->directory);
  impl_->collector.add(shard);
  return shard;
}

void Registry::preset(LabelId model, LabelId provider) {
  const std::lock_guard lock(impl_->mutex);
  impl_->preset_shard.preset(model, provider);
}

void Registry::preset_end(LabelId model, LabelId provider, int status, Outcome outcome) {
  const std::lock_guard lock(impl_->mutex);
  impl_->preset_shard.preset_end(model, provider, status, outcome);
}

void Registry::set_semconv_provider(LabelId provider, std::string_view semconv_name) {
  impl_->collector.set_semconv_provider(provider, std::string(semconv_name));
}

void Registry::set_response_model(LabelId model, LabelId provider, LabelId upstream_model) {
  impl_->collector.set_response_model(model, provider, upstream_model);
}

void Registry::set_log_lines_dropped(std::uint64_t total) {
  const std::lock_guard lock(impl_->mutex);
  impl_->process.set_log_lines_dropped(total);
}

void Registry::set_spans_dropped(std::uint64_t total) {
  const std::lock_guard lock(impl_->mutex);
  impl_->process.set_spans_dropped(total);
}

void Registry::set_config(std::uint64_t generation, std::chrono::system_clock::time_point when) {
  const std::lock_guard lock(impl_->mutex);
  impl_->process.set_config(generation, when);
}

void Registry::count_model_list_refresh(std::string_view region, Refresh result) {
  const std::lock_guard lock(impl_->mutex);
  impl_->process.count_model_list_refresh(region, result);
}

void Registry::set_credentials_expiry(std::string_view provider,
                                      std::chrono::system_clock::time_point when) {
  const std::lock_guard lock(impl_->mutex);
  impl_->process.set_credentials_expiry(provider, when);
}

void Registry::set_process(const ProcessStats& stats) {
  const std::lock_guard lock(impl_->mutex);
  impl_->process.set(stats);
}

void Registry::set_scrape_duration(std::chrono::nanoseconds last_scrape) {
  const std::lock_guard lock(impl_->mutex);
  impl_->process.set_scrape_duration(last_scrape);
}

Exposition Registry::render(std::string_view accept, std::string_view accept_encoding) {
  const Format format = preferred_format(accept);
  std::vector<ExposedFamily> families = impl_->collector.collect();
  for (auto& family : impl_->process.registry().Collect()) families.push_back({std::move(family)});
  Exposition page{std::string(content_type(format)), {}, {}};
  page.body.reserve(impl_->last_size.load(std::memory_order_relaxed));
  append_exposition(families, format, page.body);
  impl_->last_size.store(page.body.size() + page.body.size() / 8, std::memory_order_relaxed);
  if (preferred_coding(accept_encoding) == Coding::gzip) {
    if (auto smaller = gzip(page.body)) {
      page.content_encoding = "gzip";
      page.body = std::move(*smaller);
    }
  }
  return page;
}

}  // namespace oriel::metrics
