// Writes JSON text: the simulator's own, so that it shares no bug with the gateway's writer.
// Keys are trusted literals; strings are escaped. Owned by the function that fills it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace oriel::sim {

class JsonOut {
 public:
  explicit JsonOut(std::string& out) : out_(out) {}

  JsonOut& open() { return punct('{'); }
  JsonOut& close() { return end('}'); }
  JsonOut& open_list() { return punct('['); }
  JsonOut& close_list() { return end(']'); }
  JsonOut& key(std::string_view name) {
    separate();
    out_ += '"';
    out_ += name;
    out_ += "\":";
    fresh_ = true;
    return *this;
  }
  JsonOut& string(std::string_view text) {
    separate();
    append_quoted(out_, text);
    return *this;
  }
  JsonOut& number(std::int64_t value) { return raw(std::to_string(value)); }
  // Text that is JSON already.
  JsonOut& raw(std::string_view json) {
    separate();
    out_ += json;
    return *this;
  }
  JsonOut& field(std::string_view name, std::string_view text) { return key(name).string(text); }
  JsonOut& field(std::string_view name, std::int64_t value) { return key(name).number(value); }

  static void append_quoted(std::string& out, std::string_view text) {
    static constexpr char kHex[] = "0123456789abcdef";
    out += '"';
    std::size_t plain = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
      const unsigned char c = static_cast<unsigned char>(text[i]);
      if (c >= 0x20 && c != '"' && c != '\\') continue;
      out.append(text, plain, i - plain);
      plain = i + 1;
      switch (c) {
        case '"': out += "\\\""; break;
        case '\\': out += "\\\\"; break;
        case '\n': out += "\\n"; break;
        case '\r': out += "\\r"; break;
        case '\t': out += "\\t"; break;
        default:
          out += "\\u00";
          out += kHex[c >> 4];
          out += kHex[c & 15];
      }
    }
    out.append(text, plain, text.size() - plain);
    out += '"';
  }

 private:
  JsonOut& punct(char c) {
    separate();
    out_ += c;
    fresh_ = true;
    return *this;
  }
  JsonOut& end(char c) {
    out_ += c;
    fresh_ = false;
    return *this;
  }
  void separate() {
    if (!fresh_) out_ += ',';
    fresh_ = false;
  }

  std::string& out_;
  bool fresh_ = true;
};

}  // namespace oriel::sim
