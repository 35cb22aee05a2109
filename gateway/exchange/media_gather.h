// MediaGather: fetches what a request names by http or https URL and puts it into the request, for
// upstreams that take bytes alone. Source: spec/converse.md §4.2. Owned by its exchange, used on
// the worker's thread; destroying it cancels.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "convert/chat.h"
#include "convert/error.h"
#include "gateway/upstream/media_fetch.h"

namespace oriel::gateway {

class MediaGather {
 public:
  using Done = std::function<void(convert::Result<void>)>;
  static constexpr std::size_t kMaxFetches = 20;  // of one request

  // The request is borrowed until `done` was told. All its fetches together may bring `max_bytes`.
  MediaGather(MediaFetcher& fetcher, convert::ChatRequest& request, std::size_t max_bytes,
              Done done);
  MediaGather(const MediaGather&) = delete;
  MediaGather& operator=(const MediaGather&) = delete;
  ~MediaGather();

  // Whether the request names anything that must be fetched.
  static bool wanted(const convert::ChatRequest& request);
  // Fetches all of it at once. `done` is told once, never from inside start() unless it is an
  // error; the first error ends the others.
  void start();

 private:
  struct Fetch {
    convert::ContentPart* part = nullptr;
    std::string param;  // where the part stands, for errors
    std::unique_ptr<MediaFetch> call;
  };
  void on_fetched(Fetch& fetch, convert::Result<FetchedMedia> fetched);
  convert::Result<void> take(Fetch& fetch, const FetchedMedia& media);
  void end(convert::Result<void> result, const Fetch* telling);

  MediaFetcher& fetcher_;
  convert::ChatRequest& request_;
  std::size_t room_;  // bytes that may still come
  Done done_;
  std::vector<Fetch> fetches_;
  std::size_t pending_ = 0;
};

}  // namespace oriel::gateway
