#include "convert/bedrock/converse_dialect.h"

#include <utility>

#include "convert/bedrock/converse_reply.h"
#include "convert/bedrock/converse_request.h"
#include "convert/bedrock/converse_stream.h"
#include "convert/bedrock/errors.h"

namespace oriel::convert {
namespace {

class ConverseDialect final : public Dialect {
 public:
  std::string_view name() const override { return "bedrock_converse"; }
  Result<Encoded> encode(const ChatRequest& request, const Target& target,
                         const EncodePolicy& policy) const override {
    return bedrock::encode_converse(request, target, policy);
  }
  Result<ChatReply> decode(const ReplyContext& context, const json::PaddedBuffer& body,
                           json::Reader& reader) const override {
    return bedrock::decode_converse(context, body, reader);
  }
  Error decode_error(int status, std::span<const Header> headers, const json::PaddedBuffer& body,
                     json::Reader& reader) const override {
    return bedrock::decode_http_error(status, headers, body, reader);
  }
  std::unique_ptr<StreamDecoder> stream(ReplyContext context) const override {
    return bedrock::make_converse_stream(std::move(context));
  }
};

}  // namespace

const Dialect& converse_dialect() {
  static const ConverseDialect dialect;
  return dialect;
}

}  // namespace oriel::convert
