#include "gateway/upstream/media_fetch_curl.h"

#include <curl/curl.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "gateway/loop.h"
#include "gateway/upstream/curl_multi.h"
#include "gateway/upstream/public_address.h"

namespace oriel::gateway {
namespace {

using convert::Error;
using convert::ErrorKind;
using convert::Result;
using Fetch = MediaConfig::Fetch;

constexpr int kMaxRedirects = 3;
constexpr std::size_t kMaxUrl = 8'192;
constexpr std::size_t kMaxHead = 32'768;
constexpr long kMaxConnections = 64;
constexpr std::array<int, 5> kRedirects{301, 302, 303, 307, 308};

// One message for all: why an address was refused would map the network behind the gateway.
Unexpected<Error> not_downloaded(std::string detail) {
  Error error{.kind = ErrorKind::invalid_request};
  error.message = "Failed to download image from URL.";
  error.code = "failed_to_download_image";
  error.detail = std::move(detail);
  return Unexpected{std::move(error)};
}

std::string lower(std::string_view text) {
  std::string lowered(text);
  for (char& c : lowered) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return lowered;
}

bool is_allowed_host(const std::vector<std::string>& allowed, std::string_view host) {
  if (allowed.empty()) return true;
  return std::any_of(allowed.begin(), allowed.end(), [&](std::string_view row) {
    return row.starts_with("*.") ? host.size() > row.size() - 1 && host.ends_with(row.substr(1))
                                 : host == row;
  });
}

struct UrlFree {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};
using Url = std::unique_ptr<CURLU, UrlFree>;

std::string part_of(const Url& url, CURLUPart part) {
  char* text = nullptr;
  if (curl_url_get(url.get(), part, &text, 0) != CURLUE_OK) return {};
  std::string owned(text);
  curl_free(text);
  return owned;
}

CurlUpstreamOptions client_options(const MediaConfig& config) {
  CurlUpstreamOptions options;
  options.ca_file = config.ca_file;
  options.max_connections = kMaxConnections;
  options.max_pooled_handles = 8;
  options.max_connection_idle = std::chrono::seconds(10);
  if (!config.allow_private_addresses) options.may_connect = &is_public_address;
  return options;
}

class CurlMediaFetch final : public MediaFetch, private UpstreamObserver {
 public:
  CurlMediaFetch(event_base* base, const MediaConfig& config, UpstreamClient& client,
                 MediaFetcher::Done done)
      : config_(config),
        client_(client),
        done_(std::move(done)),
        deadline_(base, [this] { end(not_downloaded("it took too long")); }),
        next_(base, [this] { follow(); }) {}

  void start(const std::string& url) {
    deadline_.arm(config_.timeout);
    next_url_ = url;
    next_.arm(std::chrono::milliseconds(0));
  }

 private:
  void on_head(int status, const std::vector<convert::Header>& headers) override {
    status_ = status;
    const bool redirects =
        std::find(kRedirects.begin(), kRedirects.end(), status) != kRedirects.end();
    if (redirects) {
      // curl's own following would connect before the new URL is looked at.
      next_url_ = convert::find_header(headers, "location");
      next_.arm(std::chrono::milliseconds(0));
      return;
    }
    if (status != 200) return fail_soon("HTTP " + std::to_string(status));
    const std::string_view type = convert::find_header(headers, "content-type");
    media_.media_type = lower(type.substr(0, type.find_first_of("; \t")));
    limit_ = media_.media_type.starts_with("image/") ? config_.max_image : config_.max_bytes;
  }
  void on_body(std::string_view bytes) override {
    if (status_ != 200 || fault_) return;
    if (bytes.size() > limit_ - media_.bytes.size()) {
      media_.bytes = {};
      return fail_soon("larger than " + std::to_string(limit_) + " bytes");
    }
    media_.bytes.append(bytes);
  }
  void on_done(const TransferResult& result) override {
    if (fault_ || status_ != 200) {
      if (status_ == 0) end(not_downloaded(result.detail));
      return;  // next_ goes on
    }
    if (result.fault != TransferFault::none) return end(not_downloaded(result.detail));
    end(std::move(media_));
  }

