// The INI dialect of AWS's shared files: [sections], `key = value`, comments by # or ; at a line's
// start or behind white space, and settings nested one level under a key without a value. Pure.
// Contents never show in an error: they may be secrets.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "convert/error.h"

namespace oriel::gateway::aws {

inline constexpr std::size_t kMaxIniBytes = 1'048'576;
inline constexpr std::size_t kMaxIniSettings = 20'000;

struct IniSetting {
  std::string key;     // lower case
  std::string parent;  // lower case; the key it is nested under, or empty
  std::string value;
};

struct IniSection {
  std::string name;  // white space as one space, quotes removed: "profile my profile"
  std::vector<IniSetting> settings;

  // The last value given; nullptr when there is none.
  const std::string* find(std::string_view key, std::string_view parent = {}) const;
};

struct IniFile {
  std::vector<IniSection> sections;  // one per name: repeated ones are merged

  const IniSection* find(std::string_view name) const;
};

// `file` is named in errors, with the line.
convert::Result<IniFile> read_ini(std::string_view text, const std::string& file);

}  // namespace oriel::gateway::aws
