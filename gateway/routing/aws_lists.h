// AWS's answers about models and profiles, read: ListFoundationModels, ListInferenceProfiles,
// GetInferenceProfile, GetProvisionedModelThroughput. Unknown members are skipped, entries without
// what they need are left out. Pure. Source: spec/converse.md §17.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "convert/error.h"
#include "convert/json/padded_buffer.h"
#include "convert/json/reader.h"
#include "gateway/routing/model_directory.h"

namespace oriel::gateway {

inline constexpr std::size_t kMaxListed = 10'000;  // entries of one list

struct ProfilePage {
  std::vector<ListedProfile> profiles;
  std::string next_token;  // empty: the last page
};

convert::Result<std::vector<ListedModel>> read_foundation_models(const json::PaddedBuffer& body,
                                                                 json::Reader& reader);
convert::Result<ProfilePage> read_profile_page(const json::PaddedBuffer& body,
                                               json::Reader& reader);
// The ARN of the model that one profile or one provisioned throughput stands for; empty: not told.
convert::Result<std::string> read_model_arn(const json::PaddedBuffer& body, json::Reader& reader);

// "2025-01-02T03:04:05Z", with or without fractions, as Unix seconds; 0 for anything else.
std::int64_t read_timestamp(std::string_view text);

}  // namespace oriel::gateway
