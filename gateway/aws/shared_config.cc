#include "gateway/aws/shared_config.h"

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <utility>

namespace oriel::gateway::aws {
namespace {

using convert::Error;
using convert::ErrorKind;
using convert::Result;

Unexpected<Error> broken(std::string message) {
  return Unexpected{Error{.kind = ErrorKind::invalid_request, .message = std::move(message)}};
}

struct FileClose {
  void operator()(std::FILE* file) const { std::fclose(file); }
};

Result<std::string> read_file(const std::string& path) {
  const std::unique_ptr<std::FILE, FileClose> file(std::fopen(path.c_str(), "rbe"));
  if (!file) {
    if (errno == ENOENT || errno == ENOTDIR) return std::string();
    return broken(path + ": " + std::strerror(errno));
  }
  std::string text;
  std::array<char, 4096> block{};
  while (const std::size_t got = std::fread(block.data(), 1, block.size(), file.get())) {
    text.append(block.data(), got);
    if (text.size() > kMaxIniBytes) break;  // read_ini() refuses it
  }
  if (std::ferror(file.get()) != 0) return broken(path + ": " + std::strerror(errno));
  return text;
}

Result<IniFile> load_file(const std::string& path) {
  if (path.empty()) return IniFile{};
  auto text = read_file(path);
  if (!text) return Unexpected{std::move(text.error())};
  return read_ini(*text, path);
}

std::string path_of(const Environment& environment, std::string_view name,
                    std::string_view file_name) {
  const auto home = variable(environment, "HOME");
  if (auto named = variable(environment, name)) {
    if (home && named->starts_with("~/")) return *home + named->substr(1);
    return *named;
  }
  if (!home) return {};
  return *home + "/.aws/" + std::string(file_name);
}

// "profile x" of the config file; the default profile goes by either name.
const IniSection* config_section(const IniFile& config, const std::string& profile) {
  if (const IniSection* section = config.find("profile " + profile)) return section;
  return profile == "default" ? config.find("default") : nullptr;
}

std::optional<std::string> present(const std::string* value) {
  if (value == nullptr || value->empty()) return std::nullopt;
  return *value;
}

}  // namespace

SharedFiles shared_files(const Environment& environment) {
  SharedFiles files;
  files.config = path_of(environment, "AWS_CONFIG_FILE", "config");
  files.credentials = path_of(environment, "AWS_SHARED_CREDENTIALS_FILE", "credentials");
  auto profile = variable(environment, "AWS_PROFILE");
  if (!profile) profile = variable(environment, "AWS_DEFAULT_PROFILE");
  files.profile_named = profile.has_value();
  files.profile = profile.value_or("default");
  return files;
}

Result<SharedConfig> SharedConfig::load(const Environment& environment) {
  SharedConfig shared;
  shared.files_ = shared_files(environment);
  const SharedFiles& files = shared.files_;
  auto config = load_file(files.config);
  if (!config) return Unexpected{std::move(config.error())};
  auto credentials = load_file(files.credentials);
  if (!credentials) return Unexpected{std::move(credentials.error())};
  shared.config_ = std::move(*config);
  shared.credentials_ = std::move(*credentials);
  if (files.profile_named && config_section(shared.config_, files.profile) == nullptr &&
      shared.credentials_.find(files.profile) == nullptr) {
    return broken("profile '" + files.profile + "' (AWS_PROFILE) is neither in " +
                  (files.config.empty() ? "a config file (HOME is not set)" : files.config) +
                  " as [profile " + files.profile + "] nor in " +
                  (files.credentials.empty() ? "a credentials file" : files.credentials) + " as [" +
                  files.profile + "]");
  }
  return shared;
}

std::optional<std::string> SharedConfig::get(std::string_view key) const {
  if (const IniSection* section = credentials_.find(files_.profile)) {
    if (auto value = present(section->find(key))) return value;
  }
  if (const IniSection* section = config_section(config_, files_.profile)) {
    return present(section->find(key));
  }
  return std::nullopt;
}

std::optional<std::string> SharedConfig::get_of_service(std::string_view service,
                                                        std::string_view key) const {
  const auto services = get("services");
  if (!services) return std::nullopt;
  const IniSection* section = config_.find("services " + *services);
  return section == nullptr ? std::nullopt : present(section->find(key, service));
}

std::string find_region(const Environment& environment, const SharedConfig& shared) {
  if (auto region = variable(environment, "AWS_REGION")) return *region;
  if (auto region = variable(environment, "AWS_DEFAULT_REGION")) return *region;
  return shared.get("region").value_or("");
}

Result<bool> find_switch(const Environment& environment, const SharedConfig& shared,
                         std::string_view variable_name, std::string_view profile_key) {
  std::string where(variable_name);
  auto value = variable(environment, variable_name);
  if (!value) {
    where = "profile '" + shared.profile() + "': " + std::string(profile_key);
    value = shared.get(profile_key);
  }
  if (!value) return false;
  for (char& c : *value) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  if (*value == "true") return true;
  if (*value == "false") return false;
  return broken(where + " must be true or false");
}

}  // namespace oriel::gateway::aws
