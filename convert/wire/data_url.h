// data: URLs, RFC 2397, as clients put pictures into them. Pure; borrows the URL.
#pragma once

#include <optional>
#include <string_view>

namespace oriel::convert::wire {

struct DataUrl {
  std::string_view
      media_type;         // as written, without parameters: compare without case; may be empty
  bool base64 = false;    // the last parameter is "base64"
  std::string_view data;  // behind the comma, as written
};

// nullopt when `url` is no data URL (the scheme has any case) or has no comma.
std::optional<DataUrl> parse_data_url(std::string_view url);

}  // namespace oriel::convert::wire
