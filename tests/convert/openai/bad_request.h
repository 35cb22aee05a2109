// Rows of requests that must be refused, and what each must be told.
#pragma once

#include <gtest/gtest.h>

#include <span>
#include <string>
#include <string_view>

#include "convert/json/padded_buffer.h"
#include "convert/json/reader.h"
#include "convert/openai/chat_request.h"

namespace oriel::convert {

struct BadRequest {
  std::string body;
  std::string message;
  std::string param;  // empty: null
  std::string code;   // empty: the kind's default
  ErrorKind kind = ErrorKind::invalid_request;
};

// A request that is right but for these top-level members.
inline std::string with(std::string_view members) {
  return R"({"model":"m","messages":[{"role":"user","content":"hi"}],)" + std::string(members) +
         "}";
}
// A request with these messages, these parts of a user's message, this content of an assistant's.
inline std::string messages(std::string_view list) {
  return R"({"model":"m","messages":[)" + std::string(list) + "]}";
}
inline std::string user_parts(std::string_view list) {
  return messages(R"({"role":"user","content":[)" + std::string(list) + "]}");
}
inline std::string image(std::string_view url) {
  return user_parts(R"({"type":"image_url","image_url":{"url":")" + std::string(url) + R"("}})");
}
inline std::string tool(std::string_view members) {
  return with(R"("tools":[{"type":"function","function":{)" + std::string(members) + "}}]");
}
inline std::string tool_call(std::string_view members) {
  return messages(R"({"role":"assistant","content":null,"tool_calls":[{)" + std::string(members) +
                  "}]}");
}

inline void expect_refused(std::span<const BadRequest> rows) {
  json::Reader reader;
  for (const BadRequest& row : rows) {
    SCOPED_TRACE(row.body);
    const json::PaddedBuffer body(row.body);
    const auto parsed = parse_chat_request(body.view(), reader);
    if (parsed) {
      ADD_FAILURE() << "was taken";
      continue;
    }
    EXPECT_EQ(parsed.error().kind, row.kind);
    EXPECT_EQ(parsed.error().message, row.message);
    EXPECT_EQ(parsed.error().param, row.param);
    EXPECT_EQ(parsed.error().code, row.code);
  }
}

}  // namespace oriel::convert
