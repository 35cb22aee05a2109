#include "convert/chat.h"

namespace oriel::convert {

std::string_view to_string(ImageFormat format) {
  switch (format) {
    case ImageFormat::png: return "png";
    case ImageFormat::jpeg: return "jpeg";
    case ImageFormat::gif: return "gif";
    case ImageFormat::webp: return "webp";
  }
  return "png";
}

std::string_view to_string(Effort effort) {
  switch (effort) {
    case Effort::none: return "none";
    case Effort::minimal: return "minimal";
    case Effort::low: return "low";
    case Effort::medium: return "medium";
    case Effort::high: return "high";
    case Effort::xhigh: return "xhigh";
    case Effort::max: return "max";
  }
  return "none";
}

std::string_view to_string(FinishReason reason) {
  switch (reason) {
    case FinishReason::stop: return "stop";
    case FinishReason::length: return "length";
    case FinishReason::tool_calls: return "tool_calls";
    case FinishReason::content_filter: return "content_filter";
    case FinishReason::function_call: return "function_call";
  }
  return "stop";
}

std::optional<Usage> usage_of(std::span<const ChatReply> replies) {
  std::optional<Usage> sum;
  for (const ChatReply& reply : replies) {
    if (!reply.usage) return std::nullopt;
    if (sum) {
      *sum += *reply.usage;
    } else {
      sum = reply.usage;
    }
  }
  return sum;
}

}  // namespace oriel::convert
