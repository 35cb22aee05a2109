#include "convert/wire/http_target.h"

#include <algorithm>

#include "convert/wire/chars.h"
#include "convert/wire/make_error.h"
#include "convert/wire/percent.h"

namespace oriel::convert::wire {
namespace {

Unexpected<Error> bad_target() {
  return Unexpected{client_error(ErrorKind::invalid_request, "Invalid request target.")};
}

// The part of an absolute-form target behind "http://" or "https://"; empty when it is none.
std::string_view behind_scheme(std::string_view target) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (equal_ignoring_case(target.substr(0, scheme.size()), scheme)) {
      return target.substr(scheme.size());
    }
  }
  return {};
}

bool valid_port(std::string_view port) {
  unsigned number = 0;
  for (const char c : port) {
    if (!is_digit(c)) return false;
    number = number * 10 + static_cast<unsigned>(c - '0');
    if (number > 65535) return false;
  }
  return true;
}

bool valid_ip_literal(std::string_view address) {
  return address.size() >= 2 && address.find(':') != std::string_view::npos &&
         std::all_of(address.begin(), address.end(),
                     [](char c) { return hex_value(c) >= 0 || c == ':' || c == '.'; });
}

}  // namespace

bool valid_host(std::string_view host) {
  std::size_t name_end = host.find(':');
  if (!host.empty() && host.front() == '[') {
    const std::size_t bracket = host.find(']');
    if (bracket == std::string_view::npos) return false;
    if (!valid_ip_literal(host.substr(1, bracket - 1))) return false;
    name_end = bracket + 1 == host.size() ? std::string_view::npos : bracket + 1;
    if (name_end != std::string_view::npos && host[name_end] != ':') return false;
  } else {
    const std::string_view name = host.substr(0, name_end);
    if (!is_host_name(name) || !valid_percent_encoding(name)) return false;
  }
  return name_end == std::string_view::npos || valid_port(host.substr(name_end + 1));
}

Result<HttpTarget> parse_http_target(std::string_view method, std::string_view target) {
  HttpTarget parsed;
  if (target == "*") {
    if (method != "OPTIONS") return bad_target();
    parsed.path = target;
    return parsed;
  }
  std::string_view rest = target;
  if (target.empty() || target.front() != '/') {
    rest = behind_scheme(target);
    const std::size_t authority_end = std::min(rest.find_first_of("/?"), rest.size());
    parsed.authority = rest.substr(0, authority_end);
    if (!valid_host(parsed.authority)) return bad_target();
    rest.remove_prefix(authority_end);
  }
  const std::size_t mark = rest.find('?');
  parsed.path = rest.substr(0, mark);
  if (mark != std::string_view::npos) parsed.query = rest.substr(mark + 1);
  if (!is_path(parsed.path) || !is_query(parsed.query) || !valid_percent_encoding(parsed.path) ||
      !valid_percent_encoding(parsed.query)) {
    return bad_target();
  }
  if (parsed.path.empty()) {
    const bool whole_server = method == "OPTIONS" && mark == std::string_view::npos;
    parsed.path = whole_server ? "*" : "/";
  }
  return parsed;
}

}  // namespace oriel::convert::wire
