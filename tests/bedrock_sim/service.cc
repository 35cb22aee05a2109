#include "tests/bedrock_sim/service.h"

#include <ctime>

#include "tests/bedrock_sim/constraints.h"
#include "tests/bedrock_sim/control_plane.h"
#include "tests/bedrock_sim/dom.h"
#include "tests/bedrock_sim/prompt.h"
#include "tests/bedrock_sim/resolve.h"
#include "tests/bedrock_sim/shapes.h"

namespace oriel::sim {
namespace {

// Hashing this much of a body's end tells requests apart well enough.
constexpr std::size_t kHashedTail = 4096;

static_assert(HttpRequest::kBodyPadding >= simdjson::SIMDJSON_PADDING);

std::uint64_t body_hash(std::string_view body) {
  const std::size_t from = body.size() > kHashedTail ? body.size() - kHashedTail : 0;
  return fnv1a(body.substr(from)) + body.size();
}

// A prompt resource brings its own settings and its first message; nothing else takes variables.
Fault check_prompt_resource(const element& body, Resolution::Through through) {
  if (through != Resolution::Through::kPrompt) {
    return member(body, "promptVariables")
               ? invalid("promptVariables can only be used with a prompt from Prompt management.")
               : Fault{};
  }
  for (const char* name :
       {"additionalModelRequestFields", "inferenceConfig", "system", "toolConfig"}) {
    if (member(body, name)) {
      return invalid("The " + std::string(name) +
                     " field can't be used with a prompt from Prompt management.");
    }
  }
  return {};
}

Fault check_request(const element& body, const Model& model, Delivery delivery,
                    Resolution::Through through) {
  Fault fault = check_prompt_resource(body, through);
  if (!fault.found()) fault = check_settings(body, model, delivery);
  if (!fault.found()) fault = check_cache_points(body, model);
  if (!fault.found()) fault = check_model_fields(body, model);
  const bool said = list_member(body, "messages").size() > 0;
  const bool may_be_silent = through == Resolution::Through::kPrompt && !said;
  if (!fault.found() && !may_be_silent) fault = check_conversation(body, model);
  return fault;
}

std::vector<std::string_view> segments(std::string_view path) {
  std::vector<std::string_view> out;
  path.remove_prefix(1);
  while (true) {
    const std::size_t slash = path.find('/');
    out.push_back(path.substr(0, slash));
    if (slash == std::string_view::npos) return out;
    path.remove_prefix(slash + 1);
  }
}

}  // namespace

struct Service::Json {
  simdjson::dom::parser parser;
};

Service::Service(const Options& options, Stats& stats)
    : options_(options),
      stats_(stats),
      auth_(options),
      replies_(options),
      json_(std::make_unique<Json>()) {}

Service::~Service() = default;

Service::Route Service::route(const HttpRequest& request) {
  Route out;
  const auto parts = segments(request.path);
  if (parts[0] == "_sim") {
    out.operation = Operation::kSimulator;
  } else if (parts[0] == "model" && parts.size() == 3 && request.method == "POST") {
    if (parts[2] == "converse") out.operation = Operation::kConverse;
    if (parts[2] == "converse-stream") out.operation = Operation::kConverseStream;
    out.broken_path = !percent_decode(parts[1], out.id);
  } else if (request.method == "GET" && parts[0] == "foundation-models" && parts.size() == 1) {
    out.operation = Operation::kListFoundationModels;
  } else if (request.method == "GET" && parts[0] == "inference-profiles" && parts.size() == 1) {
    out.operation = Operation::kListInferenceProfiles;
  } else if (request.method == "GET" && parts[0] == "inference-profiles" && parts.size() == 2) {
    out.operation = Operation::kGetInferenceProfile;
    out.broken_path = !percent_decode(parts[1], out.id);
  }
  if (request.method == "GET" && parts[0] == "provisioned-model-throughputs" && parts.size() == 1) {
    out.operation = Operation::kListProvisioned;
  } else if (request.method == "GET" && parts[0] == "provisioned-model-throughput" &&
             parts.size() == 2) {
    out.operation = Operation::kGetProvisioned;
    out.broken_path = !percent_decode(parts[1], out.id);
  }
  return out;
}

Script Service::answer(HttpRequest& request) {
  const Route found = route(request);
  Script script = dispatch(request, found);
  stats_.count_request(found.operation, script.status);
  if (found.operation != Operation::kSimulator) {
    stats_.remember(request, {found.operation, found.id, script.status});
  }
  return script;
}

Script Service::too_large() {
  return replies_.error({"RequestEntityTooLargeException", "Request body is too large."});
}

Script Service::malformed() {
  Script script = replies_.error({"MalformedHttpRequestException", "The request is malformed."});
  script.end = Script::End::kClose;
  return script;
}

Script Service::dispatch(const HttpRequest& request, const Route& route) {
  if (route.operation == Operation::kSimulator) return simulator_page(request);
  if (route.operation == Operation::kUnknown) return unknown_operation(request);
  if (const Fault fault = auth_.check(request, std::time(nullptr)); fault.found()) {
    return replies_.error(fault);
  }
  if (route.broken_path) {
    return replies_.error(invalid("The provided model identifier is invalid."));
  }
  if (route.operation == Operation::kConverse || route.operation == Operation::kConverseStream) {
    return converse(request, route);
  }
  return list(request, route);
}

Script Service::simulator_page(const HttpRequest& request) {
  if (request.method == "GET" && request.path == "/_sim/stats") {
    return replies_.json(200, stats_.json());
  }
  if (request.method == "GET" && request.path == "/_sim/last") {
    return replies_.json(200, stats_.last_request_json());
  }
  if (request.method == "GET" && request.path == "/_sim/requests") {
    return replies_.json(200, stats_.requests_json());
  }
  if (request.method == "POST" && request.path == "/_sim/fail") {
    return stats_.fail(request.query) ? replies_.json(200, "{}") : replies_.json(400, "{}");
  }
  if (request.method == "POST" && request.path == "/_sim/reset") {
    stats_.reset();
    return replies_.json(200, "{}");
  }
  return replies_.json(404, "{}");
}

Script Service::unknown_operation(const HttpRequest& request) {
  // A model id whose slash was not encoded ends here, with the service's odd 200.
  if (request.path.substr(0, 7) == "/model/") {
    return replies_.json(
        200, R"({"Output":{"__type":)"
             R"("com.amazon.coral.service#UnknownOperationException"},"Version":"1.0"})");
  }
  return replies_.error(
      {"UnknownOperationException", "The requested operation is not recognized."});
}

Script Service::list(const HttpRequest& request, const Route& route) {
  if (const int status = stats_.take_failure(route.operation); status != 0) {
    Directives asked;
    asked.add("status=" + std::to_string(status));
    return replies_.asked_error(asked);
  }
  std::string body;
  Fault fault;
  if (route.operation == Operation::kListFoundationModels) {
    fault = list_foundation_models(request.query, options_.region, body);
  } else if (route.operation == Operation::kListInferenceProfiles) {
    fault = list_inference_profiles(request.query, options_.region, body);
  } else if (route.operation == Operation::kListProvisioned) {
    fault = list_provisioned(request.query, options_.region, body);
  } else if (route.operation == Operation::kGetProvisioned) {
    fault = get_provisioned(route.id, options_.region, body);
  } else {
    fault = get_inference_profile(route.id, options_.region, body);
  }
  return fault.found() ? replies_.error(fault) : replies_.json(200, body);
}

Script Service::converse(const HttpRequest& request, const Route& route) {
  const bool stream = route.operation == Operation::kConverseStream;
  const std::string content_type = lower(request.header("content-type"));
  if (content_type.compare(0, 16, "application/json") != 0) {
    return replies_.error({"SerializationException", "Content-Type must be application/json."});
  }
  element body;
  const auto parsed =
      json_->parser.parse(request.body_storage.data(), request.body_size, false).get(body);
  if (parsed != simdjson::SUCCESS) {
    return replies_.error({"SerializationException", "The request body is not valid JSON."});
  }
  const Resolution called = resolve_model(route.id, options_.region);
  if (called.fault.found()) return replies_.error(called.fault);
  Fault fault = check_shape(body, stream ? Root::kConverseStream : Root::kConverse);
  if (fault.found()) return replies_.error(fault);

  Prompt prompt = read_prompt(body, request.header("x-sim"));
  if (fault = prompt.directives.check(); fault.found()) return replies_.error(fault);
  const std::uint64_t hash = body_hash(request.body());
  if (prompt.directives.has("times")) {
    const std::string_view key = prompt.directives.text("key");
    const std::int64_t attempt = stats_.count_attempt(key.empty() ? hash : fnv1a(key));
    if (attempt > prompt.directives.number("times", 1)) prompt.directives.drop_faults();
  }
  Model model = *called.model;
  if (fault = disguise(model, prompt.directives); fault.found()) return replies_.error(fault);
  if (find_model(route.id) && !model.can(kOnDemand)) {
    return replies_.error(needs_profile(route.id, model));
  }
  fault = check_request(body, model, stream ? Delivery::kStream : Delivery::kWhole, called.through);
  if (fault.found()) return replies_.error(fault);

  Answer answer = make_answer(body, model, std::move(prompt), hash);
  if (called.through == Resolution::Through::kRouter) {
    answer.invoked_model = model_arn(model, options_.region);
  }
  const Directives& directives = answer.directives;
  if (answer.usage.input > model.context) {
    return replies_.error(model_says("Input is too long for requested model."));
  }
  const bool refuses =
      directives.has("says") || directives.has("status") || directives.has("exception");
  if (refuses && !directives.has("exception_after")) {
    return replies_.asked_error(directives);
  }
  return stream ? replies_.stream(answer) : replies_.whole(answer);
}

}  // namespace oriel::sim
