// Where records become Prometheus samples. One Registry per process; one Shard per worker, merged
// when scraped, behind prometheus::Collectable. Families, labels, buckets and help texts come from
// catalogue.h only.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "metrics/catalogue.h"
#include "metrics/labels.h"
#include "metrics/process.h"
#include "metrics/record.h"
#include "metrics/shard.h"

namespace oriel::metrics {

struct BuildInfo {
  std::string version, commit, compiler;
};

struct Exposition {
  std::string content_type;
  std::string content_encoding;  // empty: none
  std::string body;
};

// Any thread.
class Registry {
 public:
  explicit Registry(const BuildInfo& build, Semconv semconv = Semconv::on);
  ~Registry();
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;

  LabelTable& labels();
  // The shard lives as long as the registry.
  Shard& add_shard();

  // Makes the label set's series appear with zeros, so that increase() sees the first event.
  void preset(LabelId model, LabelId provider);
  // The same for one way in which its requests may end.
  void preset_end(LabelId model, LabelId provider, int status, Outcome outcome);
  // What OpenTelemetry's conventions call the provider ("aws.bedrock", "openai"); without it the
  // gen_ai_* families use the provider's own name.
  void set_semconv_provider(LabelId provider, std::string_view semconv_name);
  // Which model answers for a model of a provider (gen_ai_response_model); where that is not known
  // the label is left out.
  void set_response_model(LabelId model, LabelId provider, LabelId upstream_model);

  // Of the process: totals and latest values, set before a scrape.
  void set_log_lines_dropped(std::uint64_t total);
  void set_spans_dropped(std::uint64_t total);
  void set_process(const ProcessStats& stats);
  // A configuration came into force.
  void set_config(std::uint64_t generation, std::chrono::system_clock::time_point when);
  // AWS was asked for a region's lists.
  enum class Refresh : std::uint8_t { ok, failed };
  void count_model_list_refresh(std::string_view region, Refresh result);
  // The credentials with which a provider is called have an end.
  void set_credentials_expiry(std::string_view provider,
                              std::chrono::system_clock::time_point when);
  void set_scrape_duration(std::chrono::nanoseconds last_scrape);

  // Renders everything. `accept` is the scraper's Accept header: the classic text format, or
  // OpenMetrics 1.0 when it asks for that. `accept_encoding`: gzip when it asks for that.
  Exposition render(std::string_view accept, std::string_view accept_encoding = {});

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace oriel::metrics
