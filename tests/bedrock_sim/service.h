// From a raw request to the script of its answer: route, authenticate, validate, answer. One per
// worker, on its thread; `stats` is shared.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "tests/bedrock_sim/http_request.h"
#include "tests/bedrock_sim/options.h"
#include "tests/bedrock_sim/reply.h"
#include "tests/bedrock_sim/script.h"
#include "tests/bedrock_sim/sigv4_check.h"
#include "tests/bedrock_sim/stats.h"

namespace oriel::sim {

class Service {
 public:
  Service(const Options& options, Stats& stats);
  ~Service();

  // Takes the request's body away.
  Script answer(HttpRequest& request);
  Script too_large();
  Script malformed();

 private:
  struct Route {
    Operation operation = Operation::kUnknown;
    std::string id;  // Decoded.
    bool broken_path = false;
  };
  struct Json;  // The parser.

  static Route route(const HttpRequest& request);
  Script dispatch(const HttpRequest& request, const Route& route);
  Script simulator_page(const HttpRequest& request);
  Script unknown_operation(const HttpRequest& request);
  Script converse(const HttpRequest& request, const Route& route);
  Script list(const HttpRequest& request, const Route& route);

  const Options& options_;
  Stats& stats_;
  SigV4Check auth_;
  ReplyWriter replies_;
  std::unique_ptr<Json> json_;
};

}  // namespace oriel::sim
