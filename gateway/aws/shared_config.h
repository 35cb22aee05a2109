// AWS's shared files as one profile sees them: ~/.aws/config under ~/.aws/credentials, by
// AWS_PROFILE, AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE. spec/aws.md §2.3. Loading reads
// files: not for a worker's loop. A loaded value is immutable.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "convert/error.h"
#include "gateway/aws/environment.h"
#include "gateway/aws/ini.h"

namespace oriel::gateway::aws {

// Which files and which profile the environment names.
struct SharedFiles {
  std::string config;       // path; empty: no home directory
  std::string credentials;  // path; empty: no home directory
  std::string profile;      // "default" when none is named
  bool profile_named = false;
};
SharedFiles shared_files(const Environment& environment);

class SharedConfig {
 public:
  // A missing file is an empty one. An Error: a file cannot be read, or AWS_PROFILE names a profile
  // that is in neither.
  static convert::Result<SharedConfig> load(const Environment& environment);

  const std::string& profile() const { return files_.profile; }
  // A setting of the profile; what is empty counts as absent.
  std::optional<std::string> get(std::string_view key) const;
  // A setting of `service` ("bedrock_runtime") in the [services] section that the profile names.
  std::optional<std::string> get_of_service(std::string_view service, std::string_view key) const;

 private:
  SharedFiles files_;
  IniFile config_;
  IniFile credentials_;
};

// AWS_REGION, AWS_DEFAULT_REGION, the profile's region; empty when none is set.
std::string find_region(const Environment& environment, const SharedConfig& shared);

// "true" or "false" by the variable, else by the profile's setting; false when neither is set. An
// Error: another word.
convert::Result<bool> find_switch(const Environment& environment, const SharedConfig& shared,
                                  std::string_view variable_name, std::string_view profile_key);

}  // namespace oriel::gateway::aws
