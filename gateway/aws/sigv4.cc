#include "gateway/aws/sigv4.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <ctime>
#include <utility>

#include "convert/wire/percent.h"

namespace oriel::gateway::aws {
namespace {

using convert::Error;
using convert::ErrorKind;
using convert::Header;
using Digest = std::array<unsigned char, 32>;

constexpr std::size_t kHmacBlock = 64;
constexpr std::size_t kCachedKeys = 16;  // per thread: a few regions, before and after a rotation
constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";
constexpr std::string_view kEmptyBody =
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

// Headers that change on the way, or that the signature itself sets; sorted.
constexpr std::array<std::string_view, 21> kUnsigned{"authorization",
                                                     "cache-control",
                                                     "connection",
                                                     "expect",
                                                     "from",
                                                     "host",
                                                     "keep-alive",
                                                     "max-forwards",
                                                     "pragma",
                                                     "proxy-authenticate",
                                                     "proxy-authorization",
                                                     "referer",
                                                     "sec-websocket-key",
                                                     "sec-websocket-protocol",
                                                     "sec-websocket-version",
                                                     "te",
                                                     "trailer",
                                                     "transfer-encoding",
                                                     "upgrade",
                                                     "user-agent",
                                                     "x-amzn-trace-id"};
static_assert(std::is_sorted(kUnsigned.begin(), kUnsigned.end()));

struct ContextFree {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_MD_CTX, ContextFree>;
struct DigestFree {
  void operator()(EVP_MD* md) const { EVP_MD_free(md); }
};
using Sha256 = std::unique_ptr<EVP_MD, DigestFree>;

Sha256 fetch_sha256() { return Sha256(EVP_MD_fetch(nullptr, "SHA256", nullptr)); }
Context make_context() { return Context(EVP_MD_CTX_new()); }

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool same_name(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lower(x) == lower(y); });
}

HexDigest to_hex(const Digest& digest) {
  // By arithmetic, not by table: so compilers do many digits at once.
  const auto digit = [](unsigned nibble) {
    return static_cast<char>(nibble + (nibble < 10 ? '0' : 'a' - 10));
  };
  HexDigest hex{};
  for (std::size_t i = 0; i < digest.size(); ++i) {
    hex[2 * i] = digit(digest[i] >> 4U);
    hex[2 * i + 1] = digit(digest[i] & 0xFU);
  }
  return hex;
}

std::string_view view_of(const HexDigest& hex) { return {hex.data(), hex.size()}; }

// yyyymmddThhmmssZ
std::string format_time(std::time_t seconds) {
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  std::array<char, 32> text{};
  const std::size_t size = std::strftime(text.data(), text.size(), "%Y%m%dT%H%M%SZ", &utc);
  return {text.data(), size};
}

// Dot segments resolved and empty segments dropped, then every byte but the unreserved and '/'
// encoded: the path as sent is encoded once more.
void append_canonical_path(std::string_view path, std::vector<std::string_view>& segments,
                           std::string& out) {
  segments.clear();
  for (std::size_t at = 0; at < path.size();) {
    const std::size_t slash = std::min(path.find('/', at), path.size());
    const std::string_view segment = path.substr(at, slash - at);
    at = slash + 1;
    if (segment.empty() || segment == ".") continue;
    if (segment != "..") {
      segments.push_back(segment);
    } else if (!segments.empty()) {
      segments.pop_back();
    }
  }
  for (const std::string_view segment : segments) {
    out.push_back('/');
    convert::wire::append_percent_encoded(segment, out);
  }
  if (segments.empty() || path.back() == '/') out.push_back('/');
}

void append_canonical_query(std::string_view query, std::string& out) {
  if (query.empty()) return;
  std::vector<std::pair<std::string_view, std::string_view>> pairs;
  for (std::size_t at = 0; at <= query.size();) {
    const std::size_t end = std::min(query.find('&', at), query.size());
    const std::string_view pair = query.substr(at, end - at);
    at = end + 1;
    const std::size_t equals = std::min(pair.find('='), pair.size());
    pairs.emplace_back(pair.substr(0, equals),
                       equals < pair.size() ? pair.substr(equals + 1) : std::string_view());
  }
  std::sort(pairs.begin(), pairs.end());
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    if (i > 0) out.push_back('&');
    out.append(pairs[i].first).append("=").append(pairs[i].second);
  }
}

