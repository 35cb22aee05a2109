// Labels, names and first bytes of media: spec/converse.md §4.2.
#include "convert/wire/media_format.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace oriel::convert::wire {
namespace {

using namespace std::string_literals;
using Kind = ContentPart::Kind;

// "image png", or "" where nothing is known.
std::string words(std::optional<MediaFormat> format) {
  if (!format) return "";
  const char* kind = format->kind == Kind::image      ? "image "
                     : format->kind == Kind::document ? "document "
                     : format->kind == Kind::audio    ? "audio "
                                                      : "video ";
  return kind + std::string(format->name);
}

std::string probed(const std::string& bytes) {
  return words(probe_media({reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()}));
}

TEST(MediaFormat, ByMediaType) {
  const std::pair<const char*, const char*> rows[] = {
      {"image/png", "image png"},
      {"IMAGE/JPG", "image jpeg"},
      {"image/pjpeg", "image jpeg"},
      {"application/pdf", "document pdf"},
      {"text/plain", "document txt"},
      {"Text/X-Markdown", "document md"},
      {"audio/mpeg", "audio mp3"},
      {"audio/vnd.wave", "audio wav"},
      {"video/quicktime", "video mov"},
      {"video/3gpp", "video three_gp"},
      {"video/x-ms-wmv", "video wmv"},
      {"application/octet-stream", ""},
      {"image/svg+xml", ""},
      {"image", ""},
      {"", ""},
  };
  for (const auto& [label, expected] : rows) {
    EXPECT_EQ(words(format_of_media_type(label)), expected) << label;
  }
}

TEST(MediaFormat, ByName) {
  const std::pair<const char*, const char*> rows[] = {
      {"a.pdf", "document pdf"},
      {".pdf", "document pdf"},
      {"A.B.DOCX", "document docx"},
      {"C:\\x.y\\table.XLS", "document xls"},
      {"https://x/y/film.3gp?a=b.png#c", "video three_gp"},
      {"s3://b/k.webm", "video webm"},
      {"a.htm", "document html"},
      {"a.m4a", "audio m4a"},
      {"https://x.png/y", ""},
      {"pdf", ""},
      {"a.", ""},
      {"a.exe", ""},
      {"", ""},
  };
  for (const auto& [name, expected] : rows) {
    EXPECT_EQ(words(format_of_file_name(name)), expected) << name;
  }
}

TEST(MediaFormat, ByFirstBytes) {
  const std::pair<std::string, const char*> rows[] = {
      {"\x89PNG\r\n\x1A\n"s, "image png"},
      {"%PDF-1.4", "document pdf"},
      {"PK\x03\x04....word/document.xml"s, "document docx"},
      {"PK\x03\x04....xl/workbook.xml"s, "document xlsx"},
      {"PK\x03\x04....ppt/slides"s, ""},
      {"\xEF\xBB\xBF \n<!DOCTYPE HTML>"s, "document html"},
      {"<HTML>", "document html"},
      {"<htm", ""},
      {"....ftypisom", "video mp4"},
      {"....ftypqt  ", "video mov"},
      {"....ftyp3gp5", "video three_gp"},
      {"....ftypM4A ", "audio m4a"},
      {"....fty", ""},
      {"\x1A\x45\xDF\xA3....webm"s, "video webm"},
      {"\x1A\x45\xDF\xA3....matroska"s, "video mkv"},
      {"\x1A\x45\xDF\xA3"s, ""},
      {"FLV\x01"s, "video flv"},
      {"\x00\x00\x01\xBA"s, "video mpeg"},
      {"\x30\x26\xB2\x75\x8E\x66\xCF\x11"s, "video wmv"},
      {"RIFF....WAVEfmt "s, "audio wav"},
      {"RIFF....WEBP", "image webp"},
      {"ID3\x04"s, "audio mp3"},
      {"OggS", "audio ogg"},
      {"fLaC", "audio flac"},
      {"plain text", ""},
      {"", ""},
  };
  for (const auto& [bytes, expected] : rows) EXPECT_EQ(probed(bytes), expected) << bytes;
}

}  // namespace
}  // namespace oriel::convert::wire
