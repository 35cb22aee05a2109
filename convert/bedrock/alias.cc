#include "convert/bedrock/alias.h"

#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <cstdint>

namespace oriel::convert::bedrock {
namespace {

using Digest = std::array<unsigned char, SHA256_DIGEST_LENGTH>;

constexpr std::size_t kNine = 9;
constexpr std::size_t kNameHead = 55;  // plus '_' and 8 digits: 64
constexpr std::string_view kBase62 =
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

Digest sha256(std::string_view text) {
  Digest digest;
  // OpenSSL wants unsigned bytes.
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  return digest;
}

void append_hex(const Digest& digest, std::size_t bytes, std::string& out) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  for (std::size_t i = 0; i < bytes; ++i) {
    out.push_back(kDigits[digest[i] >> 4U]);
    out.push_back(kDigits[digest[i] & 0xFU]);
  }
}

std::string nine_of(std::string_view id) {
  const Digest digest = sha256(id);
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < 8; ++i) number = (number << 8U) | digest[i];
  std::string out;
  for (std::size_t i = 0; i < kNine; ++i) {
    out.push_back(kBase62[number % kBase62.size()]);
    number /= kBase62.size();
  }
  return out;
}

bool is_alnum(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}
bool is_name_char(char c) { return is_alnum(c) || c == '_' || c == '-'; }
bool is_id_char(char c) { return is_name_char(c) || c == '.' || c == ':'; }

std::string name_alias(std::string_view name, std::size_t attempt) {
  std::string hashed(name);
  if (attempt > 0) hashed.append("#").append(std::to_string(attempt));
  std::string out(name.substr(0, kNameHead));
  std::replace_if(
      out.begin(), out.end(), [](char c) { return !is_name_char(c); }, '_');
  out.push_back('_');
  append_hex(sha256(hashed), 4, out);
  return out;
}

}  // namespace

bool is_valid_tool_id(std::string_view id, ToolIdRule rule) {
  if (id.empty() || id.size() > kMaxToolId) return false;
  if (rule == ToolIdRule::nine && id.size() < kNine) return false;
  // Bedrock's own ids hold '_', and even the models that want nine letters take them back.
  const bool plain = rule == ToolIdRule::nine && id.size() == kNine;
  return std::all_of(id.begin(), id.end(), plain ? is_alnum : is_id_char);
}

bool is_valid_tool_name(std::string_view name) {
  return !name.empty() && name.size() <= kMaxToolName &&
         std::all_of(name.begin(), name.end(), is_name_char);
}

std::string alias_tool_id(std::string_view id, ToolIdRule rule) {
  if (is_valid_tool_id(id, rule)) return std::string(id);
  if (rule == ToolIdRule::nine) return nine_of(id);
  std::string out = "a_";
  append_hex(sha256(id), 8, out);
  return out;
}

std::string repeated_tool_id(std::string_view id, std::size_t occurrence) {
  std::string out = "a_";
  append_hex(sha256(std::string(id) + "#" + std::to_string(occurrence)), 8, out);
  return out;
}

void ToolNames::reserve(Text name) {
  std::string plain = json::unescape(name);
  if (is_valid_tool_name(plain)) taken_.insert(std::move(plain));
}

Text ToolNames::alias(Text name) {
  if (is_valid_tool_name(name.escaped())) return name;
  std::string plain = json::unescape(name);
  const auto known = aliases_.find(plain);
  if (known != aliases_.end()) return Text::from_escaped(known->second);
  std::string upstream = plain;
  if (!is_valid_tool_name(plain)) {
    upstream = name_alias(plain, 0);
    for (std::size_t attempt = 1; !taken_.insert(upstream).second; ++attempt) {
      upstream = name_alias(plain, attempt);
    }
  }
  return Text::from_escaped(aliases_.emplace(std::move(plain), std::move(upstream)).first->second);
}

std::vector<std::pair<std::string, std::string>> ToolNames::aliased() const {
  std::vector<std::pair<std::string, std::string>> pairs;
  pairs.reserve(aliases_.size());
  for (const auto& [client, upstream] : aliases_) {
    if (client == upstream) continue;
    std::string escaped;
    json::append_escaped(client, escaped);
    pairs.emplace_back(upstream, std::move(escaped));
  }
  std::sort(pairs.begin(), pairs.end());
  return pairs;
}

void alias_tools(Conversation& conversation, ToolIdRule rule, ToolNames& names) {
  for (const Turn& turn : conversation.turns) {
    for (const Block& block : turn.blocks) {
      if (block.kind == Block::Kind::tool_use) names.reserve(block.name);
    }
  }
  for (Turn& turn : conversation.turns) {
    for (Block& block : turn.blocks) {
      const bool use = block.kind == Block::Kind::tool_use;
      if (!use && block.kind != Block::Kind::tool_result) continue;
      if (use) block.name = names.alias(block.name);
      if (is_valid_tool_id(block.id.escaped(), rule)) continue;
      block.id = conversation.arena.keep_escaped(alias_tool_id(json::unescape(block.id), rule));
    }
  }
}

}  // namespace oriel::convert::bedrock