// Trimmed, with inner runs of blanks as one space.
void append_canonical_value(std::string_view value, std::string& out) {
  const auto blank = [](char c) { return c == ' ' || c == '\t'; };
  std::string_view gap;
  for (auto at = value.begin(); at != value.end();) {
    const auto word = std::find_if_not(at, value.end(), blank);
    at = std::find_if(word, value.end(), blank);
    if (word == at) break;
    out.append(std::exchange(gap, " ")).append(word, at);
  }
}

void drop_headers(std::vector<Header>& headers) {
  std::erase_if(headers, [](const Header& header) {
    return same_name(header.name, "Authorization") || same_name(header.name, "X-Amz-Date") ||
           same_name(header.name, "X-Amz-Security-Token");
  });
}

}  // namespace

struct BodyHash::Impl {
  Sha256 sha256 = fetch_sha256();
  Context context = make_context();
};

BodyHash::BodyHash() : impl_(std::make_unique<Impl>()) {
  EVP_DigestInit_ex2(impl_->context.get(), impl_->sha256.get(), nullptr);
}
BodyHash::~BodyHash() = default;
BodyHash::BodyHash(BodyHash&&) noexcept = default;
BodyHash& BodyHash::operator=(BodyHash&&) noexcept = default;

void BodyHash::update(std::string_view slice) {
  EVP_DigestUpdate(impl_->context.get(), slice.data(), slice.size());
}

HexDigest BodyHash::finish() {
  Digest digest{};
  EVP_DigestFinal_ex(impl_->context.get(), digest.data(), nullptr);
  EVP_DigestInit_ex2(impl_->context.get(), impl_->sha256.get(), nullptr);
  return to_hex(digest);
}

std::optional<SignedUrl> split_url(std::string_view url) {
  std::string_view default_port;
  if (url.starts_with("https://")) {
    url.remove_prefix(8);
    default_port = ":443";
  } else if (url.starts_with("http://")) {
    url.remove_prefix(7);
    default_port = ":80";
  } else {
    return std::nullopt;
  }
  url = url.substr(0, url.find('#'));
  const std::size_t host_end = std::min(url.find_first_of("/?"), url.size());
  std::string_view authority = url.substr(0, host_end);
  authority.remove_prefix(std::min(authority.rfind('@') + 1, authority.size()));
  if (authority.ends_with(default_port)) authority.remove_suffix(default_port.size());
  if (authority.empty()) return std::nullopt;
  SignedUrl parts;
  parts.host.resize(authority.size());
  std::transform(authority.begin(), authority.end(), parts.host.begin(), lower);
  const std::string_view rest = url.substr(host_end);
  const std::size_t question = std::min(rest.find('?'), rest.size());
  parts.path = rest.substr(0, question);
  if (question < rest.size()) parts.query = rest.substr(question + 1);
  return parts;
}

struct Signer::Impl {
  // A derived signing key as the two halves of its HMAC, each with its padded key already hashed.
  struct Key {
    std::string access_key_id;
    Secret secret;
    std::string date;
    std::string region;
    std::string service;
    Context inner;
    Context outer;
    std::uint64_t used = 0;

    bool matches(const Credentials& credentials, const SigningScope& scope,
                 std::string_view day) const {
      return date == day && region == scope.region && service == scope.service &&
             access_key_id == credentials.access_key_id &&
             secret.reveal() == credentials.secret_access_key.reveal();
    }
  };
  struct Field {
    std::string_view name;  // lower case
    std::string_view value;
  };

  bool hash(std::string_view bytes, Digest& out);
  bool derive(const Credentials& credentials, const SigningScope& scope, std::string_view day,
              Key& key);
  const Key* find_key(const Credentials& credentials, const SigningScope& scope,
                      std::string_view day);
  const std::string& text_of(SigningTime time);
  bool mac(const Key& key, std::string_view bytes, Digest& out);
  void collect_fields(std::string_view host, const std::vector<Header>& headers);
  void write_canonical(const RequestToSign& request, const std::vector<Header>& headers);

  Sha256 sha256 = fetch_sha256();
  Context scratch = make_context();
  std::vector<Key> keys;
  std::uint64_t clock = 0;  // counts uses, for eviction
  std::time_t last_second = -1;
  std::string last_text;  // of last_second
  std::vector<std::string_view> segments;
  std::vector<Field> fields;
  std::string names;  // what fields' names view
  std::string signed_names;
  std::string canonical;
  std::string to_sign;
};

