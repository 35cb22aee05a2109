// Reads requests as JSON lines on standard input, signs each and writes the resulting headers as a
// JSON line: the other side of tests/e2e/test_sigv4_differential.py.
//
// {"method","url","headers":[[name,value]…],"body"
// (hex),"access_key","secret_key","token","region",
//  "service","time" (seconds)} → {"headers":[[name,value]…]} or {"error"}
#include <iostream>
#include <string>

#include "convert/json/padded_buffer.h"
#include "convert/json/reader.h"
#include "convert/json/writer.h"
#include "gateway/aws/sigv4.h"

namespace oriel::gateway::aws {
namespace {

std::string text_of(json::Value value) {
  const auto text = value.as_text();
  return text ? json::unescape(*text) : std::string();
}
std::string text_of(json::Value object, std::string_view key) {
  return text_of(object.find(key).value_or(json::Value()));
}

std::string from_hex(const std::string& hex) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes.push_back(static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16)));
  }
  return bytes;
}

std::vector<convert::Header> headers_of(json::Value request) {
  std::vector<convert::Header> headers;
  const json::Value pairs = request.find("headers").value_or(json::Value());
  for (const json::Member pair : pairs.children()) {
    convert::Header header;
    for (const json::Member part : pair.value.children()) {
      (header.name.empty() ? header.name : header.value) = text_of(part.value);
    }
    headers.push_back(std::move(header));
  }
  return headers;
}

void sign_line(Signer& signer, json::Value request, json::Writer& out) {
  const std::string method = text_of(request, "method");
  const std::string url = text_of(request, "url");
  const std::string region = text_of(request, "region");
  const std::string service = text_of(request, "service");
  Credentials credentials;
  credentials.access_key_id = text_of(request, "access_key");
  credentials.secret_access_key = Secret(text_of(request, "secret_key"));
  credentials.session_token = Secret(text_of(request, "token"));
  std::vector<convert::Header> headers = headers_of(request);
  BodyHash hash;
  hash.update(from_hex(text_of(request, "body")));
  const HexDigest digest = hash.finish();
  const auto parts = split_url(url);
  const auto time = request.find("time").value_or(json::Value()).as_integer();
  out.begin_object();
  if (!parts || !time) {
    out.key("error").string("no url or time");
  } else if (const auto done = signer.sign(
                 {method, parts->host, parts->path, parts->query, {digest.data(), digest.size()}},
                 credentials, {region, service},
                 std::chrono::system_clock::from_time_t(static_cast<std::time_t>(*time)), headers);
             !done) {
    out.key("error").string(done.error().detail);
  } else {
    out.key("headers").begin_array();
    for (const convert::Header& header : headers) {
      out.begin_array().string(header.name).string(header.value).end_array();
    }
    out.end_array();
  }
  out.end_object();
}

int run() {
  Signer signer;
  json::Reader reader;
  for (std::string line; std::getline(std::cin, line);) {
    const json::PaddedBuffer buffer(line);
    const auto request = reader.read(buffer);
    if (!request) {
      std::cerr << "not JSON: " << json::to_string(request.error()) << '\n';
      return 1;
    }
    std::string out;
    json::Writer writer(out);
    sign_line(signer, *request, writer);
    std::cout << out << '\n';
  }
  return 0;
}

}  // namespace
}  // namespace oriel::gateway::aws

int main() { return oriel::gateway::aws::run(); }
