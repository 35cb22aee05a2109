// What a conversation holds besides the prompt: sizes for the usage, notes for the answer. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace simdjson::dom {
class element;
}

namespace oriel::sim {

struct RequestFacts {
  std::size_t text_bytes = 0;
  std::int64_t images = 0;
  std::int64_t documents = 0;
  std::int64_t tools = 0;
  bool wants_json = false;           // The system prompt asks for one JSON object.
  std::string cited;                 // A document of the last turn whose citations are wanted.
  std::string notes;                 // ` [image png 70 bytes 2x3]` of each medium of the last turn.
  std::vector<std::string> results;  // `ID = TEXT` of each tool result of the last turn.
};

RequestFacts read_facts(const simdjson::dom::element& body);

}  // namespace oriel::sim
