// Writes the body of a Converse or ConverseStream request. Source: spec/converse.md §1, §3, §6.
#pragma once

#include "convert/chat.h"
#include "convert/dialect.h"
#include "convert/error.h"

namespace oriel::convert::bedrock {

// The request as Bedrock takes it, for the model that `target` names.
Result<Encoded> encode_converse(const ChatRequest& request, const Target& target,
                                const EncodePolicy& policy);

}  // namespace oriel::convert::bedrock
