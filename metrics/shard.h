// One worker's samples. The worker alone writes, with relaxed stores: no locks, and no allocation
// once a label set was seen. The Registry owns it and reads it while it is written.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "metrics/exemplar.h"
#include "metrics/labels.h"
#include "metrics/record.h"
#include "metrics/series.h"

namespace oriel::metrics {

// The closed vocabularies' words, interned once and shared by all shards.
struct Words {
  explicit Words(LabelTable& labels);

  std::array<LabelId, kEndpoints> endpoint;
  std::array<LabelId, kOutcomes> outcome;
  std::array<LabelId, kOutcomes> class_;
  std::array<LabelId, kStages> stage;
  std::array<LabelId, kStreamEnds> stream_end;
  std::array<LabelId, kUsageSources> usage_source;
  std::array<LabelId, kUsageMissings> usage_missing;
  std::array<LabelId, kRetryReasons> retry_reason;
  std::array<LabelId, kWasteReasons> waste_reason;
  std::array<LabelId, kShedReasons> shed_reason;
  std::array<LabelId, kFrameFaults> frame_fault;
  std::array<LabelId, kUnknownItems> unknown_item;
  LabelId yes, no;                                                    // stream
  LabelId visible, reasoning;                                         // kind of a first token
  LabelId input, output, cache_read, cache_write_5m, cache_write_1h;  // kind of tokens
  LabelId opened, reused;                                             // kind of connection use
};

enum class TraceKept : bool { no, yes };

class Shard {
 public:
  // `worker` numbers the shard. The Registry makes shards; all arguments outlive them.
  Shard(std::size_t worker, LabelTable& labels, const Words& words, SeriesDirectory& directory);
  ~Shard();
  Shard(const Shard&) = delete;
  Shard& operator=(const Shard&) = delete;

  // Once per request, at its end. A trace that is sampled, or kept although it is not, is named by
  // the exemplars.
  void record(const Record& record, TraceKept kept = TraceKept::no);
  // While a request lives.
  void request_started(Endpoint endpoint);
  void request_ended(Endpoint endpoint);
  void inter_token(LabelId model, LabelId provider, std::chrono::nanoseconds gap);
  void loop_lag(std::chrono::nanoseconds lag);
  void request_shed(ShedReason reason);
  void event_stream_error(LabelId provider, FrameFault fault);
  // Absolute values of the worker's sockets, set whenever they change or before a scrape.
  void set_connections(std::uint64_t open, std::uint64_t accepted);
  void set_buffered_bytes(std::uint64_t bytes);

  // Makes series appear with zeros (Registry::preset).
  void preset_loop();  // of a worker's
  void preset_process();
  void preset(LabelId model, LabelId provider);
  void preset_end(LabelId model, LabelId provider, int status, Outcome outcome);

  // Any thread's.
  const SeriesTable& table(Family family) const {
    return *tables_[static_cast<std::size_t>(family)];
  }

 private:
  template <class... Ids>
  void count(Family family, std::uint64_t amount, Ids... ids);
  template <class... Ids>
  void observe(Family family, std::uint64_t value, Ids... ids);
  template <class... Ids>
  SeriesTable::Cell& cell(Family family, Ids... ids);
  // The same for families with exemplars; `mark` is null where no sampled trace is known.
  template <class... Ids>
  void observe_marked(Family family, const TraceMark* mark, std::uint64_t value, Ids... ids);
  template <class... Ids>
  void observe_if(Family family, const std::optional<std::chrono::nanoseconds>& time, Ids... ids);

  void record_request(const Record& record, const TraceMark* mark);
  void record_stream(const Record& record, const TraceMark* mark);
  void record_usage(const Record& record);
  void record_attempt(const Attempt& attempt, const TraceMark* mark);
  void preset_provider(LabelId provider);
  LabelId word(std::string_view literal);
  LabelId status_code(int status);

  LabelTable& labels_;
  const Words& words_;
  const LabelId worker_;
  std::array<std::unique_ptr<SeriesTable>, kShardFamilies> tables_;
  std::unordered_map<std::string_view, LabelId> seen_words_;  // keys borrow from the LabelTable
  std::array<LabelId, 600> seen_codes_{};                     // 0: not seen
};

}  // namespace oriel::metrics
