// Requests, answers and frames that the micro benches share.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace oriel::bench {

inline constexpr std::size_t kSmallPrompt = 2'000;      // bytes
inline constexpr std::size_t kLargePrompt = 200'000;    // bytes
inline constexpr std::size_t kPicture = 4'000'000;      // bytes of base64
inline constexpr std::size_t kConverseReplySize = 665;  // bytes

// English-like text without anything to escape.
inline std::string prose(std::size_t size) {
  constexpr std::string_view kWords =
      "the gateway carries what the client said to the model and back; ";
  std::string text;
  text.reserve(size + kWords.size());
  while (text.size() < size) text += kWords;
  text.resize(size);
  return text;
}

// Text as people paste it: line ends, quotes and letters beyond ASCII, escaped for JSON.
inline std::string pasted(std::size_t size) {
  constexpr std::string_view kLine =
      "if (name == \\\"caf\xc3\xa9\\\") {\\n\\treturn 1;  // na\\u00efve\\n}\\n";
  std::string text;
  text.reserve(size + kLine.size());
  while (text.size() < size) text += kLine;
  return text;
}

// A chat request whose last message is `escaped`.
inline std::string chat_body(std::string_view escaped) {
  return R"({"model":"gpt-4o-mini","temperature":0.7,"max_tokens":512,"messages":[)"
         R"({"role":"system","content":"You are a helpful assistant."},)"
         R"({"role":"user","content":"Hello!"},{"role":"assistant","content":"Hello. How can I help?"},)"
         R"({"role":"user","content":")" +
         std::string(escaped) + R"("}]})";
}

inline std::string picture_body() {
  std::string base64 = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJ";  // the head of a PNG
  base64.resize(kPicture, 'A');
  return R"({"model":"gpt-4o-mini","messages":[{"role":"user","content":[{"type":"text",)"
         R"("text":"What is this?"},{"type":"image_url","image_url":{"url":"data:image/png;base64,)" +
         base64 + R"("}}]}]})";
}

inline std::string converse_reply() {
  const std::string head =
      R"({"metrics":{"latencyMs":412},"output":{"message":{"content":[{"text":")";
  const std::string tail =
      R"("}],"role":"assistant"}},"stopReason":"end_turn","usage":{"inputTokens":512,)"
      R"("outputTokens":128,"totalTokens":640}})";
  return head + prose(kConverseReplySize - head.size() - tail.size()) + tail;
}

// A ConverseStream answer is one of each of these, but `pieces` deltas.
inline std::string delta_payload(std::string_view text) {
  return R"({"contentBlockIndex":0,"delta":{"text":")" + std::string(text) +
         R"("},"p":"abcdefghijklmnopqrstuv"})";
}

}  // namespace oriel::bench
