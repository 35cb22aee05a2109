// Renders answers and errors as HTTP, with the faults and the pacing that the directives ask for.
// One per worker (it holds the worker's randomness).
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <string_view>

#include "tests/bedrock_sim/answer.h"
#include "tests/bedrock_sim/fault.h"
#include "tests/bedrock_sim/options.h"
#include "tests/bedrock_sim/script.h"

namespace oriel::sim {

class ReplyWriter {
 public:
  explicit ReplyWriter(const Options& options)
      : options_(options), random_(std::random_device{}()) {}

  Script whole(const Answer& answer);
  Script stream(const Answer& answer);
  Script error(const Fault& fault) { return error(fault, Directives()); }
  Script error(const Fault& fault, const Directives& directives);
  // The fault that `status=...` asks for.
  Script asked_error(const Directives& directives);
  Script json(int status, std::string_view body) { return plain(status, "application/json", body); }
  Script plain(int status, std::string_view content_type, std::string_view body);

 private:
  void append_head(std::string& out, int status, std::string_view content_type,
                   std::string_view extra);
  std::string request_id();

  const Options& options_;
  std::mt19937_64 random_;
};

// The HTTP status of an exception name; 400 for one it does not know.
int status_of(std::string_view exception);

}  // namespace oriel::sim
