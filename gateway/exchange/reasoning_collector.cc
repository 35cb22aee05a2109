#include "gateway/exchange/reasoning_collector.h"

#include <span>
#include <utility>

namespace oriel::gateway {
namespace {

using convert::ChatDelta;
using convert::ReasoningBlock;
using json::Text;

void keep(ReasoningCache& cache, std::string_view tenant, const Route& route,
          std::span<const ReasoningBlock> blocks, std::span<const std::string> ids) {
  const auto family = convert::capabilities_of(route.target).family;
  cache.store(tenant, ids,
              std::make_shared<const KeptReasoning>(blocks, family, route.target.upstream_model));
}

}  // namespace

void ReasoningCollector::on_delta(const ChatDelta& delta) {
  using Kind = ChatDelta::Kind;
  const bool reasons = delta.kind == Kind::reasoning || delta.kind == Kind::signature ||
                       delta.kind == Kind::redacted;
  if (given_up_ || (!reasons && (delta.kind != Kind::tool_call_start || !gathered_))) return;
  if (!gathered_) gathered_ = std::make_unique<Gathered>();
  Gathered& all = *gathered_;
  const std::string_view text = delta.text.escaped();
  all.bytes += text.size();
  if (all.bytes > kMaxBytes || all.tool_call_ids.size() == kMaxToolCalls) {
    given_up_ = true;
    return gathered_.reset();
  }
  switch (delta.kind) {
    case Kind::tool_call_start: all.tool_call_ids.emplace_back(delta.id.escaped()); break;
    case Kind::redacted:
      all.blocks.push_back({.redacted = std::string(text)});
      all.open = false;
      all.proven = true;
      break;
    default:
      if (!std::exchange(all.open, true)) all.blocks.emplace_back();
      if (delta.kind == Kind::reasoning) {
        all.blocks.back().text.append(text);
      } else {
        all.blocks.back().signature.assign(text);
        all.open = false;
        all.proven = true;
      }
  }
}

void ReasoningCollector::store(ReasoningCache& cache, std::string_view tenant, const Route& route) {
  if (!gathered_ || !gathered_->proven || gathered_->tool_call_ids.empty()) return;
  std::vector<ReasoningBlock> blocks;
  for (const Block& block : gathered_->blocks) {
    blocks.push_back({.text = Text::from_escaped(block.text),
                      .signature = Text::from_escaped(block.signature),
                      .redacted = Text::from_escaped(block.redacted)});
  }
  keep(cache, tenant, route, blocks, gathered_->tool_call_ids);
  gathered_.reset();
}

void keep_reasoning(ReasoningCache& cache, std::string_view tenant, const Route& route,
                    const convert::ChatReply& reply) {
  bool proven = false;
  std::size_t bytes = 0;
  for (const ReasoningBlock& block : reply.reasoning) {
    proven = proven || !block.signature.empty() || !block.redacted.empty();
    bytes += block.text.escaped().size() + block.redacted.escaped().size();
  }
  if (!proven || reply.tool_calls.empty() || bytes > ReasoningCollector::kMaxBytes ||
      reply.tool_calls.size() > ReasoningCollector::kMaxToolCalls) {
    return;
  }
  std::vector<std::string> ids;
  for (const convert::ToolCall& call : reply.tool_calls) ids.emplace_back(call.id.escaped());
  keep(cache, tenant, route, reply.reasoning, ids);
}

}  // namespace oriel::gateway
