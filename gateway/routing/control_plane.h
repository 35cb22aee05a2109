// Signed GETs to Bedrock's control plane, whole answers only. Used on one thread, the admin's.
// Source: spec/aws.md §1, §3.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "convert/error.h"
#include "convert/json/padded_buffer.h"
#include "gateway/aws/credentials.h"
#include "gateway/aws/sigv4.h"
#include "gateway/clock.h"
#include "gateway/upstream/upstream.h"

struct event_base;

namespace oriel::gateway {

// A GET under way. Destroying it cancels.
class ControlCall {
 public:
  virtual ~ControlCall() = default;
};

class ControlPlane {
 public:
  using Endpoint = std::function<convert::Result<std::string>(std::string_view region)>;
  using Done = std::function<void(convert::Result<json::PaddedBuffer>)>;

  // `credentials` are not null. All that is lent outlives the control plane.
  ControlPlane(event_base* base, const Clock& clock, UpstreamClient& upstream,
               std::shared_ptr<const aws::Credentials> credentials, Endpoint endpoint);

  // `target` is path and query, percent-encoded. `done` is told once, never from inside get(); its
  // error's detail says what happened, for the log.
  std::unique_ptr<ControlCall> get(std::string_view region, std::string_view target, Done done);

 private:
  class Call;
  convert::Result<UpstreamRequest> make_request(std::string_view region, std::string_view target);

  event_base* base_;
  const Clock& clock_;
  UpstreamClient& upstream_;
  std::shared_ptr<const aws::Credentials> credentials_;
  Endpoint endpoint_;
  aws::Signer signer_;
};

}  // namespace oriel::gateway
