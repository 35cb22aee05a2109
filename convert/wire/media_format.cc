#include "convert/wire/media_format.h"

#include <algorithm>

#include "convert/wire/chars.h"
#include "convert/wire/image_probe.h"

namespace oriel::convert::wire {
namespace {

using namespace std::string_view_literals;
using enum ContentPart::Kind;

struct Row {
  std::string_view name;  // a media type or an extension
  MediaFormat format;
};

constexpr Row kMediaTypes[] = {
    {"image/png", {image, "png"}},
    {"image/x-png", {image, "png"}},
    {"image/jpeg", {image, "jpeg"}},
    {"image/jpg", {image, "jpeg"}},
    {"image/pjpeg", {image, "jpeg"}},
    {"image/gif", {image, "gif"}},
    {"image/webp", {image, "webp"}},
    {"application/pdf", {document, "pdf"}},
    {"application/x-pdf", {document, "pdf"}},
    {"application/csv", {document, "csv"}},
    {"text/csv", {document, "csv"}},
    {"text/html", {document, "html"}},
    {"application/xhtml+xml", {document, "html"}},
    {"text/markdown", {document, "md"}},
    {"text/x-markdown", {document, "md"}},
    {"text/plain", {document, "txt"}},
    {"application/msword", {document, "doc"}},
    {"application/vnd.openxmlformats-officedocument.wordprocessingml.document", {document, "docx"}},
    {"application/vnd.ms-excel", {document, "xls"}},
    {"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", {document, "xlsx"}},
    {"audio/aac", {audio, "aac"}},
    {"audio/x-aac", {audio, "x-aac"}},
    {"audio/flac", {audio, "flac"}},
    {"audio/x-flac", {audio, "flac"}},
    {"audio/m4a", {audio, "m4a"}},
    {"audio/x-m4a", {audio, "m4a"}},
    {"audio/mp4", {audio, "mp4"}},
    {"audio/mpeg", {audio, "mp3"}},
    {"audio/mp3", {audio, "mp3"}},
    {"audio/ogg", {audio, "ogg"}},
    {"audio/opus", {audio, "opus"}},
    {"audio/pcm", {audio, "pcm"}},
    {"audio/l16", {audio, "pcm"}},
    {"audio/wav", {audio, "wav"}},
    {"audio/x-wav", {audio, "wav"}},
    {"audio/wave", {audio, "wav"}},
    {"audio/vnd.wave", {audio, "wav"}},
    {"audio/webm", {audio, "webm"}},
    {"audio/x-matroska", {audio, "mka"}},
    {"video/x-flv", {video, "flv"}},
    {"video/flv", {video, "flv"}},
    {"video/x-matroska", {video, "mkv"}},
    {"video/mkv", {video, "mkv"}},
    {"video/quicktime", {video, "mov"}},
    {"video/mov", {video, "mov"}},
    {"video/mp4", {video, "mp4"}},
    {"video/mpeg", {video, "mpeg"}},
    {"video/mpg", {video, "mpg"}},
    {"video/3gpp", {video, "three_gp"}},
    {"video/three_gp", {video, "three_gp"}},
    {"video/webm", {video, "webm"}},
    {"video/x-ms-wmv", {video, "wmv"}},
    {"video/wmv", {video, "wmv"}},
};

constexpr Row kExtensions[] = {
    {"png", {image, "png"}},      {"jpg", {image, "jpeg"}},     {"jpeg", {image, "jpeg"}},
    {"gif", {image, "gif"}},      {"webp", {image, "webp"}},    {"csv", {document, "csv"}},
    {"doc", {document, "doc"}},   {"docx", {document, "docx"}}, {"htm", {document, "html"}},
    {"html", {document, "html"}}, {"md", {document, "md"}},     {"markdown", {document, "md"}},
    {"pdf", {document, "pdf"}},   {"txt", {document, "txt"}},   {"text", {document, "txt"}},
    {"xls", {document, "xls"}},   {"xlsx", {document, "xlsx"}}, {"aac", {audio, "aac"}},
    {"flac", {audio, "flac"}},    {"m4a", {audio, "m4a"}},      {"mka", {audio, "mka"}},
    {"mp3", {audio, "mp3"}},      {"mpga", {audio, "mpga"}},    {"ogg", {audio, "ogg"}},
    {"oga", {audio, "ogg"}},      {"opus", {audio, "opus"}},    {"pcm", {audio, "pcm"}},
    {"wav", {audio, "wav"}},      {"flv", {video, "flv"}},      {"mkv", {video, "mkv"}},
    {"mov", {video, "mov"}},      {"mp4", {video, "mp4"}},      {"mpeg", {video, "mpeg"}},
    {"mpg", {video, "mpg"}},      {"3gp", {video, "three_gp"}}, {"three_gp", {video, "three_gp"}},
    {"webm", {video, "webm"}},    {"wmv", {video, "wmv"}},
};

std::optional<MediaFormat> look_up(std::span<const Row> rows, std::string_view name) {
  const auto found = std::ranges::find_if(
      rows, [&](const Row& row) { return equal_ignoring_case(row.name, name); });
  if (found == rows.end()) return std::nullopt;
  return found->format;
}

// Where magic numbers stand at fixed places.
struct Magic {
  std::size_t at;
  std::string_view bytes;
  MediaFormat format;
};
constexpr Magic kMagic[] = {
    {0, "%PDF-"sv, {document, "pdf"}},
    {0, "FLV\x01"sv, {video, "flv"}},
    {0, "\x30\x26\xB2\x75\x8E\x66\xCF\x11"sv, {video, "wmv"}},
    {0, "\x00\x00\x01\xBA"sv, {video, "mpeg"}},
    {4, "ftypqt  "sv, {video, "mov"}},
    {4, "ftyp3gp"sv, {video, "three_gp"}},
    {4, "ftypM4A "sv, {audio, "m4a"}},
    {4, "ftyp"sv, {video, "mp4"}},
    {0, "ID3"sv, {audio, "mp3"}},
    {0, "fLaC"sv, {audio, "flac"}},
    {0, "OggS"sv, {audio, "ogg"}},
    {8, "WAVEfmt "sv, {audio, "wav"}},
};

// A file that holds others: what it is, by a word somewhere in its first bytes.
struct Container {
  std::string_view magic;
  std::string_view word;
  MediaFormat format;
};
constexpr Container kContainers[] = {
    {"PK\x03\x04"sv, "word/"sv, {document, "docx"}},
    {"PK\x03\x04"sv, "xl/"sv, {document, "xlsx"}},
    {"\x1A\x45\xDF\xA3"sv, "webm"sv, {video, "webm"}},
    {"\x1A\x45\xDF\xA3"sv, "matroska"sv, {video, "mkv"}},
};

bool is_html(std::string_view bytes) {
  if (bytes.starts_with("\xEF\xBB\xBF")) bytes.remove_prefix(3);
  bytes.remove_prefix(std::min(bytes.find_first_not_of(" \t\r\n"), bytes.size()));
  return equal_ignoring_case(bytes.substr(0, 14), "<!doctype html") ||
         equal_ignoring_case(bytes.substr(0, 5), "<html");
}

}  // namespace

std::optional<MediaFormat> format_of_media_type(std::string_view label) {
  return look_up(kMediaTypes, label);
}

std::optional<MediaFormat> format_of_file_name(std::string_view name) {
  name = name.substr(0, name.find_first_of("?#"));
  name.remove_prefix(name.find_last_of("/\\") + 1);  // npos + 1 is 0
  const std::size_t dot = name.rfind('.');
  if (dot == std::string_view::npos) return std::nullopt;
  return look_up(kExtensions, name.substr(dot + 1));
}

std::optional<MediaFormat> probe_media(std::span<const unsigned char> first_bytes) {
  if (const auto picture = probe_image(first_bytes)) return MediaFormat{image, to_string(*picture)};
  const std::string_view bytes(reinterpret_cast<const char*>(first_bytes.data()),
                               first_bytes.size());
  for (const Magic& magic : kMagic) {
    if (bytes.size() > magic.at && bytes.substr(magic.at).starts_with(magic.bytes)) {
      return magic.format;
    }
  }
  for (const Container& container : kContainers) {
    if (bytes.starts_with(container.magic) && bytes.find(container.word) != bytes.npos) {
      return container.format;
    }
  }
  if (is_html(bytes)) return MediaFormat{document, "html"};
  return std::nullopt;
}

}  // namespace oriel::convert::wire
