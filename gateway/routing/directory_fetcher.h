// Keeps the ModelDirectory: asks AWS what it serves at start and again and again, keeps what it
// knew when AWS does not answer, and looks single ARNs up. Nobody waits for it but those who look
// an ARN up. Used on the admin thread; what it makes is shared. Source: spec/converse.md §2, §17.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "convert/json/reader.h"
#include "gateway/clock.h"
#include "gateway/loop.h"
#include "gateway/routing/control_plane.h"
#include "gateway/routing/model_directory.h"

namespace oriel::gateway {

// The foundation model behind an ARN, as long as that may be believed.
struct LookedUpModel {
  std::string foundation_model;  // empty: AWS does not tell
  SteadyTime until;
};

struct DirectoryOptions {
  std::vector<std::string> regions;
  std::chrono::milliseconds refresh{600'000};
  // After every round.
  std::function<void(std::shared_ptr<const ModelDirectory>)> on_lists;
  // A region's round has ended; an empty fault: well. May be empty.
  std::function<void(std::string_view region, std::string_view fault)> on_region;
  // When a region's lists begin to fail, and when another thing goes wrong with them.
  std::function<void(std::string_view region, std::string_view what)> on_fault;
};

class DirectoryFetcher {
 public:
  // What is lent outlives the fetcher.
  DirectoryFetcher(event_base* base, const Clock& clock, ControlPlane& control,
                   DirectoryOptions options);
  ~DirectoryFetcher();

  // The first round; it answers later.
  void start();
  // `done` is told on this thread, perhaps at once.
  void look_up(const std::string& arn, std::function<void(const LookedUpModel&)> done);

 private:
  // What is known of one region, and how far its round has come.
  struct Region {
    std::string name;
    std::optional<std::vector<ListedModel>> models;
    std::optional<std::vector<ListedProfile>> system;
    std::optional<std::vector<ListedProfile>> application;
    std::vector<ListedProfile> pages;  // of the list being read
    int pages_read = 0;
    std::string fault;  // of this round
    std::string told_fault;
    std::shared_ptr<const RegionDirectory> lists;
    std::unique_ptr<ControlCall> call;
  };
  struct LookUp {
    std::optional<LookedUpModel> known;
    std::vector<std::function<void(const LookedUpModel&)>> waiting;
    std::unique_ptr<ControlCall> call;
  };
  enum class ProfileType : std::uint8_t { system, application };
  enum class Hops : std::uint8_t { first, second };

  void begin_round();
  void ask_models(Region& region);
  void ask_profiles(Region& region, ProfileType type, const std::string& token);
  void take_profiles(Region& region, ProfileType type, convert::Result<json::PaddedBuffer> answer);
  void end_region(Region& region);
  void end_round();
  void ask_arn(const std::string& arn, const std::string& asked, Hops hops);
  void take_arn(const std::string& arn, Hops hops, convert::Result<json::PaddedBuffer> answer);
  void settle(const std::string& arn, std::string foundation_model);
  bool make_room();

  event_base* base_;
  const Clock& clock_;
  ControlPlane& control_;
  DirectoryOptions options_;
  json::Reader reader_;
  std::vector<std::unique_ptr<Region>> regions_;
  std::size_t regions_left_ = 0;
  int failed_rounds_ = 0;
  Timer next_round_;
  std::map<std::string, LookUp, std::less<>> look_ups_;
};

}  // namespace oriel::gateway
