#include "metrics/label_words.h"

#include <vector>

#include "metrics/vocabulary.h"

namespace oriel::metrics {
namespace {

using Words = std::vector<std::string_view>;

template <class Enum>
Words names(std::size_t count, std::size_t first = 0) {
  Words words;
  for (std::size_t i = first; i < count; ++i) words.push_back(to_string(static_cast<Enum>(i)));
  return words;
}

struct Row {
  std::vector<Family> families;  // empty: all
  Label label;
  Words words;
};

std::vector<Row> make_rows() {
  using F = Family;
  Words finish(std::begin(kFinishReasons), std::end(kFinishReasons));
  finish.push_back("other");
  return {
      {{}, Label::endpoint, names<Endpoint>(kEndpoints)},
      {{}, Label::outcome, names<Outcome>(kOutcomes)},
      {{}, Label::class_, {"ok", "caller", "policy", "provider", "gateway"}},
      {{}, Label::stream, {"true", "false"}},
      {{}, Label::stage, names<Stage>(kStages)},
      {{}, Label::source, names<UsageSource>(kUsageSources, 1)},
      {{}, Label::finish_reason, std::move(finish)},
      {{}, Label::action, {"dropped", "clamped", "rewritten"}},
      {{}, Label::result, {"ok", "failed"}},
      {{F::time_to_first_token}, Label::kind, {"visible", "reasoning"}},
      {{F::tokens, F::tokens_per_request},
       Label::kind,
       {"input", "output", "cache_read", "cache_write_5m", "cache_write_1h"}},
      {{F::upstream_connections}, Label::kind, {"opened", "reused"}},
      {{F::unknown_upstream_items}, Label::kind, names<UnknownItem>(kUnknownItems)},
      {{F::event_stream_errors}, Label::kind, names<FrameFault>(kFrameFaults)},
      {{F::streams_ended}, Label::reason, names<StreamEnd>(kStreamEnds)},
      {{F::usage_missing}, Label::reason, names<UsageMissing>(kUsageMissings)},
      {{F::retries}, Label::reason, names<RetryReason>(kRetryReasons)},
      {{F::wasted_tokens, F::wasted_cost}, Label::reason, names<WasteReason>(kWasteReasons)},
      {{F::requests_shed}, Label::reason, names<ShedReason>(kShedReasons)},
  };
}

bool is_of(const Row& row, Family family, Label label) {
  if (row.label != label) return false;
  if (row.families.empty()) return true;
  for (const Family one : row.families) {
    if (one == family) return true;
  }
  return false;
}

}  // namespace

std::span<const std::string_view> label_words(Family family, Label label) {
  static const std::vector<Row> kRows = make_rows();
  for (const Row& row : kRows) {
    if (is_of(row, family, label)) return row.words;
  }
  return {};
}

}  // namespace oriel::metrics
