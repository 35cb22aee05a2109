// Prints docs/metrics.md from the catalogue, or compares it with a file.
#include <algorithm>
#include <array>
#include <charconv>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <string_view>

#include "metrics/catalogue.h"
#include "metrics/label_words.h"
#include "metrics/labels.h"
#include "metrics/semconv.h"
#include "metrics/series.h"

namespace oriel::tools {
namespace {

using metrics::Family;
using metrics::FamilyRow;
using metrics::Label;
using metrics::Type;
using metrics::Unit;

std::string code(std::string_view text) { return "`" + std::string(text) + "`"; }

std::string number(double value) {
  std::array<char, 32> digits;
  const auto end = std::to_chars(digits.begin(), digits.end(), value, std::chars_format::fixed).ptr;
  return {digits.begin(), end};
}

std::string_view name_of(Unit unit) {
  switch (unit) {
    case Unit::seconds: return "seconds";
    case Unit::bytes: return "bytes";
    case Unit::dollars: return "US dollars";
    case Unit::none: return "";
  }
  return "";
}

struct LabelText {
  Label label;
  std::string_view text;
};

// Of labels whose values are the same in all families. Closed ones are listed behind it.
constexpr LabelText kLabels[] = {
    {Label::endpoint, "the route's name, never a path"},
    {Label::model,
     "the name or pattern of a configured model, a shipped alias, or the catalogue's row that "
     "serves "
     "the id; never what the client wrote, else `unknown`"},
    {Label::provider, "the configured provider's name; `unknown` before routing"},
    {Label::upstream_model, "the model behind it, from the configuration or the catalogue"},
    {Label::region, "the AWS region that is called; `unknown` for what has none"},
    {Label::code,
     "the HTTP status of the answer; of a stream that broke, what its error amounts to; 499: the "
     "client had gone"},
    {Label::outcome, "how a request or an attempt ended, the fault's domain first"},
    {Label::class_, "the outcome's domain; `other` counts as `gateway`"},
    {Label::stream, "whether the request was streamed"},
    {Label::stage, "the part of a request's time"},
    {Label::kind, "see the family"},
    {Label::reason, "see the family"},
    {Label::source, "who counted the tokens"},
    {Label::finish_reason, "OpenAI's word, as the client got it"},
    {Label::parameter, "OpenAI's name of the request parameter"},
    {Label::action, "what became of the parameter"},
    {Label::feature, "the capability, as docs/compatibility.md names it"},
    {Label::result, "of asking AWS"},
    {Label::worker, "the worker's number"},
    {Label::family, "a family's name"},
    {Label::version, "of this build"},
    {Label::commit, "of this build"},
    {Label::compiler, "of this build"},
};

// Families that come with features that are not there (spec/observability.md §2).
struct Later {
  std::string_view feature, families;
};
constexpr Later kLater[] = {
    {"fallbacks and circuits", "`oriel_fallbacks_total` `oriel_target_state`"},
    {"keys and budgets",
     "`oriel_key_requests_total` `oriel_key_tokens_total` `oriel_key_cost_usd_total` "
     "`oriel_key_budget_usd` `oriel_key_budget_spent_usd`"},
    {"rate limits", "`oriel_rate_limited_total` `oriel_limit_store_mode`"},
    {"refreshed AWS credentials",
     "`oriel_credential_refreshes_total` "
     "`oriel_clock_skew_seconds`"},
};

void add_words(std::string& out, Family family, Label label) {
  const auto words = metrics::label_words(family, label);
  for (const std::string_view word : words) {
    out.append(word.data() == words.front().data() ? "" : " ").append(code(word));
  }
}

// Kinds and reasons differ by family.
bool is_own(Label label) { return label == Label::kind || label == Label::reason; }

void add_labels(std::string& out) {
  out +=
      "\n## Labels\n\nEvery value is from the configuration, the catalogue or a closed list. No "
      "user, address, path or other text of a\nclient is ever a label.\n\n| label | says | values "
      "|\n|---|---|---|\n";
  for (const LabelText& row : kLabels) {
    out.append("| ").append(code(to_string(row.label))).append(" | ").append(row.text);
    out.append(" | ");
    if (!is_own(row.label)) add_words(out, Family::requests, row.label);
    out.append(" |\n");
  }
}

void add_family(std::string& out, const FamilyRow& row) {
  out.append("\n### ").append(row.name).append("\n\n").append(to_string(row.type));
  if (row.unit != Unit::none) out.append(", ").append(name_of(row.unit));
  if (row.exemplars) out.append(", exemplars");
  out.append(". ").append(row.help).append("\n");
  if (!row.labels.empty()) out.append("\n- labels: ");
  for (const Label label : row.labels) {
    out.append(label == row.labels.front() ? "" : ", ").append(code(to_string(label)));
    if (!is_own(label)) continue;
    out.append(" (");
    add_words(out, row.family, label);
    out.append(")");
  }
  if (!row.labels.empty()) out.append("\n");
  if (row.buckets.empty()) return;
  out.append(row.labels.empty() ? "\n- buckets:" : "- buckets:");
  for (const std::uint64_t bound : row.buckets) {
    out.append(" ").append(number(static_cast<double>(bound) / scale_of(row.unit)));
  }
  out.append("\n");
}

void add_semconv(std::string& out) {
  out +=
      "\n## OpenTelemetry's names\n\nWith `metrics.semconv` (on by default) these are rendered "
      "from the same counts, so that they cannot disagree with\nours; buckets are those of the "
      "family they come from. Names and labels are those of the GenAI conventions (status:\n"
      "development) as Prometheus spells them.\n\n| family | from | labels | says |\n"
      "|---|---|---|---|\n";
  for (const metrics::SemconvRow& row : metrics::semconv_rows()) {
    out.append("| ").append(code(row.name)).append(" | ");
    out.append(code(row_of(row.source).name)).append(" | ");
    for (const std::string_view& label : row.labels) {
      out.append(&label == row.labels.data() ? "" : " ").append(code(label));
    }
    out.append(" | ").append(row.help).append(" |\n");
  }
  out +=
      "\n- `gen_ai_operation_name` is `chat`; `gen_ai_provider_name` is `aws.bedrock` or `openai` "
      "(what speaks OpenAI's API).\n"
      "- `gen_ai_request_model` is our `model`; `gen_ai_response_model` the model behind it, left "
      "out where it is not one.\n"
      "- `error_type` is our `class` (the outcome's domain), left out where it is `ok`: the "
      "conventions ask for few values, and\n  the outcome itself would multiply the buckets by "
      "thirty. `oriel_requests_total` counts by outcome, and spans carry it.\n"
      "- The conventions ask for successful answers in the two token times; ours count every "
      "stream that got so far.\n";
}

constexpr std::string_view kLaterWords = R"(
So do words of labels: `memory` (why something was shed), `throughput_guard` (how a stream ended), and `estimated` (who counted
tokens). Until then tokens that upstream did not tell of, as when a client leaves before its stream's end, are not guessed: the
request is in `oriel_usage_missing_total`.
)";

void add_later(std::string& out) {
  out += "\n## Not here yet\n\nThese come with their features.\n\n| with | families |\n|---|---|\n";
  for (const Later& row : kLater) {
    out.append("| ").append(row.feature).append(" | ").append(row.families).append(" |\n");
  }
  out += kLaterWords;
}

constexpr std::string_view kHead = R"(# Metrics

What `/metrics` shows, as the gateway's own table says it: this file is what `print-metrics` prints. Every request makes
one record at its end, and what is counted here is a rendering of it, as are the log line and the spans.

- **Formats**: the classic text (0.0.4), and OpenMetrics 1.0 for a scraper that prefers
  `application/openmetrics-text`. Names, labels and bucket bounds are the same in both. gzip when `Accept-Encoding`
  allows it.
- **Exemplars**: in OpenMetrics the buckets of the families marked below name the last kept trace that they
  counted (sampled, or exported because it failed or was slow): `# {trace_id="…",span_id="…"} value time`. Prometheus keeps them with
  `--enable-feature=exemplar-storage`.
- **Presets**: the series of every configured model and shipped alias are there from the start, as zeros, so that
  `increase()` sees the first event: requests that go well, tokens, costs, ends of streams, finish reasons and
  missing usage by model; retries, waste, broken frames and unknown items by provider. Other series appear with their
  first event.
- **Sums are exact**: seconds are kept as integer nanoseconds, dollars as integer nano-dollars.
)";

