#include "convert/bedrock/converse_request.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "convert/bedrock/additional_fields.h"
#include "convert/bedrock/adjustments.h"
#include "convert/bedrock/alias.h"
#include "convert/bedrock/cache_points.h"
#include "convert/bedrock/converse_messages.h"
#include "convert/bedrock/extras.h"
#include "convert/bedrock/inference.h"
#include "convert/bedrock/normalise.h"
#include "convert/bedrock/reasoning.h"
#include "convert/bedrock/refusals.h"
#include "convert/bedrock/request_fields.h"
#include "convert/bedrock/response_format.h"
#include "convert/bedrock/schema.h"
#include "convert/bedrock/schema_sanitiser.h"
#include "convert/bedrock/tool_config.h"
#include "convert/bedrock/tool_plan.h"
#include "convert/json/writer.h"
#include "convert/wire/percent.h"

namespace oriel::convert::bedrock {
namespace {

using Action = Adjustment::Action;

constexpr Text kMustCall = Text::literal("You must call one of the tools.");
constexpr std::size_t kToolOverhead = 192;  // braces, keys and quotes around one tool
constexpr std::size_t kBodyOverhead = 512;
constexpr std::size_t kPathOverhead = 32;  // around the model's name, escapes included
constexpr std::size_t kHeaders = 5;        // ours, and what a signature adds

// One request on its way to Converse: what is planned step by step, and then written.
class Encoding {
 public:
  Encoding(const ChatRequest& request, const Target& target, const EncodePolicy& policy)
      : request_(request), target_(target), policy_(policy), model_(capabilities_of(target)) {}

  Result<Encoded> run() {
    for (const auto step :
         {&Encoding::check_choices, &Encoding::plan_tools_and_format, &Encoding::plan_messages,
          &Encoding::plan_settings, &Encoding::write, &Encoding::check_strictness}) {
      if (auto done = (this->*step)(); !done) return Unexpected{std::move(done.error())};
    }
    return std::move(encoded_);
  }

 private:
  // V14: a Converse request has one answer; the exchange asks several times.
  Result<void> check_choices() {
    const std::uint32_t most = std::max(policy_.max_choices, 1U);
    if (request_.choices <= most) return {};
    const std::string supported = most == 1 ? "Only the default (1) value is supported."
                                            : "At most " + std::to_string(most) + " is supported.";
    return refuse(ErrorKind::unsupported_parameter,
                  "Unsupported value: 'n' does not support " + std::to_string(request_.choices) +
                      " with this model. " + supported,
                  "n", "unsupported_value");
  }

  Result<void> plan_tools_and_format() {
    auto extras = sort_extras(request_, model_, policy_, reader_, adjusted_);
    if (!extras) return Unexpected{std::move(extras.error())};
    extras_ = *std::move(extras);
    format_ = plan_format(request_, target_, model_, schema_budget_, reader_, made_, adjusted_);
    auto tools = plan_tools(request_, extras_, format_, model_, policy_);
    if (!tools) return Unexpected{std::move(tools.error())};
    tools_ = *std::move(tools);
    return {};
  }

  Result<void> plan_messages() {
    const ToolUse use = tools_.declared() ? ToolUse::declared : ToolUse::none;
    std::vector<Text> wrapped;
    if (use == ToolUse::declared && mentions_tools(request_)) {
      for (const Tool* tool : tools_.tools) {
        if (wants_wrapping(tool->parameters, reader_)) wrapped.push_back(tool->name);
      }
    }
    auto conversation = normalise(request_, model_, use, policy_, adjusted_, wrapped);
    if (!conversation) return Unexpected{std::move(conversation.error())};
    conversation_ = *std::move(conversation);
    return {};
  }

  Result<void> plan_settings() {
    const auto max_tokens = plan_max_tokens(request_.sampling, policy_, model_, adjusted_);
    reasoning_ =
        plan_reasoning(request_, extras_, conversation_, model_, max_tokens, reader_, adjusted_);
    if (reasoning_.budgeted) {
      model_.features = model_.features - (ModelFeature::choice_any | ModelFeature::choice_named);
      end_with_user(conversation_);
      if (!extras_.top_k.empty()) adjusted_.add("top_k", Action::dropped);
      extras_.top_k = {};
    }
    inference_ = plan_inference(request_.sampling, max_tokens, reasoning_, model_, adjusted_);
    if (auto chosen = plan_choice(request_, format_, model_, tools_, adjusted_); !chosen) {
      return chosen;
    }
    say_in_words();
    if (conversation_.rewritten) adjusted_.add("messages", Action::rewritten);
    cache_marks_.reserve(tools_.tools.size());
    for (const Tool* tool : tools_.tools) cache_marks_.push_back(tool->cache);
    plan_cache_points(extras_.cache, model_, cache_marks_, conversation_, adjusted_);
    return {};
  }

