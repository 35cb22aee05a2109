// The models endpoints' answers: OpenAI's model objects, with what this gateway knows beyond them.
// Spec: spec/converse.md §17. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace oriel::convert {

// A model as clients may name it. What is empty or absent is not known, and not written.
struct ModelInfo {
  std::string id;
  std::int64_t created = 0;  // Unix seconds; never "now"
  std::string owned_by;
  std::optional<std::int64_t> context_length;     // tokens
  std::optional<std::int64_t> max_output_tokens;  // tokens

  // The members of "gateway".
  std::string provider;
  std::string model_id;  // upstream's name
  std::string profile;   // inference profile
  std::vector<std::string> regions;
  std::vector<std::string> input_modalities;
  std::vector<std::string> output_modalities;
  std::optional<bool> streaming;
  std::optional<bool> tools;
  std::optional<bool> structured_output;
  std::vector<std::string> reasoning_levels;  // that `reasoning_effort` may have
  std::optional<bool> prompt_cache;
  std::string lifecycle;                    // "ACTIVE", "LEGACY"
  std::optional<std::int64_t> end_of_life;  // Unix seconds
  std::vector<std::string> aliases;
};

void write_model(const ModelInfo& model, std::string& out);
void write_model_list(std::span<const ModelInfo> models, std::string& out);

}  // namespace oriel::convert
