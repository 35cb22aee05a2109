// AWS Signature Version 4 in its header form: what makes a request to Bedrock ours. Pure but for
// its caches: the caller brings time and credentials. spec/aws.md §1.2, §1.3.
//
// A Signer belongs to one thread. It keeps the last few signing keys (they change at midnight UTC
// and with the credentials) and its OpenSSL contexts.
#pragma once

#include <array>
#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "convert/dialect.h"
#include "convert/error.h"
#include "gateway/aws/credentials.h"

namespace oriel::gateway::aws {

using HexDigest = std::array<char, 64>;

// SHA-256 of a body that may be fed in slices, so that a large one does not hold up a loop: 1 MiB
// takes about 0.6 ms. finish() makes it ready for the next body.
class BodyHash {
 public:
  BodyHash();
  ~BodyHash();
  BodyHash(BodyHash&&) noexcept;
  BodyHash& operator=(BodyHash&&) noexcept;
  void update(std::string_view slice);
  HexDigest finish();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// The parts of an absolute http(s) URL that a signature covers. Borrows the URL but for the host.
struct SignedUrl {
  std::string host;        // as in Host: lower case, with the port where it is not the scheme's own
  std::string_view path;   // as sent
  std::string_view query;  // as sent, without '?'
};
// nullopt: not an http(s) URL with a host.
std::optional<SignedUrl> split_url(std::string_view url);

// What is signed, beside the headers. Borrows.
struct RequestToSign {
  std::string_view method;
  std::string_view host;
  std::string_view path;
  std::string_view query;
  std::string_view body_hash;  // hex; of the empty body when empty
};

struct SigningScope {
  std::string_view region;
  std::string_view service = "bedrock";
};

using SigningTime = std::chrono::system_clock::time_point;

class Signer {
 public:
  Signer();
  ~Signer();
  Signer(Signer&&) noexcept;
  Signer& operator=(Signer&&) noexcept;

  // Puts Authorization, X-Amz-Date and X-Amz-Security-Token (or the bearer token's Authorization)
  // into `headers`, in place of any that are there: sign last, and again for every attempt. All
  // headers are signed but those that proxies and clients change. An Error (internal): OpenSSL
  // failed, or the credentials hold no key.
  convert::Result<void> sign(const RequestToSign& request, const Credentials& credentials,
                             const SigningScope& scope, SigningTime time,
                             std::vector<convert::Header>& headers);

  // What the last signature was made from, for tests.
  const std::string& canonical_request() const;
  const std::string& string_to_sign() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace oriel::gateway::aws
