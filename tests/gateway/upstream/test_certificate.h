// A self-signed certificate made on the spot, for servers that tests run over TLS.
#pragma once

#include <memory>
#include <string>

struct ssl_ctx_st;

namespace oriel::gateway {

class TestCertificate {
 public:
  // `name` is a subjectAltName entry: "IP:127.0.0.1", "DNS:elsewhere.test".
  explicit TestCertificate(const std::string& name);
  ~TestCertificate();
  TestCertificate(const TestCertificate&) = delete;
  TestCertificate& operator=(const TestCertificate&) = delete;
  ssl_ctx_st* server_context() const { return context_; }
  const std::string& certificate_file() const { return certificate_file_; }
  const std::string& key_file() const { return key_file_; }

 private:
  std::string directory_;
  std::string certificate_file_;  // PEM
  std::string key_file_;          // PEM
  ssl_ctx_st* context_;
};

}  // namespace oriel::gateway
