#include "gateway/routing/control_plane.h"

#include <optional>
#include <utility>
#include <vector>

#include "gateway/loop.h"

namespace oriel::gateway {
namespace {

using convert::Error;
using convert::ErrorKind;
using convert::Result;

constexpr std::size_t kMaxAnswer = 16 * 1024 * 1024;
constexpr CallDeadlines kDeadlines{
    .connect = std::chrono::milliseconds(3'000),
    .first_byte = std::chrono::milliseconds(10'000),
    .idle = std::chrono::milliseconds(10'000),
    .total = std::chrono::milliseconds(20'000),
};

Unexpected<Error> failed(std::string detail) {
  Error error{.kind = ErrorKind::upstream_unavailable};
  error.detail = std::move(detail);
  return Unexpected{std::move(error)};
}

}  // namespace

class ControlPlane::Call final : public ControlCall, private UpstreamObserver {
 public:
  Call(event_base* base, Done done)
      : done_(std::move(done)), late_(base, [this] { tell(std::move(*fault_)); }) {}

  void start(UpstreamClient& upstream, UpstreamRequest request) {
    call_ = upstream.start(std::move(request), *this);
  }
  void fail(Error error) {
    fault_ = Unexpected{std::move(error)};
    late_.arm(std::chrono::milliseconds(0));
  }

 private:
  void on_head(int status, const std::vector<convert::Header>& headers) override {
    status_ = status;
    error_type_ = convert::find_header(headers, "x-amzn-ErrorType");
  }
  void on_body(std::string_view bytes) override {
    if (body_.size() + bytes.size() > kMaxAnswer) {
      too_large_ = true;
    } else if (status_ == 200) {
      body_.append(bytes);
    }
  }
  void on_done(const TransferResult& result) override {
    if (result.fault != TransferFault::none) return tell(failed(result.detail));
    if (too_large_) return tell(failed("the answer is larger than 16 MiB"));
    if (status_ != 200) {
      constexpr std::size_t kMaxType = 64;
      const std::string type = error_type_.substr(0, std::min(error_type_.find(':'), kMaxType));
      return tell(failed("HTTP " + std::to_string(status_) + (type.empty() ? "" : " " + type)));
    }
    tell(std::move(body_));
  }
  // The last thing that happens: the call may be destroyed inside.
  void tell(Result<json::PaddedBuffer> answer) { std::exchange(done_, {})(std::move(answer)); }

  Done done_;
  Timer late_;
  std::optional<Result<json::PaddedBuffer>> fault_;
  std::unique_ptr<UpstreamCall> call_;
  json::PaddedBuffer body_;
  std::string error_type_;
  int status_ = 0;
  bool too_large_ = false;
};

ControlPlane::ControlPlane(event_base* base, const Clock& clock, UpstreamClient& upstream,
                           std::shared_ptr<const aws::Credentials> credentials, Endpoint endpoint)
    : base_(base),
      clock_(clock),
      upstream_(upstream),
      credentials_(std::move(credentials)),
      endpoint_(std::move(endpoint)) {}

Result<UpstreamRequest> ControlPlane::make_request(std::string_view region,
                                                   std::string_view target) {
  auto endpoint = endpoint_(region);
  if (!endpoint) return Unexpected{std::move(endpoint.error())};
  UpstreamRequest request;
  request.method = "GET";
  request.url = std::move(*endpoint);
  request.url.append(target);
  request.deadlines = kDeadlines;
  request.headers.push_back({"accept", "application/json"});
  const auto url = aws::split_url(request.url);
  if (!url) return failed("the control plane's URL is broken");
  const aws::RequestToSign sign{request.method, url->host, url->path, url->query, {}};
  if (auto ok =
          signer_.sign(sign, *credentials_, {region, "bedrock"}, clock_.wall(), request.headers);
      !ok) {
    return Unexpected{std::move(ok.error())};
  }
  return request;
}

std::unique_ptr<ControlCall> ControlPlane::get(std::string_view region, std::string_view target,
                                               Done done) {
  auto call = std::make_unique<Call>(base_, std::move(done));
  auto request = make_request(region, target);
  if (request) {
    call->start(upstream_, std::move(*request));
  } else {
    call->fail(std::move(request.error()));
  }
  return call;
}

}  // namespace oriel::gateway
