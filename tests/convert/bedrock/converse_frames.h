// ConverseStream's events as frames. Texts in them are given in escaped form.
#pragma once

#include <string>
#include <string_view>

#include "tests/convert/event_stream_encoder.h"

namespace oriel::test {

inline std::string message_start() {
  return event_frame("messageStart", R"({"role":"assistant","p":"abcd"})");
}
inline std::string start_tool(int block, std::string_view id, std::string_view name,
                              std::string_view more = "") {
  return event_frame("contentBlockStart", R"({"contentBlockIndex":)" + std::to_string(block) +
                                              R"(,"start":{"toolUse":{"toolUseId":")" +
                                              std::string(id) + R"(","name":")" +
                                              std::string(name) + "\"" + std::string(more) + "}}}");
}
inline std::string delta(int block, std::string_view json) {
  return event_frame("contentBlockDelta", R"({"delta":{)" + std::string(json) +
                                              R"(},"contentBlockIndex":)" + std::to_string(block) +
                                              R"(,"p":"abc"})");
}
inline std::string text(int block, std::string_view escaped) {
  return delta(block, R"("text":")" + std::string(escaped) + "\"");
}
inline std::string input(int block, std::string_view escaped) {
  return delta(block, R"("toolUse":{"input":")" + std::string(escaped) + "\"}");
}
inline std::string reasoning(int block, std::string_view member, std::string_view value) {
  return delta(block, R"("reasoningContent":{")" + std::string(member) + R"(":")" +
                          std::string(value) + "\"}");
}
inline std::string citation(int block, std::string_view object) {
  return delta(block, R"("citation":)" + std::string(object));
}
inline std::string start_picture(int block, std::string_view format) {
  return event_frame("contentBlockStart", R"({"start":{"image":{"format":")" + std::string(format) +
                                              R"("}},"contentBlockIndex":)" +
                                              std::to_string(block) + "}");
}
inline std::string picture(int block, std::string_view base64) {
  return delta(block, R"("image":{"source":{"bytes":")" + std::string(base64) + R"("}})");
}
inline std::string stop_block(int block) {
  return event_frame("contentBlockStop", R"({"contentBlockIndex":)" + std::to_string(block) + "}");
}
inline std::string message_stop(std::string_view reason) {
  return event_frame("messageStop", R"({"stopReason":")" + std::string(reason) + "\"}");
}
inline std::string metadata() {
  return event_frame(
      "metadata",
      R"({"usage":{"inputTokens":10,"outputTokens":5,"totalTokens":15},"metrics":{"latencyMs":7}})");
}
inline std::string throttled() {
  return exception_frame("throttlingException",
                         R"({"message":"Too many requests, please wait before trying again."})");
}

}  // namespace oriel::test
