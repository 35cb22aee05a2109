#include "convert/bedrock/cache_points.h"

#include <algorithm>
#include <array>
#include <utility>

#include "convert/bedrock/documents.h"

namespace oriel::convert::bedrock {
namespace {

using Action = Adjustment::Action;
using Kind = Block::Kind;

constexpr std::string_view kReported = "cache_control";

enum Section : std::size_t { in_tools, in_system, in_messages, kSections };

// Every place that may bear a mark, in the order in which the model reads.
template <class Visit>
void for_each_mark(std::vector<CacheMark>& tools, Conversation& conversation, Visit&& visit) {
  for (CacheMark& mark : tools) visit(in_tools, mark);
  for (SystemText& system : conversation.system) visit(in_system, system.cache);
  for (Turn& turn : conversation.turns) {
    for (Block& block : turn.blocks) visit(in_messages, block.cache);
  }
}

// Nova caches texts only, and in no turn with tools.
bool may_follow(const Block& block, const Turn& turn, const ModelCapabilities& model) {
  if (block.kind == Kind::reasoning) return false;
  if (model.family != ModelFamily::nova) return true;
  return block.kind == Kind::text && std::none_of(turn.blocks.begin(), turn.blocks.end(),
                                                  [](const Block& b) { return b.is_tool(); });
}

// Behind tools, system, the last user turn and the turn before it.
void mark_all_ends(const ModelCapabilities& model, std::vector<CacheMark>& tools,
                   Conversation& conversation) {
  constexpr std::size_t kMarkedTurns = 2;
  if (!tools.empty() && model.can(ModelFeature::cache_tools)) {
    tools.back() = CacheMark::unspecified;
  }
  if (!conversation.system.empty()) conversation.system.back().cache = CacheMark::unspecified;
  std::size_t marked = 0;
  for (auto turn = conversation.turns.rbegin(); turn != conversation.turns.rend(); ++turn) {
    if (marked == 0 && turn->role != Turn::Role::user) continue;
    if (marked++ == kMarkedTurns) return;
    Block& last = turn->blocks.back();
    if (may_follow(last, *turn, model)) last.cache = CacheMark::unspecified;
  }
}

void drop_where_refused(const ModelCapabilities& model, std::vector<CacheMark>& tools,
                        Conversation& conversation, Adjustments& adjusted) {
  const auto drop = [&](CacheMark& mark) {
    if (mark != CacheMark::none) adjusted.add(kReported, Action::dropped);
    mark = CacheMark::none;
  };
  if (!model.can(ModelFeature::cache_tools)) std::for_each(tools.begin(), tools.end(), drop);
  for (Turn& turn : conversation.turns) {
    for (Block& block : turn.blocks) {
      if (!may_follow(block, turn, model)) drop(block.cache);
    }
  }
}

// C24. A point covers everything before it, so the last tool's covers the tools; of the system's
// the first are the steadiest, of the messages' the last reach furthest.
void keep_four(std::vector<CacheMark>& tools, Conversation& conversation, Adjustments& adjusted) {
  std::array<std::size_t, kSections> asked{};
  for_each_mark(tools, conversation, [&](Section section, const CacheMark& mark) {
    asked[section] += mark != CacheMark::none ? 1 : 0;
  });
  std::array<std::size_t, kSections> kept{};
  std::size_t left = kMaxCachePoints;
  const auto grant = [&](Section section, std::size_t most) {
    const std::size_t granted = std::min({most, asked[section] - kept[section], left});
    kept[section] += granted;
    left -= granted;
  };
  grant(in_tools, 1);
  grant(in_system, 1);
  for (const Section section : {in_messages, in_system, in_tools}) grant(section, left);

  std::array<std::size_t, kSections> seen{};
  for_each_mark(tools, conversation, [&](Section section, CacheMark& mark) {
    if (mark == CacheMark::none) return;
    const std::size_t place = seen[section]++;
    const bool keeps =
        section == in_system ? place < kept[section] : place + kept[section] >= asked[section];
    if (keeps) return;
    mark = CacheMark::none;
    adjusted.add(kReported, Action::clamped);
  });
}

// C24: no point lives longer than one before it.
void settle_ttls(CacheMark wished, const ModelCapabilities& model, std::vector<CacheMark>& tools,
                 Conversation& conversation, Adjustments& adjusted) {
  CacheMark shortest = CacheMark::one_hour;
  for_each_mark(tools, conversation, [&](Section, CacheMark& mark) {
    if (mark == CacheMark::none) return;
    const bool explicitly = mark == CacheMark::one_hour;
    if (mark == CacheMark::unspecified) mark = wished;
    if (!model.can(ModelFeature::cache_1h)) {
      mark = CacheMark::unspecified;
    } else if (mark == CacheMark::one_hour) {
      mark = shortest;
    }
    if (explicitly && mark != CacheMark::one_hour) adjusted.add(kReported, Action::clamped);
    if (mark != CacheMark::one_hour) shortest = mark;
  });
}

bool is_text_document(const Block& block) {
  constexpr std::string_view kTextFormats[] = {"csv", "html", "md", "txt"};
  return block.kind == Kind::document && std::find(std::begin(kTextFormats), std::end(kTextFormats),
                                                   block.format) != std::end(kTextFormats);
}

// Bedrock takes no point directly behind a document that is text: a text block goes between.
void keep_off_text_documents(Conversation& conversation) {
  for (Turn& turn : conversation.turns) {
    auto& blocks = turn.blocks;
    for (std::size_t i = 0; i < blocks.size(); ++i) {
      if (!is_text_document(blocks[i]) || blocks[i].cache == CacheMark::none) continue;
      const CacheMark mark = std::exchange(blocks[i].cache, CacheMark::none);
      const bool introduced = i + 1 < blocks.size() && blocks[i + 1].kind == Kind::text &&
                              blocks[i + 1].text == kSeeDocument;
      if (!introduced) {
        blocks.insert(blocks.begin() + static_cast<std::ptrdiff_t>(i) + 1,
                      Block::of_text(kSeeDocument));
      }
      blocks[i + 1].cache = std::max(blocks[i + 1].cache, mark);
    }
  }
}

}  // namespace

void plan_cache_points(const CacheWishes& wishes, const ModelCapabilities& model,
                       std::vector<CacheMark>& tools, Conversation& conversation,
                       Adjustments& adjusted) {
  bool asked = false;
  for_each_mark(tools, conversation, [&](Section, CacheMark& mark) {
    asked = asked || mark != CacheMark::none;
    if (!model.can(ModelFeature::cache)) mark = CacheMark::none;
  });
  if (!model.can(ModelFeature::cache)) {
    if (asked) adjusted.add(kReported, Action::dropped);
    return;
  }
  if (!asked && !wishes.automatic) return;
  if (!asked) mark_all_ends(model, tools, conversation);
  drop_where_refused(model, tools, conversation, adjusted);
  keep_four(tools, conversation, adjusted);
  settle_ttls(wishes.ttl, model, tools, conversation, adjusted);
  keep_off_text_documents(conversation);
}

void write_cache_point(CacheMark mark, json::Writer& writer) {
  if (mark == CacheMark::none) return;
  writer.begin_object().key("cachePoint").begin_object();
  writer.key("type").text(Text::literal("default"));
  if (mark == CacheMark::five_minutes) writer.key("ttl").text(Text::literal("5m"));
  if (mark == CacheMark::one_hour) writer.key("ttl").text(Text::literal("1h"));
  writer.end_object().end_object();
}

}  // namespace oriel::convert::bedrock
