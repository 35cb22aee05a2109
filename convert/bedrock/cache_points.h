// Which cache points are sent: Bedrock takes four of them at most, longest first, and not
// everywhere. Source: spec/converse.md §9, §5.2 C24. Pure.
#pragma once

#include <vector>

#include "convert/bedrock/adjustments.h"
#include "convert/bedrock/conversation.h"
#include "convert/bedrock/models.h"
#include "convert/chat.h"
#include "convert/json/writer.h"

namespace oriel::convert::bedrock {

inline constexpr std::size_t kMaxCachePoints = 4;

struct CacheWishes {
  bool automatic = false;                  // points of our own where the client set none
  CacheMark ttl = CacheMark::unspecified;  // of points that name none
};

// Turns what was asked for into what is sent. `tools` are the marks behind the tools that are
// sent, in their order. Afterwards every mark is a point to write: one_hour and five_minutes with
// their ttl, unspecified without.
void plan_cache_points(const CacheWishes& wishes, const ModelCapabilities& model,
                       std::vector<CacheMark>& tools, Conversation& conversation,
                       Adjustments& adjusted);

// {"cachePoint":{"type":"default","ttl":"1h"}} as an element of its own; nothing for none.
void write_cache_point(CacheMark mark, json::Writer& writer);

}  // namespace oriel::convert::bedrock
