#include "convert/dialect.h"

namespace oriel::convert {
namespace {
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (lower(a[i]) != lower(b[i])) return false;
  }
  return true;
}
}  // namespace

std::string_view find_header(std::span<const Header> headers, std::string_view name) {
  for (const Header& header : headers) {
    if (equal_ignoring_case(header.name, name)) return header.value;
  }
  return {};
}

std::string_view to_string(Adjustment::Action action) {
  switch (action) {
    case Adjustment::Action::dropped: return "dropped";
    case Adjustment::Action::clamped: return "clamped";
    case Adjustment::Action::rewritten: return "rewritten";
  }
  return "dropped";
}

}  // namespace oriel::convert
