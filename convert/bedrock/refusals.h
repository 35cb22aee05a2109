// The errors of requests that Converse, the model or the route's policy cannot serve, in OpenAI's
// words. Source: spec/converse.md §16. Pure.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "convert/error.h"

namespace oriel::convert::bedrock {

inline Unexpected<Error> refuse(ErrorKind kind, std::string message, std::string_view param,
                                std::string_view code) {
  Error error;
  error.kind = kind;
  error.message = std::move(message);
  error.param = param;
  error.code = code;
  return Unexpected{std::move(error)};
}

inline Unexpected<Error> refuse_value(std::string message, std::string_view param) {
  return refuse(ErrorKind::invalid_request, std::move(message), param, "invalid_value");
}

// V13
inline Unexpected<Error> refuse_parameter(std::string_view name) {
  return refuse(
      ErrorKind::unsupported_parameter,
      "Unsupported parameter: '" + std::string(name) + "' is not supported with this model.", name,
      {});
}

// V14 without the value, where it is no longer at hand.
inline Unexpected<Error> refuse_given_value(std::string_view name) {
  return refuse(ErrorKind::unsupported_parameter,
                "Unsupported value: '" + std::string(name) +
                    "' does not support the given value with this model.",
                name, "unsupported_value");
}

// V15
inline Unexpected<Error> refuse_unknown(std::string_view name) {
  return refuse(ErrorKind::invalid_request, "Unknown parameter: '" + std::string(name) + "'.", name,
                "unknown_parameter");
}

}  // namespace oriel::convert::bedrock