bool Signer::Impl::hash(std::string_view bytes, Digest& out) {
  return EVP_DigestInit_ex2(scratch.get(), sha256.get(), nullptr) == 1 &&
         EVP_DigestUpdate(scratch.get(), bytes.data(), bytes.size()) == 1 &&
         EVP_DigestFinal_ex(scratch.get(), out.data(), nullptr) == 1;
}

bool Signer::Impl::derive(const Credentials& credentials, const SigningScope& scope,
                          std::string_view day, Key& key) {
  const auto hmac = [](const void* with, std::size_t size, std::string_view text, Digest& out) {
    return HMAC(EVP_sha256(), with, static_cast<int>(size),
                reinterpret_cast<const unsigned char*>(text.data()), text.size(), out.data(),
                nullptr) != nullptr;
  };
  const Secret first("AWS4" + credentials.secret_access_key.reveal());
  Digest date{};
  Digest region{};
  Digest service{};
  Digest signing{};
  if (!hmac(first.reveal().data(), first.reveal().size(), day, date) ||
      !hmac(date.data(), date.size(), scope.region, region) ||
      !hmac(region.data(), region.size(), scope.service, service) ||
      !hmac(service.data(), service.size(), "aws4_request", signing)) {
    return false;
  }
  const auto prepare = [&](unsigned char pad, Context& context) {
    std::array<unsigned char, kHmacBlock> block{};
    block.fill(pad);
    for (std::size_t i = 0; i < signing.size(); ++i) {
      block[i] = static_cast<unsigned char>(signing[i] ^ pad);
    }
    context = make_context();
    const bool done = EVP_DigestInit_ex2(context.get(), sha256.get(), nullptr) == 1 &&
                      EVP_DigestUpdate(context.get(), block.data(), block.size()) == 1;
    OPENSSL_cleanse(block.data(), block.size());
    return done;
  };
  const bool done = prepare(0x36, key.inner) && prepare(0x5c, key.outer);
  for (Digest* secret : {&date, &region, &service, &signing}) {
    OPENSSL_cleanse(secret->data(), secret->size());
  }
  return done;
}

const Signer::Impl::Key* Signer::Impl::find_key(const Credentials& credentials,
                                                const SigningScope& scope, std::string_view day) {
  for (Key& key : keys) {
    if (!key.matches(credentials, scope, day)) continue;
    key.used = ++clock;
    return &key;
  }
  Key made;
  if (!derive(credentials, scope, day, made)) return nullptr;
  made.access_key_id = credentials.access_key_id;
  made.secret = credentials.secret_access_key;
  made.date = day;
  made.region = scope.region;
  made.service = scope.service;
  made.used = ++clock;
  if (keys.size() < kCachedKeys) return &keys.emplace_back(std::move(made));
  Key& oldest = *std::min_element(keys.begin(), keys.end(),
                                  [](const Key& a, const Key& b) { return a.used < b.used; });
  oldest = std::move(made);
  return &oldest;
}

const std::string& Signer::Impl::text_of(SigningTime time) {
  const std::time_t second = std::chrono::system_clock::to_time_t(time);
  if (std::exchange(last_second, second) != second) last_text = format_time(second);
  return last_text;
}

bool Signer::Impl::mac(const Key& key, std::string_view bytes, Digest& out) {
  return EVP_MD_CTX_copy_ex(scratch.get(), key.inner.get()) == 1 &&
         EVP_DigestUpdate(scratch.get(), bytes.data(), bytes.size()) == 1 &&
         EVP_DigestFinal_ex(scratch.get(), out.data(), nullptr) == 1 &&
         EVP_MD_CTX_copy_ex(scratch.get(), key.outer.get()) == 1 &&
         EVP_DigestUpdate(scratch.get(), out.data(), out.size()) == 1 &&
         EVP_DigestFinal_ex(scratch.get(), out.data(), nullptr) == 1;
}

