// bedrock-sim: a Bedrock Runtime and control plane on one port, for tests and benches.
#include <signal.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "tests/bedrock_sim/options.h"
#include "tests/bedrock_sim/stats.h"
#include "tests/bedrock_sim/worker.h"

namespace oriel::sim {
namespace {

// "127.0.0.1:8000" into host and port.
bool split_address(const std::string& text, Options& options) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string::npos) return false;
  options.host = text.substr(0, colon);
  const std::string port = text.substr(colon + 1);
  if (port.empty() || port.size() > 5 ||
      port.find_first_not_of("0123456789") != std::string::npos || std::stoi(port) > 65535) {
    return false;
  }
  options.port = static_cast<std::uint16_t>(std::stoi(port));
  return true;
}

void announce(const Options& options, std::uint16_t port) {
  if (!options.port_file.empty()) {
    // Written beside and renamed, so that a reader never sees half of it.
    const std::string draft = options.port_file + ".new";
    std::ofstream(draft) << port << "\n";
    std::rename(draft.c_str(), options.port_file.c_str());
  }
  std::printf("listening on http://%s:%u\n", options.host.c_str(), unsigned{port});
  std::fflush(stdout);
}

int serve(const Options& options) {
  // Blocked before any thread starts: only the wait below takes them.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);

  auto stats = std::make_unique<Stats>();
  std::vector<std::unique_ptr<Worker>> workers;
  std::uint16_t port = options.port;
  for (int i = 0; i < options.workers; ++i) {
    workers.push_back(std::make_unique<Worker>(options, *stats));
    port = workers.back()->listen(port);
    if (port == 0) {
      std::fprintf(stderr, "bedrock-sim: cannot listen on %s\n", options.host.c_str());
      return 1;
    }
  }
  std::vector<std::thread> threads;
  for (auto& worker : workers) threads.emplace_back([&worker] { worker->run(); });
  announce(options, port);
  int received = 0;
  sigwait(&signals, &received);
  for (auto& worker : workers) worker->stop();
  for (std::thread& thread : threads) thread.join();
  return 0;
}

}  // namespace
}  // namespace oriel::sim

int main(int argc, char** argv) {
  oriel::sim::Options options;
  std::string listen = "127.0.0.1:0";
  CLI::App app("A strict simulator of Amazon Bedrock (Converse and model listings)");
  app.add_option("--listen", listen, "Address and port; port 0 takes a free one");
  app.add_option("--port-file", options.port_file, "Write the port here when ready");
  app.add_option("--workers", options.workers, "Threads")->check(CLI::Range(1, 64));
  app.add_option("--access-key", options.access_key, "The access key id it knows");
  app.add_option("--secret-key", options.secret_key, "Its secret");
  app.add_option("--session-token", options.session_token, "The session token it wants");
  app.add_option("--bearer", options.bearer, "The bearer key it accepts");
  app.add_option("--region", options.region, "The region it is in");
  app.add_option("--ttft-ms", options.ttft_ms, "Streams: time to the first byte")
      ->check(CLI::Range(0, 3600000));
  app.add_option("--gap-ms", options.gap_ms, "Streams: time between deltas")
      ->check(CLI::Range(0, 3600000));
  app.add_option("--latency-ms", options.latency_ms, "Whole answers: time to the first byte")
      ->check(CLI::Range(0, 3600000));
  app.add_option("--chunk-chars", options.chunk_chars, "Streams: bytes per delta")
      ->check(CLI::Range(0, 1000000));
  CLI11_PARSE(app, argc, argv);
  if (!oriel::sim::split_address(listen, options)) {
    std::fprintf(stderr, "bedrock-sim: --listen wants ADDRESS:PORT, not %s\n", listen.c_str());
    return 2;
  }
  return oriel::sim::serve(options);
}
