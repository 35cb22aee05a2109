#include "convert/openai/chat_media.h"

#include <array>
#include <span>
#include <string>

#include "convert/openai/field_table.h"
#include "convert/wire/base64.h"
#include "convert/wire/chars.h"
#include "convert/wire/data_url.h"
#include "convert/wire/media_format.h"
#include "convert/wire/percent.h"

namespace oriel::convert::openai {
namespace {

using json::Type;
using json::Value;
using wire::MediaFormat;
using Kind = ContentPart::Kind;

constexpr std::size_t kHeaderBytes = 64;  // what pictures and films are known by

// What data is taken for, and the words for what is wrong with it.
struct Subject {
  std::string_view noun;
  std::string_view url_code;
  std::string_view data_code;
  std::string_view type_code;
  std::span<const std::string_view> formats;
};
constexpr Subject kImage{"image", "invalid_image_url", "invalid_base64_image",
                         "unsupported_image_media_type", wire::kImageFormats};
constexpr Subject kVideo{"video", "invalid_video_url", "invalid_base64_video",
                         "unsupported_video_media_type", wire::kVideoFormats};
constexpr Subject kAudio{"audio", "invalid_audio_url", "invalid_base64_audio",
                         "unsupported_audio_media_type", wire::kAudioFormats};
constexpr Subject kFile{"file", "invalid_file_url", "invalid_base64_file", "unsupported_file",
                        wire::kDocumentFormats};

Error media_error(const Path& path, const Subject& subject, std::string_view reason,
                  std::string_view code) {
  return invalid_parameter(
      path.str(), "Invalid " + std::string(subject.noun) + ": " + std::string(reason), code);
}

Error unsupported_type(const Path& path, const Subject& subject) {
  return media_error(
      path, subject,
      "unsupported media type. Supported formats are: " + quoted_list(subject.formats) + ".",
      subject.type_code);
}

// Where the data of a part is: inline, or behind a link.
struct Source {
  std::string_view base64;
  std::string_view label;  // the data URL's media type
  std::string_view link;   // http, https or s3, without escapes
};

Result<std::string_view> read_base64(std::string_view data, const Path& path,
                                     const Subject& subject, std::string_view holder,
                                     Arena& arena) {
  const auto base64 = canonical_base64(data, arena);
  if (base64 && !base64->empty()) return *base64;
  const std::string reason =
      std::string(holder) + (base64 ? " holds no data." : " holds data that is not valid base64.");
  return Unexpected{media_error(path, subject, reason, subject.data_code)};
}

Result<Source> read_data_url(std::string_view plain, const Path& path, const Subject& subject,
                             Arena& arena) {
  const auto url = wire::parse_data_url(plain);
  if (!url || !url->base64) {
    return Unexpected{
        media_error(path, subject, "the data URL is not base64-encoded.", subject.url_code)};
  }
  auto base64 = read_base64(url->data, path, subject, "the data URL", arena);
  if (!base64) return Unexpected{std::move(base64).error()};
  return Source{*base64, url->media_type, {}};
}

bool has_scheme(std::string_view url, std::string_view scheme) {
  return wire::equal_ignoring_case(url.substr(0, scheme.size()), scheme);
}

bool is_link(std::string_view url) {
  return has_scheme(url, "https://") || has_scheme(url, "http://") || has_scheme(url, "s3://");
}

std::string_view plain_text(Text text, Arena& arena) {
  return text.has_escapes() ? arena.keep(json::unescape(text)) : text.escaped();
}

Result<Source> read_url(Text url, const Path& path, const Subject& subject, Arena& arena) {
  const std::string_view plain = plain_text(url, arena);
  if (has_scheme(plain, "data:")) return read_data_url(plain, path, subject, arena);
  if (is_link(plain)) return Source{{}, {}, plain};
  return Unexpected{media_error(
      path, subject, "expected a data URL with base64 data, or an http, https or s3 URL.",
      subject.url_code)};
}

// The format by the first bytes, where they are those of this kind.
std::optional<std::string_view> probe(std::string_view base64, Kind kind) {
  std::array<unsigned char, kHeaderBytes> first{};
  const std::size_t size = wire::decode_base64_prefix(base64, first);
  const auto found = wire::probe_media(std::span<const unsigned char>(first.data(), size));
  if (!found || found->kind != kind) return std::nullopt;
  return found->name;
}

std::optional<MediaFormat> probe_any(std::string_view base64) {
  std::array<unsigned char, wire::kProbedMediaBytes> first{};
  const std::size_t size = wire::decode_base64_prefix(base64, first);
  return wire::probe_media(std::span<const unsigned char>(first.data(), size));
}

ContentPart part_of(Kind kind, std::string_view format, const Source& source, Text url) {
  ContentPart part;
  part.kind = kind;
  part.media.base64 = source.base64;
  part.media.format = format;
  if (!source.link.empty()) part.media.url = url;
  return part;
}

// A picture or a film: the bytes decide; the label is believed only where they say nothing.
Result<ContentPart> parse_visible(const Value& object, const Path& path, const Subject& subject,
                                  Kind kind, Arena& arena) {
  auto url = require_name(object, path, "url");
  if (!url) return Unexpected{std::move(url).error()};
  auto source = read_url(*url, path, subject, arena);
  if (!source) return Unexpected{std::move(source).error()};
  const bool linked = !source->link.empty();
  const auto told =
      linked ? wire::format_of_file_name(source->link) : wire::format_of_media_type(source->label);
  std::string_view format = told && told->kind == kind ? told->name : std::string_view();
  if (!linked) format = probe(source->base64, kind).value_or(format);
  if (format.empty() && !linked) return Unexpected{unsupported_type(path, subject)};
  return part_of(kind, format, *source, *url);
}

// What a file is: its label says, else its name, else its bytes; of pictures and films the bytes
// say which kind.
std::optional<MediaFormat> format_of_file(const Source& source, std::string_view name) {
  auto format = wire::format_of_media_type(source.label);
  if (!format) format = wire::format_of_file_name(name);
  if (!source.link.empty()) return format ? format : wire::format_of_file_name(source.link);
  if (!format) return probe_any(source.base64);
  if (format->kind == Kind::image || format->kind == Kind::video) {
    format->name = probe(source.base64, format->kind).value_or(format->name);
  }
  return format;
}

Result<Source> read_file_data(Text data, const Path& path, Arena& arena) {
  const std::string_view plain = plain_text(data, arena);
  if (has_scheme(plain, "data:")) return read_data_url(plain, path, kFile, arena);
  if (is_link(plain)) return Source{{}, {}, plain};
  auto base64 = read_base64(plain, path, kFile, "it", arena);
  if (!base64) return Unexpected{std::move(base64).error()};
  return Source{*base64, {}, {}};
}

}  // namespace

std::optional<std::string_view> canonical_base64(std::string_view data, Arena& arena) {
  if (wire::is_canonical_base64(data)) return data;
  std::string& repaired = arena.make();
  if (wire::clean_base64(data, repaired)) return repaired;
  if (data.find('%') == std::string_view::npos) return std::nullopt;
  const auto decoded = wire::percent_decode(data);
  if (decoded && wire::clean_base64(*decoded, repaired)) return repaired;
  return std::nullopt;
}

Result<ContentPart> parse_image_url(const Value& image_url, const Path& path, Arena& arena) {
  auto allowed = allow(image_url, path, "detail", Type::string);
  if (!allowed) return Unexpected{std::move(allowed).error()};
  return parse_visible(image_url, path, kImage, Kind::image, arena);
}

Result<ContentPart> parse_video_url(const Value& video_url, const Path& path, Arena& arena) {
  return parse_visible(video_url, path, kVideo, Kind::video, arena);
}

Result<ContentPart> parse_input_audio(const Value& audio, const Path& path, Arena& arena) {
  auto format = require_choice(audio, path, "format", wire::kAudioFormats);
  if (!format) return Unexpected{std::move(format).error()};
  auto data = require_name(audio, path, "data");
  if (!data) return Unexpected{std::move(data).error()};
  const Path at = path.member("data");
  const std::string_view plain = plain_text(*data, arena);
  Source source;
  if (has_scheme(plain, "data:")) {
    auto url = read_data_url(plain, at, kAudio, arena);
    if (!url) return Unexpected{std::move(url).error()};
    source = *url;
  } else {
    auto base64 = read_base64(plain, at, kAudio, "it", arena);
    if (!base64) return Unexpected{std::move(base64).error()};
    source.base64 = *base64;
  }
  return part_of(Kind::audio, wire::kAudioFormats[*format], source, {});
}

Result<ContentPart> parse_file(const Value& file, const Path& path, Arena& arena) {
  auto allowed = allow(file, path, "filename", Type::string);
  if (!allowed) return Unexpected{std::move(allowed).error()};
  if (file.find_present("file_id")) {
    const std::string at = path.member("file_id").str();
    return Unexpected{invalid_parameter(
        at,
        "Unsupported parameter: '" + at +
            "' is not supported: no files are stored here. Send the content as 'file_data'.",
        "unsupported_parameter")};
  }
  auto data = require_name(file, path, "file_data");
  if (!data) return Unexpected{std::move(data).error()};
  const Path at = path.member("file_data");
  auto source = read_file_data(*data, at, arena);
  if (!source) return Unexpected{std::move(source).error()};

  const auto named = file.find_present("filename");
  const Text name = named ? *named->as_text() : Text();
  auto format = format_of_file(*source, plain_text(name, arena));
  if (!format && source->link.empty()) return Unexpected{unsupported_type(at, kFile)};
  if (!format) format = MediaFormat{Kind::document, {}};
  ContentPart part = part_of(format->kind, format->name, *source, *data);
  part.media.file_name = name;
  return part;
}

}  // namespace oriel::convert::openai
