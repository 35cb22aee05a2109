// What a signature costs: SHA-256 of the body, and SigV4 with its key cached.
#include <benchmark/benchmark.h>

#include "bench/micro/samples.h"
#include "gateway/aws/sigv4.h"

namespace oriel::bench {
namespace {

namespace aws = gateway::aws;

void BM_BodyHash(benchmark::State& state) {
  const std::string body = prose(static_cast<std::size_t>(state.range(0)));
  aws::BodyHash hash;
  for (auto _ : state) {
    hash.update(body);
    benchmark::DoNotOptimize(hash.finish());
  }
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(BM_BodyHash)->Arg(kSmallPrompt)->Arg(kLargePrompt)->Arg(kPicture);

void BM_SigV4(benchmark::State& state) {
  aws::Signer signer;
  aws::Credentials credentials;
  credentials.access_key_id = "AKIDEXAMPLE";
  credentials.secret_access_key = aws::Secret("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY");
  const std::string digest(64, 'a');
  const aws::RequestToSign request{"POST", "bedrock-runtime.us-east-1.amazonaws.com",
                                   "/model/amazon.nova-lite-v1%3A0/converse", "", digest};
  const std::vector<convert::Header> sent = {{"content-type", "application/json"},
                                             {"accept", "application/json"}};
  const auto time = aws::SigningTime(std::chrono::seconds(1'700'000'000));
  for (auto _ : state) {
    std::vector<convert::Header> headers = sent;
    if (!signer.sign(request, credentials, {"us-east-1", "bedrock"}, time, headers)) {
      return state.SkipWithError("signing failed");
    }
    benchmark::DoNotOptimize(headers.data());
  }
}
BENCHMARK(BM_SigV4);

}  // namespace
}  // namespace oriel::bench
