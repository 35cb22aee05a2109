// Request fields that the neutral model does not carry: one table says what becomes of each.
// Source: spec/converse.md §3, §8.1, §10.
#pragma once

#include <string_view>
#include <vector>

#include "convert/bedrock/adjustments.h"
#include "convert/bedrock/cache_points.h"
#include "convert/bedrock/models.h"
#include "convert/chat.h"
#include "convert/dialect.h"
#include "convert/error.h"
#include "convert/json/reader.h"

namespace oriel::convert::bedrock {

inline constexpr std::size_t kMaxMetadataPairs = 16;
inline constexpr std::size_t kMaxMetadataText = 256;
inline constexpr std::size_t kMaxResponsePaths = 10;
inline constexpr std::size_t kMaxResponsePath = 256;
inline constexpr std::size_t kMaxGuardrailId = 2048;

// Whose words apply to a request's answer. Empty id: nobody's.
struct Guardrail {
  std::string_view id;  // checked: letters, digits and the punctuation of ARNs
  std::string_view version;
  std::string_view trace;        // empty: AWS's default
  std::string_view stream_mode;  // "sync", "async"; empty: AWS's default
  bool empty() const { return id.empty(); }
};

// Extras that reach Converse, checked; borrows the request's body and the policy.
struct ExtraFields {
  struct Pair {
    Text key;
    Raw value;  // a string, or a scalar that is sent as one
  };

  // Of additionalModelRequestFields.
  Raw top_k;
  Raw seed;
  Raw presence_penalty;
  Raw frequency_penalty;
  Text user_id;                    // Claude's metadata.user_id
  ExtraField reasoning;            // the client's own object, under upstream's name
  Raw request_fields;              // the client's own additionalModelRequestFields
  std::vector<ExtraField> passed;  // unknown names, where the policy passes them

  // Of the request itself.
  std::vector<Pair> metadata;
  std::string_view service_tier;  // a literal
  std::string_view latency;       // a literal
  Guardrail guardrail;
  Raw prompt_variables;
  Raw response_paths;
  bool web_search = false;  // Nova's system tool
  CacheWishes cache;
};

// Refuses, drops and reports, or keeps every extra. The raw values must have readable padding.
Result<ExtraFields> sort_extras(const ChatRequest& request, const ModelCapabilities& model,
                                const EncodePolicy& policy, json::Reader& reader,
                                Adjustments& adjusted);

}  // namespace oriel::convert::bedrock
