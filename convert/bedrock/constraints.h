// What Bedrock is known to refuse, checked on the bytes of a request body: the post-condition of
// the encoder, which tests and fuzzers hold it to. Independent of how the body was made. Source:
// spec/converse.md §1, §5.2, §6 to §10.
#pragma once

#include <optional>
#include <string>

#include "convert/bedrock/models.h"
#include "convert/json/reader.h"

namespace oriel::convert::bedrock {

// The first violation of C1 to C27 and of Converse's own shapes, with the path where it is; nullopt
// when Bedrock has no reason to refuse.
std::optional<std::string> find_violation(json::Value body, const ModelCapabilities& model);

}  // namespace oriel::convert::bedrock
