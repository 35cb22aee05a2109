#include <csignal>
#include <iostream>

#include "gateway/app.h"
#include "gateway/config_schema.h"
#include "gateway/options.h"
#include "gateway/version.h"

int main(int argc, char** argv) {
  using namespace oriel::gateway;
  std::signal(SIGPIPE, SIG_IGN);
  const Options options = parse_options(argc, argv, version_line());
  if (options.action == Options::Action::exit) return options.exit_code;
  if (options.action == Options::Action::print_config_reference) {
    std::cout << config_reference();
    return 0;
  }
  const Environment environment = process_environment();
  const auto config = configure(options, environment);
  if (!config) {
    std::cerr << "oriel: " << config.error().message << '\n';
    return 1;
  }
  if (options.action == Options::Action::check_config) {
    std::cout << "The configuration is good.\n";
    return 0;
  }
  return run_app(*config, environment);
}
