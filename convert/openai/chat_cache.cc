#include "convert/openai/chat_cache.h"

#include <algorithm>

namespace oriel::convert::openai {
namespace {

using json::Value;

constexpr std::string_view kControlTypes[] = {"ephemeral"};
constexpr std::string_view kControlTimes[] = {"5m", "1h"};
constexpr CacheMark kControlMarks[] = {CacheMark::five_minutes, CacheMark::one_hour};
constexpr std::string_view kBreakpointModes[] = {"explicit"};
constexpr CacheMark kBreakpointMarks[] = {CacheMark::one_hour, CacheMark::one_hour};

// One of the two forms: what says that it is a mark, and how long it may last.
struct Form {
  std::string_view name;
  std::string_view tag;
  Choices tags;
  Choices times;
  std::span<const CacheMark> marks;  // by time
};
constexpr Form kForms[] = {
    {"cache_control", "type", kControlTypes, kControlTimes, kControlMarks},
    {"prompt_cache_breakpoint", "mode", kBreakpointModes, kCacheTimes, kBreakpointMarks},
};

Result<CacheMark> parse_form(const Value& value, const Path& path, const Form& form) {
  if (!value.is_object()) return Unexpected{wrong_type(path, "an object", value.type())};
  auto tag = require_choice(value, path, form.tag, form.tags);
  if (!tag) return Unexpected{std::move(tag).error()};
  if (!value.find_present("ttl")) return CacheMark::unspecified;
  auto time = require_choice(value, path, "ttl", form.times);
  if (!time) return Unexpected{std::move(time).error()};
  return form.marks[*time];
}

}  // namespace

Result<CacheMark> parse_cache_mark(const Value& object, const Path& path) {
  CacheMark longest = CacheMark::none;
  for (const Form& form : kForms) {
    const auto value = object.find_present(form.name);
    if (!value) continue;
    auto mark = parse_form(*value, path.member(form.name), form);
    if (!mark) return mark;
    longest = std::max(longest, *mark);
  }
  return longest;
}

}  // namespace oriel::convert::openai
