// The words that closed labels may take (spec/observability.md §2), by family: docs/metrics.md
// lists them, and tests hold every exposed sample to them.
#pragma once

#include <span>
#include <string_view>

#include "metrics/catalogue.h"

namespace oriel::metrics {

// All words of the family's label; empty: its values are names or numbers. Past a family's series
// cap a variable label is "other" besides.
std::span<const std::string_view> label_words(Family family, Label label);

}  // namespace oriel::metrics
