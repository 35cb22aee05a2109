// The price table: facts of Amazon's, as data. To bring it up to date: its rows, its date and its
// source. Ids are whole, or cut where only a date or a version follows: these and context variants
// (":0:300k") of a model cost the same.
//
// Read with care, docs/pricing.md says it to users:
// - Long prompts of some models cost more (Claude Sonnet 4 and 4.5 above 200,000 tokens, Haiku 5.5
//   above 100,000, GPT above 272,000). The table has the price below.
// - Where a price of reading the cache is published and none of writing it (Nova, Grok, GPT-5.4 and
//   5.5), what is written costs what input costs.
// - Claude 4.5 and later cost a tenth more by geographic profiles than by "global.". The published
//   data has this row for most geographies; it counts for all of them.
#include <algorithm>
#include <array>

#include "metrics/pricing.h"

namespace oriel::metrics {
namespace {

// "0.035": dollars per million tokens, exact to the micro-dollar.
constexpr PicoDollars operator""_usd(const char* text) {
  PicoDollars value = 0;
  int places = -1;
  for (; *text != '\0'; ++text) {
    if (*text == '.') {
      places = 0;
      continue;
    }
    value = value * 10 + static_cast<PicoDollars>(*text - '0');
    if (places >= 0) ++places;
  }
  for (places = std::max(places, 0); places < 6; ++places) value *= 10;
  return value;
}

// Dollars an image. Size and quality do not count.
constexpr Price per_image(PicoDollars micro_dollars) {
  Price price;
  price.image = micro_dollars * 1'000;
  return price;
}

constexpr std::string_view kAny;  // where the model has no other row for it
constexpr std::string_view kGeo = "us eu apac jp au ca in sa";

// Input, output, cache read, cache written for five minutes, for an hour.
constexpr auto kRows = std::to_array<PriceRow>({
    {"ai21.j2-mid-v1", kAny, {12.5_usd, 12.5_usd}},
    {"ai21.j2-ultra-v1", kAny, {18.8_usd, 18.8_usd}},
    {"ai21.jamba-1-5-large-v1*", kAny, {2_usd, 8_usd}},
    {"ai21.jamba-1-5-mini-v1*", kAny, {0.2_usd, 0.4_usd}},
    {"ai21.jamba-instruct-v1*", kAny, {0.5_usd, 0.7_usd}},

    {"amazon.nova-2-lite-v1*", kAny, {0.3_usd, 2.5_usd, 0.075_usd, 0.3_usd}},
    {"amazon.nova-2-lite-v1*", "apac jp", {0.396_usd, 3.311_usd, 0.099_usd, 0.396_usd}},
    {"amazon.nova-2-lite-v1*", "eu", {0.429_usd, 3.597_usd, 0.10725_usd, 0.429_usd}},
    {"amazon.nova-2-lite-v1*", "us", {0.33_usd, 2.75_usd, 0.0825_usd, 0.33_usd}},
    {"amazon.nova-2-pro-preview-*", kAny, {1.25_usd, 10_usd, 0.3125_usd, 1.25_usd}},
    {"amazon.nova-2-pro-preview-*", "apac eu us", {1.375_usd, 11_usd, 0.34375_usd, 1.375_usd}},
    {"amazon.nova-canvas-v1*", kAny, per_image(0.06_usd)},
    {"amazon.nova-lite-v1*", kAny, {0.06_usd, 0.24_usd, 0.015_usd, 0.06_usd}},
    {"amazon.nova-lite-v1*", "apac", {0.063_usd, 0.252_usd, 0.01575_usd, 0.063_usd}},
    {"amazon.nova-lite-v1*", "eu", {0.078_usd, 0.312_usd, 0.0195_usd, 0.078_usd}},
    {"amazon.nova-micro-v1*", kAny, {0.035_usd, 0.14_usd, 0.00875_usd, 0.035_usd}},
    {"amazon.nova-micro-v1*", "apac", {0.037_usd, 0.148_usd, 0.00925_usd, 0.037_usd}},
    {"amazon.nova-micro-v1*", "eu", {0.046_usd, 0.184_usd, 0.0115_usd, 0.046_usd}},
    {"amazon.nova-premier-v1*", kAny, {2.5_usd, 12.5_usd, 0.625_usd, 2.5_usd}},
    {"amazon.nova-pro-v1*", kAny, {0.8_usd, 3.2_usd, 0.2_usd, 0.8_usd}},
    {"amazon.nova-pro-v1*", "apac", {0.84_usd, 3.36_usd, 0.21_usd, 0.84_usd}},
    {"amazon.nova-pro-v1*", "eu", {1.05_usd, 4.2_usd, 0.2625_usd, 1.05_usd}},
    {"amazon.titan-image-generator-v1*", kAny, per_image(0.008_usd)},
    {"amazon.titan-image-generator-v2*", kAny, per_image(0.008_usd)},
    {"amazon.titan-text-express-v1*", kAny, {0.2_usd, 0.6_usd}},
    {"amazon.titan-text-lite-v1*", kAny, {0.15_usd, 0.2_usd}},
    {"amazon.titan-text-premier-v1*", kAny, {0.5_usd, 1.5_usd}},

    {"anthropic.claude-3-5-haiku-20*", kAny, {0.8_usd, 4_usd, 0.08_usd, 1_usd}},
    {"anthropic.claude-3-5-sonnet-20*", kAny, {3_usd, 15_usd, 0.3_usd, 3.75_usd}},
    {"anthropic.claude-3-7-sonnet-20*", kAny, {3_usd, 15_usd, 0.3_usd, 3.75_usd}},
    {"anthropic.claude-3-opus-20*", kAny, {15_usd, 75_usd, 1.5_usd, 18.75_usd}},
    {"anthropic.claude-fable-5", kAny, {10_usd, 50_usd, 1_usd, 12.5_usd, 20_usd}},
    {"anthropic.claude-fable-5", kGeo, {11_usd, 55_usd, 1.1_usd, 13.75_usd, 22_usd}},
    {"anthropic.claude-fable-5-1", kAny, {10_usd, 50_usd, 0.25_usd, 12.5_usd, 20_usd}},
    {"anthropic.claude-fable-5-1", kGeo, {11_usd, 55_usd, 0.275_usd, 13.75_usd, 22_usd}},
    {"anthropic.claude-fable-5-1", "us-gov", {12_usd, 60_usd, 0.3_usd, 15_usd, 24_usd}},
    {"anthropic.claude-haiku-4-5-20*", kAny, {1_usd, 5_usd, 0.1_usd, 1.25_usd, 2_usd}},
    {"anthropic.claude-haiku-4-5-20*", kGeo, {1.1_usd, 5.5_usd, 0.11_usd, 1.375_usd, 2.2_usd}},
    {"anthropic.claude-haiku-5-5", kAny, {0.1_usd, 0.5_usd, 0.01_usd, 0.125_usd, 0.2_usd}},
    {"anthropic.claude-haiku-5-5", kGeo, {0.11_usd, 0.55_usd, 0.011_usd, 0.1375_usd, 0.22_usd}},
    {"anthropic.claude-haiku-5-5", "us-gov", {0.12_usd, 0.6_usd, 0.012_usd, 0.15_usd, 0.24_usd}},
    {"anthropic.claude-instant-v1*", kAny, {0.8_usd, 2.4_usd}},
    {"anthropic.claude-mythos-5", kAny, {11_usd, 55_usd, 1.1_usd, 13.75_usd, 22_usd}},
    {"anthropic.claude-mythos-5-1", kAny, {10_usd, 50_usd, 0.25_usd, 12.5_usd, 20_usd}},
    {"anthropic.claude-mythos-5-1", kGeo, {11_usd, 55_usd, 0.275_usd, 13.75_usd, 22_usd}},
    {"anthropic.claude-mythos-preview", kAny, {27.5_usd, 137.5_usd, 2.75_usd, 34.375_usd, 55_usd}},
    {"anthropic.claude-opus-4-1-20*", kAny, {15_usd, 75_usd, 1.5_usd, 18.75_usd}},
    {"anthropic.claude-opus-4-20*", kAny, {15_usd, 75_usd, 1.5_usd, 18.75_usd}},
    {"anthropic.claude-opus-4-5-20*", kAny, {5_usd, 25_usd, 0.5_usd, 6.25_usd, 10_usd}},
    {"anthropic.claude-opus-4-5-20*", kGeo, {5.5_usd, 27.5_usd, 0.55_usd, 6.875_usd, 11_usd}},
    {"anthropic.claude-opus-4-6-v1*", kAny, {5_usd, 25_usd, 0.5_usd, 6.25_usd, 10_usd}},
    {"anthropic.claude-opus-4-6-v1*", kGeo, {5.5_usd, 27.5_usd, 0.55_usd, 6.875_usd, 11_usd}},
    {"anthropic.claude-opus-4-7", kAny, {5_usd, 25_usd, 0.5_usd, 6.25_usd, 10_usd}},
    {"anthropic.claude-opus-4-7", kGeo, {5.5_usd, 27.5_usd, 0.55_usd, 6.875_usd, 11_usd}},
    {"anthropic.claude-opus-4-8", kAny, {5_usd, 25_usd, 0.5_usd, 6.25_usd, 10_usd}},
    {"anthropic.claude-opus-4-8", kGeo, {5.5_usd, 27.5_usd, 0.55_usd, 6.875_usd, 11_usd}},
    {"anthropic.claude-opus-4-8", "us-gov", {6_usd, 30_usd, 0.6_usd, 7.5_usd, 12_usd}},
    {"anthropic.claude-opus-5", kAny, {5_usd, 25_usd, 0.5_usd, 6.25_usd, 10_usd}},
    {"anthropic.claude-opus-5", kGeo, {5.5_usd, 27.5_usd, 0.55_usd, 6.875_usd, 11_usd}},
    {"anthropic.claude-opus-5", "us-gov", {6_usd, 30_usd, 0.6_usd, 7.5_usd, 12_usd}},
    {"anthropic.claude-opus-5-5", kAny, {4_usd, 20_usd, 0.2_usd, 5_usd, 8_usd}},
    {"anthropic.claude-opus-5-5", kGeo, {4.4_usd, 22_usd, 0.22_usd, 5.5_usd, 8.8_usd}},
    {"anthropic.claude-opus-5-5", "us-gov", {4.8_usd, 24_usd, 0.24_usd, 6_usd, 9.6_usd}},
    {"anthropic.claude-sonnet-4-20*", kAny, {3_usd, 15_usd, 0.3_usd, 3.75_usd}},
    {"anthropic.claude-sonnet-4-5-20*", kAny, {3_usd, 15_usd, 0.3_usd, 3.75_usd, 6_usd}},
    {"anthropic.claude-sonnet-4-5-20*", kGeo, {3.3_usd, 16.5_usd, 0.33_usd, 4.125_usd, 6.6_usd}},
    {"anthropic.claude-sonnet-4-5-20*", "us-gov", {3.6_usd, 18_usd, 0.36_usd, 4.5_usd, 7.2_usd}},
    {"anthropic.claude-sonnet-4-6", kAny, {3_usd, 15_usd, 0.3_usd, 3.75_usd, 6_usd}},
    {"anthropic.claude-sonnet-4-6", kGeo, {3.3_usd, 16.5_usd, 0.33_usd, 4.125_usd, 6.6_usd}},
    {"anthropic.claude-sonnet-5", kAny, {2_usd, 10_usd, 0.2_usd, 2.5_usd, 4_usd}},
    {"anthropic.claude-sonnet-5", kGeo, {2.2_usd, 11_usd, 0.22_usd, 2.75_usd, 4.4_usd}},
    {"anthropic.claude-sonnet-5", "us-gov", {2.4_usd, 12_usd, 0.24_usd, 3_usd, 4.8_usd}},
    {"anthropic.claude-sonnet-5-5", kAny, {2_usd, 10_usd, 0.1_usd, 2.5_usd, 4_usd}},
    {"anthropic.claude-sonnet-5-5", kGeo, {2.2_usd, 11_usd, 0.11_usd, 2.75_usd, 4.4_usd}},
    {"anthropic.claude-sonnet-5-5", "us-gov", {2.4_usd, 12_usd, 0.12_usd, 3_usd, 4.8_usd}},
    {"anthropic.claude-v1", kAny, {8_usd, 24_usd}},
    {"anthropic.claude-v2*", kAny, {8_usd, 24_usd}},

    {"cohere.command-light-text-v14*", kAny, {0.3_usd, 0.6_usd}},
    {"cohere.command-text-v14*", kAny, {1_usd, 2_usd}},

    {"deepseek.r1-v1*", kAny, {1.35_usd, 5.4_usd}},
    {"deepseek.v3-v1*", kAny, {0.58_usd, 1.68_usd}},
    {"deepseek.v3.2", kAny, {0.62_usd, 1.85_usd}},
    {"deepseek.v3.2", "eu", {0.74_usd, 2.22_usd}},

    {"google.gemma-3-12b-it", kAny, {0.09_usd, 0.29_usd}},
    {"google.gemma-3-27b-it", kAny, {0.23_usd, 0.38_usd}},
    {"google.gemma-3-4b-it", kAny, {0.04_usd, 0.08_usd}},

    {"meta.llama2-13b-chat-v1", kAny, {0.75_usd, 1_usd}},
    {"meta.llama2-70b-chat-v1", kAny, {1.95_usd, 2.56_usd}},
    {"meta.llama3-1-405b-instruct-v1*", kAny, {2.4_usd, 2.4_usd}},
    {"meta.llama3-1-70b-instruct-v1*", kAny, {0.72_usd, 0.72_usd}},
    {"meta.llama3-1-8b-instruct-v1*", kAny, {0.22_usd, 0.22_usd}},
    {"meta.llama3-2-11b-instruct-v1*", kAny, {0.16_usd, 0.16_usd}},
    {"meta.llama3-2-1b-instruct-v1*", kAny, {0.1_usd, 0.1_usd}},
    {"meta.llama3-2-1b-instruct-v1*", "eu", {0.13_usd, 0.13_usd}},
    {"meta.llama3-2-3b-instruct-v1*", kAny, {0.15_usd, 0.15_usd}},
    {"meta.llama3-2-3b-instruct-v1*", "eu", {0.19_usd, 0.19_usd}},
    {"meta.llama3-2-90b-instruct-v1*", kAny, {0.72_usd, 0.72_usd}},
    {"meta.llama3-3-70b-instruct-v1*", kAny, {0.72_usd, 0.72_usd}},
    {"meta.llama3-70b-instruct-v1*", kAny, {2.65_usd, 3.5_usd}},
    {"meta.llama3-8b-instruct-v1*", kAny, {0.3_usd, 0.6_usd}},
    {"meta.llama4-maverick-17b-instruct-v1*", kAny, {0.24_usd, 0.97_usd}},
    {"meta.llama4-scout-17b-instruct-v1*", kAny, {0.17_usd, 0.66_usd}},

    {"minimax.minimax-m2", kAny, {0.3_usd, 1.2_usd}},
    {"minimax.minimax-m2.1", kAny, {0.3_usd, 1.2_usd}},
    {"minimax.minimax-m2.5", kAny, {0.3_usd, 1.2_usd}},

    {"mistral.devstral-2-123b", kAny, {0.4_usd, 2_usd}},
    {"mistral.magistral-small-2509", kAny, {0.5_usd, 1.5_usd}},
    {"mistral.ministral-3-14b-instruct", kAny, {0.2_usd, 0.2_usd}},
    {"mistral.ministral-3-3b-instruct", kAny, {0.1_usd, 0.1_usd}},
    {"mistral.ministral-3-8b-instruct", kAny, {0.15_usd, 0.15_usd}},
    {"mistral.mistral-7b-instruct-v0*", kAny, {0.15_usd, 0.2_usd}},
    {"mistral.mistral-large-2402-v1*", kAny, {4_usd, 12_usd}},
    {"mistral.mistral-large-2407-v1*", kAny, {2_usd, 6_usd}},
    {"mistral.mistral-large-3-675b-instruct", kAny, {0.5_usd, 1.5_usd}},
    {"mistral.mistral-small-2402-v1*", kAny, {1_usd, 3_usd}},
    {"mistral.mixtral-8x7b-instruct-v0*", kAny, {0.45_usd, 0.7_usd}},
    {"mistral.pixtral-large-2502-v1*", kAny, {2_usd, 6_usd}},
    {"mistral.voxtral-mini-3b-2507", kAny, {0.04_usd, 0.04_usd}},
    {"mistral.voxtral-small-24b-2507", kAny, {0.1_usd, 0.3_usd}},

    {"moonshot.kimi-k2-thinking", kAny, {0.6_usd, 2.5_usd}},

    {"moonshotai.kimi-k2.5", kAny, {0.6_usd, 3_usd}},
    {"moonshotai.kimi-k3", kAny, {3.3_usd, 16.5_usd, 0.33_usd, 4.125_usd}},
    {"moonshotai.kimi-k3", "global", {3_usd, 15_usd, 0.3_usd, 3.75_usd}},

    {"nvidia.nemotron-nano-12b-v2", kAny, {0.2_usd, 0.6_usd}},
    {"nvidia.nemotron-nano-12b-v2", "us-gov", {0.24_usd, 0.72_usd}},
    {"nvidia.nemotron-nano-3-30b", kAny, {0.06_usd, 0.24_usd}},
    {"nvidia.nemotron-nano-3-30b", "us-gov", {0.072_usd, 0.288_usd}},
    {"nvidia.nemotron-nano-9b-v2", kAny, {0.06_usd, 0.23_usd}},
    {"nvidia.nemotron-nano-9b-v2", "us-gov", {0.072_usd, 0.276_usd}},
    {"nvidia.nemotron-super-3-120b", kAny, {0.15_usd, 0.65_usd}},
    {"nvidia.nemotron-super-3-120b", "us-gov", {0.18_usd, 0.78_usd}},

    {"openai.gpt-5.4", kAny, {2.75_usd, 16.5_usd, 0.275_usd, 2.75_usd}},
    {"openai.gpt-5.4", "global", {2.5_usd, 15_usd, 0.25_usd, 2.5_usd}},
    {"openai.gpt-5.5", kAny, {5.5_usd, 33_usd, 0.55_usd, 5.5_usd}},
    {"openai.gpt-5.5", "global", {5_usd, 30_usd, 0.5_usd, 5_usd}},
    {"openai.gpt-5.6-luna", kAny, {0.22_usd, 1.32_usd, 0.022_usd, 0.275_usd}},
    {"openai.gpt-5.6-luna", "global", {0.2_usd, 1.2_usd, 0.02_usd, 0.25_usd}},
    {"openai.gpt-5.6-sol", kAny, {4.4_usd, 22_usd, 0.44_usd, 5.5_usd}},
    {"openai.gpt-5.6-sol", "global", {4_usd, 20_usd, 0.4_usd, 5_usd}},
    {"openai.gpt-5.6-terra", kAny, {2.2_usd, 13.2_usd, 0.22_usd, 2.75_usd}},
    {"openai.gpt-5.6-terra", "global", {2_usd, 12_usd, 0.2_usd, 2.5_usd}},
    {"openai.gpt-6-astra", kAny, {11_usd, 55_usd, 1.1_usd, 13.75_usd}},
    {"openai.gpt-6-astra", "global", {10_usd, 50_usd, 1_usd, 12.5_usd}},
    {"openai.gpt-6-luna", kAny, {0.1_usd, 0.5_usd, 0.01_usd, 0.125_usd}},
    {"openai.gpt-6-luna", "us", {0.11_usd, 0.55_usd, 0.011_usd, 0.1375_usd}},
    {"openai.gpt-6-sol", kAny, {2_usd, 10_usd, 0.2_usd, 2.5_usd}},
    {"openai.gpt-6-sol", "us", {2.2_usd, 11_usd, 0.22_usd, 2.75_usd}},
    {"openai.gpt-6.1-sol", kAny, {2.2_usd, 11_usd, 0.11_usd, 2.75_usd}},
    {"openai.gpt-6.1-sol", "global", {2_usd, 10_usd, 0.1_usd, 2.5_usd}},
    {"openai.gpt-6.1-terra", kAny, {1.1_usd, 5.5_usd, 0.055_usd, 1.375_usd}},
    {"openai.gpt-6.1-terra", "global", {1_usd, 5_usd, 0.05_usd, 1.25_usd}},
    {"openai.gpt-oss-120b-1:0", kAny, {0.15_usd, 0.6_usd}},
    {"openai.gpt-oss-120b-1:0", "us-gov", {0.18_usd, 0.72_usd}},
    {"openai.gpt-oss-20b-1:0", kAny, {0.07_usd, 0.3_usd}},
    {"openai.gpt-oss-20b-1:0", "us-gov", {0.084_usd, 0.36_usd}},
    {"openai.gpt-oss-safeguard-120b", kAny, {0.15_usd, 0.6_usd}},
    {"openai.gpt-oss-safeguard-20b", kAny, {0.07_usd, 0.2_usd}},

    {"qwen.qwen3-235b-a22b-2507-v1*", kAny, {0.22_usd, 0.88_usd}},
    {"qwen.qwen3-32b-v1*", kAny, {0.15_usd, 0.6_usd}},
    {"qwen.qwen3-coder-30b-a3b-v1*", kAny, {0.15_usd, 0.6_usd}},
    {"qwen.qwen3-coder-480b-a35b-v1*", kAny, {0.45_usd, 1.8_usd}},
    {"qwen.qwen3-coder-next", kAny, {0.5_usd, 1.2_usd}},
    {"qwen.qwen3-next-80b-a3b", kAny, {0.15_usd, 1.2_usd}},
    {"qwen.qwen3-vl-235b-a22b", kAny, {0.53_usd, 2.66_usd}},

    {"stability.sd3-5-large-v1*", kAny, per_image(0.08_usd)},
    {"stability.sd3-large-v1*", kAny, per_image(0.08_usd)},
    {"stability.stable-image-core-v1*", kAny, per_image(0.04_usd)},
    {"stability.stable-image-ultra-v1*", kAny, per_image(0.14_usd)},

    {"writer.palmyra-vision-7b", kAny, {0.15_usd, 0.6_usd}},
    {"writer.palmyra-x4-v1*", kAny, {2.5_usd, 10_usd}},
    {"writer.palmyra-x5-v1*", kAny, {0.6_usd, 6_usd}},

    {"xai.grok-4.6", kAny, {2.2_usd, 6.6_usd, 0.55_usd, 2.2_usd}},
    {"xai.grok-4.6", "us-gov", {2.64_usd, 7.92_usd, 0.66_usd, 2.64_usd}},
    {"xai.grok-4.6", "global", {2_usd, 6_usd, 0.5_usd, 2_usd}},
    {"xai.grok-4.7", kAny, {2.2_usd, 6.6_usd, 0.55_usd, 2.2_usd}},
    {"xai.grok-4.7", "global", {2_usd, 6_usd, 0.5_usd, 2_usd}},

    {"zai.glm-4.7", kAny, {0.6_usd, 2.2_usd}},
    {"zai.glm-4.7-flash", kAny, {0.07_usd, 0.4_usd}},
    {"zai.glm-5", kAny, {1_usd, 3.2_usd}},
    {"zai.glm-5.3", kAny, {1.848_usd, 5.808_usd, 0.3432_usd, 2.31_usd}},
    {"zai.glm-5.3", "global", {1.68_usd, 5.28_usd, 0.312_usd, 2.1_usd}},
});

constexpr bool is_before(const PriceRow& a, const PriceRow& b) {
  const auto stem = [](std::string_view model) { return model.substr(0, model.find('*')); };
  const int order = stem(a.model).compare(stem(b.model));
  return order < 0 || (order == 0 && a.geos.empty() && !b.geos.empty());
}
static_assert(std::is_sorted(kRows.begin(), kRows.end(), is_before), "find_price() searches");

}  // namespace

const std::string_view kPriceTableDate = "2026-11-12";
const std::int64_t kPriceTableTimestamp = 1'794'441'600;
const std::string_view kPriceTableSource =
    "Amazon Bedrock's on-demand prices, standard tier, of us-east-1 and of inference profiles "
    "elsewhere, as published with the Python package litellm 1.109.1 "
    "(model_prices_and_context_window.json)";

std::span<const PriceRow> price_table() { return kRows; }

}  // namespace oriel::metrics
