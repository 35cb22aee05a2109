"""What must not go unnoticed: edits that break one step of the conversion each."""

from typing import NamedTuple


class Mutation(NamedTuple):
    name: str
    file: str  # of convert/
    text: str  # stands there exactly once
    replacement: str = ""


NORMALISE = "bedrock/normalise.cc"
PAIRING = "bedrock/tool_pairing.cc"
ALIAS = "bedrock/alias.cc"
PLAN = "bedrock/tool_plan.cc"
CONFIG = "bedrock/tool_config.cc"
INFERENCE = "bedrock/inference.cc"
REASONING = "bedrock/reasoning.cc"
FORMAT = "bedrock/response_format.cc"
CACHE = "bedrock/cache_points.cc"
DOCUMENTS = "bedrock/documents.cc"
SANITISER = "bedrock/schema_sanitiser.cc"
EXTRAS = "bedrock/extras.cc"
FIELDS = "bedrock/additional_fields.cc"
REQUEST = "bedrock/converse_request.cc"


MUTATIONS = (
    # Each pass of normalise(), left out.
    Mutation(
        "neutralise_tools",
        NORMALISE,
        "if (with_tools && tools == ToolUse::none) neutralise_tools(conversation);",
    ),
    Mutation(
        "drop_blank_text",
        NORMALISE,
        "  drop_blank_text(conversation);\n  if (spoke",
        "  if (spoke",
    ),
    Mutation(
        "inline_system",
        NORMALISE,
        "if (!model.can(ModelFeature::system)) inline_system(conversation);",
    ),
    Mutation("merge_turns", NORMALISE, "  merge_turns(conversation);\n"),
    Mutation("make_call_ids_unique", NORMALISE, "  make_call_ids_unique(conversation);\n"),
    Mutation("pair_tools", NORMALISE, "  pair_tools(conversation, model);\n"),
    Mutation("order_blocks", NORMALISE, "  order_blocks(conversation);\n"),
    Mutation("lead_with_user", NORMALISE, "  lead_with_user(conversation);\n"),
    Mutation("finish_last_turn", NORMALISE, "  finish_last_turn(conversation, model, tools);\n"),
    Mutation(
        "split_tool_results",
        NORMALISE,
        "if (with_tools && model.can(ModelFeature::split_tool_results)) "
        "split_tool_results(conversation);",
    ),
    Mutation("name_documents", NORMALISE, "  name_documents(conversation);\n"),
    Mutation("introduce_documents", NORMALISE, "  introduce_documents(conversation);\n"),
    Mutation(
        "check_media_counts",
        NORMALISE,
        "if (auto counted = check_media_counts(conversation); !counted) {",
        "if (auto counted = Result<void>{}; !counted) {",
    ),
    Mutation(
        "check_images",
        NORMALISE,
        "if (auto checked = check_images(request); !checked)",
        "if (auto checked = Result<void>{}; !checked)",
    ),
    Mutation(
        "read_arguments",
        NORMALISE,
        "  if (with_tools) read_arguments(conversation, wrapped_tools);\n",
    ),
    Mutation("strict_history", NORMALISE, "if (policy.strict_history) {", "if (false) {"),
    # The steps inside them.
    Mutation(
        "trailing white space",
        NORMALISE,
        "if (half || !json::is_blank(Text::from_escaped(unit))) end = at;",
        "end = at;",
    ),
    Mutation(
        "missing results",
        PAIRING,
        "        paired.push_back(missing_result(call.id, model));\n",
        "",
    ),
    Mutation(
        "status where it is known",
        PAIRING,
        "block.failed = model.can(ModelFeature::status_field);",
        "block.failed = true;",
    ),
    Mutation(
        "orphan results",
        PAIRING,
        "      append_as_text(block, label, conversation, paired);\n    }\n  }\n  user.blocks",
        "      paired.push_back(std::move(block));\n    }\n  }\n  user.blocks",
    ),
    Mutation(
        "reasoning of calls that became text",
        PAIRING,
        "    if (has_calls(turn)) {\n      std::erase_if",
        "    if (false) {\n      std::erase_if",
    ),
    # Ids and names.
    Mutation(
        "ids",
        ALIAS,
        "if (is_valid_tool_id(id, rule)) return std::string(id);",
        "return std::string(id);",
    ),
    Mutation("nine letters", ALIAS, "if (rule == ToolIdRule::nine) return nine_of(id);"),
    Mutation(
        "names of the history",
        ALIAS,
        "      if (use) block.name = names.alias(block.name);\n",
    ),
    Mutation("names on the way back", ALIAS, "pairs.emplace_back(upstream, std::move(escaped));"),
    # Tools.
    Mutation(
        "tool_choice none",
        PLAN,
        "if (request.tools.empty() || request.tool_choice.mode == Mode::none) return {};",
        "if (request.tools.empty()) return {};",
    ),
    Mutation(
        "allowed_tools",
        PLAN,
        "if (is_allowed(request.tool_choice, tool)) plan.tools.push_back(&tool);",
        "plan.tools.push_back(&tool);",
    ),
    Mutation(
        "required where it is known",
        PLAN,
        "if (!model.can(ModelFeature::choice_any)) degrade_to_auto(plan, adjusted);",
    ),
    Mutation("the named tool alone", PLAN, "  plan.tools = {*named};\n"),
    Mutation(
        "one call at a time",
        PLAN,
        "plan.one_call_at_a_time = model.family == ModelFamily::claude;",
        "plan.one_call_at_a_time = false;",
    ),
    Mutation(
        "must choose",
        PLAN,
        "model.can(ModelFeature::must_choose)) {\n    plan.choice",
        "false) {\n    plan.choice",
    ),
    Mutation(
        "blank descriptions",
        CONFIG,
        'if (!json::is_blank(description)) writer_.key("description")',
        'writer_.key("description")',
    ),
    Mutation(
        "strict where it is known",
        CONFIG,
        "if (!config_.model.can(ModelFeature::strict_tools) || tool.parameters.empty()) return false;",
        "if (tool.parameters.empty()) return false;",
    ),
    # Sampling and reasoning.
    Mutation("temperature above 1", INFERENCE, "    plan.temperature = 1.0;\n"),
    Mutation(
        "temperature with top_p",
        INFERENCE,
        "plan.temperature && model.can(ModelFeature::temp_top_p_exclusive)",
        "false",
    ),
    Mutation(
        "no sampling",
        INFERENCE,
        "unsampled || !model.can(ModelFeature::temperature)",
        "unsampled",
    ),
    Mutation(
        "thinking is not sampled",
        INFERENCE,
        "reasoning.budgeted || reasoning.unlimited;",
        "false;",
    ),
    Mutation(
        "blank stops",
        INFERENCE,
        "text.empty() || (json::is_blank(text)",
        "false && (json::is_blank(text)",
    ),
    Mutation("longest answer", INFERENCE, "most == 0 || *sampling.max_tokens <= most", "true"),
    Mutation("Nova at its highest", INFERENCE, "    plan.max_tokens.reset();\n"),
    Mutation(
        "the smallest budget",
        REASONING,
        "kMinThinkingBudget, *max_tokens - 1);",
        "std::int64_t{0}, *max_tokens - 1);",
    ),
    Mutation(
        "levels",
        REASONING,
        "nova_off ? Effort::none : clamp_effort(asked, model.efforts)",
        "asked",
    ),
    Mutation(
        "thinking off without its signature",
        REASONING,
        "plan.budgeted && last_tool_turn_lacks_reasoning(conversation)",
        "false",
    ),
    Mutation(
        "no forced choice while thinking",
        REQUEST,
        "      model_.features = model_.features - (ModelFeature::choice_any | ModelFeature::choice_named);\n",
    ),
    Mutation("no prefill while thinking", REQUEST, "      end_with_user(conversation_);\n"),
    # Structured output.
    Mutation(
        "json_object in words",
        REQUEST,
        "format_.way == FormatPlan::Way::words ||",
        "false ||",
    ),
    Mutation(
        "native where it is known",
        FORMAT,
        "model.can(ModelFeature::structured_output) && !target.emulate_format",
        "true",
    ),
    Mutation("a free name", FORMAT, "if (!taken) return name;", "return name;"),
    Mutation(
        "closed objects",
        SANITISER,
        'writer_.key("additionalProperties").boolean(false);',
    ),
    Mutation(
        "budgets of a schema",
        SANITISER,
        "cost.too_deep || cost.unions > budget.unions || cost.optionals > budget.optionals",
        "cost.too_deep",
    ),
    # Cache points.
    Mutation("four points", CACHE, "  keep_four(tools, conversation, adjusted);\n"),
    Mutation(
        "lives of points",
        CACHE,
        "  settle_ttls(wishes.ttl, model, tools, conversation, adjusted);\n",
    ),
    Mutation("points and text documents", CACHE, "  keep_off_text_documents(conversation);\n"),
    Mutation(
        "points where they are refused",
        CACHE,
        "  drop_where_refused(model, tools, conversation, adjusted);\n",
    ),
    Mutation(
        "points on models without",
        CACHE,
        "if (!model.can(ModelFeature::cache)) mark = CacheMark::none;",
    ),
    # Documents.
    Mutation("unique names", DOCUMENTS, "if (!taken_.insert(name).second) name = numbered(name);"),
    Mutation(
        "single spaces",
        DOCUMENTS,
        "  collapse_spaces(name);\n  if (name.size() > kNameHead) {",
        "  if (name.size() > kNameHead) {",
    ),
    # The other fields.
    Mutation(
        "metadata's alphabet",
        EXTRAS,
        "return text.size() <= kMaxMetadataText && std::all_of(",
        "return text.size() <= kMaxMetadataText || std::all_of(",
    ),
    Mutation(
        "unknown tiers",
        EXTRAS,
        "if (tier.empty() || !context.model.can(ModelFeature::service_tier)) {",
        "if (!context.model.can(ModelFeature::service_tier)) {",
    ),
    Mutation(
        "top_k where it is known",
        EXTRAS,
        "if (!context.model.can(ModelFeature::top_k)) return drop(rule, field, context);",
    ),
    Mutation(
        "Nova's topK",
        FIELDS,
        "!extras.top_k.empty() && family == ModelFamily::nova",
        "false",
    ),
    Mutation(
        "what is never passed",
        FIELDS,
        "if (top && at > 0 && is_kept_out(member.key, written)) continue;",
    ),
    Mutation("strict_params", REQUEST, "if (!policy_.strict_params) return {};", "return {};"),
    Mutation(
        "streams without streamed tools",
        REQUEST,
        "(!tools_.declared() || model_.can(ModelFeature::streaming_tools))",
        "true",
    ),
)
