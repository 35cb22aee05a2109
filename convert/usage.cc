#include "convert/usage.h"

namespace oriel::convert {

Usage& Usage::operator+=(const Usage& other) {
  input += other.input;
  output += other.output;
  cache_read += other.cache_read;
  cache_write_5m += other.cache_write_5m;
  cache_write_1h += other.cache_write_1h;
  if (reasoning && other.reasoning) {
    *reasoning += *other.reasoning;
  } else {
    reasoning.reset();
  }
  return *this;
}

}  // namespace oriel::convert
