// Fetches the pictures and files that clients name by http or https URL: off by default, and only
// from public addresses. Source: spec/converse.md §4.2 (SSRF). One fetcher per worker, used on its
// thread only.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "convert/error.h"

namespace oriel::gateway {

struct FetchedMedia {
  std::string bytes;
  std::string media_type;  // as the server labels it, lower case, without parameters; may be empty
};

// A fetch under way. Destroying it cancels.
class MediaFetch {
 public:
  virtual ~MediaFetch() = default;
};

class MediaFetcher {
 public:
  using Done = std::function<void(convert::Result<FetchedMedia>)>;
  virtual ~MediaFetcher() = default;
  // `done` is told once, never from inside start(). Its errors are for the client: 400 with the
  // code failed_to_download_image, no word about why an address was refused.
  virtual std::unique_ptr<MediaFetch> start(const std::string& url, Done done) = 0;
};

}  // namespace oriel::gateway