  void fail_soon(std::string why) {
    fault_ = std::move(why);
    next_.arm(std::chrono::milliseconds(0));
  }

  // The next URL, or the end; from a clean stack.
  void follow() {
    if (fault_) return end(not_downloaded(std::move(*fault_)));
    call_.reset();
    if (hops_++ > kMaxRedirects) return end(not_downloaded("too many redirects"));
    url_ = checked_media_url(config_, next_url_, url_);
    if (url_.empty()) return end(not_downloaded("the URL is not allowed"));
    status_ = 0;
    UpstreamRequest request;
    request.method = "GET";
    request.url = url_;
    request.headers = {{"accept", "*/*"}, {"user-agent", "oriel"}};
    request.deadlines = {.connect = config_.timeout,
                         .first_byte = config_.timeout,
                         .idle = config_.timeout,
                         .total = config_.timeout};
    request.max_head = kMaxHead;
    call_ = client_.start(std::move(request), *this);
  }

  // The last thing that happens: the fetch may be destroyed inside.
  void end(Result<FetchedMedia> result) {
    deadline_.cancel();
    next_.cancel();
    call_.reset();
    if (done_) std::exchange(done_, {})(std::move(result));
  }

  const MediaConfig& config_;
  UpstreamClient& client_;
  MediaFetcher::Done done_;
  Timer deadline_;  // of all hops together
  Timer next_;
  std::unique_ptr<UpstreamCall> call_;
  std::string url_;
  std::string next_url_;
  int hops_ = 0;
  int status_ = 0;
  std::size_t limit_ = 0;
  FetchedMedia media_;
  std::optional<std::string> fault_;
};

class CurlMediaFetcher final : public MediaFetcher {
 public:
  CurlMediaFetcher(event_base* base, const MediaConfig& config)
      : base_(base), config_(config), client_(base, client_options(config)) {}

  std::unique_ptr<MediaFetch> start(const std::string& url, Done done) override {
    auto fetch = std::make_unique<CurlMediaFetch>(base_, config_, client_, std::move(done));
    fetch->start(url);
    return fetch;
  }

 private:
  event_base* base_;
  MediaConfig config_;
  CurlUpstream client_;
};

}  // namespace

std::string checked_media_url(const MediaConfig& config, const std::string& url,
                              const std::string& base) {
  if (url.empty() || url.size() > kMaxUrl) return {};
  const Url parsed(curl_url());
  if (!parsed) return {};
  constexpr unsigned kFlags = CURLU_DISALLOW_USER;
  if (!base.empty() &&
      curl_url_set(parsed.get(), CURLUPART_URL, base.c_str(), kFlags) != CURLUE_OK) {
    return {};
  }
  if (curl_url_set(parsed.get(), CURLUPART_URL, url.c_str(), kFlags) != CURLUE_OK) return {};
  const std::string scheme = part_of(parsed, CURLUPART_SCHEME);
  if (scheme != "https" && (scheme != "http" || config.fetch != Fetch::http)) return {};
  std::string host = lower(part_of(parsed, CURLUPART_HOST));
  while (host.ends_with('.')) host.pop_back();
  if (host.empty() || !is_allowed_host(config.hosts, host)) return {};
  if (!part_of(parsed, CURLUPART_USER).empty() || !part_of(parsed, CURLUPART_PASSWORD).empty()) {
    return {};
  }
  // What stands behind '#' is the browser's own.
  curl_url_set(parsed.get(), CURLUPART_FRAGMENT, nullptr, 0);
  return part_of(parsed, CURLUPART_URL);
}

std::unique_ptr<MediaFetcher> make_media_fetcher(event_base* base, const MediaConfig& config) {
  if (config.fetch == Fetch::off) return nullptr;
  return std::make_unique<CurlMediaFetcher>(base, config);
}

}  // namespace oriel::gateway
