#include "metrics/accept.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "metrics/blanks.h"

namespace oriel::metrics {
namespace {

std::string_view take_until(char separator, std::string_view& text) {
  const std::size_t end = text.find(separator);
  const std::string_view part = trim_blanks(text.substr(0, end));
  text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
  return part;
}

// `lower` is in lower case.
bool is(std::string_view text, std::string_view lower) {
  return std::equal(text.begin(), text.end(), lower.begin(), lower.end(), [](char a, char b) {
    return (a >= 'A' && a <= 'Z' ? static_cast<char>(a + ('a' - 'A')) : a) == b;
  });
}

// One element of Accept or Accept-Encoding: a media type or coding, its q and its version.
struct Offer {
  std::string_view name;
  double q = 1;
  std::string_view version;
};

double weight(std::string_view value) {
  double q = 0;
  const auto result = std::from_chars(value.data(), value.data() + value.size(), q);
  return result.ec == std::errc{} && q >= 0 && q <= 1 ? q : 0;
}

Offer take_offer(std::string_view& header) {
  std::string_view element = take_until(',', header);
  Offer offer;
  offer.name = take_until(';', element);
  while (!element.empty()) {
    std::string_view value = take_until(';', element);
    const std::string_view name = take_until('=', value);
    value = trim_blanks(value);
    if (is(name, "version")) offer.version = value;
    if (is(name, "q")) offer.q = weight(value);
  }
  return offer;
}

}  // namespace

Format preferred_format(std::string_view accept) {
  std::optional<double> text;
  double any = 0;
  double openmetrics = 0;
  while (!accept.empty()) {
    const Offer offer = take_offer(accept);
    if (is(offer.name, "application/openmetrics-text")) {
      // Version 0.0.1 was the same format before it had a number.
      if (offer.version.empty() || offer.version == "1.0.0" || offer.version == "0.0.1") {
        openmetrics = std::max(openmetrics, offer.q);
      }
    } else if (is(offer.name, "text/plain") || is(offer.name, "text/*")) {
      text = std::max(text.value_or(0), offer.q);
    } else if (offer.name == "*/*") {
      any = std::max(any, offer.q);
    }
  }
  return openmetrics > 0 && openmetrics >= text.value_or(any) ? Format::openmetrics : Format::text;
}

std::string_view content_type(Format format) {
  return format == Format::openmetrics
             ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
             : "text/plain; version=0.0.4; charset=utf-8";
}

Coding preferred_coding(std::string_view accept_encoding) {
  std::optional<double> gzip, identity, any;
  while (!accept_encoding.empty()) {
    const Offer offer = take_offer(accept_encoding);
    if (is(offer.name, "gzip") || is(offer.name, "x-gzip")) gzip = offer.q;
    if (is(offer.name, "identity")) identity = offer.q;
    if (offer.name == "*") any = offer.q;
  }
  const double wanted = gzip.value_or(any.value_or(0));
  return wanted > 0 && wanted >= identity.value_or(0) ? Coding::gzip : Coding::identity;
}

}  // namespace oriel::metrics
