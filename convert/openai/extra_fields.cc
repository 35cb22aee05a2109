#include "convert/openai/extra_fields.h"

#include <algorithm>
#include <utility>

#include "convert/openai/chat_cache.h"

namespace oriel::convert::openai {
namespace {

using json::Type;
using json::Value;

void keep(std::string_view name, const Value& value, RequestDraft& draft) {
  draft.request.extras.push_back({name, value.raw()});
}

Result<void> require_tag(const Value& object, const Path& path, std::string_view name,
                         Choices choices) {
  auto found = require_choice(object, path, name, choices);
  if (!found) return Unexpected{std::move(found).error()};
  return {};
}

}  // namespace

Result<void> take_modalities(const Value& value, const Path& path, RequestDraft& draft) {
  static constexpr std::string_view kModalities[] = {"text", "audio"};
  std::size_t index = 0;
  bool text_only = true;
  for (const json::Member element : value.children()) {
    const Path at = path.element(index++);
    auto text = expect_text(element.value, at);
    if (!text) return Unexpected{std::move(text).error()};
    const auto modality = find_choice(*text, kModalities);
    if (!modality) return Unexpected{unknown_value(at, *text, kModalities)};
    text_only = text_only && *modality == 0;
  }
  if (!text_only) keep("modalities", value, draft);
  return {};
}

Result<void> take_logit_bias(const Value& value, const Path& path, RequestDraft& draft) {
  static constexpr Field kBias{.name = {}, .shape = Shape::decimal, .bounds = {-100, 100}};
  for (const json::Member bias : value.children()) {
    auto checked = check_field(kBias, bias.value, path);
    if (!checked) return checked;
  }
  if (!value.children().empty()) keep("logit_bias", value, draft);
  return {};
}

Result<void> take_prediction(const Value& value, const Path& path, RequestDraft& draft) {
  static constexpr std::string_view kTypes[] = {"content"};
  auto checked = require_tag(value, path, "type", kTypes);
  if (!checked) return checked;
  auto content = require(value, path, "content");
  if (!content) return Unexpected{std::move(content).error()};
  if (!content->is_string() && !content->is_array()) {
    return Unexpected{
        wrong_type(path.member("content"), "one of a string or array of objects", content->type())};
  }
  keep("prediction", value, draft);
  return {};
}

Result<void> take_moderation(const Value& value, const Path& path, RequestDraft& draft) {
  static constexpr std::string_view kModes[] = {"score", "block"};
  auto model = require_name(value, path, "model");
  if (!model) return Unexpected{std::move(model).error()};
  auto checked = allow(value, path, "policy", Type::object);
  if (!checked) return checked;
  if (const auto policy = value.find_present("policy")) {
    const Path at = path.member("policy");
    for (const std::string_view side : {"input", "output"}) {
      checked = allow(*policy, at, side, Type::object);
      const auto rule = policy->find_present(side);
      if (checked && rule) checked = require_tag(*rule, at.member(side), "mode", kModes);
      if (!checked) return checked;
    }
  }
  keep("moderation", value, draft);
  return {};
}

Result<void> take_web_search_options(const Value& value, const Path& path, RequestDraft& draft) {
  static constexpr std::string_view kSizes[] = {"low", "medium", "high"};
  static constexpr std::string_view kTypes[] = {"approximate"};
  auto checked = allow_choice(value, path, "search_context_size", kSizes);
  if (checked) checked = allow(value, path, "user_location", Type::object);
  if (!checked) return checked;
  if (const auto location = value.find_present("user_location")) {
    const Path at = path.member("user_location");
    checked = require_tag(*location, at, "type", kTypes);
    if (!checked) return checked;
    auto approximate = require_object(*location, at, "approximate");
    if (!approximate) return Unexpected{std::move(approximate).error()};
  }
  keep("web_search_options", value, draft);
  return {};
}

Result<void> take_prompt_cache_options(const Value& value, const Path& path, RequestDraft& draft) {
  static constexpr std::string_view kModes[] = {"implicit", "explicit"};
  auto checked = allow_choice(value, path, "mode", kModes);
  if (checked) checked = allow_choice(value, path, "ttl", kCacheTimes);
  if (!checked) return checked;
  if (!value.children().empty()) keep("prompt_cache_options", value, draft);
  return {};
}

}  // namespace oriel::convert::openai
