#include "tests/bedrock_sim/crypto.h"

#include <openssl/crypto.h>

#include <cstdlib>

namespace oriel::sim {
namespace {

class Sha256 {
 public:
  Sha256() : algorithm_(EVP_MD_fetch(nullptr, "SHA256", nullptr)), context_(EVP_MD_CTX_new()) {
    if (!algorithm_ || !context_) std::abort();
  }
  ~Sha256() {
    EVP_MD_CTX_free(context_);
    EVP_MD_free(algorithm_);
  }
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;

  Digest operator()(std::string_view first, std::string_view second) {
    Digest out;
    unsigned int size = 0;
    if (EVP_DigestInit_ex2(context_, algorithm_, nullptr) != 1 ||
        EVP_DigestUpdate(context_, first.data(), first.size()) != 1 ||
        EVP_DigestUpdate(context_, second.data(), second.size()) != 1 ||
        EVP_DigestFinal_ex(context_, out.data(), &size) != 1) {
      std::abort();
    }
    return out;
  }

 private:
  EVP_MD* algorithm_;
  EVP_MD_CTX* context_;
};

Digest hash(std::string_view first, std::string_view second) {
  thread_local Sha256 hasher;
  return hasher(first, second);
}

}  // namespace

Digest sha256(std::string_view data) { return hash(data, {}); }

Digest hmac_sha256(std::string_view key, std::string_view data) {
  std::array<char, 64> inner{};
  std::array<char, 64> outer{};
  Digest short_key;
  if (key.size() > inner.size()) {
    short_key = sha256(key);
    key = as_text(short_key);
  }
  for (std::size_t i = 0; i < inner.size(); ++i) {
    const int byte = i < key.size() ? key[i] : 0;
    inner[i] = static_cast<char>(byte ^ 0x36);
    outer[i] = static_cast<char>(byte ^ 0x5c);
  }
  const Digest first = hash({inner.data(), inner.size()}, data);
  return hash({outer.data(), outer.size()}, as_text(first));
}

std::string hex(const Digest& digest) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  out.reserve(digest.size() * 2);
  for (const unsigned char byte : digest) {
    out += kDigits[byte >> 4];
    out += kDigits[byte & 15];
  }
  return out;
}

bool equal_secret(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace oriel::sim
