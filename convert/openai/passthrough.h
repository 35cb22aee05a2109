// The dialect of OpenAI-compatible servers: chat completions passed through. The client's own bytes
// are spliced (the model's name, the request for usage), the upstream's answer is checked, read for
// usage and finish reason, and handed on as it stands. Spec: spec/converse.md §12, §13; OpenAI's
// API reference.
#pragma once

#include "convert/dialect.h"

namespace oriel::convert {

// Stateless, shared by all threads, lives as long as the program. Paths are relative to a base URL
// that ends in "/v1" or its like.
const Dialect& openai_dialect();

}  // namespace oriel::convert
