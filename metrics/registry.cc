#include "metrics/registry.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/registry.h>

#include <deque>
#include <iterator>
#include <limits>
#include <mutex>
#include <utility>
#include <vector>

#include "metrics/collector.h"
#include "metrics/exposition.h"

namespace oriel::metrics {
namespace {

// The families that are set, not counted by workers.
class ProcessFamilies {
 public:
  explicit ProcessFamilies(const BuildInfo& build)
      : log_lines_dropped_(counter(Family::log_lines_dropped)),
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
  }

  void set_log_lines_dropped(std::uint64_t total) {
    raise(log_lines_dropped_, static_cast<double>(total));
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

void Registry::set_log_lines_dropped(std::uint64_t total) {
  const std::lock_guard lock(impl_->mutex);
  impl_->process.set_log_lines_dropped(total);
}

void Registry::set_process(const ProcessStats& stats) {
  const std::lock_guard lock(impl_->mutex);
  impl_->process.set(stats);
}

void Registry::set_scrape_duration(std::chrono::nanoseconds last_scrape) {
  const std::lock_guard lock(impl_->mutex);
  impl_->process.set_scrape_duration(last_scrape);
}

Exposition Registry::render(std::string_view accept) {
  const Format format = preferred_format(accept);
  std::string body;
  const prometheus::Collectable* const sources[] = {&impl_->collector, &impl_->process.registry()};
  std::vector<prometheus::MetricFamily> families;
  for (const auto* source : sources) {
    auto collected = source->Collect();
    families.insert(families.end(), std::make_move_iterator(collected.begin()),
                    std::make_move_iterator(collected.end()));
  }
  append_exposition(families, format, body);
  return {std::string(content_type(format)), std::move(body)};
}

}  // namespace oriel::metrics
