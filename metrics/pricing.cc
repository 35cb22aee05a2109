#include "metrics/pricing.h"

#include <algorithm>
#include <limits>

namespace oriel::metrics {
namespace {

__extension__ using Wide = unsigned __int128;

std::string_view stem_of(const PriceRow& row) {
  return row.model.substr(0, row.model.size() - (row.model.ends_with('*') ? 1 : 0));
}

bool fits(const PriceRow& row, std::string_view model) {
  return row.model.ends_with('*') ? model.starts_with(stem_of(row)) : model == row.model;
}

bool has_word(std::string_view words, std::string_view word) {
  while (!words.empty()) {
    const std::size_t end = std::min(words.find(' '), words.size());
    if (words.substr(0, end) == word) return true;
    words.remove_prefix(std::min(end + 1, words.size()));
  }
  return false;
}

// Backwards from where the model itself would stand: longer stems come before shorter ones, and a
// profile's row before its model's.
const Price* find_row(std::string_view model, std::string_view geo) {
  const std::span<const PriceRow> rows = price_table();
  const std::string_view vendor = model.substr(0, model.find('.') + 1);
  auto at =
      std::upper_bound(rows.begin(), rows.end(), model,
                       [](std::string_view id, const PriceRow& row) { return id < stem_of(row); });
  while (!vendor.empty() && at != rows.begin() && (--at)->model.starts_with(vendor)) {
    if (fits(*at, model) && (at->geos.empty() || has_word(at->geos, geo))) return &at->price;
  }
  return nullptr;
}

}  // namespace

void Price::fill(const Price& other) {
  for (const auto kind : {&Price::input, &Price::output, &Price::cache_read, &Price::cache_write_5m,
                          &Price::cache_write_1h, &Price::image}) {
    if (!(this->*kind)) this->*kind = other.*kind;
  }
}

std::optional<NanoDollars> cost_of(const Price& price, const Tokens& tokens, std::uint32_t images) {
  constexpr Wide kPicosPerNano = 1'000;
  Wide picos = 0;
  const auto add = [&picos](const std::optional<std::uint64_t>& each, std::uint64_t count) {
    if (count != 0 && !each) return false;
    picos += Wide{count} * each.value_or(0);
    return true;
  };
  const bool priced = add(price.input, tokens.input) && add(price.output, tokens.output) &&
                      add(price.cache_read, tokens.cache_read) &&
                      add(price.cache_write_5m, tokens.cache_write_5m) &&
                      add(price.cache_write_1h, tokens.cache_write_1h);
  if (!priced || (images != 0 && !price.image)) return std::nullopt;
  const Wide nanos =
      (picos + kPicosPerNano / 2) / kPicosPerNano + Wide{images} * price.image.value_or(0);
  constexpr Wide kMost = std::numeric_limits<NanoDollars>::max();
  return static_cast<NanoDollars>(std::min(nanos, kMost));
}

const Price* find_price(std::string_view model_id) {
  if (const Price* price = find_row(model_id, {})) return price;
  const std::size_t dot = model_id.find('.');
  if (dot == std::string_view::npos) return nullptr;
  return find_row(model_id.substr(dot + 1), model_id.substr(0, dot));
}

}  // namespace oriel::metrics
