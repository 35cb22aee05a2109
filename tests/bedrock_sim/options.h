// The simulator's settings, as given on the command line. Set once in main, read by every worker.
#pragma once

#include <cstdint>
#include <string>

namespace oriel::sim {

struct Options {
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;
  int workers = 1;
  std::string port_file;
  std::string access_key = "AKIDEXAMPLE";
  std::string secret_key = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
  std::string session_token;  // Empty: requests must not carry one.
  std::string bearer;         // Empty: bearer keys are refused.
  std::string region = "us-east-1";
  // Pacing of every answer; a directive in the prompt overrides it.
  int ttft_ms = 0;
  int gap_ms = 0;
  int latency_ms = 0;
  int chunk_chars = 0;  // 0: 20 bytes per delta.
};

}  // namespace oriel::sim
