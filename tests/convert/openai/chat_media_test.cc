// Pictures, films, sounds and files of good requests: spec/converse.md §4.2.
#include <gtest/gtest.h>

#include "tests/convert/openai/parsed_request.h"

namespace oriel::convert {
namespace {

using Kind = ContentPart::Kind;

constexpr char kPdf[] = "JVBERi0xLjcKJeLjz9MK";  // %PDF-1.7
constexpr char kPng[] = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJ";
constexpr char kMp4[] = "AAAAIGZ0eXBpc29tAAACAGlzb21pc28yYXZjMW1wNDE=";  // ....ftypisom
constexpr char kMov[] = "AAAAFGZ0eXBxdCAgAAACAHF0ICA=";                  // ....ftypqt
constexpr char kWebm[] = "GkXfo59ChoEBQveBAULygQRC84EIQoKEd2VibUKHgQRChYECGFOAZw==";
constexpr char kHtml[] = "PCFET0NUWVBFIGh0bWw+PHA+aGk8L3A+";  // <!DOCTYPE html>
// Zip archives with an entry of [Content_Types].xml and one of word/ or xl/.
constexpr char kDocx[] =
    "UEsDBAoAAAAAAAAAIQAAAAAAAAAAAAAAAAATAAAAW0NvbnRlbnRfVHlwZXNdLnhtbFBLAwQKAAAAAAAAACEAAAAAAAAAAA"
    "AA"
    "AAAAEQAAAHdvcmQvZG9jdW1lbnQueG1s";
constexpr char kXlsx[] =
    "UEsDBAoAAAAAAAAAIQAAAAAAAAAAAAAAAAATAAAAW0NvbnRlbnRfVHlwZXNdLnhtbFBLAwQKAAAAAAAAACEAAAAAAAAAAA"
    "AA"
    "AAAADwAAAHhsL3dvcmtib29rLnhtbA==";

std::string file(const std::string& data, const std::string& name) {
  const std::string named = name.empty() ? "" : R"(,"filename":")" + name + '"';
  return user_parts(R"({"type":"file","file":{"file_data":")" + data + '"' + named + "}}");
}

std::string video(const std::string& url) {
  return user_parts(R"({"type":"video_url","video_url":{"url":")" + url + "\"}}");
}

TEST(ChatMedia, FilesAreWhatLabelNameOrBytesSay) {
  struct Row {
    std::string data;
    const char* name;
    Kind kind;
    const char* format;
  };
  const std::string docx = "vnd.openxmlformats-officedocument.wordprocessingml.document";
  const Row rows[] = {
      {std::string("data:application/pdf;base64,") + kPdf, "", Kind::document, "pdf"},
      {std::string("DATA:Application/PDF;name=a.txt;BASE64,") + kPdf, "b.csv", Kind::document,
       "pdf"},
      {"data:application/" + docx + ";base64,AAAA", "", Kind::document, "docx"},
      {"data:text/plain;charset=utf-8;base64,aGVsbG8=", "", Kind::document, "txt"},
      {"data:text/csv;base64,YSxi", "", Kind::document, "csv"},
      {"data:text/markdown;base64,IyBh", "", Kind::document, "md"},
      {"data:application/msword;base64,AAAA", "", Kind::document, "doc"},
      {"data:application/octet-stream;base64,aGVsbG8=", "notes.TXT", Kind::document, "txt"},
      {"data:;base64,aGVsbG8=", "a/b.c/page.htm", Kind::document, "html"},
      {"aGVsbG8=", "x.markdown", Kind::document, "md"},
      {"aGVsbG8=", "table.xls", Kind::document, "xls"},
      {kPdf, "", Kind::document, "pdf"},
      {kPdf, "no extension", Kind::document, "pdf"},
      {kDocx, "", Kind::document, "docx"},
      {kXlsx, "x.bin", Kind::document, "xlsx"},
      {kHtml, "", Kind::document, "html"},
      {kPng, "", Kind::image, "png"},
      {kPng, "photo.jpg", Kind::image, "png"},
      {std::string("data:image/jpeg;base64,") + kPng, "", Kind::image, "png"},
      {"data:image/webp;base64,AAAA", "", Kind::image, "webp"},
      {kMp4, "", Kind::video, "mp4"},
      {std::string("data:video/mp4;base64,") + kMov, "", Kind::video, "mov"},
      {"data:video/3gpp;base64,AAAA", "", Kind::video, "three_gp"},
      {"data:audio/x-wav;base64,AAAA", "", Kind::audio, "wav"},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.data + " " + row.name);
    const Parsed parsed(file(row.data, row.name));
    const ContentPart part = parsed.part();
    EXPECT_EQ(part.kind, row.kind);
    EXPECT_EQ(part.media.format, row.format);
    EXPECT_EQ(part.media.file_name.escaped(), row.name);
    EXPECT_EQ(part.media.base64, row.data.substr(row.data.find(',') + 1));
    EXPECT_TRUE(parsed.borrows(part.media.base64));
    EXPECT_TRUE(part.media.url.empty());
  }
}

