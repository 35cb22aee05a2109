#include "gateway/routing/directory_fetcher.h"

#include <algorithm>
#include <utility>

#include "convert/wire/percent.h"
#include "gateway/routing/aws_lists.h"

namespace oriel::gateway {
namespace {

using convert::Error;
using convert::Result;

constexpr int kMaxPages = 50;
constexpr std::chrono::milliseconds kFirstRetry{5'000};
constexpr std::chrono::hours kBelieved{1};
constexpr std::chrono::minutes kDisbelieved{1};
constexpr std::size_t kMaxLookUps = 1'024;
constexpr std::size_t kMaxPending = 32;

std::string words_of(const Error& error) {
  return error.detail.empty() ? error.message : error.detail;
}

// Where AWS tells the model of an ARN; empty: nowhere.
std::string look_up_target(std::string_view arn) {
  std::string target;
  if (arn.find("inference-profile/") != std::string_view::npos) {
    target = "/inference-profiles/";
  } else if (arn.find(":provisioned-model/") != std::string_view::npos) {
    target = "/provisioned-model-throughput/";
  } else {
    return target;
  }
  convert::wire::append_percent_encoded(arn, target);
  return target;
}

}  // namespace

DirectoryFetcher::DirectoryFetcher(event_base* base, const Clock& clock, ControlPlane& control,
                                   DirectoryOptions options)
    : base_(base),
      clock_(clock),
      control_(control),
      options_(std::move(options)),
      next_round_(base_, [this] { begin_round(); }) {
  for (const std::string& name : options_.regions) {
    regions_.push_back(std::make_unique<Region>());
    regions_.back()->name = name;
  }
}

DirectoryFetcher::~DirectoryFetcher() = default;

void DirectoryFetcher::start() {
  if (options_.refresh.count() > 0) begin_round();
}

void DirectoryFetcher::begin_round() {
  regions_left_ = regions_.size();
  for (const auto& region : regions_) {
    region->fault.clear();
    ask_models(*region);
  }
}

void DirectoryFetcher::ask_models(Region& region) {
  region.call = control_.get(
      region.name, "/foundation-models", [this, &region](Result<json::PaddedBuffer> answer) {
        auto models = answer ? read_foundation_models(*answer, reader_)
                             : Result<std::vector<ListedModel>>(Unexpected{answer.error()});
        if (models) {
          region.models = std::move(*models);
        } else {
          region.fault = "foundation models: " + words_of(models.error());
        }
        region.pages_read = 0;
        region.pages.clear();
        ask_profiles(region, ProfileType::system, {});
      });
}

void DirectoryFetcher::ask_profiles(Region& region, ProfileType type, const std::string& token) {
  std::string target("/inference-profiles?maxResults=1000");
  if (!token.empty()) {
    target.append("&nextToken=");
    convert::wire::append_percent_encoded(token, target);
  }
  target.append(type == ProfileType::system ? "&type=SYSTEM_DEFINED" : "&type=APPLICATION");
  region.call =
      control_.get(region.name, target, [this, &region, type](Result<json::PaddedBuffer> answer) {
        take_profiles(region, type, std::move(answer));
      });
}

void DirectoryFetcher::take_profiles(Region& region, ProfileType type,
                                     Result<json::PaddedBuffer> answer) {
  auto page = answer ? read_profile_page(*answer, reader_)
                     : Result<ProfilePage>(Unexpected{std::move(answer.error())});
  if (page) {
    std::move(page->profiles.begin(), page->profiles.end(), std::back_inserter(region.pages));
    if (!page->next_token.empty() && ++region.pages_read < kMaxPages &&
        region.pages.size() < kMaxListed) {
      return ask_profiles(region, type, page->next_token);
    }
    auto& list = type == ProfileType::system ? region.system : region.application;
    list = std::move(region.pages);
  } else if (region.fault.empty()) {
    region.fault = "inference profiles: " + words_of(page.error());
  }
  region.pages_read = 0;
  region.pages.clear();
  if (type == ProfileType::system) return ask_profiles(region, ProfileType::application, {});
  end_region(region);
}

void DirectoryFetcher::end_region(Region& region) {
  if (region.models || region.system) {
    auto profiles = region.system;
    if (profiles && region.application) {
      profiles->insert(profiles->end(), region.application->begin(), region.application->end());
    }
    region.lists = std::make_shared<const RegionDirectory>(region.models, std::move(profiles));
  }
  if (options_.on_region) options_.on_region(region.name, region.fault);
  if (region.fault != region.told_fault) {
    region.told_fault = region.fault;
    if (!region.fault.empty()) options_.on_fault(region.name, region.fault);
  }
  if (--regions_left_ == 0) end_round();
}

// What failed is tried again soon, then less and less often.
void DirectoryFetcher::end_round() {
  std::map<std::string, ModelDirectory::Entry, std::less<>> entries;
  bool failed = false;
  for (const auto& region : regions_) {
    failed = failed || !region->fault.empty();
    ListFreshness freshness = ListFreshness::statics;
    if (region->lists) {
      freshness = region->fault.empty() ? ListFreshness::live : ListFreshness::stale;
    }
    entries[region->name] = {region->lists, freshness};
  }
  failed_rounds_ = failed ? std::min(failed_rounds_ + 1, 16) : 0;
  const auto retry = kFirstRetry * (1 << std::max(failed_rounds_ - 1, 0));
  next_round_.arm(failed ? std::min<std::chrono::milliseconds>(retry, options_.refresh)
                         : options_.refresh);
  options_.on_lists(std::make_shared<const ModelDirectory>(std::move(entries)));
}

// ------------------------------------------------------------------------------------- single ARNs

void DirectoryFetcher::look_up(const std::string& arn,
                               std::function<void(const LookedUpModel&)> done) {
  const SteadyTime now = clock_.now();
  auto found = look_ups_.find(arn);
  if (found != look_ups_.end() && found->second.known) {
    if (found->second.known->until > now) return done(*found->second.known);
    look_ups_.erase(found);
    found = look_ups_.end();
  }
  if (found != look_ups_.end()) {
    found->second.waiting.push_back(std::move(done));
    return;
  }
  if (look_up_target(arn).empty() || !make_room()) return done({{}, now + kDisbelieved});
  look_ups_[arn].waiting.push_back(std::move(done));
  ask_arn(arn, arn, Hops::first);
}

// Clients choose ARNs: neither the answers kept nor the questions under way grow without bound.
bool DirectoryFetcher::make_room() {
  const auto pending = std::count_if(look_ups_.begin(), look_ups_.end(),
                                     [](const auto& entry) { return !entry.second.known; });
  if (static_cast<std::size_t>(pending) >= kMaxPending) return false;
  if (look_ups_.size() < kMaxLookUps) return true;
  const SteadyTime now = clock_.now();
  std::erase_if(look_ups_, [&](const auto& entry) {
    return entry.second.known && entry.second.known->until <= now;
  });
  if (look_ups_.size() < kMaxLookUps) return true;
  // Answers that found nothing are the cheapest to lose.
  const auto negative = std::find_if(look_ups_.begin(), look_ups_.end(), [](const auto& entry) {
    return entry.second.known && entry.second.known->foundation_model.empty();
  });
  if (negative == look_ups_.end()) return false;
  look_ups_.erase(negative);
  return true;
}

void DirectoryFetcher::ask_arn(const std::string& arn, const std::string& asked, Hops hops) {
  look_ups_[arn].call = control_.get(region_in_arn(asked), look_up_target(asked),
                                     [this, arn, hops](Result<json::PaddedBuffer> answer) {
                                       take_arn(arn, hops, std::move(answer));
                                     });
}

void DirectoryFetcher::take_arn(const std::string& arn, Hops hops,
                                Result<json::PaddedBuffer> answer) {
  auto model = answer ? read_model_arn(*answer, reader_)
                      : Result<std::string>(Unexpected{std::move(answer.error())});
  if (!model) return settle(arn, {});
  if (const auto named = foundation_in_arn(*model); !named.empty()) {
    return settle(arn, std::string(named));
  }
  if (hops == Hops::second || look_up_target(*model).empty()) return settle(arn, {});
  ask_arn(arn, *model, Hops::second);
}

void DirectoryFetcher::settle(const std::string& arn, std::string foundation_model) {
  LookUp& look_up = look_ups_[arn];
  const auto believed = foundation_model.empty() ? SteadyTime::duration(kDisbelieved)
                                                 : SteadyTime::duration(kBelieved);
  const LookedUpModel known{std::move(foundation_model), clock_.now() + believed};
  look_up.known = known;
  look_up.call.reset();
  for (const auto& done : std::exchange(look_up.waiting, {})) done(known);
}

}  // namespace oriel::gateway
