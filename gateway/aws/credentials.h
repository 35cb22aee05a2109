// The seam to AWS credentials. A source is asked on the admin thread at start (and later for
// refresh); workers read snapshots. Secrets have no formatter: they cannot be logged by accident.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "convert/error.h"
#include "gateway/aws/environment.h"

namespace oriel::gateway::aws {

// A string that must not be shown: neither printable nor comparable by accident; wiped when it
// goes.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string value) : value_(std::move(value)) {}
  Secret(const Secret&) = default;
  Secret(Secret&& other) noexcept : value_(std::move(other.value_)) { other.wipe(); }
  Secret& operator=(const Secret& other);
  Secret& operator=(Secret&& other) noexcept;
  ~Secret() { wipe(); }
  const std::string& reveal() const { return value_; }
  bool empty() const { return value_.empty(); }

 private:
  void wipe();
  std::string value_;
};

// Either a key pair (SigV4) or a Bedrock API key (bearer).
struct Credentials {
  std::string access_key_id;
  Secret secret_access_key;
  Secret session_token;  // empty: none
  Secret bearer_token;   // set: sent as it is, nothing is signed
  std::optional<std::chrono::system_clock::time_point> expires;
  std::string source;  // "environment", "profile default": for logs and metrics
};

class CredentialSource {
 public:
  virtual ~CredentialSource() = default;
  // The source's name, for logs.
  virtual std::string_view name() const = 0;
  // nullopt: this source does not apply here, try the next. An error: it applies and is broken,
  // stop. Blocks (files); never called on a worker's loop.
  virtual convert::Result<std::optional<Credentials>> load() = 0;
};

// AWS_BEARER_TOKEN_BEDROCK when it is set, else AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY,
// AWS_SESSION_TOKEN and AWS_CREDENTIAL_EXPIRATION. Half a key pair is an error.
std::unique_ptr<CredentialSource> environment_source(Environment environment);

// The profile's keys in the shared files (shared_config.h), read at every load(). A profile that
// gets its credentials in another way than by static keys is an error that says so.
std::unique_ptr<CredentialSource> shared_files_source(Environment environment);

// The first source that applies.
std::unique_ptr<CredentialSource> chain(std::vector<std::unique_ptr<CredentialSource>> sources);

// environment, then shared files.
std::unique_ptr<CredentialSource> default_chain(const Environment& environment);

// What to say when the default chain found nothing: where it looked and how to set credentials up.
convert::Error missing_credentials(const Environment& environment);

}  // namespace oriel::gateway::aws
