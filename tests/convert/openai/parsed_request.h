// A good request together with the body that it borrows.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/convert/openai/bad_request.h"

namespace oriel::convert {

struct Parsed {
  explicit Parsed(std::string_view text) : body(text) {
    json::Reader reader;
    auto result = parse_chat_request(body.view(), reader);
    EXPECT_TRUE(result) << (result ? "" : result.error().message) << "\n" << text;
    if (result) request = *std::move(result);
  }
  bool borrows(std::string_view text) const {
    return text.data() >= body.view().data() &&
           text.data() + text.size() <= body.view().data() + body.size();
  }
  std::string_view at(SourceSpan span) const {
    return body.view().substr(span.begin, span.end - span.begin);
  }
  std::vector<std::string> extras() const {
    std::vector<std::string> out;
    for (const ExtraField& extra : request.extras) {
      out.push_back(std::string(extra.name) + "=" + std::string(extra.value.text));
    }
    return out;
  }
  // The first part of the first message; an empty one when there is none.
  ContentPart part() const {
    if (request.messages.empty() || request.messages[0].parts.empty()) {
      ADD_FAILURE() << "no part";
      return {};
    }
    return request.messages[0].parts[0];
  }
  json::PaddedBuffer body;
  ChatRequest request;
};

}  // namespace oriel::convert