// The headers to sign by lower-case name, those of one name in the order they came.
void Signer::Impl::collect_fields(std::string_view host, const std::vector<Header>& headers) {
  fields.clear();
  names.clear();
  std::size_t size = 0;
  for (const Header& header : headers) size += header.name.size();
  names.reserve(size);  // views into it stay good
  fields.push_back({"host", host});
  const auto by_name = [](const Field& a, const Field& b) { return a.name < b.name; };
  for (const Header& header : headers) {
    const std::size_t start = names.size();
    for (const char c : header.name) names.push_back(lower(c));
    const std::string_view name = std::string_view(names).substr(start);
    if (!std::binary_search(kUnsigned.begin(), kUnsigned.end(), name)) {
      const Field field{name, header.value};
      fields.insert(std::upper_bound(fields.begin(), fields.end(), field, by_name), field);
    }
  }
}

void Signer::Impl::write_canonical(const RequestToSign& request,
                                   const std::vector<Header>& headers) {
  collect_fields(request.host, headers);
  canonical.assign(request.method).push_back('\n');
  append_canonical_path(request.path, segments, canonical);
  canonical.push_back('\n');
  append_canonical_query(request.query, canonical);
  signed_names.clear();
  std::string_view body_hash = request.body_hash.empty() ? kEmptyBody : request.body_hash;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const Field& field = fields[i];
    if (i > 0 && fields[i - 1].name == field.name) {
      canonical.push_back(',');
    } else {
      canonical.append("\n").append(field.name).push_back(':');
      if (!signed_names.empty()) signed_names.push_back(';');
      signed_names.append(field.name);
    }
    append_canonical_value(field.value, canonical);
    if (field.name == "x-amz-content-sha256") body_hash = field.value;
  }
  canonical.append("\n\n").append(signed_names).append("\n").append(body_hash);
}

Signer::Signer() : impl_(std::make_unique<Impl>()) {}
Signer::~Signer() = default;
Signer::Signer(Signer&&) noexcept = default;
Signer& Signer::operator=(Signer&&) noexcept = default;

const std::string& Signer::canonical_request() const { return impl_->canonical; }
const std::string& Signer::string_to_sign() const { return impl_->to_sign; }

convert::Result<void> Signer::sign(const RequestToSign& request, const Credentials& credentials,
                                   const SigningScope& scope, SigningTime time,
                                   std::vector<Header>& headers) {
  drop_headers(headers);
  if (!credentials.bearer_token.empty()) {
    headers.push_back({"Authorization", "Bearer " + credentials.bearer_token.reveal()});
    return {};
  }
  const auto broken = [](std::string_view detail) {
    Error error;
    error.kind = ErrorKind::internal;
    error.detail = detail;
    return Unexpected{std::move(error)};
  };
  if (credentials.access_key_id.empty() || credentials.secret_access_key.empty()) {
    return broken("credentials without a key cannot sign");
  }
  const std::string& now = impl_->text_of(time);
  const std::string_view day = std::string_view(now).substr(0, 8);
  headers.push_back({"X-Amz-Date", now});
  if (!credentials.session_token.empty()) {
    headers.push_back({"X-Amz-Security-Token", credentials.session_token.reveal()});
  }
  Impl& impl = *impl_;
  impl.write_canonical(request, headers);
  Digest digest{};
  const Impl::Key* key = impl.find_key(credentials, scope, day);
  if (key == nullptr || !impl.hash(impl.canonical, digest)) return broken("OpenSSL cannot hash");

  impl.to_sign.assign(kAlgorithm).append("\n").append(now).append("\n");
  const std::size_t scope_start = impl.to_sign.size();
  impl.to_sign.append(day).append("/").append(scope.region).append("/").append(scope.service);
  impl.to_sign.append("/aws4_request");
  const std::size_t scope_size = impl.to_sign.size() - scope_start;
  impl.to_sign.append("\n").append(view_of(to_hex(digest)));
  const auto credential_scope = std::string_view(impl.to_sign).substr(scope_start, scope_size);
  if (!impl.mac(*key, impl.to_sign, digest)) return broken("OpenSSL cannot sign");

  std::string value;
  value.reserve(256 + impl.signed_names.size());
  value.append(kAlgorithm).append(" Credential=").append(credentials.access_key_id);
  value.append("/").append(credential_scope).append(", SignedHeaders=").append(impl.signed_names);
  value.append(", Signature=").append(view_of(to_hex(digest)));
  headers.push_back({"Authorization", std::move(value)});
  return {};
}

}  // namespace oriel::gateway::aws
