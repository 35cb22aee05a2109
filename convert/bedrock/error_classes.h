// What a ValidationException means, by its words, and what it teaches about the model. Source:
// spec/converse.md §15.3. Pure.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "convert/error.h"

namespace oriel::convert::bedrock {

// A message with all of these words in it, lower case and with straight apostrophes, is an error of
// this kind. Empty words are in every message.
struct ErrorClass {
  std::string_view words[3];
  ErrorKind kind;
  std::string_view code;
  std::string_view param;
  Lesson lesson = {};
};

// The first one that fits counts.
std::span<const ErrorClass> error_classes();

// As error_classes() has it: lower case, straight apostrophes.
std::string plain_words(std::string_view message);
// Gives `error`, that of a ValidationException, its class; unknown words leave it as it is.
void classify_validation(std::string_view plain_words, Error& error);

}  // namespace oriel::convert::bedrock
