#include "tests/bedrock_sim/sigv4_check.h"

#include <algorithm>
#include <charconv>
#include <ctime>
#include <vector>

namespace oriel::sim {
namespace {

constexpr std::int64_t kMaxSkewSeconds = 300;
constexpr std::string_view kScheme = "AWS4-HMAC-SHA256";
constexpr std::string_view kBadToken = "The security token included in the request is invalid.";

void append_encoded(std::string& out, std::string_view text, std::string_view also_plain) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '.' || c == '_' || c == '~' ||
                       also_plain.find(c) != std::string_view::npos;
    if (plain) {
      out += c;
    } else {
      out += '%';
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    }
  }
}

std::vector<std::string_view> split(std::string_view text, char at) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t end = text.find(at);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

// Dot segments and repeated slashes removed, then encoded once more.
std::string canonical_path(std::string_view path) {
  std::vector<std::string_view> kept;
  for (const std::string_view segment : split(path, '/')) {
    if (segment == "..") {
      if (!kept.empty()) kept.pop_back();
    } else if (!segment.empty() && segment != ".") {
      kept.push_back(segment);
    }
  }
  std::string out;
  for (const std::string_view segment : kept) {
    out += '/';
    append_encoded(out, segment, "");
  }
  if (out.empty() || (path.size() > 1 && path.back() == '/')) out += '/';
  return out;
}

std::string canonical_query(std::string_view query) {
  std::vector<std::pair<std::string_view, std::string_view>> pairs;
  for (const std::string_view part : split(query, '&')) {
    if (part.empty()) continue;
    const std::size_t equals = part.find('=');
    pairs.emplace_back(part.substr(0, equals), equals == std::string_view::npos
                                                   ? std::string_view()
                                                   : part.substr(equals + 1));
  }
  std::sort(pairs.begin(), pairs.end());
  std::string out;
  for (const auto& [name, value] : pairs) {
    if (!out.empty()) out += '&';
    out += name;
    out += '=';
    out += value;
  }
  return out;
}

void append_collapsed(std::string& out, std::string_view value) {
  bool space = false;
  for (const char c : value) {
    const bool blank = c == ' ' || c == '\t';
    if (!blank || !space) out += blank ? ' ' : c;
    space = blank;
  }
}

std::string iso_basic(std::int64_t seconds) {
  const std::time_t time = seconds;
  std::tm parts{};
  gmtime_r(&time, &parts);
  char text[24];
  const std::size_t size = std::strftime(text, sizeof text, "%Y%m%dT%H%M%SZ", &parts);
  return {text, size};
}

bool parse_iso_basic(std::string_view text, std::int64_t& seconds) {
  if (text.size() != 16 || text[8] != 'T' || text[15] != 'Z') return false;
  const auto number = [text](std::size_t from, std::size_t size, int& out) {
    const char* end = text.data() + from + size;
    return std::from_chars(text.data() + from, end, out).ptr == end;
  };
  std::tm parts{};
  if (!number(0, 4, parts.tm_year) || !number(4, 2, parts.tm_mon) || !number(6, 2, parts.tm_mday) ||
      !number(9, 2, parts.tm_hour) || !number(11, 2, parts.tm_min) ||
      !number(13, 2, parts.tm_sec)) {
    return false;
  }
  parts.tm_year -= 1900;
  parts.tm_mon -= 1;
  seconds = timegm(&parts);
  return true;
}

Fault mismatch(const std::string& message) { return {"InvalidSignatureException", message}; }

}  // namespace

// What the Authorization header claims.
struct SigV4Check::Claim {
  std::string_view key, date, region, service, terminator, signature, signed_headers;
  std::vector<std::string_view> names;
  std::string_view time;
  bool parse(std::string_view header);
};

bool SigV4Check::Claim::parse(std::string_view header) {
  header.remove_prefix(kScheme.size());
  for (std::string_view part : split(header, ',')) {
    while (!part.empty() && part.front() == ' ') part.remove_prefix(1);
    const std::size_t equals = part.find('=');
    if (equals == std::string_view::npos) return false;
    const std::string_view name = part.substr(0, equals);
    const std::string_view value = part.substr(equals + 1);
    if (name == "Credential") {
      const auto scope = split(value, '/');
      if (scope.size() != 5) return false;
      key = scope[0], date = scope[1], region = scope[2], service = scope[3], terminator = scope[4];
    } else if (name == "SignedHeaders") {
      signed_headers = value;
      names = split(value, ';');
    } else if (name == "Signature") {
      signature = value;
    } else {
      return false;
    }
  }
  return !key.empty() && !signed_headers.empty() && !signature.empty();
}

Fault SigV4Check::check(const HttpRequest& request, std::int64_t now) {
  const std::string_view header = request.header("authorization");
  if (header.empty()) {
    return {"MissingAuthenticationTokenException", "Missing Authentication Token"};
  }
  constexpr std::string_view kBearer = "Bearer ";
  if (header.substr(0, kBearer.size()) == kBearer) {
    const std::string_view token = header.substr(kBearer.size());
    if (!options_.bearer.empty() && equal_secret(token, options_.bearer)) return {};
    return {"AccessDeniedException",
            "Authentication failed: Please make sure your API Key is valid."};
  }
  return check_signature(request, header, now);
}

