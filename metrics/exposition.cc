#include "metrics/exposition.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

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
  for (const std::string_view unit : {"seconds", "bytes"}) {
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

void append_histogram(std::string_view name, std::string_view labels,
                      const ClientMetric::Histogram& histogram, std::string& out) {
  const auto append_bucket = [&](double bound, std::uint64_t count) {
    out.append(name).append("_bucket{").append(labels);
    if (!labels.empty()) out.push_back(',');
    out.append("le=\"");
    append_bound(bound, out);
    out.append("\"} ");
    append_number(count, out);
    out.push_back('\n');
  };
  bool has_infinity = false;
  for (const auto& bucket : histogram.bucket) {
    append_bucket(bucket.upper_bound, bucket.cumulative_count);
    has_infinity = std::isinf(bucket.upper_bound);
  }
  if (!has_infinity) {
    append_bucket(std::numeric_limits<double>::infinity(), histogram.sample_count);
  }
  const auto append_part = [&](std::string_view suffix) -> std::string& {
    out.append(name).append(suffix);
    if (!labels.empty()) out.append("{").append(labels).append("}");
    out.push_back(' ');
    return out;
  };
  append_number(histogram.sample_sum, append_part("_sum"));
  out.push_back('\n');
  append_number(histogram.sample_count, append_part("_count"));
  out.push_back('\n');
}

void append_family(const MetricFamily& family, Format format, std::string& labels,
                   std::string& out) {
  append_head(family, format, out);
  for (const ClientMetric& metric : family.metric) {
    labels.clear();
    append_labels(metric.label, labels);
    switch (family.type) {
      case MetricType::Counter:
        append_sample(family.name, labels, metric.counter.value, out);
        break;
      case MetricType::Gauge: append_sample(family.name, labels, metric.gauge.value, out); break;
      case MetricType::Histogram:
        append_histogram(family.name, labels, metric.histogram, out);
        break;
      default: append_sample(family.name, labels, metric.untyped.value, out);
    }
  }
}

std::string_view trim(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

std::string_view take_until(char separator, std::string_view& text) {
  const std::size_t end = text.find(separator);
  const std::string_view part = trim(text.substr(0, end));
  text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
  return part;
}

// One element of Accept: its media type, its q and its version.
struct Offer {
  std::string_view type;
  double q = 1;
  std::string_view version;
};

Offer take_offer(std::string_view& accept) {
  std::string_view element = take_until(',', accept);
  Offer offer;
  offer.type = take_until(';', element);
  while (!element.empty()) {
    std::string_view value = take_until(';', element);
    const std::string_view name = take_until('=', value);
    value = trim(value);
    if (name == "version") offer.version = value;
    if (name == "q") {
      const auto result = std::from_chars(value.data(), value.data() + value.size(), offer.q);
      if (result.ec != std::errc{}) offer.q = 0;
    }
  }
  return offer;
}

}  // namespace

Format preferred_format(std::string_view accept) {
  double text = 0;
  double openmetrics = 0;
  while (!accept.empty()) {
    const Offer offer = take_offer(accept);
    if (offer.type == "application/openmetrics-text") {
      // Version 0.0.1 was the same format before it had a number.
      if (offer.version.empty() || offer.version == "1.0.0" || offer.version == "0.0.1") {
        openmetrics = std::max(openmetrics, offer.q);
      }
    } else if (offer.type == "text/plain" || offer.type == "text/*") {
      text = std::max(text, offer.q);
    }
  }
  return openmetrics > 0 && openmetrics >= text ? Format::openmetrics : Format::text;
}

std::string_view content_type(Format format) {
  return format == Format::openmetrics
             ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
             : "text/plain; version=0.0.4; charset=utf-8";
}

void append_exposition(const std::vector<MetricFamily>& families, Format format, std::string& out) {
  std::string labels;
  for (const MetricFamily& family : families) {
    if (!family.metric.empty()) append_family(family, format, labels, out);
  }
  if (format == Format::openmetrics) out.append("# EOF\n");
}

}  // namespace oriel::metrics
