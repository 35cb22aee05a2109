// Where Bedrock's services are: by region and partition, FIPS and dual stack, or by an override
// from the environment or the profile. spec/aws.md §3.1, §3.2. Pure once made; immutable, shared by
// all threads.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "convert/error.h"
#include "gateway/aws/environment.h"
#include "gateway/aws/shared_config.h"

namespace oriel::gateway::aws {

enum class Service : std::uint8_t {
  bedrock_runtime,  // models
  bedrock,          // the control plane: lists of models and profiles
};

class Endpoints {
 public:
  // Reads the switches and overrides. An Error names the setting that is broken.
  static convert::Result<Endpoints> make(const Environment& environment,
                                         const SharedConfig& shared);

  // The base URL, without a slash at its end; a path in an override is kept. An Error: no region,
  // one that cannot be part of a host name, or FIPS or dual stack together with an override.
  convert::Result<std::string> url(Service service, std::string_view region) const;

  bool overridden(Service service) const;

 private:
  std::array<std::optional<std::string>, 2> overrides_;  // by Service
  bool fips_ = false;
  bool dual_stack_ = false;
};

// A base URL as a user wrote it: http or https, a host, no user, query or fragment. Returns it
// without slashes at its end. `where` names the setting in the Error.
convert::Result<std::string> check_base_url(std::string_view url, std::string_view where);

// A bearer token is a password: it goes over https, or stays on this machine.
convert::Result<void> check_bearer_transport(std::string_view url);

}  // namespace oriel::gateway::aws
