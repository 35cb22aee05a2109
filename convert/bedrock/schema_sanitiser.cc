#include "convert/bedrock/schema_sanitiser.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include "convert/json/writer.h"

namespace oriel::convert::bedrock {
namespace {

using json::Text;
using json::Value;

enum class Keyword : unsigned char {
  kept,
  removed,     // says nothing about values
  constraint,  // removed, and told in the description
  extras,      // additionalProperties
  words,       // description
  format,
  schema,  // its value is a schema
  list,    // … an array of schemas
  table,   // … an object whose members are schemas
  any_of,  // a list whose null may be left out
  type,
};

struct KeywordRow {
  std::string_view name;
  Keyword keyword;
  std::string_view phrase = {};  // of a constraint; "#" stands for its value
};
constexpr auto kKeywords = std::to_array<KeywordRow>({
    {"$defs", Keyword::table},
    {"$id", Keyword::removed},
    {"$schema", Keyword::removed},
    {"additionalProperties", Keyword::extras},
    {"allOf", Keyword::list},
    {"anyOf", Keyword::any_of},
    {"default", Keyword::removed},
    {"definitions", Keyword::table},
    {"description", Keyword::words},
    {"examples", Keyword::removed},
    {"exclusiveMaximum", Keyword::constraint, "less than #"},
    {"exclusiveMinimum", Keyword::constraint, "more than #"},
    {"format", Keyword::format, "format #"},
    {"items", Keyword::schema},
    {"maxItems", Keyword::constraint, "max # items"},
    {"maxLength", Keyword::constraint, "max # characters"},
    {"maxProperties", Keyword::constraint, "max # properties"},
    {"maximum", Keyword::constraint, "max #"},
    {"minItems", Keyword::constraint, "min # items"},
    {"minLength", Keyword::constraint, "min # characters"},
    {"minProperties", Keyword::constraint, "min # properties"},
    {"minimum", Keyword::constraint, "min #"},
    {"multipleOf", Keyword::constraint, "multiple of #"},
    {"not", Keyword::schema},
    {"oneOf", Keyword::list},
    {"pattern", Keyword::constraint, "pattern #"},
    {"prefixItems", Keyword::list},
    {"properties", Keyword::table},
    {"type", Keyword::type},
    {"uniqueItems", Keyword::constraint, "unique items"},
});
constexpr KeywordRow kUnknown{"", Keyword::kept};

constexpr auto kFormats = std::to_array<std::string_view>(
    {"date", "date-time", "duration", "email", "hostname", "ipv4", "ipv6", "time", "uri", "uuid"});

const KeywordRow& row_of(std::string_view key) {
  const auto row = std::lower_bound(
      kKeywords.begin(), kKeywords.end(), key,
      [](const KeywordRow& entry, std::string_view name) { return entry.name < name; });
  return row != kKeywords.end() && row->name == key ? *row : kUnknown;
}
static_assert(std::is_sorted(kKeywords.begin(), kKeywords.end(),
                             [](const auto& a, const auto& b) { return a.name < b.name; }));

bool is_word(Value value, std::string_view word) {
  const auto text = value.as_text();
  return text && text->escaped() == word;
}

bool has_type(Value schema, std::string_view name) {
  const auto type = schema.find("type");
  if (!type) return false;
  if (!type->is_array()) return is_word(*type, name);
  const auto types = type->children();
  return std::any_of(types.begin(), types.end(),
                     [&](const json::Member& item) { return is_word(item.value, name); });
}

bool is_object_schema(Value schema) {
  return has_type(schema, "object") || schema.find("properties").has_value();
}

bool is_null_schema(Value schema) {
  const auto type = schema.find("type");
  return type && is_word(*type, "null");
}

// The one alternative beside null; nullopt when there are more, or no null.
std::optional<Value> only_other(Value alternatives) {
  std::optional<Value> other;
  bool nullable = false;
  for (const json::Member item : alternatives.children()) {
    const bool null = is_null_schema(item.value) || is_word(item.value, "null");
    if (!null && other) return std::nullopt;
    nullable = nullable || null;
    if (!null) other = item.value;
  }
  return nullable ? other : std::nullopt;
}

// What is left of `anyOf: [X, null]` and `type: [X, null]` without the null.
std::optional<Value> collapsed(Keyword keyword, Value value) {
  const bool list = keyword == Keyword::any_of || keyword == Keyword::type;
  const auto other = list && value.is_array() ? only_other(value) : std::nullopt;
  const bool fits = other && (keyword == Keyword::any_of ? other->is_object() : other->is_string());
  return fits ? other : std::nullopt;
}

std::string_view constraint_phrase(const KeywordRow& row, Value value) {
  // One item at least is understood, and so is what forbids nothing.
  if (row.name == "minItems" && value.as_integer().value_or(2) <= 1) return {};
  if (row.name == "uniqueItems" && value.as_boolean() == false) return {};
  if (row.keyword != Keyword::format) return row.phrase;
  const auto format = value.as_text();
  const bool known =
      format && std::find(kFormats.begin(), kFormats.end(), format->escaped()) != kFormats.end();
  return known ? std::string_view() : row.phrase;
}

// How much of a budget a schema takes.
struct Cost {
  std::size_t unions = 0;
  std::size_t null_unions = 0;  // of these, those that only allow null besides
  std::size_t optionals = 0;
  bool too_deep = false;
};

void add_cost(Value schema, int depth, Cost& cost) {
  if (depth > kMaxSanitisedDepth) cost.too_deep = true;
  if (cost.too_deep || !schema.is_object()) return;
  for (const json::Member member : schema.children()) {
    const Keyword keyword = row_of(member.key.escaped()).keyword;
    const bool alternatives =
        keyword == Keyword::any_of || (keyword == Keyword::type && member.value.is_array());
    if (alternatives) {
      ++cost.unions;
      if (collapsed(keyword, member.value)) ++cost.null_unions;
    }
    if (keyword == Keyword::schema) add_cost(member.value, depth + 1, cost);
    if (keyword == Keyword::list || keyword == Keyword::table || keyword == Keyword::any_of) {
      for (const json::Member item : member.value.children()) add_cost(item.value, depth + 1, cost);
    }
  }
  const auto properties = schema.find("properties");
  if (!properties) return;
  const auto required = schema.find("required");
  const std::size_t all = properties->children().count();
  cost.optionals += all - std::min(all, required ? required->children().count() : 0);
}

// Copies a schema, member by member, as the grammar takes it.
class Sanitiser {
 public:
  Sanitiser(bool collapses_null, json::Writer& writer)
      : collapses_null_(collapses_null), writer_(writer) {}

