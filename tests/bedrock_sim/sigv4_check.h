// Recomputes the AWS Signature Version 4 of a raw request and says what AWS would say when it does
// not match. Rules: AWS "Signature Version 4 signing process", service `bedrock`. One per worker.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "tests/bedrock_sim/crypto.h"
#include "tests/bedrock_sim/fault.h"
#include "tests/bedrock_sim/http_request.h"
#include "tests/bedrock_sim/options.h"

namespace oriel::sim {

class SigV4Check {
 public:
  explicit SigV4Check(const Options& options) : options_(options) {}

  // The fault, if any. `now` is the time in Unix seconds.
  Fault check(const HttpRequest& request, std::int64_t now);

 private:
  struct Claim;
  Fault check_signature(const HttpRequest& request, std::string_view header, std::int64_t now);
  Fault check_claim(const HttpRequest& request, const Claim& claim, std::int64_t now) const;
  const Digest& signing_key(std::string_view date);

  const Options& options_;
  std::string key_date_;
  Digest key_{};
};

}  // namespace oriel::sim
