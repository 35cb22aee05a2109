// Bedrock's control plane: what the operations that list and describe models, inference profiles
// and provisioned models answer. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

#include "tests/bedrock_sim/fault.h"

namespace oriel::sim {

// Each fills `out` with the JSON of a 200, or returns the fault.
Fault list_foundation_models(std::string_view query, std::string_view region, std::string& out);
Fault list_inference_profiles(std::string_view query, std::string_view region, std::string& out);
Fault get_inference_profile(std::string_view id_or_arn, std::string_view region, std::string& out);
Fault list_provisioned(std::string_view query, std::string_view region, std::string& out);
Fault get_provisioned(std::string_view id_or_arn, std::string_view region, std::string& out);

}  // namespace oriel::sim
