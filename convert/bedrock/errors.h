// Bedrock's errors, of answers and of streams, as ours. What AWS says about accounts, resources and
// hosts stays behind. Source: spec/converse.md §15.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "convert/dialect.h"
#include "convert/error.h"
#include "convert/json/padded_buffer.h"
#include "convert/json/reader.h"

namespace oriel::convert::bedrock {

// What an error answer or an exception frame said.
struct Fault {
  std::string type;         // "ThrottlingException"; empty when unknown
  std::string message;      // plain text, not yet fit for clients
  int status = 0;           // HTTP status; 0 in streams
  int original_status = 0;  // ModelErrorException.originalStatusCode
};

Error decode_http_error(int status, std::span<const Header> headers, const json::PaddedBuffer& body,
                        json::Reader& reader);
// An exception or error frame: `type` as in its header ("throttlingException"), `payload` padded.
Error decode_stream_exception(std::string_view type, std::string_view payload,
                              json::Reader& reader);
// An error frame that says all in its headers.
Error decode_stream_error(std::string_view code, std::string_view message, json::Reader& reader);

Error classify(Fault fault, json::Reader& reader);

// `com.amazon.coral#ValidationException:http://…` -> `ValidationException`
std::string clean_exception_type(std::string_view type);
// Without ARNs, account ids, hosts, addresses and request ids; one line; bounded.
std::string sanitise(std::string_view message);

}  // namespace oriel::convert::bedrock
