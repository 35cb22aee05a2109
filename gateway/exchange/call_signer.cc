#include "gateway/exchange/call_signer.h"

#include <string_view>

namespace oriel::gateway {
namespace {

using convert::Error;
using convert::ErrorKind;
using convert::Result;

constexpr std::size_t kHashSlice = 1024 * 1024;  // 0.6 ms

}  // namespace

void CallSigner::begin(const Route& route, const convert::WireRequest& wire) {
  route_ = &route;
  wire_ = &wire;
  hashed_ = 0;
}

bool CallSigner::signs() const {
  return route_->provider->uses_aws() && chat_.credentials &&
         chat_.credentials->bearer_token.empty();
}

bool CallSigner::hash_slice() {
  if (!signs()) return true;
  const std::string_view body = wire_->body;
  const std::string_view slice = body.substr(hashed_, kHashSlice);
  hash_.update(slice);
  hashed_ += slice.size();
  if (hashed_ < body.size()) return false;
  digest_ = hash_.finish();
  return true;
}

Result<UpstreamRequest> CallSigner::make() {
  UpstreamRequest call;
  call.method = wire_->method;
  call.url = route_->base_url + wire_->path;
  call.headers = wire_->headers;
  call.body = wire_->body;
  call.deadlines = context_.config->upstream;
  if (auto authorised = authorise(call); !authorised) return Unexpected{authorised.error()};
  return call;
}

Result<void> CallSigner::authorise(UpstreamRequest& call) const {
  if (!route_->provider->uses_aws()) {
    const aws::Secret& key = route_->provider->api_key;
    if (!key.empty()) call.headers.push_back({"authorization", "Bearer " + key.reveal()});
    return {};
  }
  if (!chat_.credentials) {
    return Unexpected{Error{.kind = ErrorKind::upstream_auth,
                            .detail = "no AWS credentials were found at start"}};
  }
  const auto url = aws::split_url(call.url);
  if (!url) {
    return Unexpected{Error{.kind = ErrorKind::internal, .detail = "the upstream URL is broken"}};
  }
  aws::RequestToSign request{call.method, url->host, url->path, url->query, {}};
  if (signs()) request.body_hash = {digest_.data(), digest_.size()};
  return chat_.signer->sign(request, *chat_.credentials, {route_->region, "bedrock"},
                            context_.clock->wall(), call.headers);
}

}  // namespace oriel::gateway
