#include "gateway/aws/credentials.h"

#include <openssl/crypto.h>

#include <algorithm>
#include <array>
#include <ctime>

#include "gateway/aws/shared_config.h"

namespace oriel::gateway::aws {
namespace {

using convert::Error;
using convert::ErrorKind;
using convert::Result;
using Found = Result<std::optional<Credentials>>;

Unexpected<Error> broken(std::string message) {
  return Unexpected{Error{.kind = ErrorKind::upstream_auth, .message = std::move(message)}};
}

// Keys and tokens go into header lines.
bool printable(std::string_view value) {
  return std::all_of(value.begin(), value.end(), [](char c) { return c > ' ' && c < '\x7f'; });
}

// The digits at `at`, or -1.
int digits(std::string_view text, std::size_t at, std::size_t count) {
  if (at + count > text.size()) return -1;
  int value = 0;
  for (const char c : text.substr(at, count)) {
    if (c < '0' || c > '9') return -1;
    value = value * 10 + (c - '0');
  }
  return value;
}

// ISO 8601 as AWS writes it: 2026-01-02T03:04:05Z, also with a fraction, also with +00:00 for Z.
std::optional<std::chrono::system_clock::time_point> read_time(std::string_view text) {
  const std::array<int, 6> parts{digits(text, 0, 4),  digits(text, 5, 2),  digits(text, 8, 2),
                                 digits(text, 11, 2), digits(text, 14, 2), digits(text, 17, 2)};
  if (std::find(parts.begin(), parts.end(), -1) != parts.end()) return std::nullopt;
  if (text[4] != '-' || text[7] != '-' || text[10] != 'T' || text[13] != ':' || text[16] != ':') {
    return std::nullopt;
  }
  std::string_view rest = text.substr(19);
  if (rest.starts_with('.')) rest = rest.substr(std::min(rest.find_first_of("Z+-"), rest.size()));
  if (rest != "Z" && rest != "+00:00") return std::nullopt;
  std::tm utc{};
  utc.tm_year = parts[0] - 1900;
  utc.tm_mon = parts[1] - 1;
  utc.tm_mday = parts[2];
  utc.tm_hour = parts[3];
  utc.tm_min = parts[4];
  utc.tm_sec = parts[5];
  return std::chrono::system_clock::from_time_t(timegm(&utc));
}

// A key pair and what belongs to it, with the names by which the user knows them.
struct KeyNames {
  std::string_view id;
  std::string_view secret;
  std::string_view token;
};
using Lookup = std::function<std::optional<std::string>(std::string_view name)>;

// nullopt: neither key is set.
Found read_keys(const KeyNames& names, const Lookup& get, const std::string& where) {
  const auto id = get(names.id);
  auto secret = get(names.secret);
  auto token = get(names.token);
  if (!id && !secret) return std::optional<Credentials>();
  if (!id || !secret) {
    const std::string_view given = id ? names.id : names.secret;
    const std::string_view lacking = id ? names.secret : names.id;
    return broken(where + ": " + std::string(given) + " is set, but " + std::string(lacking) +
                  " is not; set both or neither");
  }
  if (!printable(*id) || !printable(*secret) || (token && !printable(*token))) {
    return broken(where + ": a key or token holds a space or control character; copy it again");
  }
  Credentials credentials;
  credentials.access_key_id = *id;
  credentials.secret_access_key = Secret(std::move(*secret));
  if (token) credentials.session_token = Secret(std::move(*token));
  credentials.source = where;
  return std::optional<Credentials>(std::move(credentials));
}

class EnvironmentSource final : public CredentialSource {
 public:
  explicit EnvironmentSource(Environment environment) : environment_(std::move(environment)) {}
  std::string_view name() const override { return "environment"; }

