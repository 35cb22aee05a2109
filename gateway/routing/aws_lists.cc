#include "gateway/routing/aws_lists.h"

#include <charconv>
#include <chrono>
#include <optional>
#include <utility>

namespace oriel::gateway {
namespace {

using convert::Error;
using convert::ErrorKind;
using convert::Result;
using json::Value;

constexpr std::size_t kMaxToken = 4'096;

Unexpected<Error> unreadable(std::string_view what) {
  Error error{.kind = ErrorKind::upstream_bad_response};
  error.detail = what;
  return Unexpected{std::move(error)};
}

std::string text_of(const Value& object, std::string_view name) {
  const auto value = object.find_present(name);
  const auto text = value ? value->as_text() : std::nullopt;
  return text ? json::unescape(*text) : std::string();
}

std::string lower(std::string text) {
  for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return text;
}

bool flag_of(const Value& object, std::string_view name, bool absent) {
  const auto value = object.find_present(name);
  return value ? value->as_boolean().value_or(absent) : absent;
}

// Lower-case words, each once.
std::vector<std::string> words_of(const Value& object, std::string_view name) {
  constexpr std::size_t kMaxWords = 16;
  std::vector<std::string> words;
  const auto list = object.find_present(name);
  if (!list) return words;
  for (const auto item : list->children()) {
    if (const auto text = item.value.as_text(); text && words.size() < kMaxWords) {
      words.push_back(lower(json::unescape(*text)));
    }
  }
  return words;
}

// AWS writes dates; older models of its services write seconds.
std::int64_t time_of(const Value& object, std::string_view name) {
  const auto value = object.find_present(name);
  if (!value) return 0;
  if (const auto text = value->as_text()) return read_timestamp(text->escaped());
  return static_cast<std::int64_t>(value->as_number().value_or(0));
}

bool holds(const std::vector<std::string>& words, std::string_view word) {
  for (const std::string& one : words) {
    if (one == word) return true;
  }
  return false;
}

ListedModel read_model(const Value& summary) {
  ListedModel model;
  model.id = text_of(summary, "modelId");
  model.owner = lower(text_of(summary, "providerName"));
  model.input_modalities = words_of(summary, "inputModalities");
  model.output_modalities = words_of(summary, "outputModalities");
  model.streaming = flag_of(summary, "responseStreamingSupported", true);
  model.on_demand = holds(words_of(summary, "inferenceTypesSupported"), "on_demand");
  if (const auto life = summary.find_present("modelLifecycle")) {
    model.legacy = text_of(*life, "status") == "LEGACY";
    model.created = time_of(*life, "startOfLifeTime");
    model.end_of_life = time_of(*life, "endOfLifeTime");
  }
  return model;
}

ListedProfile read_profile(const Value& summary) {
  constexpr std::size_t kMaxModels = 16;
  ListedProfile profile;
  profile.id = text_of(summary, "inferenceProfileId");
  profile.arn = text_of(summary, "inferenceProfileArn");
  profile.application = text_of(summary, "type") == "APPLICATION";
  profile.created = time_of(summary, "createdAt");
  if (const auto models = summary.find_present("models")) {
    for (const auto item : models->children()) {
      std::string arn = text_of(item.value, "modelArn");
      if (!arn.empty() && profile.models.size() < kMaxModels) {
        profile.models.push_back(std::move(arn));
      }
    }
  }
  return profile;
}

// The list `name` of an answer; nullopt: the answer is none.
std::optional<Value> list_of(const json::PaddedBuffer& body, json::Reader& reader,
                             std::string_view name, Value& root) {
  const auto read = reader.read(body);
  if (!read || !read->is_object()) return std::nullopt;
  root = *read;
  const auto list = root.find_present(name);
  return list && list->is_array() ? list : std::nullopt;
}

}  // namespace

Result<std::vector<ListedModel>> read_foundation_models(const json::PaddedBuffer& body,
                                                        json::Reader& reader) {
  Value root;
  const auto list = list_of(body, reader, "modelSummaries", root);
  if (!list) return unreadable("ListFoundationModels: no modelSummaries in the answer");
  std::vector<ListedModel> models;
  for (const auto item : list->children()) {
    ListedModel model = read_model(item.value);
    if (!model.id.empty() && models.size() < kMaxListed) models.push_back(std::move(model));
  }
  return models;
}

Result<ProfilePage> read_profile_page(const json::PaddedBuffer& body, json::Reader& reader) {
  Value root;
  const auto list = list_of(body, reader, "inferenceProfileSummaries", root);
  if (!list) return unreadable("ListInferenceProfiles: no inferenceProfileSummaries in the answer");
  ProfilePage page;
  for (const auto item : list->children()) {
    ListedProfile profile = read_profile(item.value);
    if (!profile.id.empty() && page.profiles.size() < kMaxListed) {
      page.profiles.push_back(std::move(profile));
    }
  }
  page.next_token = text_of(root, "nextToken");
  if (page.next_token.size() > kMaxToken) return unreadable("nextToken is too long");
  return page;
}

Result<std::string> read_model_arn(const json::PaddedBuffer& body, json::Reader& reader) {
  const auto read = reader.read(body);
  if (!read || !read->is_object()) return unreadable("no JSON object in the answer");
  for (const std::string_view name : {"foundationModelArn", "modelArn"}) {
    if (std::string arn = text_of(*read, name); !arn.empty()) return arn;
  }
  const ListedProfile profile = read_profile(*read);
  return profile.models.empty() ? std::string() : profile.models.front();
}

std::int64_t read_timestamp(std::string_view text) {
  const auto number = [&](std::size_t at, std::size_t digits) {
    int value = -1;
    if (at + digits > text.size()) return value;
    const char* end = text.data() + at + digits;
    const auto [stop, status] = std::from_chars(text.data() + at, end, value);
    return status == std::errc() && stop == end ? value : -1;
  };
  constexpr std::size_t kSeconds = 19;  // of "2025-01-02T03:04:05"
  if (text.size() <= kSeconds || text[4] != '-' || text[7] != '-' || text[10] != 'T' ||
      text[13] != ':' || text[16] != ':' || (text.back() != 'Z' && !text.ends_with("+00:00"))) {
    return 0;
  }
  const int year = number(0, 4);
  const int month = number(5, 2);
  const int day = number(8, 2);
  const int hour = number(11, 2);
  const int minute = number(14, 2);
  const int second = number(17, 2);
  const std::chrono::year_month_day date{std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (year < 0 || month < 0 || day < 0 || !date.ok() || hour < 0 || hour > 23 || minute < 0 ||
      minute > 59 || second < 0 || second > 60) {
    return 0;
  }
  const auto since = std::chrono::sys_days(date).time_since_epoch() + std::chrono::hours(hour) +
                     std::chrono::minutes(minute) + std::chrono::seconds(second);
  return std::chrono::duration_cast<std::chrono::seconds>(since).count();
}

}  // namespace oriel::gateway
