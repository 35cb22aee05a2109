#include "gateway/exchange/chat_plan.h"

#include <algorithm>
#include <utility>

#include "convert/bedrock/models.h"
#include "convert/openai/chat_request.h"

namespace oriel::gateway {
namespace {

using convert::Error;
using convert::ErrorKind;
using convert::Lesson;
using convert::Message;
using convert::Result;
using metrics::Stage;

// A larger body is not kept for a second encoding.
constexpr std::size_t kMaxKeptBody = 1024 * 1024;

std::string_view name_of(const Lesson& lesson) {
  if (!lesson.name.empty()) return lesson.name;
  switch (lesson.kind) {
    case Lesson::Kind::format: return "response_format";
    case Lesson::Kind::profile: return "inference_profile";
    default: return "capability";
  }
}

// Who uses the client's service, as it says; hashed, for nothing else is kept of it. Empty: it does
// not say.
std::string user_hash_of(const convert::ChatRequest& request) {
  constexpr std::size_t kDigits = 16;
  for (const std::string_view field : {"safety_identifier", "user"}) {
    const auto extra = std::find_if(request.extras.begin(), request.extras.end(),
                                    [&](const auto& each) { return each.name == field; });
    if (extra == request.extras.end()) continue;
    const std::string_view quoted = extra->value.text;
    aws::BodyHash hash;
    hash.update(json::unescape(json::Text::from_escaped(quoted.substr(1, quoted.size() - 2))));
    const aws::HexDigest digest = hash.finish();
    return std::string(digest.data(), kDigits);
  }
  return {};
}

bool forgot_reasoning(const Message& message) {
  return !message.tool_calls.empty() && message.reasoning.empty();
}

}  // namespace

ChatPlan::ChatPlan(ExchangeContext& context, ChatContext& chat, metrics::Record& record,
                   StageClock& stages)
    : context_(context), chat_(chat), record_(record), stages_(stages) {}

Result<void> ChatPlan::read(json::PaddedBuffer body) {
  stages_.enter(Stage::parse);
  body_ = std::move(body);
  auto request = convert::parse_chat_request(body_.view(), *context_.reader);
  if (!request) return Unexpected{std::move(request.error())};
  request_ = std::move(*request);
  record_.stream = request_->stream;
  wants_usage_ = request_->include_usage;
  model_ = request_->model.escaped();
  choices_ = request_->choices;
  record_.user_hash = user_hash_of(*request_);
  stages_.enter(Stage::route);
  return find_route();
}

Result<void> ChatPlan::find_route() {
  std::string scratch;
  auto route = chat_.router->find(json::unescape(request_->model, scratch));
  if (!route) return Unexpected{std::move(route.error())};
  take_route(std::move(*route));
  return {};
}

void ChatPlan::take_route(Route route) {
  route_ = std::move(route);
  record_.model = route_->model;
  record_.provider = route_->provider->label;
  record_.upstream_model = route_->target.upstream_model;
  record_.region = route_->region;
}

Result<void> ChatPlan::encode(std::string_view tenant) {
  stages_.enter(Stage::convert);
  apply_learned();
  restore_reasoning(tenant);
  auto encoded = route_->provider->dialect->encode(*request_, route_->target, *route_->policy);
  if (!encoded) return Unexpected{std::move(encoded.error())};
  encoded_ = std::move(*encoded);
  record_.adjusted.clear();
  for (const convert::Adjustment& adjustment : encoded_.adjusted) {
    record_.adjusted.push_back({adjustment.parameter, convert::to_string(adjustment.action)});
  }
  if (body_.size() > kMaxKeptBody) forget();
  return {};
}

void ChatPlan::apply_learned() {
  if (chat_.learned.empty() || !route_->provider->uses_aws()) return;
  if (chat_.learned.wants_profile(route_->target.upstream_model, route_->region)) {
    if (auto profile = chat_.router->profile_route(*route_)) take_route(std::move(*profile));
  }
  chat_.learned.apply(route_->target, Learned::hash_of(request_->format.schema.text));
}

// Turns that called tools and forgot their reasoning get it back.
void ChatPlan::restore_reasoning(std::string_view tenant) {
  if (chat_.reasoning_cache == nullptr || !restored_.empty() || !route_->provider->uses_aws()) {
    return;
  }
  auto& messages = request_->messages;
  if (std::none_of(messages.begin(), messages.end(), forgot_reasoning)) return;
  const convert::ModelCapabilities model = convert::capabilities_of(route_->target);
  const bool may_reason =
      model.reasoning != convert::ReasoningMode::none || route_->target.foundation_model.empty();
  if (!may_reason) return;
  for (Message& message : messages) {
    if (!forgot_reasoning(message)) continue;
    for (const convert::ToolCall& call : message.tool_calls) {
      auto kept = chat_.reasoning_cache->find(tenant, call.id.escaped());
      if (!kept || !kept->fits(model.family, route_->target.upstream_model)) continue;
      message.reasoning = kept->blocks();
      restored_.push_back(std::move(kept));
      break;
    }
  }
}

bool ChatPlan::teaches(const Lesson& lesson) const {
  if (lesson.kind == Lesson::Kind::none || !request_) return false;
  return std::none_of(taught_.begin(), taught_.end(), [&](const Taught& taught) {
    return name_of(taught.lesson) == name_of(lesson);
  });
}

bool ChatPlan::learn(const Lesson& lesson, std::string_view tenant) {
  taught_.push_back({lesson, route_->target.upstream_model, route_->region,
                     Learned::hash_of(request_->format.schema.text)});
  const convert::WireRequest before = std::move(encoded_.wire);
  const bool encoded = apply(lesson) && encode(tenant).has_value();
  const convert::WireRequest& now = encoded_.wire;
  if (encoded && (now.path != before.path || now.body != before.body)) return true;
  taught_.pop_back();
  return false;
}

// Changes the target. False: there is nothing to change.
bool ChatPlan::apply(const Lesson& lesson) {
  switch (lesson.kind) {
    case Lesson::Kind::none: return false;
    case Lesson::Kind::capability: route_->target.patch.merge(lesson.patch); return true;
    case Lesson::Kind::format: return !std::exchange(route_->target.emulate_format, true);
    case Lesson::Kind::profile: {
      auto profile = chat_.router->profile_route(*route_);
      if (profile) take_route(std::move(*profile));
      return profile.has_value();
    }
  }
  return false;
}

void ChatPlan::confirm() {
  for (; confirmed_ < taught_.size(); ++confirmed_) {
    const Taught& taught = taught_[confirmed_];
    if (chat_.learned.keep(taught.lesson, taught.upstream_model, taught.region, taught.schema)) {
      record_.learned.push_back(name_of(taught.lesson));
    }
  }
}

void ChatPlan::forget() {
  request_.reset();
  restored_.clear();
  body_ = {};
}

std::uint32_t ChatPlan::calls() const {
  return route_->provider->uses_aws() ? std::max(choices_, 1U) : 1U;
}

Delivery ChatPlan::delivery() const {
  if (!wants_stream()) return Delivery::whole;
  return encoded_.streams ? Delivery::stream : Delivery::replayed;
}

}  // namespace oriel::gateway
