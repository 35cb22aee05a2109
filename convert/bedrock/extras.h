// Request fields that the neutral model does not carry: one table says what becomes of each.
// Source: spec/converse.md §3.
#pragma once

#include <string>
#include <vector>

#include "convert/bedrock/adjustments.h"
#include "convert/bedrock/models.h"
#include "convert/chat.h"
#include "convert/error.h"
#include "convert/json/reader.h"
#include "convert/json/writer.h"

namespace oriel::convert::bedrock {

// Extras that reach Converse; borrows the request and the reader's buffer.
struct ExtraFields {
  Raw top_k;
  std::string_view service_tier;  // a literal
  struct Pair {
    Text key;
    Raw value;  // a string, or a scalar that is sent as one
  };
  std::vector<Pair> metadata;
};

// Refuses, drops and reports, or keeps every extra. The raw values must have readable padding.
Result<ExtraFields> sort_extras(const ChatRequest& request, const ModelCapabilities& model,
                                json::Reader& reader, Adjustments& adjusted);

}  // namespace oriel::convert::bedrock
