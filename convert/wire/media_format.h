// What a picture, document, sound or film is: by its media type (IANA's registry and what clients
// write instead), by the extension of its name, by its first bytes. The formats are Converse's own
// words: spec/converse.md §4.2. Pure; the answers are literals.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "convert/chat.h"

namespace oriel::convert::wire {

inline constexpr std::string_view kImageFormats[] = {"png", "jpeg", "gif", "webp"};
inline constexpr std::string_view kDocumentFormats[] = {"csv", "doc", "docx", "html", "md",
                                                        "pdf", "txt", "xls",  "xlsx"};
inline constexpr std::string_view kAudioFormats[] = {"aac",  "flac", "m4a",  "mka",  "mkv",
                                                     "mp3",  "mp4",  "mpeg", "mpga", "ogg",
                                                     "opus", "pcm",  "wav",  "webm", "x-aac"};
inline constexpr std::string_view kVideoFormats[] = {"flv", "mkv",      "mov",  "mp4", "mpeg",
                                                     "mpg", "three_gp", "webm", "wmv"};

struct MediaFormat {
  ContentPart::Kind kind = ContentPart::Kind::document;  // image, document, audio or video
  std::string_view name;                                 // "jpeg", "docx", "mp3", "three_gp"
};

// How many first bytes probe_media() likes to have: the names inside of zipped documents.
inline constexpr std::size_t kProbedMediaBytes = 8192;

// `label` without parameters, in any case.
std::optional<MediaFormat> format_of_media_type(std::string_view label);
// `name`: of a file, a path, or a URL with or without query.
std::optional<MediaFormat> format_of_file_name(std::string_view name);
// By magic numbers; nullopt where the first bytes do not tell, as those of plain text.
std::optional<MediaFormat> probe_media(std::span<const unsigned char> first_bytes);

}  // namespace oriel::convert::wire
