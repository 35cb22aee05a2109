#include "gateway/options.h"

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <utility>

namespace oriel::gateway {

Options parse_options(int argc, char** argv, const std::string& version) {
  Options options;
  CLI::App cli{"Oriel: an observability-first LLM gateway", "oriel"};
  cli.set_version_flag("--version", "oriel " + version);
  std::string listen;
  std::string admin_listen;
  std::uint32_t workers = 0;
  bool check = false;
  bool reference = false;
  auto* listen_option =
      cli.add_option("--listen", listen, "Address and port to serve on; port 0 picks a free one")
          ->envname("ORIEL_LISTEN")
          ->type_name("ADDR:PORT");
  auto* admin_option =
      cli.add_option("--admin-listen", admin_listen,
                     "Address and port of the status page, metrics and probes, apart from clients")
          ->envname("ORIEL_ADMIN_LISTEN")
          ->type_name("ADDR:PORT");
  auto* workers_option = cli.add_option("--workers", workers, "Threads that serve requests")
                             ->check(CLI::Range(1, 256));
  cli.add_option("--config", options.config_file, "Configuration file (YAML)")->type_name("FILE");
  cli.add_flag("--check-config", check, "Check the configuration and exit");
  cli.add_flag("--config-reference", reference, "Print every configuration key and exit");
  try {
    cli.parse(argc, argv);
  } catch (const CLI::ParseError& fault) {
    constexpr int kUsage = 2;
    options.action = Options::Action::exit;
    options.exit_code = cli.exit(fault) == 0 ? 0 : kUsage;
    return options;
  }
  if (listen_option->count() > 0) options.listen = listen;
  if (admin_option->count() > 0) options.admin_listen = admin_listen;
  if (workers_option->count() > 0) options.workers = workers;
  if (check) options.action = Options::Action::check_config;
  if (reference) options.action = Options::Action::print_config_reference;
  return options;
}

convert::Result<Config> configure(const Options& options, const Environment& environment) {
  auto config = options.config_file.empty() ? complete_config(initial_config(environment))
                                            : load_config(options.config_file, environment);
  if (!config) return config;
  if (options.listen) config->listen = *options.listen;
  if (options.admin_listen) config->admin_listen = *options.admin_listen;
  if (options.workers) config->workers = *options.workers;
  return config;
}

Environment process_environment() {
  return [](std::string_view name) -> std::optional<std::string> {
    const char* value = std::getenv(std::string(name).c_str());
    if (value == nullptr || *value == '\0') return std::nullopt;
    return std::string(value);
  };
}

}  // namespace oriel::gateway
