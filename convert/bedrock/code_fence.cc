#include "convert/bedrock/code_fence.h"

#include <algorithm>

namespace oriel::convert::bedrock {
namespace {

constexpr std::string_view kTicks = "```";

// The character or escape at the front. Which bytes of a longer one it has does not matter here.
std::string_view token_of(std::string_view text) { return text.substr(0, text[0] == '\\' ? 2 : 1); }

bool is_line_end(std::string_view token) { return token == "\\n" || token == "\\r"; }
bool is_space(std::string_view token) {
  return token == " " || token == "\\t" || is_line_end(token);
}

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

std::string_view skip_space(std::string_view text) {
  while (!text.empty() && is_space(token_of(text))) text.remove_prefix(token_of(text).size());
  return text;
}

}  // namespace

void CodeFence::push(std::string_view piece, std::string& out) {
  if (where_ == Where::plain) {
    out.append(piece);
    return;
  }
  if (where_ == Where::head) {
    held_.append(piece);
    open(out);
    return;
  }
  if (where_ == Where::start) {
    piece = skip_space(piece);
    if (!piece.empty()) where_ = Where::body;
  }
  while (!piece.empty()) {
    const std::string_view token = token_of(piece);
    step(token, out);
    piece.remove_prefix(token.size());
  }
}

void CodeFence::open(std::string& out) {
  const auto plain = [&] {
    where_ = Where::plain;
    out.append(held_);
    held_.clear();
  };
  std::string_view rest = skip_space(held_);
  const std::size_t ticks = std::min(kTicks.size(), rest.size());
  if (rest.substr(0, ticks) != kTicks.substr(0, ticks)) return plain();
  rest.remove_prefix(ticks);
  while (!rest.empty() && is_word(rest[0])) rest.remove_prefix(1);  // "json"
  while (rest.starts_with(' ')) rest.remove_prefix(1);
  if (rest.empty()) {
    if (held_.size() > kMaxHeld) plain();
    return;
  }
  const bool json = rest[0] == '{' || rest[0] == '[';
  if (!json && !is_line_end(token_of(rest))) return plain();
  const std::string body(rest);
  held_.clear();
  where_ = Where::start;
  push(body, out);
}

void CodeFence::step(std::string_view token, std::string& out) {
  const bool tick = token == "`";
  const bool space = is_space(token);
  const bool fence = where_ == Where::ticks && ticks_ == kTicks.size();
  const bool goes_on = (where_ == Where::before && (space || tick)) ||
                       (where_ == Where::ticks && (fence ? space : tick)) ||
                       (where_ == Where::behind && space);
  if (!goes_on || held_.size() > kMaxHeld) {
    out.append(held_);
    held_.clear();
    where_ = Where::body;
  }
  if (!tick && !space) {
    out.append(token);
    return;
  }
  held_.append(token);
  if (tick) {
    ticks_ = where_ == Where::ticks ? ticks_ + 1 : 1;
    where_ = Where::ticks;
  } else if (where_ == Where::ticks) {
    where_ = Where::behind;
  } else if (where_ == Where::body) {
    where_ = Where::before;
  }
}

void CodeFence::finish(std::string& out) {
  const bool fence = where_ == Where::behind || (where_ == Where::ticks && ticks_ == kTicks.size());
  if (!fence) out.append(held_);
  held_.clear();
}

}  // namespace oriel::convert::bedrock