  bool changed() const { return changed_; }
  bool overflowed() const { return writer_.out().size() > kMaxSanitisedBytes; }

  void write(Value schema) {
    if (!schema.is_object() || overflowed()) {
      write_as_is(schema);
      return;
    }
    const std::vector<Value> layers = layers_of(schema);
    std::string notes;
    for (const Value layer : layers) collect_notes(layer, notes);
    writer_.begin_object();
    const auto any_has = [&](std::string_view name) {
      return std::any_of(layers.begin(), layers.end(),
                         [&](Value layer) { return layer.find(name).has_value(); });
    };
    if (any_has("properties") && !any_has("type")) writer_.key("type").string("object");
    if (!write_layers(layers, notes) && !notes.empty()) write_description(std::nullopt, notes);
    if (std::any_of(layers.begin(), layers.end(), is_object_schema)) {
      writer_.key("additionalProperties").boolean(false);
    }
    writer_.end_object();
  }

 private:
  // The schema, and what stands in the place of its `anyOf: [X, null]`, and of X's own.
  std::vector<Value> layers_of(Value schema) {
    std::vector<Value> layers{schema};
    while (const auto other = alternative_of(layers.back())) {
      changed_ = true;
      layers.push_back(*other);
    }
    return layers;
  }

  std::optional<Value> alternative_of(Value schema) const {
    const auto alternatives = collapses_null_ ? schema.find("anyOf") : std::nullopt;
    return alternatives ? collapsed(Keyword::any_of, *alternatives) : std::nullopt;
  }

  // Every member once, as the outermost layer has it. Whether a description was among them.
  bool write_layers(const std::vector<Value>& layers, const std::string& notes) {
    bool described = false;
    for (auto layer = layers.begin(); layer != layers.end(); ++layer) {
      for (const json::Member member : layer->children()) {
        const std::string_view key = member.key.escaped();
        const KeywordRow& row = row_of(key);
        const bool written = std::any_of(layers.begin(), layer,
                                         [&](Value outer) { return outer.find(key).has_value(); });
        const bool any_of = row.keyword == Keyword::any_of;
        if (any_of ? layer + 1 != layers.end() : written) continue;
        described = described || row.keyword == Keyword::words;
        write_member(row, member, notes);
      }
    }
    return described;
  }

