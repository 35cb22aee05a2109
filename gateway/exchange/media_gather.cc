#include "gateway/exchange/media_gather.h"

#include <algorithm>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "convert/wire/base64.h"
#include "convert/wire/chars.h"
#include "convert/wire/media_format.h"

namespace oriel::gateway {
namespace {

using convert::ContentPart;
using convert::Error;
using convert::ErrorKind;
using convert::Result;
using convert::wire::MediaFormat;

bool has_scheme(std::string_view url, std::string_view scheme) {
  return convert::wire::equal_ignoring_case(url.substr(0, scheme.size()), scheme);
}

bool is_remote(const ContentPart& part) {
  const std::string_view url = part.media.url.escaped();
  // JSON may spell the slashes with a backslash in front.
  return has_scheme(url, "http:") || has_scheme(url, "https:");
}

std::string_view member_of(ContentPart::Kind kind) {
  switch (kind) {
    case ContentPart::Kind::image: return ".image_url";
    case ContentPart::Kind::video: return ".video_url";
    case ContentPart::Kind::audio: return ".input_audio";
    default: return ".file";
  }
}

Error media_error(std::string param, std::string message, std::string code) {
  return {.kind = ErrorKind::invalid_request,
          .message = std::move(message),
          .param = std::move(param),
          .code = std::move(code)};
}

// What was fetched for a part: its bytes say, else the server, else its name did.
std::optional<MediaFormat> format_of(const ContentPart& part, const FetchedMedia& media) {
  const std::span<const unsigned char> bytes(
      reinterpret_cast<const unsigned char*>(media.bytes.data()),
      std::min(media.bytes.size(), convert::wire::kProbedMediaBytes));
  const bool any = part.kind == ContentPart::Kind::document && part.media.format.empty();
  if (const auto probed = convert::wire::probe_media(bytes)) {
    if (any || probed->kind == part.kind) return probed;
  }
  if (part.kind == ContentPart::Kind::image) return std::nullopt;  // all of them can be told
  if (const auto labelled = convert::wire::format_of_media_type(media.media_type)) {
    if (any || labelled->kind == part.kind) return labelled;
  }
  if (part.media.format.empty()) return std::nullopt;
  return MediaFormat{part.kind, part.media.format};
}

}  // namespace

MediaGather::MediaGather(MediaFetcher& fetcher, convert::ChatRequest& request,
                         std::size_t max_bytes, Done done)
    : fetcher_(fetcher), request_(request), room_(max_bytes), done_(std::move(done)) {}

MediaGather::~MediaGather() = default;

bool MediaGather::wanted(const convert::ChatRequest& request) {
  for (const convert::Message& message : request.messages) {
    if (std::any_of(message.parts.begin(), message.parts.end(), is_remote)) return true;
  }
  return false;
}

void MediaGather::start() {
  for (convert::Message& message : request_.messages) {
    for (std::size_t i = 0; i < message.parts.size(); ++i) {
      ContentPart& part = message.parts[i];
      if (!is_remote(part)) continue;
      std::string param = "messages[" + std::to_string(message.index) + "].content[" +
                          std::to_string(i) + "]" + std::string(member_of(part.kind));
      if (fetches_.size() == kMaxFetches) {
        return end(Unexpected{media_error(std::move(param),
                                          "Too many files to download: at most " +
                                              std::to_string(kMaxFetches) + " are allowed.",
                                          "too_many_images")},
                   nullptr);
      }
      fetches_.push_back({.part = &part, .param = std::move(param)});
    }
  }
  pending_ = fetches_.size();
  for (Fetch& fetch : fetches_) {
    fetch.call = fetcher_.start(
        json::unescape(fetch.part->media.url),
        [this, &fetch](Result<FetchedMedia> fetched) { on_fetched(fetch, std::move(fetched)); });
  }
}

void MediaGather::on_fetched(Fetch& fetch, Result<FetchedMedia> fetched) {
  if (!fetched) {
    Error error = std::move(fetched.error());
    if (error.param.empty()) error.param = fetch.param;
    return end(Unexpected{std::move(error)}, &fetch);
  }
  if (auto taken = take(fetch, *fetched); !taken) return end(std::move(taken), &fetch);
  if (--pending_ == 0) end({}, &fetch);
}

Result<void> MediaGather::take(Fetch& fetch, const FetchedMedia& media) {
  ContentPart& part = *fetch.part;
  if (media.bytes.size() > room_) {
    return Unexpected{
        media_error(fetch.param, "The downloaded files exceed the maximum size of a request.",
                    part.kind == ContentPart::Kind::image ? "image_too_large" : "file_too_large")};
  }
  room_ -= media.bytes.size();
  const auto format = format_of(part, media);
  if (!format || media.bytes.empty()) {
    const bool image = part.kind == ContentPart::Kind::image;
    return Unexpected{media_error(fetch.param, "Invalid file: its format is not supported.",
                                  image ? "unsupported_image_media_type" : "unsupported_file")};
  }
  std::string& base64 = request_.arena.make();
  convert::wire::append_base64(media.bytes, base64);
  part.kind = format->kind;
  part.media.format = format->name;
  part.media.base64 = base64;
  part.media.url = {};
  return {};
}

void MediaGather::end(Result<void> result, const Fetch* telling) {
  const Done done = std::exchange(done_, nullptr);
  if (!done) return;
  for (Fetch& fetch : fetches_) {
    if (&fetch != telling) fetch.call.reset();
  }
  done(std::move(result));
}

}  // namespace oriel::gateway
