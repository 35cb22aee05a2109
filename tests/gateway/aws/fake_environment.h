// An environment and a home directory made up by a test.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <string_view>

#include "gateway/aws/environment.h"

namespace oriel::gateway::aws {

using Variables = std::map<std::string, std::string, std::less<>>;

inline Environment fake_environment(Variables variables) {
  return [variables = std::move(variables)](std::string_view name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    if (found == variables.end()) return std::nullopt;
    return found->second;
  };
}

class FakeHome {
 public:
  FakeHome() {
    std::string pattern = (std::filesystem::temp_directory_path() / "oriel-home-XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) std::abort();
    directory_ = pattern;
    std::filesystem::create_directory(directory_ + "/.aws");
  }
  FakeHome(const FakeHome&) = delete;
  FakeHome& operator=(const FakeHome&) = delete;
  ~FakeHome() { std::filesystem::remove_all(directory_); }

  std::string write(const std::string& name, std::string_view text) const {
    const std::string path = directory_ + "/" + name;
    std::ofstream(path) << text;
    return path;
  }
  void config(std::string_view text) const { write(".aws/config", text); }
  void credentials(std::string_view text) const { write(".aws/credentials", text); }
  // HOME and what is given.
  Environment environment(Variables variables = {}) const {
    variables.emplace("HOME", directory_);
    return fake_environment(std::move(variables));
  }
  const std::string& directory() const { return directory_; }

 private:
  std::string directory_;
};

}  // namespace oriel::gateway::aws
