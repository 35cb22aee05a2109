// TLS of the listeners: one OpenSSL context, loaded at start and shared by the workers (OpenSSL
// counts its references; it is not changed after loading).
#pragma once

#include <openssl/types.h>

#include <memory>

#include "gateway/http/server.h"

namespace oriel::gateway::http {

class TlsContext {
 public:
  struct Free {
    void operator()(SSL_CTX* context) const;
    void operator()(SSL* session) const;
  };
  using ContextPtr = std::unique_ptr<SSL_CTX, Free>;
  using SessionPtr = std::unique_ptr<SSL, Free>;

  explicit TlsContext(ContextPtr context) : context_(std::move(context)) {}

  // A server's side of one connection; null when OpenSSL has no memory for it.
  SessionPtr make_session() const;

 private:
  ContextPtr context_;
};

}  // namespace oriel::gateway::http
