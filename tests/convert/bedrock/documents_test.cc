// Names of documents, and the text beside them: spec/converse.md §5.2 C15 to C17, §5.3, trap 44.
#include "convert/bedrock/documents.h"

#include <gtest/gtest.h>

#include <vector>

namespace oriel::convert::bedrock {
namespace {

Block document(std::string_view file_name) {
  Block block;
  block.kind = Block::Kind::document;
  block.format = "pdf";
  block.base64 = "AAAA";
  block.name = Text::from_escaped(file_name);
  return block;
}

std::vector<std::string> names_of(const Conversation& conversation) {
  std::vector<std::string> names;
  for (const Turn& turn : conversation.turns) {
    for (const Block& block : turn.blocks) {
      if (block.kind == Block::Kind::document) names.emplace_back(block.name.escaped());
      for (const Block& inner : block.content) names.emplace_back(inner.name.escaped());
    }
  }
  return names;
}

TEST(DocumentNames, AreMadeValid) {
  const std::pair<std::string, std::string> rows[] = {
      {"a.pdf", "a"},
      {"report", "report"},
      {"", "document"},
      {".pdf", "document"},
      {"???.pdf", "document"},
      {"John's report.pdf", "John s report"},
      {"r\xC3\xA9sum\xC3\xA9.pdf", "resume"},
      {"re\xCC\x81sume\xCC\x81.pdf", "resume"},  // decomposed
      {"\xC3\x9C"
       "ber\xC3\x9F"
       "etzung \xC5\x81\xC3\xB3"
       "d\xC5\xBA.docx",
       "Ubers"
       "setzung Lodz"},
      {"\xC5\x92uvre \xC3\x86.md", "OEuvre AE"},
      {"\xEF\xBC\xA1\xEF\xBC\x91.txt", "A1"},  // full width
      {"a\xE2\x80\x93"
       "b.pdf",
       "a-b"},  // en dash
      {"\xE6\x96\x87\xE6\x9B\xB8.pdf", "document"},
      {"slack-file://F0X", "F0X"},
      {"C:\\docs\\a  b.pdf", "a b"},
      {"a_b.pdf", "a-b"},
      {"archive.tar.gz", "archive tar"},
      {"Dr. Smith", "Dr Smith"},
      {"plan (v2) [final]-x.pdf", "plan (v2) [final]-x"},
      {std::string(300, 'n') + ".pdf", std::string(190, 'n')},
      {"\xFF\xC3.pdf", "document"},
  };
  for (const auto& [from, to] : rows) {
    EXPECT_EQ(document_name(from), to) << from;
    EXPECT_TRUE(is_valid_document_name(document_name(from))) << from;
  }
}

TEST(DocumentNames, AreChecked) {
  for (const std::string_view good : {"a", "a b", "(1)[2]-3"}) {
    EXPECT_TRUE(is_valid_document_name(good)) << good;
  }
  const std::string long_name(201, 'a');
  const std::string_view bad_ones[] = {"",    " a",   "a ",       "a  b",   "a.b",
                                       "a_b", "a\tb", "\xC3\xA9", long_name};
  for (const std::string_view bad : bad_ones) {
    EXPECT_FALSE(is_valid_document_name(bad)) << bad;
  }
}

TEST(DocumentNames, DifferInOneRequest) {
  Conversation conversation;
  Block result;
  result.kind = Block::Kind::tool_result;
  result.content = {document("a.pdf")};
  conversation.turns = {{Turn::Role::user, {document("a.pdf"), document("a-2")}},
                        {Turn::Role::user, {result, document("a.pdf"), document("\\u00e9.pdf")}}};
  name_documents(conversation);
  const std::vector<std::string> expected = {"a", "a-2", "a-3", "a-4", "e"};
  EXPECT_EQ(names_of(conversation), expected);
  name_documents(conversation);
  EXPECT_EQ(names_of(conversation), expected);
}

TEST(DocumentNames, ManyOfOneLongName) {
  Conversation conversation;
  conversation.turns.emplace_back();
  const std::string name(400, 'x');
  for (int i = 0; i < 12; ++i) conversation.turns[0].blocks.push_back(document(name));
  name_documents(conversation);
  EXPECT_EQ(names_of(conversation)[11], std::string(190, 'x') + "-12");
}

TEST(Documents, AreIntroduced) {
  Conversation conversation;
  conversation.turns = {{Turn::Role::user, {document("a")}},
                        {Turn::Role::user, {document("b"), Block::of_text(Text::literal("t"))}}};
  for (int round = 0; round < 2; ++round) {
    introduce_documents(conversation);
    ASSERT_EQ(conversation.turns[0].blocks.size(), 2U);
    EXPECT_EQ(conversation.turns[0].blocks[1].text, kSeeDocument);
    EXPECT_EQ(conversation.turns[1].blocks.size(), 2U);
  }
}

}  // namespace
}  // namespace oriel::convert::bedrock
