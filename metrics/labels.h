// Interned label values: a text becomes a small number once, at configuration time or when it is
// first seen, and series are keyed by these numbers. One table per process, owned by the Registry.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "metrics/record.h"

namespace oriel::metrics {

// Any thread. intern() locks; name() does not. Values are made safe here: invalid UTF-8 and control
// characters become U+FFFD, and at most kMaxBytes are kept. An empty value is kUnknownLabel.
class LabelTable {
 public:
  static constexpr std::size_t kMaxLabels = 65'536;  // an id fits 16 bits: see series.h
  static constexpr std::size_t kMaxBytes = 256;
  static constexpr LabelId kOverflowLabel = 1;  // "other": what a full table answers

  LabelTable();
  ~LabelTable();
  LabelTable(const LabelTable&) = delete;
  LabelTable& operator=(const LabelTable&) = delete;

  LabelId intern(std::string_view value);
  // "unknown" for an id that this table never gave. Lives as long as the table.
  std::string_view name(LabelId id) const;
  std::size_t size() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace oriel::metrics