  // What the model cannot be bound to, it is asked for.
  void say_in_words() {
    if (tools_.ask_in_words) instruct(kMustCall);
    const bool asks =
        format_.way == FormatPlan::Way::words || (tools_.format && !tools_.format_forced);
    if (!asks) return;
    instruct(format_in_words(request_.format, format_, made_));
    encoded_.context.json_object = true;
  }

  // Without a system field it is the conversation's beginning.
  void instruct(Text text) {
    if (model_.can(ModelFeature::system)) {
      conversation_.system.emplace_back(text);
      return;
    }
    auto& first = conversation_.turns.front().blocks;
    first.insert(first.begin(), Block::of_text(text));
  }

  Result<void> write() {
    for (const Tool& tool : request_.tools) names_.reserve(tool.name);
    if (tools_.format) names_.reserve(format_.tool_name);
    alias_tools(conversation_, model_.tool_id_rule, names_);
    encoded_.streams = request_.stream && model_.can(ModelFeature::streaming) &&
                       (!tools_.declared() || model_.can(ModelFeature::streaming_tools));
    write_head();
    encoded_.wire.body.reserve(estimated_size());
    json::Writer writer(encoded_.wire.body);
    writer.begin_object();
    write_messages(conversation_, writer);
    write_system(conversation_, writer);
    write_inference(inference_, writer);
    const ToolConfig config{request_,       tools_, format_,   model_,          cache_marks_,
                            schema_budget_, names_, adjusted_, encoded_.context};
    if (auto written = write_tool_config(config, reader_, writer); !written) return written;
    write_format(request_.format, format_, writer);
    const AdditionalFields fields{extras_, reasoning_, tools_, model_};
    auto written = write_additional_fields(fields, names_, reader_, writer, adjusted_);
    if (!written) return written;
    write_request_fields(
        extras_, encoded_.streams ? Operation::converse_stream : Operation::converse, writer);
    writer.end_object();
    encoded_.context.tool_names = names_.aliased();
    encoded_.context.legacy_functions = request_.legacy_functions;
    // Of a model that is not known nothing is known.
    encoded_.context.may_reason = model_.reasoning != ReasoningMode::none || model_.prefix.empty();
    return {};
  }

  void write_head() {
    WireRequest& wire = encoded_.wire;
    const bool streams = encoded_.streams;
    wire.path.reserve(target_.upstream_model.size() + kPathOverhead);
    wire.path = "/model/";
    wire::append_percent_encoded(target_.upstream_model, wire.path);
    wire.path += streams ? "/converse-stream" : "/converse";
    wire.headers.reserve(kHeaders);
    wire.headers.push_back({"Content-Type", "application/json"});
    wire.headers.push_back(
        {"Accept", streams ? "application/vnd.amazon.eventstream" : "application/json"});
  }

  std::size_t estimated_size() const {
    std::size_t size = kBodyOverhead + size_of(conversation_);
    for (const Tool* tool : tools_.tools) {
      size += kToolOverhead + tool->parameters.text.size();
      if (tool->description) size += tool->description->escaped().size();
    }
    if (format_.way != FormatPlan::Way::none) {
      size += kToolOverhead + 2 * request_.format.schema.text.size();
    }
    return size;
  }

  // What would be sent differently from what was asked is refused instead. A history's repairs are
  // strict_history's.
  Result<void> check_strictness() {
    encoded_.adjusted = adjusted_.take();
    if (!policy_.strict_params) return {};
    for (const Adjustment& change : encoded_.adjusted) {
      if (change.parameter == "messages") continue;
      return change.action == Action::dropped ? refuse_parameter(change.parameter)
                                              : refuse_given_value(change.parameter);
    }
    return {};
  }

  const ChatRequest& request_;
  const Target& target_;
  const EncodePolicy& policy_;
  ModelCapabilities model_;
  Adjustments adjusted_;
  json::Reader reader_;
  Arena made_;
  SchemaBudget schema_budget_;
  ExtraFields extras_;
  FormatPlan format_;
  ToolPlan tools_;
  Conversation conversation_;
  ReasoningPlan reasoning_;
  Inference inference_;
  std::vector<CacheMark> cache_marks_;
  ToolNames names_;
  Encoded encoded_;
};

}  // namespace

Result<Encoded> encode_converse(const ChatRequest& request, const Target& target,
                                const EncodePolicy& policy) {
  return Encoding(request, target, policy).run();
}

}  // namespace oriel::convert::bedrock
