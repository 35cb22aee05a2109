// The real MediaFetcher: libcurl on the worker's loop. It asks nobody but public addresses, each
// checked when its connection is opened, so that neither odd spellings nor redirects nor a name
// server that changes its mind lead inside. Source: spec/converse.md §4.2, reliability.md §3.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/upstream/media_fetch.h"

struct event_base;

namespace oriel::gateway {

// The configuration's `media` section.
struct MediaConfig {
  enum class Fetch : std::uint8_t { off, https, http };
  Fetch fetch = Fetch::off;        // http: both
  std::vector<std::string> hosts;  // lower case, "*.example.com" for all below; empty: any
  std::chrono::milliseconds timeout{10'000};
  std::size_t max_image = 5 * 1024 * 1024;
  std::size_t max_bytes = 25 * 1024 * 1024;
  bool allow_private_addresses = false;
  std::string ca_file;  // PEM bundle; empty: the system's
};

// What a URL must be before anything is asked: its scheme is allowed, its host is on the list, it
// names no user. Empty: it may not be fetched. Otherwise the URL as curl understands it, relative
// ones joined to `base`.
std::string checked_media_url(const MediaConfig& config, const std::string& url,
                              const std::string& base = {});

// The base outlives the fetcher, the fetcher its fetches. Null when the configuration turns
// fetching off.
std::unique_ptr<MediaFetcher> make_media_fetcher(event_base* base, const MediaConfig& config);

}  // namespace oriel::gateway
