// Errors of OpenAI-compatible servers in our own terms: whole answers and events in a stream. What
// the server says about the client's request is passed on; what it says about itself (keys, hosts,
// accounts) is not. Spec: spec/converse.md §15 for the kinds. Pure.
#pragma once

#include <span>

#include "convert/dialect.h"
#include "convert/error.h"
#include "convert/json/reader.h"

namespace oriel::convert::openai {

// `status` is HTTP's, or 0 inside a stream or a 200: then the body's own status, code or type
// decides. `body` is {"error": …} in any of its common shapes, or null when there was no JSON.
Error map_error(int status, const json::Value& body);

}  // namespace oriel::convert::openai
