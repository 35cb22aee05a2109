#include "gateway/status/page.h"

#include <openssl/sha.h>

#include <array>

#include "convert/wire/base64.h"
#include "gateway/status/assets.h"

namespace oriel::gateway::status {
namespace {

// What a policy calls an inline script or style by.
std::string hash_of(std::string_view text) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  ::SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  std::string source = "'sha256-";
  convert::wire::append_base64({reinterpret_cast<const char*>(digest.data()), digest.size()},
                               source);
  return source + "'";
}

// The document with `text` in place of `mark`, which stands in it once.
std::string fill(std::string document, std::string_view mark, std::string_view text) {
  return document.replace(document.find(mark), mark.size(), text);
}

Page make_page() {
  Page page;
  page.html = fill(std::string(kDocument), "/*STYLE*/", kStyle);
  page.html = fill(std::move(page.html), "/*SCRIPT*/", kScript);
  page.security_policy = "default-src 'none'; style-src " + hash_of(kStyle) + "; script-src " +
                         hash_of(kScript) +
                         "; connect-src 'self'; img-src data:; base-uri 'none'; "
                         "form-action 'none'; frame-ancestors 'none'";
  return page;
}

}  // namespace

const Page& page() {
  static const Page kPage = make_page();
  return kPage;
}

}  // namespace oriel::gateway::status