TEST(ChatMedia, FileDataIsRepaired) {
  const std::pair<std::string, std::string> rows[] = {
      {"JVBERi0xLjc", "JVBERi0xLjc="},
      {"JVBERi0x\\nLjc=", "JVBERi0xLjc="},
      {"data:application\\/pdf;base64,_-8", "/+8="},
      {"data:application/pdf;base64,%2F%2B8%3D", "/+8="},
  };
  for (const auto& [data, base64] : rows) {
    EXPECT_EQ(Parsed(file(data, "a.pdf")).part().media.base64, base64) << data;
  }
}

TEST(ChatMedia, FilesMayBeLinks) {
  struct Row {
    const char* url;
    const char* name;
    Kind kind;
    const char* format;
  };
  const Row rows[] = {
      {"s3://bucket/a/report.pdf", "", Kind::document, "pdf"},
      {"https://x/y.docx?token=a.png", "", Kind::document, "docx"},
      {"https://x/download?id=7", "", Kind::document, ""},
      {"https://x/download?id=7", "film.mov", Kind::video, "mov"},
      {R"(s3:\/\/bucket\/a.png)", "", Kind::image, "png"},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.url);
    const Parsed parsed(file(row.url, row.name));
    const ContentPart part = parsed.part();
    EXPECT_EQ(part.kind, row.kind);
    EXPECT_EQ(part.media.format, row.format);
    EXPECT_EQ(part.media.url.escaped(), row.url);
    EXPECT_TRUE(part.media.base64.empty());
    EXPECT_EQ(part.media.file_name.escaped(), row.name);
  }
}

TEST(ChatMedia, Videos) {
  const std::pair<std::string, std::string> rows[] = {
      {std::string("data:video/mp4;base64,") + kMp4, "mp4"},
      {std::string("data:;base64,") + kMov, "mov"},
      {std::string("data:video/x-matroska;base64,") + kWebm, "webm"},
      {"data:video/x-ms-wmv;base64,AAAA", "wmv"},
      {"data:video/quicktime;base64,AAAA", "mov"},
      {"data:video/mpg;base64,AAAA", "mpg"},
      {"s3://b/k/film.3gp", "three_gp"},
      {"https://x/film", ""},
  };
  for (const auto& [url, format] : rows) {
    const Parsed parsed(video(url));
    const ContentPart part = parsed.part();
    EXPECT_EQ(part.kind, Kind::video) << url;
    EXPECT_EQ(part.media.format, format) << url;
    EXPECT_EQ(part.media.base64.empty(), !part.media.url.empty()) << url;
  }
}

TEST(ChatMedia, Sounds) {
  const auto sound = [](const std::string& data, const std::string& format) {
    return user_parts(R"({"type":"input_audio","input_audio":{"data":")" + data +
                      R"(","format":")" + format + "\"}}");
  };
  const std::pair<std::string, std::string> rows[] = {
      {"UklGRg==", "wav"},
      {"UklGRg==", "mp3"},
      {"UklGRg==", "x-aac"},
      {"data:audio/mpeg;base64,UklGRg==", "wav"},  // what the client says beside counts
  };
  for (const auto& [data, format] : rows) {
    const Parsed parsed(sound(data, format));
    const ContentPart part = parsed.part();
    EXPECT_EQ(part.kind, Kind::audio);
    EXPECT_EQ(part.media.format, format);
    EXPECT_EQ(part.media.base64, "UklGRg==");
    EXPECT_TRUE(parsed.borrows(part.media.base64));
  }
  EXPECT_EQ(Parsed(sound("UklGRg", "wav")).part().media.base64, "UklGRg==");
}

TEST(ChatMedia, PicturesBehindLinksAreKnownByTheirNames) {
  EXPECT_EQ(Parsed(image("s3://b/k.PNG")).part().media.format, "png");
  EXPECT_EQ(Parsed(image("https://x/y.jpg?a=b.gif")).part().media.format, "jpeg");
  EXPECT_EQ(Parsed(image("https://x/y.pdf")).part().media.format, "");
  EXPECT_EQ(Parsed(image("https://x.png/y")).part().media.format, "");
}

TEST(ChatMedia, GuardedTexts) {
  const Parsed parsed(user_parts(R"({"type":"guarded_text","text":"a\n"},
      {"type":"guard_content","text":"b","qualifiers":["query","grounding_source"]},
      {"type":"guard_content","text":"c","qualifiers":["guard_content","guard_content"]})"));
  const auto& parts = parsed.request.messages[0].parts;
  ASSERT_EQ(parts.size(), 3U);
  EXPECT_EQ(parts[0].kind, Kind::guarded_text);
  EXPECT_EQ(parts[0].text.escaped(), "a\\n");
  EXPECT_EQ(parts[0].guard_qualifiers, 0);
  EXPECT_EQ(parts[1].guard_qualifiers, 3);
  EXPECT_EQ(parts[2].guard_qualifiers, 4);
}

}  // namespace
}  // namespace oriel::convert