Fault SigV4Check::check_claim(const HttpRequest& request, const Claim& claim,
                              std::int64_t now) const {
  const std::string_view token = request.header("x-amz-security-token");
  if (claim.key != options_.access_key) {
    return {"UnrecognizedClientException", std::string(kBadToken)};
  }
  if (token == "EXPIRED") {
    return {"ExpiredTokenException", "The security token included in the request is expired"};
  }
  if (!equal_secret(token, options_.session_token)) {
    return {"UnrecognizedClientException", std::string(kBadToken)};
  }
  std::int64_t signed_at = 0;
  if (!parse_iso_basic(claim.time, signed_at)) {
    return {"IncompleteSignatureException", "Date must be in ISO-8601 'basic format'. Got '" +
                                                std::string(claim.time) +
                                                "'. See http://en.wikipedia.org/wiki/ISO_8601"};
  }
  if (claim.region != options_.region) {
    return mismatch("Credential should be scoped to a valid region. ");
  }
  if (claim.service != "bedrock") {
    return mismatch("Credential should be scoped to correct service: 'bedrock'. ");
  }
  if (claim.terminator != "aws4_request") {
    return mismatch("Credential should be scoped with a valid terminator: 'aws4_request', not '" +
                    std::string(claim.terminator) + "'.");
  }
  if (claim.date != claim.time.substr(0, 8)) {
    return mismatch(
        "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of "
        "date from HTTP: '" +
        std::string(claim.date) + "' != '" + std::string(claim.time.substr(0, 8)) + "', from '" +
        std::string(claim.time) + "'.");
  }
  const std::string current = iso_basic(now);
  if (signed_at < now - kMaxSkewSeconds) {
    return mismatch("Signature expired: " + std::string(claim.time) + " is now earlier than " +
                    iso_basic(now - kMaxSkewSeconds) + " (" + current + " - 5 min.)");
  }
  if (signed_at > now + kMaxSkewSeconds) {
    return mismatch("Signature not yet current: " + std::string(claim.time) +
                    " is still later than " + iso_basic(now + kMaxSkewSeconds) + " (" + current +
                    " + 5 min.)");
  }
  return {};
}

Fault SigV4Check::check_signature(const HttpRequest& request, std::string_view header,
                                  std::int64_t now) {
  Claim claim;
  if (header.substr(0, kScheme.size()) != kScheme || !claim.parse(header)) {
    return {"IncompleteSignatureException",
            "Authorization header requires 'Credential', 'Signature' and 'SignedHeaders' "
            "parameters and the algorithm AWS4-HMAC-SHA256."};
  }
  claim.time = request.header("x-amz-date");
  if (Fault fault = check_claim(request, claim, now); fault.found()) return fault;

  const auto is_signed = [&claim](std::string_view name) {
    return std::find(claim.names.begin(), claim.names.end(), name) != claim.names.end();
  };
  if (!is_signed("host")) {
    return mismatch("'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.");
  }
  for (const HttpHeader& sent : request.headers) {
    const std::string name = lower(sent.name);
    if (name.compare(0, 6, "x-amz-") == 0 && !is_signed(name)) {
      return mismatch("'" + name + "' must be a 'SignedHeader' in the AWS Authorization.");
    }
  }
  std::string payload_hash = hex(sha256(request.body()));
  const std::string_view sent_hash = request.header("x-amz-content-sha256");
  if (!sent_hash.empty() && sent_hash != payload_hash) {
    return mismatch("The value of x-amz-content-sha256 does not match the payload.");
  }
  std::string canonical(request.method);
  canonical += '\n' + canonical_path(request.path) + '\n' + canonical_query(request.query) + '\n';
  for (const std::string_view name : claim.names) {
    canonical += name;
    canonical += ':';
    bool first = true;
    for (const HttpHeader& sent : request.headers) {
      if (!same_name(sent.name, name)) continue;
      if (!first) canonical += ',';
      first = false;
      append_collapsed(canonical, sent.value);
    }
    canonical += '\n';
  }
  canonical += '\n';
  canonical += claim.signed_headers;
  canonical += '\n' + payload_hash;
  if (!std::is_sorted(claim.names.begin(), claim.names.end())) {
    return mismatch("SignedHeaders must be sorted.");
  }

  std::string to_sign(kScheme);
  to_sign += '\n';
  to_sign += claim.time;
  to_sign += '\n';
  to_sign += claim.date;
  to_sign += '/' + options_.region + "/bedrock/aws4_request\n" + hex(sha256(canonical));
  const std::string expected = hex(hmac_sha256(as_text(signing_key(claim.date)), to_sign));
  if (equal_secret(expected, claim.signature)) return {};
  return mismatch(
      "The request signature we calculated does not match the signature you provided. "
      "Check your AWS Secret Access Key and signing method. Consult the service "
      "documentation for details.\n\nThe Canonical String for this request should have "
      "been\n'" +
      canonical + "'\n\nThe String-to-Sign should have been\n'" + to_sign + "'\n");
}

const Digest& SigV4Check::signing_key(std::string_view date) {
  if (date != key_date_) {
    const Digest day = hmac_sha256("AWS4" + options_.secret_key, date);
    const Digest region = hmac_sha256(as_text(day), options_.region);
    const Digest service = hmac_sha256(as_text(region), "bedrock");
    key_ = hmac_sha256(as_text(service), "aws4_request");
    key_date_ = date;
  }
  return key_;
}

}  // namespace oriel::sim
