#include "metrics/exposition.h"

#include <charconv>
#include <chrono>
#include <cmath>
#include <limits>
#include <thread>

namespace oriel::metrics {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

void append_number(double value, std::string& out) {
  if (std::isnan(value)) {
    out.append("NaN");
  } else if (std::isinf(value)) {
    out.append(value > 0 ? "+Inf" : "-Inf");
  } else {
    char digits[32];
    const auto result = std::to_chars(digits, digits + sizeof digits, value);
    out.append(digits, result.ptr);
  }
}

void append_number(std::uint64_t value, std::string& out) {
  char digits[32];
  const auto result = std::to_chars(digits, digits + sizeof digits, value);
  out.append(digits, result.ptr);
}

// A bucket's bound in OpenMetrics' canonical spelling: always a decimal point or an exponent.
void append_bound(double value, std::string& out) {
  const std::size_t from = out.size();
  append_number(value, out);
  if (out.find_first_not_of("-0123456789", from) == std::string::npos) out.append(".0");
}

enum class Quotes { escape, keep };

void append_escaped(std::string_view text, Quotes quotes, std::string& out) {
  for (const char c : text) {
    if (c == '\\') {
      out.append("\\\\");
    } else if (c == '\n') {
      out.append("\\n");
    } else if (c == '"' && quotes == Quotes::escape) {
      out.append("\\\"");
    } else {
      out.push_back(c);
    }
  }
}

// `name="value",…`, without braces.
void append_labels(const std::vector<ClientMetric::Label>& labels, std::string& out) {
  for (const auto& label : labels) {
    if (&label != &labels.front()) out.push_back(',');
    out.append(label.name).append("=\"");
    append_escaped(label.value, Quotes::escape, out);
    out.push_back('"');
  }
}

std::string_view type_name(MetricType type) {
  switch (type) {
    case MetricType::Counter: return "counter";
    case MetricType::Gauge: return "gauge";
    case MetricType::Histogram: return "histogram";
    case MetricType::Summary: return "summary";
    default: return "untyped";
  }
}

std::string_view without_suffix(std::string_view name, std::string_view suffix) {
  return name.ends_with(suffix) ? name.substr(0, name.size() - suffix.size()) : name;
}

void append_head(const MetricFamily& family, Format format, std::string& out) {
  std::string_view name = family.name;
  std::string_view type = type_name(family.type);
  if (format == Format::openmetrics) {
    if (family.type == MetricType::Counter) name = without_suffix(name, "_total");
    if (type == "untyped") type = "unknown";
  }
  out.append("# HELP ").append(name).push_back(' ');
  append_escaped(family.help, format == Format::openmetrics ? Quotes::escape : Quotes::keep, out);
  out.append("\n# TYPE ").append(name).append(" ").append(type).push_back('\n');
  if (format != Format::openmetrics) return;
  for (const std::string_view unit : {"seconds", "bytes", "usd"}) {
    const std::string_view stem = without_suffix(name, unit);
    if (stem.size() < name.size() && stem.ends_with('_')) {
      out.append("# UNIT ").append(name).append(" ").append(unit).push_back('\n');
    }
  }
}

void append_sample(std::string_view name, std::string_view labels, double value, std::string& out) {
  out.append(name);
  if (!labels.empty()) out.append("{").append(labels).append("}");
  out.push_back(' ');
  append_number(value, out);
  out.push_back('\n');
}

// ` # {labels} value timestamp`, behind a bucket's sample.
void append_exemplar(const Exemplar& exemplar, double scale, std::string& out) {
  out.append(" # {trace_id=\"");
  append_hex(exemplar.mark.trace_id, out);
  out.append("\",span_id=\"");
  append_hex(exemplar.mark.span_id, out);
  out.append("\"} ");
  append_number(static_cast<double>(exemplar.value) / scale, out);
  out.push_back(' ');
  const auto since_epoch =
      std::chrono::duration_cast<std::chrono::milliseconds>(exemplar.mark.time);
  append_number(std::chrono::duration<double>(since_epoch).count(), out);
}

// Writes the histograms of one family. What their lines share is spelled once.
class HistogramWriter {
 public:
  HistogramWriter(const ExposedFamily& exposed, Format format, std::string& out)
      : exposed_(exposed), format_(format), out_(out) {}

