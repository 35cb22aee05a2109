// What Converse wants of documents: names, and a text beside them. Source: spec/converse.md §5.2
// C15 to C17, §5.3. Pure; each pass can be applied again without effect.
#pragma once

#include <string>
#include <string_view>

#include "convert/bedrock/conversation.h"

namespace oriel::convert::bedrock {

inline constexpr std::size_t kMaxDocumentName = 200;
inline constexpr Text kSeeDocument = Text::literal("See the attached document.");

// Alphanumerics, single spaces, '-', '(', ')', '[' and ']'.
bool is_valid_document_name(std::string_view name);

// A file's name as Converse takes it: without folders and extension, Latin letters without their
// accents, other characters as spaces, at most 190 bytes; "document" when nothing is left.
// Folded are U+00C0 to U+017F, full-width ASCII, dashes and combining accents.
std::string document_name(std::string_view file_name);

// C15, C16: names that are valid and differ, by order of appearance.
void name_documents(Conversation& conversation);
// C17: a turn with a document says something.
void introduce_documents(Conversation& conversation);

}  // namespace oriel::convert::bedrock
