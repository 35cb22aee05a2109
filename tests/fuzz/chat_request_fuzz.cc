// Any bytes as a chat request: refused as the client's fault, or encoded by both dialects into
// JSON.
#include <string>

#include "convert/bedrock/converse_dialect.h"
#include "convert/openai/chat_request.h"
#include "convert/openai/passthrough.h"
#include "tests/fuzz/pieces.h"

namespace {

using namespace oriel;
using namespace oriel::convert;

void check_dialect(const Dialect& dialect, const ChatRequest& request, const Target& target) {
  const auto encoded = dialect.encode(request, target, {});
  if (!encoded) {
    const int status = status_of(encoded.error());
    fuzz::require(status >= 400 && status < 500, "a refusal is the client's fault");
    return;
  }
  json::Reader reader;
  const json::PaddedBuffer body{std::string_view(encoded->wire.body)};
  const auto root = reader.read(body);
  fuzz::require(root && root->is_object(), "the upstream body is a JSON object");
  fuzz::require(!encoded->wire.path.empty() && encoded->wire.path.front() == '/', "path");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  json::Reader reader;
  const json::PaddedBuffer body{std::string_view(reinterpret_cast<const char*>(data), size)};
  const auto request = parse_chat_request(body.view(), reader);
  if (!request) {
    const int status = status_of(request.error());
    fuzz::require(status >= 400 && status < 500, "a refusal is the client's fault");
    return 0;
  }
  check_dialect(openai_dialect(), *request, {"up/model", ""});
  for (const char* model : {"anthropic.claude-sonnet-4-20250514-v1:0", "amazon.nova-lite-v1:0",
                            "meta.llama3-1-70b-instruct-v1:0", "nobody.knows-v1:0"}) {
    check_dialect(converse_dialect(), *request, {model, model});
  }
  return 0;
}
