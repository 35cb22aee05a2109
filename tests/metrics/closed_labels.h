// Holds a scraped page to the words that closed labels may take.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <sstream>
#include <string>
#include <string_view>

#include "metrics/catalogue.h"
#include "metrics/label_words.h"

namespace oriel::metrics {

// The closed labels on the page, each of which was held to its words.
inline std::size_t expect_closed_labels(const std::string& page) {
  std::istringstream lines(page);
  const FamilyRow* row = nullptr;
  std::size_t checked = 0;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("# TYPE ")) {
      const auto found = std::find_if(catalogue().begin(), catalogue().end(), [&](const auto& one) {
        return line.starts_with("# TYPE " + std::string(one.name) + ' ');
      });
      row = found == catalogue().end() ? nullptr : &*found;
    }
    if (row == nullptr || line.starts_with('#')) continue;
    for (const Label label : row->labels) {
      const auto words = label_words(row->family, label);
      if (words.empty()) continue;
      ++checked;
      EXPECT_TRUE(std::any_of(words.begin(), words.end(), [&](std::string_view word) {
        return line.find(std::string(to_string(label)) + "=\"" + std::string(word) + '"') !=
               std::string::npos;
      })) << line;
    }
  }
  return checked;
}

}  // namespace oriel::metrics
