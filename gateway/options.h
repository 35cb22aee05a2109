// The command line, and what of the environment overrides the configuration file.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "gateway/config.h"

namespace oriel::gateway {

struct Options {
  enum class Action : std::uint8_t { serve, check_config, print_config_reference, exit };
  Action action = Action::serve;
  int exit_code = 0;  // for exit: --help and --version printed already, or the usage was wrong
  std::string config_file;
  std::optional<std::string> listen;        // --listen, else ORIEL_LISTEN
  std::optional<std::string> admin_listen;  // --admin-listen, else ORIEL_ADMIN_LISTEN
  std::optional<std::uint32_t> workers;
};

Options parse_options(int argc, char** argv, const std::string& version);

// The file (if any) with the command line on top, completed and checked.
convert::Result<Config> configure(const Options& options, const Environment& environment);

// The process's own environment: the one place that reads it.
Environment process_environment();

}  // namespace oriel::gateway
