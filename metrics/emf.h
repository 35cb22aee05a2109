// CloudWatch's Embedded Metric Format (spec/aws.md §13): the records of a while, aggregated. One
// document per flush and dimension set: of everything, of each model, of each endpoint and status
// class. Sums are exact. Times are told value by value, for CloudWatch's percentiles; what is more
// than the format allows in one document makes further ones. One worker's thread.
//
// Summed over all workers, the sums of the documents without dimensions are what /metrics says.
// Those of models leave out requests that named no known model.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "metrics/labels.h"
#include "metrics/record.h"

namespace oriel::metrics {

class EmfAggregate {
 public:
  static constexpr std::size_t kMaxValues = 100;  // of one metric in one document
  // Every value of a dimension is paid for: models beyond this many share the value "other".
  static constexpr std::size_t kMaxModels = 256;
  // Of full documents that wait to be written. Past it times are left out; sums never are.
  static constexpr std::size_t kMaxWaitingBytes = 1024 * 1024;
  using Write = std::function<void(std::string_view line)>;

  // `labels` outlives the aggregate. `name_space` is a valid one of CloudWatch's.
  EmfAggregate(const LabelTable& labels, std::string name_space);
  ~EmfAggregate();
  EmfAggregate(const EmfAggregate&) = delete;
  EmfAggregate& operator=(const EmfAggregate&) = delete;

  // Once per request, at its end.
  void add(const Record& record);
  // Writes the documents that are full already, a line each without its newline.
  void write_full(const Write& write);
  // Writes everything that was added and not written yet, and forgets it.
  void flush(std::chrono::system_clock::time_point now, const Write& write);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace oriel::metrics