  void append(std::size_t metric, std::string_view labels) {
    const ClientMetric::Histogram& histogram = exposed_.family.metric[metric].histogram;
    const bool marked = format_ == Format::openmetrics && metric < exposed_.exemplars.size();
    const BucketExemplars* exemplars = marked ? &exposed_.exemplars[metric] : nullptr;
    begin_.assign(exposed_.family.name).append("_bucket{").append(labels);
    begin_.append(labels.empty() ? "le=\"" : ",le=\"");
    std::size_t i = 0;
    for (const auto& bucket : histogram.bucket) {
      if (std::isinf(bucket.upper_bound)) continue;
      append_bucket(i, bucket.upper_bound, bucket.cumulative_count, exemplars);
      ++i;
    }
    append_bucket(i, std::numeric_limits<double>::infinity(), histogram.sample_count, exemplars);
    append_part("_sum", labels);
    append_number(histogram.sample_sum, out_);
    out_.push_back('\n');
    append_part("_count", labels);
    append_number(histogram.sample_count, out_);
    out_.push_back('\n');
  }

 private:
  struct Bound {
    double value;
    std::string text;
  };

  void append_bucket(std::size_t i, double bound, std::uint64_t count,
                     const BucketExemplars* exemplars) {
    out_.append(begin_).append(text_of(i, bound)).append("\"} ");
    append_number(count, out_);
    if (exemplars != nullptr && i < exemplars->size() && (*exemplars)[i]) {
      append_exemplar(*(*exemplars)[i], exposed_.scale, out_);
    }
    out_.push_back('\n');
  }

  // A family's series have the same bounds, all but always.
  const std::string& text_of(std::size_t i, double bound) {
    if (i >= bounds_.size()) bounds_.resize(i + 1, {std::numeric_limits<double>::quiet_NaN(), {}});
    Bound& known = bounds_[i];
    if (known.value != bound) {
      known = {bound, {}};
      append_bound(bound, known.text);
    }
    return known.text;
  }

  void append_part(std::string_view suffix, std::string_view labels) {
    out_.append(exposed_.family.name).append(suffix);
    if (!labels.empty()) out_.append("{").append(labels).append("}");
    out_.push_back(' ');
  }

  const ExposedFamily& exposed_;
  const Format format_;
  std::string& out_;
  std::string begin_;
  std::vector<Bound> bounds_;
};

void append_family(const ExposedFamily& exposed, Format format, std::string& labels,
                   std::string& out) {
  const MetricFamily& family = exposed.family;
  append_head(family, format, out);
  HistogramWriter histograms(exposed, format, out);
  for (std::size_t i = 0; i < family.metric.size(); ++i) {
    const ClientMetric& metric = family.metric[i];
    labels.clear();
    append_labels(metric.label, labels);
    switch (family.type) {
      case MetricType::Counter:
        append_sample(family.name, labels, metric.counter.value, out);
        break;
      case MetricType::Gauge: append_sample(family.name, labels, metric.gauge.value, out); break;
      case MetricType::Histogram: histograms.append(i, labels); break;
      default: append_sample(family.name, labels, metric.untyped.value, out);
    }
  }
}

}  // namespace

void append_exposition(const std::vector<ExposedFamily>& families, Format format,
                       std::string& out) {
  std::string labels;
  for (const ExposedFamily& exposed : families) {
    std::this_thread::yield();  // to a request that waits for this core
    if (!exposed.family.metric.empty()) append_family(exposed, format, labels, out);
  }
  if (format == Format::openmetrics) out.append("# EOF\n");
}

}  // namespace oriel::metrics