  Found load() override {
    if (auto bearer = variable(environment_, "AWS_BEARER_TOKEN_BEDROCK")) {
      if (!printable(*bearer)) {
        return broken("environment: AWS_BEARER_TOKEN_BEDROCK holds a space or control character");
      }
      Credentials credentials;
      credentials.bearer_token = Secret(std::move(*bearer));
      credentials.source = "environment (Bedrock API key)";
      return std::optional<Credentials>(std::move(credentials));
    }
    auto found = read_keys(
        {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"},
        [this](std::string_view name) { return variable(environment_, name); }, "environment");
    if (!found || !*found) return found;
    if (const auto expiration = variable(environment_, "AWS_CREDENTIAL_EXPIRATION")) {
      (*found)->expires = read_time(*expiration);
      if (!(*found)->expires) {
        return broken(
            "environment: AWS_CREDENTIAL_EXPIRATION is not a time such as 2026-01-02T03:04:05Z");
      }
    }
    return found;
  }

 private:
  Environment environment_;
};

// The ways to credentials that a profile may choose beside static keys, in the order in which they
// are tried. role_arn goes before the keys, which then are the keys that assume the role.
struct OtherWay {
  std::string_view key;
  std::string_view what;
  bool before_keys;
};
constexpr std::array<OtherWay, 6> kOtherWays{{
    {"role_arn", "assumes a role", true},
    {"web_identity_token_file", "uses a web identity token", false},
    {"credential_process", "runs a program for its credentials", false},
    {"sso_session", "uses IAM Identity Center (SSO)", false},
    {"sso_start_url", "uses IAM Identity Center (SSO)", false},
    {"login_session", "uses 'aws login'", false},
}};

Unexpected<Error> unsupported(const SharedConfig& config, const OtherWay& way) {
  return broken("profile '" + config.profile() + "' " + std::string(way.what) + " (" +
                std::string(way.key) +
                "), which is not supported yet; put temporary keys into the environment instead: "
                "eval \"$(aws configure export-credentials --profile " +
                config.profile() + " --format env)\"");
}

class SharedFilesSource final : public CredentialSource {
 public:
  explicit SharedFilesSource(Environment environment) : environment_(std::move(environment)) {}
  std::string_view name() const override { return "shared files"; }

  Found load() override {
    const auto config = SharedConfig::load(environment_);
    if (!config) return Unexpected{config.error()};
    const auto way = std::find_if(kOtherWays.begin(), kOtherWays.end(), [&](const OtherWay& one) {
      return config->get(one.key).has_value();
    });
    if (way != kOtherWays.end() && way->before_keys) return unsupported(*config, *way);
    auto found = read_keys(
        {"aws_access_key_id", "aws_secret_access_key", "aws_session_token"},
        [&](std::string_view key) { return config->get(key); }, "profile " + config->profile());
    if (!found || *found || way == kOtherWays.end()) return found;
    return unsupported(*config, *way);
  }

 private:
  Environment environment_;
};

class Chain final : public CredentialSource {
 public:
  explicit Chain(std::vector<std::unique_ptr<CredentialSource>> sources)
      : sources_(std::move(sources)) {}
  std::string_view name() const override { return "chain"; }

  Found load() override {
    for (const auto& source : sources_) {
      auto found = source->load();
      if (!found || *found) return found;
    }
    return std::optional<Credentials>();
  }

 private:
  std::vector<std::unique_ptr<CredentialSource>> sources_;
};

}  // namespace

Secret& Secret::operator=(const Secret& other) {
  if (this != &other) {
    wipe();
    value_ = other.value_;
  }
  return *this;
}

Secret& Secret::operator=(Secret&& other) noexcept {
  if (this != &other) {
    wipe();
    value_ = std::move(other.value_);
    other.wipe();
  }
  return *this;
}

// The whole capacity: a short value that moved away leaves its bytes behind.
void Secret::wipe() {
  value_.resize(value_.capacity());
  OPENSSL_cleanse(value_.data(), value_.size());
  value_.clear();
}

std::unique_ptr<CredentialSource> environment_source(Environment environment) {
  return std::make_unique<EnvironmentSource>(std::move(environment));
}

std::unique_ptr<CredentialSource> shared_files_source(Environment environment) {
  return std::make_unique<SharedFilesSource>(std::move(environment));
}

std::unique_ptr<CredentialSource> chain(std::vector<std::unique_ptr<CredentialSource>> sources) {
  return std::make_unique<Chain>(std::move(sources));
}

std::unique_ptr<CredentialSource> default_chain(const Environment& environment) {
  std::vector<std::unique_ptr<CredentialSource>> sources;
  sources.push_back(environment_source(environment));
  sources.push_back(shared_files_source(environment));
  return chain(std::move(sources));
}

convert::Error missing_credentials(const Environment& environment) {
  const SharedFiles files = shared_files(environment);
  Error error{.kind = ErrorKind::upstream_auth};
  error.message =
      "no AWS credentials: neither AWS_BEARER_TOKEN_BEDROCK nor AWS_ACCESS_KEY_ID is set, and "
      "profile '" +
      files.profile + "' has no keys in " +
      (files.credentials.empty() ? "the shared files (HOME is not set)"
                                 : files.credentials + " or " + files.config) +
      ". Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (and AWS_SESSION_TOKEN for temporary "
      "keys), "
      "or a Bedrock API key in AWS_BEARER_TOKEN_BEDROCK, or run 'aws configure'; AWS_PROFILE "
      "chooses "
      "another profile. On EC2, ECS or Lambda with a role: eval \"$(aws configure "
      "export-credentials "
      "--format env)\"";
  return error;
}

}  // namespace oriel::gateway::aws
