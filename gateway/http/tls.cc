#include "gateway/http/tls.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <cstring>
#include <utility>

namespace oriel::gateway::http {
namespace {

// Forward secrecy and AEAD only; TLS 1.3's own suites are fine as they are.
constexpr char kTls12Ciphers[] =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
    "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";
constexpr unsigned char kSessionContext[] = "oriel";

// The newest reason in OpenSSL's queue, which is emptied.
std::string take_reason() {
  const unsigned long code = ERR_peek_last_error();
  ERR_clear_error();
  const char* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  return reason == nullptr ? "unknown error" : reason;
}

Unexpected<convert::Error> failure(const std::string& what) {
  std::string text = what + ": " + take_reason();
  convert::Error error;
  error.message = text;
  error.detail = std::move(text);
  return Unexpected{std::move(error)};
}

// HTTP/1.1 is all we speak; a client that offers only others goes on without ALPN.
int choose_protocol(SSL*, const unsigned char** chosen, unsigned char* chosen_size,
                    const unsigned char* offered, unsigned int offered_size, void*) {
  constexpr char kProtocol[] = "http/1.1";
  constexpr unsigned kSize = sizeof kProtocol - 1;
  for (unsigned at = 0; at < offered_size; at += 1U + offered[at]) {
    if (offered[at] == kSize && at + kSize < offered_size &&
        std::memcmp(offered + at + 1, kProtocol, kSize) == 0) {
      *chosen = offered + at + 1;
      *chosen_size = kSize;
      return SSL_TLSEXT_ERR_OK;
    }
  }
  return SSL_TLSEXT_ERR_NOACK;
}

}  // namespace

void TlsContext::Free::operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
void TlsContext::Free::operator()(SSL* session) const { SSL_free(session); }

TlsContext::SessionPtr TlsContext::make_session() const {
  return SessionPtr(SSL_new(context_.get()));
}

convert::Result<std::shared_ptr<TlsContext>> load_tls(const std::string& certificate_file,
                                                      const std::string& key_file) {
  ERR_clear_error();
  TlsContext::ContextPtr context(SSL_CTX_new(TLS_server_method()));
  if (!context || SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION) != 1 ||
      SSL_CTX_set_cipher_list(context.get(), kTls12Ciphers) != 1 ||
      SSL_CTX_set_session_id_context(context.get(), kSessionContext, sizeof kSessionContext - 1) !=
          1) {
    return failure("cannot set up TLS");
  }
  SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                         SSL_OP_CIPHER_SERVER_PREFERENCE |
                                         SSL_OP_PRIORITIZE_CHACHA | SSL_OP_IGNORE_UNEXPECTED_EOF);
  SSL_CTX_set_mode(context.get(), SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                      SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_alpn_select_cb(context.get(), choose_protocol, nullptr);
  if (SSL_CTX_use_certificate_chain_file(context.get(), certificate_file.c_str()) != 1) {
    return failure("cannot read the certificate " + certificate_file);
  }
  if (SSL_CTX_use_PrivateKey_file(context.get(), key_file.c_str(), SSL_FILETYPE_PEM) != 1) {
    return failure("cannot read the key " + key_file);
  }
  if (SSL_CTX_check_private_key(context.get()) != 1) {
    return failure("the key " + key_file + " does not fit the certificate " + certificate_file);
  }
  return std::make_shared<TlsContext>(std::move(context));
}

}  // namespace oriel::gateway::http