  void write_member(const KeywordRow& row, const json::Member& member, const std::string& notes) {
    switch (row.keyword) {
      case Keyword::removed: return;
      case Keyword::extras: changed_ = changed_ || member.value.as_boolean() != false; return;
      case Keyword::words: write_description(member.value, notes); return;
      case Keyword::constraint:
      case Keyword::format:
        if (!constraint_phrase(row, member.value).empty()) return;
        if (row.name == "uniqueItems") return;
        break;
      case Keyword::type:
        if (const auto other = collapsed(row.keyword, member.value); collapses_null_ && other) {
          changed_ = true;
          writer_.key(member.key).raw(other->raw());
          return;
        }
        break;
      case Keyword::schema:
        writer_.key(member.key);
        write(member.value);
        return;
      case Keyword::list:
      case Keyword::any_of: write_list(member); return;
      case Keyword::table: write_table(member); return;
      case Keyword::kept: break;
    }
    writer_.key(member.key);
    write_as_is(member.value);
  }

  // Without the white space between tokens.
  void write_as_is(Value value) {
    if (value.is_object()) {
      writer_.begin_object();
      for (const json::Member member : value.children()) {
        writer_.key(member.key);
        write_as_is(member.value);
      }
      writer_.end_object();
    } else if (value.is_array()) {
      writer_.begin_array();
      for (const json::Member item : value.children()) write_as_is(item.value);
      writer_.end_array();
    } else {
      writer_.raw(value.raw());
    }
  }

  void write_list(const json::Member& member) {
    writer_.key(member.key);
    if (!member.value.is_array()) {
      write_as_is(member.value);
      return;
    }
    writer_.begin_array();
    for (const json::Member item : member.value.children()) write(item.value);
    writer_.end_array();
  }

  void write_table(const json::Member& member) {
    writer_.key(member.key);
    if (!member.value.is_object()) {
      write_as_is(member.value);
      return;
    }
    writer_.begin_object();
    for (const json::Member item : member.value.children()) {
      writer_.key(item.key);
      write(item.value);
    }
    writer_.end_object();
  }

  // `[max 3 items] [pattern ^a$]`, escaped.
  void collect_notes(Value schema, std::string& notes) {
    for (const json::Member member : schema.children()) {
      const KeywordRow& row = row_of(member.key.escaped());
      if (row.phrase.empty()) continue;
      const std::string_view phrase = constraint_phrase(row, member.value);
      if (phrase.empty()) continue;
      changed_ = true;
      if (!notes.empty()) notes += ' ';
      notes += '[';
      const std::size_t slot = phrase.find('#');
      notes += phrase.substr(0, slot);
      if (slot != std::string_view::npos) {
        const auto text = member.value.as_text();
        const bool bracketed = member.value.is_object() || member.value.is_array();
        notes += text ? text->escaped() : bracketed ? "?" : member.value.raw().text;
        notes += phrase.substr(slot + 1);
      }
      notes += ']';
    }
  }

  void write_description(std::optional<Value> given, const std::string& notes) {
    const auto text = given ? given->as_text() : std::nullopt;
    writer_.key("description").begin_string();
    if (text) writer_.out() += text->escaped();
    if (text && !text->empty() && !notes.empty()) writer_.out() += ' ';
    writer_.out() += notes;
    writer_.end_string();
  }

  bool collapses_null_;
  json::Writer& writer_;
  bool changed_ = false;
};

}  // namespace

std::optional<SanitisedSchema> sanitise_schema(json::Value schema, SchemaBudget& budget) {
  const bool object = schema.is_object() && is_object_schema(schema) &&
                      (!schema.find("type") || is_word(*schema.find("type"), "object"));
  if (!object) return std::nullopt;
  Cost cost;
  add_cost(schema, 0, cost);
  const bool collapses_null = cost.unions > budget.unions;
  if (collapses_null) cost.unions -= cost.null_unions;
  if (cost.too_deep || cost.unions > budget.unions || cost.optionals > budget.optionals) {
    return std::nullopt;
  }
  SanitisedSchema result;
  result.text.reserve(schema.raw().text.size() * 5 / 4);
  json::Writer writer(result.text);
  Sanitiser sanitiser(collapses_null, writer);
  sanitiser.write(schema);
  if (sanitiser.overflowed()) return std::nullopt;
  result.changed = sanitiser.changed();
  budget.unions -= cost.unions;
  budget.optionals -= cost.optionals;
  return result;
}

}  // namespace oriel::convert::bedrock
