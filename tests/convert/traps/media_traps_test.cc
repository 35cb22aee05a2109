// The traps of pictures, documents and cache points. spec/converse.md §21.1, §4.2, §5.3, §9.
#include "tests/convert/traps/support.h"

namespace oriel::test {
namespace {

// The first bytes of a picture, enough to be recognised, as base64.
constexpr std::string_view kPng =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+"
    "M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
constexpr std::string_view kGif = "R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7";
constexpr std::string_view kPdf = "JVBERi0xLjQKJcfsj6IKMSAwIG9iagpNCg==";

std::string picture(std::string_view url) {
  return R"({"type":"image_url","image_url":{"url":")" + std::string(url) + R"("}})";
}
std::string file(std::string_view name, std::string_view data) {
  std::string out = R"({"type":"file","file":{"file_data":")" + std::string(data) + "\"";
  if (!name.empty()) out += R"(,"filename":")" + std::string(name) + "\"";
  return out + "}}";
}
std::string parts(std::string_view list) {
  return R"({"role":"user","content":[{"type":"text","text":"See"},)" + std::string(list) + "]}";
}

TEST(Traps, trap_41_magic_bytes_decide) {
  struct Row {
    std::string label;
    std::string_view data;
    std::string_view format;
  };
  const Row rows[] = {
      {"data:image/jpg;base64,", "/9j/4AAQSkZJRgABAQAAAQABAAD/2w==", "jpeg"},
      {"data:IMAGE/PNG; charset=binary;base64,", kPng, "png"},
      {"data:image/jpeg;base64,", kPng, "png"},
      {"data:image/webp;base64,", kGif, "gif"},
      {"data:;base64,", kGif, "gif"},
      {"DATA:image/png;base64,", kPng, "png"},
      {"data:application/octet-stream;base64,", kPng, "png"},
  };
  for (const Row& row : rows) {
    const Sent sent = send(chat("gpt-4o-mini", parts(picture(row.label + std::string(row.data)))));
    ASSERT_FALSE(sent.refused) << row.label << sent.error.message;
    EXPECT_EQ(sent.text("messages.0.content.1.image.format"), row.format) << row.label;
    EXPECT_EQ(sent.text("messages.0.content.1.image.source.bytes"), row.data) << row.label;
  }
}

std::string big_png(std::uint32_t width, std::uint32_t height, std::size_t base64_size) {
  const auto dimension = [](std::uint32_t value) {
    std::string out;
    append_big(out, value, 4);
    return out;
  };
  const std::string head = std::string("\x89PNG\r\n\x1a\n", 8) + dimension(13) + "IHDR" +
                           dimension(width) + dimension(height) + std::string("\x08\x06\0\0\0", 5);
  constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t i = 0; i + 2 < head.size(); i += 3) {
    const auto byte = [&](std::size_t k) {
      return static_cast<std::uint32_t>(static_cast<unsigned char>(head[i + k]));
    };
    const std::uint32_t bits = byte(0) << 16 | byte(1) << 8 | byte(2);
    for (int shift = 18; shift >= 0; shift -= 6) out.push_back(kAlphabet[bits >> shift & 63]);
  }
  out.resize(std::max(base64_size, out.size()), 'A');
  return out;
}

TEST(Traps, trap_42_image_limits) {
  constexpr std::size_t kLimit = 5'242'880;
  const std::string claude = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";
  const auto with = [&](const std::string& base64, int count) {
    std::string list;
    for (int i = 0; i < count; ++i) {
      list += (i == 0 ? "" : ",") + picture("data:image/png;base64," + base64);
    }
    return send(chat(claude, parts(list)));
  };
  EXPECT_FALSE(with(big_png(100, 100, kLimit), 1).refused);
  const Sent heavy = with(big_png(100, 100, kLimit + 4), 1);
  ASSERT_TRUE(heavy.refused);
  EXPECT_EQ(heavy.code(), "image_too_large");
  EXPECT_EQ(count_of(heavy.error.message, "5242880"), 1U) << "the limit is named";
  const Sent wide = with(big_png(8001, 100, 400), 1);
  ASSERT_TRUE(wide.refused);
  EXPECT_EQ(wide.code(), "image_too_large");
  EXPECT_EQ(count_of(wide.error.message, "8000"), 1U) << wide.error.message;

  EXPECT_FALSE(with(std::string(kPng), 20).refused);
  const Sent many = with(std::string(kPng), 21);
  ASSERT_TRUE(many.refused);
  EXPECT_EQ(many.code(), "too_many_images");
  EXPECT_EQ(count_of(many.error.message, "20"), 1U) << many.error.message;

  // More than 20 in the whole request: every side at most 2000.
  const auto spread = [&](const std::string& base64) {
    std::string list;
    for (int i = 0; i < 10; ++i) {
      list += (i == 0 ? "" : ",") + picture("data:image/png;base64," + base64);
    }
    const std::string turn = parts(list);
    const std::string between = R"({"role":"assistant","content":"Yes."})";
    return send(chat(claude, turn + "," + between + "," + turn + "," + between + "," +
                                 parts(picture("data:image/png;base64," + base64))));
  };
  EXPECT_FALSE(spread(big_png(2000, 2000, 400)).refused);
  const Sent sides = spread(big_png(2001, 100, 400));
  ASSERT_TRUE(sides.refused);
  EXPECT_EQ(sides.code(), "image_too_large");
  EXPECT_EQ(count_of(sides.error.message, "2000"), 1U) << sides.error.message;
}

