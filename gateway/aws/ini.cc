#include "gateway/aws/ini.h"

#include <algorithm>
#include <utility>

namespace oriel::gateway::aws {
namespace {

constexpr std::string_view kBlanks = " \t";

std::string_view trim(std::string_view text) {
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

std::string_view without_comment(std::string_view line) {
  for (std::size_t i = 0; i < line.size(); ++i) {
    const bool starts = line[i] == '#' || line[i] == ';';
    if (starts && (i == 0 || kBlanks.find(line[i - 1]) != std::string_view::npos)) {
      return line.substr(0, i);
    }
  }
  return line;
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

std::string section_name(std::string_view inside) {
  std::string name;
  for (const char c : trim(inside)) {
    if (c == '"' || c == '\'') continue;
    const bool blank = kBlanks.find(c) != std::string_view::npos;
    if (blank && name.ends_with(' ')) continue;
    name.push_back(blank ? ' ' : c);
  }
  return name;
}

class IniReader {
 public:
  explicit IniReader(const std::string& file) : file_(file) {}

  convert::Result<IniFile> read(std::string_view text) {
    if (text.size() > kMaxIniBytes) return refuse("larger than 1 MiB");
    if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
    while (!text.empty()) {
      const std::size_t end = std::min(text.find('\n'), text.size());
      std::string_view line = text.substr(0, end);
      text.remove_prefix(std::min(end + 1, text.size()));
      if (line.ends_with('\r')) line.remove_suffix(1);
      ++line_;
      if (const char* fault = take(line)) return refuse(fault);
    }
    return std::move(result_);
  }

 private:
  // What is wrong with the line, or nullptr.
  const char* take(std::string_view raw) {
    const bool indented = !raw.empty() && kBlanks.find(raw.front()) != std::string_view::npos;
    const std::string_view line = trim(without_comment(raw));
    if (line.empty()) return nullptr;
    if (line.front() == '[') {
      if (line.back() != ']') return "a section without ']'";
      open(section_name(line.substr(1, line.size() - 2)));
      return nullptr;
    }
    const std::size_t equals = line.find('=');
    if (equals == std::string_view::npos) return "neither a [section] nor a 'key = value'";
    if (section_ == kNone) return "a setting in front of the first [section]";
    if (++settings_ > kMaxIniSettings) return "too many settings";
    IniSetting setting;
    setting.key = lower(trim(line.substr(0, equals)));
    setting.value = trim(line.substr(equals + 1));
    if (setting.key.empty()) return "a setting without a key";
    if (!indented) {
      parent_ = setting.value.empty() ? setting.key : std::string();
    } else {
      setting.parent = parent_;
    }
    result_.sections[section_].settings.push_back(std::move(setting));
    return nullptr;
  }

  void open(std::string name) {
    parent_.clear();
    std::vector<IniSection>& sections = result_.sections;
    const auto known = std::find_if(sections.begin(), sections.end(),
                                    [&](const IniSection& one) { return one.name == name; });
    section_ = static_cast<std::size_t>(known - sections.begin());
    if (known == sections.end()) sections.push_back({std::move(name), {}});
  }

  Unexpected<convert::Error> refuse(const char* fault) const {
    convert::Error error{.kind = convert::ErrorKind::invalid_request};
    error.message = file_ + ":" + std::to_string(line_) + ": " + fault;
    return Unexpected{std::move(error)};
  }

  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);
  const std::string& file_;
  IniFile result_;
  std::size_t section_ = kNone;
  std::string parent_;
  std::size_t settings_ = 0;
  std::size_t line_ = 0;
};

}  // namespace

const std::string* IniSection::find(std::string_view key, std::string_view parent) const {
  const auto found = std::find_if(
      settings.rbegin(), settings.rend(),
      [&](const IniSetting& setting) { return setting.key == key && setting.parent == parent; });
  return found == settings.rend() ? nullptr : &found->value;
}

const IniSection* IniFile::find(std::string_view name) const {
  const auto found = std::find_if(sections.begin(), sections.end(),
                                  [&](const IniSection& one) { return one.name == name; });
  return found == sections.end() ? nullptr : &*found;
}

convert::Result<IniFile> read_ini(std::string_view text, const std::string& file) {
  return IniReader(file).read(text);
}

}  // namespace oriel::gateway::aws
