// The dialect of Bedrock's Converse and ConverseStream: the one door to this folder's formats.
#pragma once

#include "convert/dialect.h"

namespace oriel::convert {

// Stateless; lives as long as the process.
const Dialect& converse_dialect();

}  // namespace oriel::convert
