// The conversion of requests, per family of models and size of body, against what simdjson alone
// needs for the same bytes in the same run: P8 of the targets for every family.
#include <benchmark/benchmark.h>

#include <array>
#include <chrono>
#include <string>

#include "bench/micro/samples.h"
#include "bench/micro/simdjson_alone.h"
#include "convert/bedrock/converse_dialect.h"
#include "convert/bedrock/models.h"
#include "convert/openai/chat_request.h"

namespace oriel::bench {
namespace {

using Clock = std::chrono::steady_clock;

struct Family {
  std::string_view name;
  std::string_view model;  // the foundation model
};
constexpr auto kFamilies = std::to_array<Family>({
    {"nova", "amazon.nova-lite-v1:0"},
    {"claude", "anthropic.claude-sonnet-4-5-20250929-v1:0"},
    {"llama", "meta.llama4-maverick-17b-instruct-v1:0"},
    {"mistral", "mistral.pixtral-large-2502-v1:0"},
    {"gpt_oss", "openai.gpt-oss-120b-1:0"},
    {"deepseek", "deepseek.v3-v1:0"},
});

constexpr std::size_t kKilobyte = 1'000;
constexpr std::size_t kBatchBytes = 100'000;  // at least so much between two looks at the clock

struct Size {
  std::string_view name;
  std::string (*body)();
  bool picture;
};
constexpr auto kSizes = std::to_array<Size>({
    {"1K", [] { return chat_body(prose(kKilobyte)); }, false},
    {"200K", [] { return chat_body(prose(kLargePrompt)); }, false},
    {"200K_pasted", [] { return chat_body(pasted(kLargePrompt)); }, false},
    {"picture_4M", [] { return picture_body(); }, true},
});

bool convert_once(const convert::Target& target, const json::PaddedBuffer& body,
                  json::Reader& reader) {
  const auto request = convert::parse_chat_request(body.view(), reader);
  if (!request) return false;
  const auto encoded = convert::converse_dialect().encode(*request, target, {});
  if (encoded) benchmark::DoNotOptimize(encoded->wire.body.data());
  return encoded.has_value();
}

// The time is the conversion's; GBps, simdjson_GBps and their ratio are counters.
void convert_family(benchmark::State& state, const Family& family, const Size& size) {
  const json::PaddedBuffer body(size.body());
  const convert::Target target{std::string(family.model), std::string(family.model)};
  const std::size_t batch = kBatchBytes / body.size() + 1;
  json::Reader reader;
  simdjson::ondemand::parser parser;
  Clock::duration converting{};
  Clock::duration indexing{};
  for (auto _ : state) {
    const auto began = Clock::now();
    for (std::size_t i = 0; i < batch; ++i) {
      if (!index_alone(parser, body)) return state.SkipWithError("not JSON");
    }
    const auto between = Clock::now();
    for (std::size_t i = 0; i < batch; ++i) {
      if (!convert_once(target, body, reader)) return state.SkipWithError("refused");
    }
    const auto ended = Clock::now();
    indexing += between - began;
    converting += ended - between;
    state.SetIterationTime(std::chrono::duration<double>(ended - between).count());
  }
  const double bytes =
      static_cast<double>(body.size() * batch) * static_cast<double>(state.iterations());
  const auto speed = [&](Clock::duration time) {
    return bytes / std::chrono::duration<double, std::nano>(time).count();
  };
  state.counters["GBps"] = speed(converting);
  state.counters["simdjson_GBps"] = speed(indexing);
  state.counters["ratio"] = speed(converting) / speed(indexing);
}

const bool kRegistered = [] {
  for (const Family& family : kFamilies) {
    const bool sees = convert::capabilities_of(family.model).can(convert::ModelFeature::image);
    for (const Size& size : kSizes) {
      if (size.picture && !sees) continue;
      const std::string name =
          "BM_Convert/" + std::string(family.name) + "/" + std::string(size.name);
      benchmark::RegisterBenchmark(name.c_str(), [&](benchmark::State& state) {
        convert_family(state, family, size);
      })->UseManualTime();
    }
  }
  return true;
}();

}  // namespace
}  // namespace oriel::bench
