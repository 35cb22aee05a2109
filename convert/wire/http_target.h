// The request target and the Host field: RFC 9112 §3.2, RFC 9110 §7.2, RFC 3986. Part of
// HeadParser. Pure; borrows the target.
#pragma once

#include <string_view>

#include "convert/error.h"

namespace oriel::convert::wire {

struct HttpTarget {
  std::string_view path;       // never empty; "*" for OPTIONS *
  std::string_view query;      // behind '?'
  std::string_view authority;  // of the absolute form; then it stands for Host
};

// Takes the origin form, the absolute form (http, https) and, for OPTIONS, "*".
Result<HttpTarget> parse_http_target(std::string_view method, std::string_view target);

// host [ ":" port ]: a name, an IPv4 or bracketed IPv6 address; no user, no list.
bool valid_host(std::string_view host);

}  // namespace oriel::convert::wire
