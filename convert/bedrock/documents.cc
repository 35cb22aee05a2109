#include "convert/bedrock/documents.h"

#include <algorithm>
#include <cstdint>
#include <unordered_set>
#include <utility>
#include <vector>

namespace oriel::convert::bedrock {
namespace {

using Kind = Block::Kind;

constexpr std::string_view kUnnamed = "document";
constexpr std::size_t kNameHead = 190;    // leaves room for "-2"
constexpr std::size_t kMaxExtension = 8;  // longer ones are part of the name

bool is_alnum(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}
bool is_name_char(char c) {
  return is_alnum(c) || c == ' ' || c == '-' || c == '(' || c == ')' || c == '[' || c == ']';
}

// ------------------------------------------------------------------------------------- folding

// U+00C0 to U+017F, each as the letter below its accents; '*' stands for a pair of letters.
constexpr std::string_view kLatin =
    "AAAAAA*CEEEEIIIIDNOOOOO OUUUUY**aaaaaa*ceeeeiiiidnooooo ouuuuy*y"
    "AaAaAaCcCcCcCcDdDdEeEeEeEeEeGgGgGgGgHhHhIiIiIiIiIi**JjKkqLlLlLlLlLlNnNnNnnNnOoOoOo**RrRrRr"
    "SsSsSsSsTtTtTtUuUuUuUuUuUuWwYyYZzZzZzs";
constexpr std::uint32_t kLatinFirst = 0xC0;
static_assert(kLatin.size() == 0x180 - kLatinFirst);

constexpr std::pair<std::uint32_t, std::string_view> kPairs[] = {
    {0xC6, "AE"},  {0xDE, "Th"},  {0xDF, "ss"},  {0xE6, "ae"},  {0xFE, "th"},
    {0x132, "IJ"}, {0x133, "ij"}, {0x152, "OE"}, {0x153, "oe"},
};

// Takes the character that starts at `at`; invalid bytes count as U+FFFD.
std::uint32_t next_code_point(std::string_view text, std::size_t& at) {
  const auto lead = static_cast<unsigned char>(text[at++]);
  if (lead < 0x80) return lead;
  const std::size_t more = lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : lead >= 0xC0 ? 1 : 0;
  if (more == 0 || text.size() - at < more) return 0xFFFD;
  std::uint32_t code = lead & (0x3FU >> more);
  for (std::size_t i = 0; i < more; ++i) {
    code = code << 6U | (static_cast<unsigned char>(text[at++]) & 0x3FU);
  }
  return code;
}

void append_folded(std::uint32_t code, std::string& out) {
  if (code >= 0xFF01 && code <= 0xFF5E) code -= 0xFEE0;  // full-width ASCII
  if (code >= 0x300 && code <= 0x36F) return;            // combining accents
  if (code == '_' || (code >= 0x2010 && code <= 0x2015)) code = '-';
  if (code < 0x80) {
    const char c = static_cast<char>(code);
    out.push_back(is_name_char(c) ? c : ' ');
    return;
  }
  const char letter = code >= kLatinFirst && code < 0x180 ? kLatin[code - kLatinFirst] : ' ';
  if (letter != '*') {
    out.push_back(letter);
    return;
  }
  const auto* const pair = std::find_if(std::begin(kPairs), std::end(kPairs),
                                        [&](const auto& row) { return row.first == code; });
  out.append(pair->second);
}

// Single spaces, and none at the ends.
void collapse_spaces(std::string& text) {
  std::size_t end = 0;
  for (const char c : text) {
    if (c == ' ' && (end == 0 || text[end - 1] == ' ')) continue;
    text[end++] = c;
  }
  text.resize(end);
  while (!text.empty() && text.back() == ' ') text.pop_back();
}

std::string_view without_folders_and_extension(std::string_view name) {
  if (const std::size_t slash = name.find_last_of("/\\"); slash != std::string_view::npos) {
    name.remove_prefix(slash + 1);
  }
  const std::size_t dot = name.rfind('.');
  if (dot == std::string_view::npos) return name;
  const std::string_view extension = name.substr(dot + 1);
  const bool ends_a_file = extension.size() <= kMaxExtension &&
                           std::all_of(extension.begin(), extension.end(), is_alnum);
  return ends_a_file ? name.substr(0, dot) : name;
}

// ------------------------------------------------------------------------------------- naming

class Namer {
 public:
  explicit Namer(Arena& arena) : arena_(arena) {}

  void name(std::vector<Block>& blocks) {
    for (Block& block : blocks) {
      if (block.kind == Kind::document) name(block);
      name(block.content);
    }
  }

 private:
  void name(Block& block) {
    std::string name = json::unescape(block.name);
    if (!is_valid_document_name(name)) name = document_name(name);
    if (!taken_.insert(name).second) name = numbered(name);
    if (name != block.name.escaped()) block.name = Text::from_escaped(arena_.keep(name));
  }

  std::string numbered(const std::string& name) {
    const std::string head = name.substr(0, kNameHead);
    for (std::size_t number = 2;; ++number) {
      std::string candidate = head + "-" + std::to_string(number);
      if (taken_.insert(candidate).second) return candidate;
    }
  }

  Arena& arena_;
  std::unordered_set<std::string> taken_;
};

}  // namespace

bool is_valid_document_name(std::string_view name) {
  return !name.empty() && name.size() <= kMaxDocumentName &&
         std::all_of(name.begin(), name.end(), is_name_char) && name.front() != ' ' &&
         name.back() != ' ' && name.find("  ") == std::string_view::npos;
}

std::string document_name(std::string_view file_name) {
  const std::string_view stem = without_folders_and_extension(file_name);
  std::string name;
  for (std::size_t at = 0; at < stem.size() && name.size() < 4 * kNameHead;) {
    append_folded(next_code_point(stem, at), name);
  }
  collapse_spaces(name);
  if (name.size() > kNameHead) {
    name.resize(kNameHead);
    collapse_spaces(name);
  }
  return name.empty() ? std::string(kUnnamed) : name;
}

void name_documents(Conversation& conversation) {
  Namer namer(conversation.arena);
  for (Turn& turn : conversation.turns) namer.name(turn.blocks);
}

void introduce_documents(Conversation& conversation) {
  for (Turn& turn : conversation.turns) {
    const auto holds = [&](Kind kind) {
      return std::any_of(turn.blocks.begin(), turn.blocks.end(),
                         [&](const Block& block) { return block.kind == kind; });
    };
    if (holds(Kind::document) && !holds(Kind::text)) {
      turn.blocks.push_back(Block::of_text(kSeeDocument));
    }
  }
}

}  // namespace oriel::convert::bedrock
