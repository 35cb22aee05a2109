// The models endpoints' objects: spec/converse.md §17.
#include "convert/openai/models.h"

#include <gtest/gtest.h>

namespace oriel::convert {
namespace {

TEST(Models, WhatIsNotKnownIsNotWritten) {
  std::string out;
  write_model({.id = "a/b:0", .owned_by = "me"}, out);
  EXPECT_EQ(out, R"({"id":"a/b:0","object":"model","created":0,"owned_by":"me","gateway":{}})");
}

TEST(Models, EverythingThatIsKnown) {
  ModelInfo model;
  model.id = "m";
  model.created = 7;
  model.owned_by = "amazon";
  model.context_length = 1000;
  model.max_output_tokens = 100;
  model.provider = "bedrock";
  model.model_id = "amazon.m";
  model.profile = "us.amazon.m";
  model.regions = {"us-east-1"};
  model.input_modalities = {"text", "image"};
  model.output_modalities = {"text"};
  model.streaming = true;
  model.tools = false;
  model.structured_output = true;
  model.reasoning_levels = {"low", "high"};
  model.prompt_cache = false;
  model.lifecycle = "LEGACY";
  model.end_of_life = 9;
  model.aliases = {"x"};
  std::string out;
  write_model_list(std::span(&model, 1), out);
  EXPECT_EQ(
      out,
      R"({"object":"list","data":[{"id":"m","object":"model","created":7,"owned_by":"amazon",)"
      R"("context_length":1000,"max_model_len":1000,"gateway":{"provider":"bedrock",)"
      R"("model_id":"amazon.m","profile":"us.amazon.m","regions":["us-east-1"],)"
      R"("context_length":1000,"max_output_tokens":100,"input_modalities":["text","image"],)"
      R"("output_modalities":["text"],"streaming":true,"tools":false,"structured_output":true,)"
      R"("reasoning":{"levels":["low","high"]},"prompt_cache":false,"lifecycle":"LEGACY",)"
      R"("end_of_life":9,"aliases":["x"]}}]})");
}

}  // namespace
}  // namespace oriel::convert