std::string page() {
  std::string out(kHead);
  out.append("- **Series cap**: a family has at most ")
      .append(std::to_string(metrics::kSeriesCap))
      .append(
          " label sets (a histogram's buckets count as one). Past that, samples go to the\n"
          "  set whose variable labels (`model` `provider` `upstream_model` `region` `parameter`) "
          "are all `other`, and\n  `oriel_metric_series_overflow_total` counts them. No sample is "
          "lost.\n"
          "- **Values are safe**: invalid UTF-8 and control characters become U+FFFD, and ")
      .append(std::to_string(metrics::LabelTable::kMaxBytes))
      .append(" bytes are kept.\n");
  add_labels(out);
  out += "\n## Families\n";
  for (const FamilyRow& row : metrics::catalogue()) add_family(out, row);
  add_semconv(out);
  add_later(out);
  return out;
}

// A label that kLabels does not explain.
const Label* unexplained_label() {
  for (const FamilyRow& row : metrics::catalogue()) {
    for (const Label& label : row.labels) {
      if (std::ranges::find(kLabels, label, &LabelText::label) == std::end(kLabels)) return &label;
    }
  }
  return nullptr;
}

}  // namespace
}  // namespace oriel::tools

int main(int argc, char** argv) {
  if (const auto* label = oriel::tools::unexplained_label()) {
    std::cerr << "kLabels says nothing of '" << to_string(*label) << "'\n";
    return 1;
  }
  const std::string text = oriel::tools::page();
  if (argc < 2) {
    std::cout << text;
    return 0;
  }
  std::ifstream file(argv[1], std::ios::binary);
  if (std::string(std::istreambuf_iterator<char>(file), {}) == text) return 0;
  std::cerr << argv[1] << " is not what " << argv[0] << " prints\n";
  return 1;
}