bool is_document_name(const std::string& name) {
  if (name.empty() || name.size() > 200 || name.find("  ") != std::string::npos) return false;
  return name.find_first_not_of(
             "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 -()[]") ==
         std::string::npos;
}

TEST(Traps, trap_44_document_names) {
  const std::string pdf = "data:application/pdf;base64," + std::string(kPdf);
  const std::vector<std::string> names = {"", "", "John's report.pdf", "r\xC3\xA9sum\xC3\xA9.pdf",
                                          "slack-file://F0X"};
  std::string list;
  for (const std::string& name : names) list += (list.empty() ? "" : ",") + file(name, pdf);
  const Sent sent = send(chat("us.anthropic.claude-sonnet-4-5-20250929-v1:0", parts(list)));
  ASSERT_FALSE(sent.refused) << sent.error.message;
  std::vector<std::string> seen;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const std::string document = "messages.0.content." + std::to_string(i + 1) + ".document.";
    EXPECT_EQ(sent.text(document + "format"), "pdf");
    EXPECT_EQ(sent.text(document + "source.bytes"), kPdf);
    const std::string name = sent.text(document + "name");
    EXPECT_TRUE(is_document_name(name)) << names[i] << " -> " << name;
    EXPECT_EQ(std::count(seen.begin(), seen.end(), name), 0) << name;
    seen.push_back(name);
  }
  EXPECT_EQ(seen[0], "document");
  EXPECT_EQ(seen[2], "John s report");
  EXPECT_EQ(seen[3], "resume");
  const Sent odd =
      send(chat("us.anthropic.claude-sonnet-4-5-20250929-v1:0",
                parts(file(std::string(300, 'n') + ".pdf", pdf) + "," + file(".pdf", pdf))));
  ASSERT_FALSE(odd.refused) << odd.error.message;
  EXPECT_EQ(odd.text("messages.0.content.1.document.name"), std::string(190, 'n'));
  EXPECT_TRUE(is_document_name(odd.text("messages.0.content.2.document.name")));
  // A turn of a document alone gets a text.
  const Sent alone = send(chat("us.anthropic.claude-sonnet-4-5-20250929-v1:0",
                               R"({"role":"user","content":[)" + file("a.pdf", pdf) + "]}"));
  ASSERT_FALSE(alone.refused) << alone.error.message;
  EXPECT_EQ(count_of(alone.body, "See the attached document."), 1U);
}

constexpr std::string_view kMark = R"(,"cache_control":{"type":"ephemeral"}})";
constexpr std::string_view kHourMark = R"(,"cache_control":{"type":"ephemeral","ttl":"1h"}})";

std::string marked(std::string_view text, std::string_view mark = kMark) {
  return R"({"type":"text","text":")" + std::string(text) + "\"" + std::string(mark);
}
std::string user_of(std::string_view list) {
  return R"({"role":"user","content":[)" + std::string(list) + "]}";
}

TEST(Traps, trap_45_cache_points) {
  const std::string claude = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";
  // Never inside a tool result: behind it.
  const Sent inside = send(chat(claude,
                                R"({"role":"user","content":"Hi"},)" + calls(call("c1")) + "," +
                                    result("c1", "[" + marked("done") + "]"),
                                kTools));
  ASSERT_FALSE(inside.refused) << inside.error.message;
  EXPECT_EQ(shape(inside.body), "user[text] assistant[toolUse] user[toolResult,cachePoint]");
  EXPECT_EQ(inside.at("messages.2.content.0.toolResult.content"), R"([{"text":"done"}])");

  // Never directly behind a text document.
  const Sent document = send(chat(
      claude, user_of(R"({"type":"text","text":"See"},{"type":"file","file":{"filename":"a.txt",)"
                      R"("file_data":"data:text/plain;base64,SGVsbG8="})" +
                      std::string(kMark))));
  ASSERT_FALSE(document.refused) << document.error.message;
  EXPECT_EQ(count_of(shape(document.body), "document,cachePoint"), 0U) << shape(document.body);
  EXPECT_EQ(count_of(document.body, "cachePoint"), 1U);

  // Five are one too many; the last of the messages stay.
  const std::string five = user_of(marked("a") + "," + marked("b") + "," + marked("c") + "," +
                                   marked("d") + "," + marked("e"));
  const Sent four = send(chat(claude, five));
  ASSERT_FALSE(four.refused) << four.error.message;
  EXPECT_EQ(count_of(four.body, "cachePoint"), 4U);
  EXPECT_TRUE(shape(four.body).ends_with("text,cachePoint]")) << shape(four.body);

  // An hour never follows five minutes.
  const Sent demoted = send(chat(claude, R"({"role":"system","content":[)" + marked("S") + "]}," +
                                             user_of(marked("a", kHourMark))));
  ASSERT_FALSE(demoted.refused) << demoted.error.message;
  EXPECT_EQ(demoted.at("system"), R"([{"text":"S"},{"cachePoint":{"type":"default"}}])");
  EXPECT_EQ(count_of(demoted.body, "\"1h\""), 0U) << demoted.body;
  const Sent hour = send(chat(claude, user_of(marked("a", kHourMark))));
  EXPECT_EQ(hour.at("messages.0.content.1"), R"({"cachePoint":{"type":"default","ttl":"1h"}})");

  // Not at all on a model that knows none.
  const Sent none = send(chat("us.meta.llama3-3-70b-instruct-v1:0", user_of(marked("a"))));
  ASSERT_FALSE(none.refused) << none.error.message;
  EXPECT_EQ(count_of(none.body, "cachePoint"), 0U);
}

}  // namespace
}  // namespace oriel::test
