// A whole answer as the deltas of a stream, for models that do not stream, or not with tools.
// Source: spec/converse.md §13.7. Pure; the deltas borrow the reply, during the call.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "convert/chat.h"
#include "convert/dialect.h"

namespace oriel::convert {

inline constexpr std::size_t kReplayPiece = 1024;  // bytes of text in one delta, escaped

// Role, reasoning, content, citations, images, tool calls, finish and, where upstream said it,
// usage. Of a reply that was decoded, not of one that brings its own source.
void replay(const ChatReply& reply, std::uint32_t choice, DeltaSink& sink);
// The replies are the choices of one answer; their usage comes once, summed, at the end.
void replay(std::span<const ChatReply> replies, DeltaSink& sink);

}  // namespace oriel::convert
