// OpenAI's error body, {"error":{"message","type","param","code"}}, from an Error and its kind's
// row. Source: spec of the OpenAI API, "Error codes"; pure.
#pragma once

#include <string>

#include "convert/error.h"

namespace oriel::convert {

// Appends the body; all four keys are always there, param and code null when there is none.
void write_error_body(const Error& error, std::string& out);

}  // namespace oriel::convert
