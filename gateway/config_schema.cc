#include "gateway/config_schema.h"

#include <array>
#include <limits>
#include <utility>

namespace oriel::gateway {
namespace {

using Kind = ConfigField::Kind;
using Milliseconds = std::chrono::milliseconds;

constexpr std::int64_t kHour = 3'600'000;
constexpr std::int64_t kGiB = std::int64_t{1} << 30;

template <class Entry>
Entry& entry_of(std::vector<Entry>& entries, const std::string& name) {
  for (Entry& entry : entries) {
    if (entry.name == name) return entry;
  }
  entries.emplace_back();
  entries.back().name = name;
  return entries.back();
}

std::string set_type(Config& config, const std::string& entry, FieldValue&& value) {
  auto& type = entry_of(config.providers, entry).type;
  if (value.text == "bedrock" || value.text == "aws") {
    type = ProviderConfig::Type::bedrock;
  } else if (value.text == "openai") {
    type = ProviderConfig::Type::openai;
  } else {
    return "is 'bedrock' or 'openai', not '" + value.text + "'";
  }
  return {};
}

std::string set_base_url(Config& config, const std::string& entry, FieldValue&& value) {
  const bool http = value.text.rfind("http://", 0) == 0 || value.text.rfind("https://", 0) == 0;
  if (!http) return "starts with http:// or https://";
  while (value.text.back() == '/') value.text.pop_back();
  entry_of(config.providers, entry).base_url = std::move(value.text);
  return {};
}

// A field whose value goes to one member of Config as it is.
#define ORIEL_SET(member, source)                         \
  [](Config& c, const std::string&, FieldValue&& v) {     \
    c.member = static_cast<decltype(c.member)>(v.source); \
    return std::string();                                 \
  }
#define ORIEL_SET_TEXT(member)                        \
  [](Config& c, const std::string&, FieldValue&& v) { \
    c.member = std::move(v.text);                     \
    return std::string();                             \
  }
#define ORIEL_SET_MS(member)                          \
  [](Config& c, const std::string&, FieldValue&& v) { \
    c.member = Milliseconds(v.integer);               \
    return std::string();                             \
  }

const std::array kFields = {
    ConfigField{"server.listen", Kind::text, 1, 256, "127.0.0.1:8080",
                "Address and port to serve on; port 0 picks a free one.", ORIEL_SET_TEXT(listen)},
    ConfigField{"server.workers", Kind::integer, 0, 256, "0",
                "Threads that serve requests; 0 is one per core.", ORIEL_SET(workers, integer)},
    ConfigField{"server.max_body_bytes", Kind::bytes, 1, kGiB, "20971520",
                "Largest request body: 413 above.", ORIEL_SET(server.max_body, integer)},
    ConfigField{"server.max_connections", Kind::integer, 1, 1'000'000, "10000",
                "Client connections per worker.", ORIEL_SET(server.max_connections, integer)},
    ConfigField{"server.max_connections_per_address", Kind::integer, 0, 1'000'000, "0",
                "Client connections per worker from one address; 0 is no cap.",
                ORIEL_SET(server.max_connections_per_address, integer)},
    ConfigField{"server.max_in_flight", Kind::integer, 1, 1'000'000, "4096",
                "Requests served at once per worker: 503 above.",
                ORIEL_SET(max_in_flight, integer)},
    ConfigField{"server.head_timeout_ms", Kind::milliseconds, 1, kHour, "10000",
                "From a request's first byte to the end of its head.",
                ORIEL_SET_MS(server.head_timeout)},
    ConfigField{"server.keep_alive_timeout_ms", Kind::milliseconds, 1, kHour, "75000",
                "How long an idle connection is kept.", ORIEL_SET_MS(server.keep_alive_timeout)},
    ConfigField{"server.body_grace_ms", Kind::milliseconds, 1, kHour, "10000",
                "How long a body may take before its minimum rate counts.",
                ORIEL_SET_MS(server.body_grace)},
    ConfigField{"server.body_min_rate", Kind::bytes, 0, kGiB, "1024",
                "Bytes per second that a body must average.",
                ORIEL_SET(server.body_min_rate, integer)},
    ConfigField{"server.write_stall_timeout_ms", Kind::milliseconds, 1, kHour, "60000",
                "How long a client may take nothing of its answer.",
                ORIEL_SET_MS(server.write_stall_timeout)},
    ConfigField{"server.lame_duck_ms", Kind::milliseconds, 0, kHour, "0",
                "After SIGTERM: not ready, but still accepting.", ORIEL_SET_MS(lame_duck)},
    ConfigField{"server.drain_timeout_ms", Kind::milliseconds, 0, kHour, "30000",
                "After SIGTERM: how long requests in flight may go on.",
                ORIEL_SET_MS(drain_timeout)},
    ConfigField{"server.cors_origins", Kind::texts, 0, 64, "[]",
                "Origins that browsers may call from, or '*'; empty turns CORS off.",
                [](Config& c, const std::string&, FieldValue&& v) {
                  c.cors.origins = std::move(v.list);
                  return std::string();
                }},
    ConfigField{"server.tls.certificate", Kind::text, 1, 4096, "",
                "PEM file with the certificate chain: serves HTTPS.",
                ORIEL_SET_TEXT(tls_certificate)},
    ConfigField{"server.tls.key", Kind::text, 1, 4096, "", "PEM file with the private key.",
                ORIEL_SET_TEXT(tls_key)},

    ConfigField{"upstream.connect_timeout_ms", Kind::milliseconds, 1, kHour, "5000",
                "To connect to an upstream, TLS included.", ORIEL_SET_MS(upstream.connect)},
    ConfigField{"upstream.first_byte_timeout_ms", Kind::milliseconds, 0, kHour, "120000",
                "To the first byte of an answer; 0 is no limit.",
                ORIEL_SET_MS(upstream.first_byte)},
    ConfigField{"upstream.idle_timeout_ms", Kind::milliseconds, 0, kHour, "120000",
                "Between bytes of an answer; 0 is no limit.", ORIEL_SET_MS(upstream.idle)},
    ConfigField{"upstream.total_timeout_ms", Kind::milliseconds, 0, 24 * kHour, "900000",
                "A whole call; 0 is no limit.", ORIEL_SET_MS(upstream.total)},
    ConfigField{"upstream.max_reply_bytes", Kind::bytes, 1024, kGiB, "67108864",
                "Largest answer that is not streamed.", ORIEL_SET(max_reply, integer)},
    ConfigField{"upstream.ca_file", Kind::text, 1, 4096, "",
                "PEM bundle that upstream certificates are checked against; empty is the system's.",
                ORIEL_SET_TEXT(upstream_ca_file)},

    ConfigField{"log.file", Kind::text, 1, 4096, "",
                "Where log lines go; empty is standard output.", ORIEL_SET_TEXT(log_file)},
    ConfigField{"log.client_address", Kind::flag, 0, 0, "true",
                "Whether log lines name the client's address.",
                ORIEL_SET(log_client_address, flag)},

    ConfigField{"providers.*.type", Kind::text, 1, 16, "", "'bedrock' or 'openai'.", set_type},
    ConfigField{"providers.*.region", Kind::text, 1, 64, "",
                "bedrock: the AWS region; empty is the environment's.",
                [](Config& c, const std::string& entry, FieldValue&& v) {
                  entry_of(c.providers, entry).region = std::move(v.text);
                  return std::string();
                }},
    ConfigField{
        "providers.*.base_url", Kind::text, 8, 2048, "",
        "openai: the server's base URL, usually ending in /v1; bedrock: replaces the runtime "
        "endpoint.",
        set_base_url},
    ConfigField{"providers.*.api_key", Kind::secret, 1, 4096, "",
                "openai: sent as a bearer token; write ${NAME} to take it from the environment.",
                [](Config& c, const std::string& entry, FieldValue&& v) {
                  entry_of(c.providers, entry).api_key = aws::Secret(std::move(v.text));
                  return std::string();
                }},

    ConfigField{"models.*.provider", Kind::text, 1, 256, "", "The provider that serves this name.",
                [](Config& c, const std::string& entry, FieldValue&& v) {
                  entry_of(c.models, entry).provider = std::move(v.text);
                  return std::string();
                }},
    ConfigField{"models.*.model", Kind::text, 1, 2048, "",
                "The provider's own name of the model; empty is the same name.",
                [](Config& c, const std::string& entry, FieldValue&& v) {
                  entry_of(c.models, entry).model = std::move(v.text);
                  return std::string();
                }},
};

#undef ORIEL_SET
#undef ORIEL_SET_TEXT
#undef ORIEL_SET_MS

std::string_view kind_name(Kind kind) {
  switch (kind) {
    case Kind::text: return "text";
    case Kind::secret: return "secret";
    case Kind::texts: return "list of text";
    case Kind::integer: return "integer";
    case Kind::milliseconds: return "milliseconds";
    case Kind::bytes: return "bytes";
    case Kind::flag: return "true or false";
  }
  return "text";
}

}  // namespace

std::span<const ConfigField> config_fields() { return kFields; }

std::string config_reference() {
  std::string page = "| key | type | default | meaning |\n|---|---|---|---|\n";
  for (const ConfigField& field : kFields) {
    page.append("| `").append(field.path).append("` | ").append(kind_name(field.kind));
    page.append(" | ");
    if (!field.default_text.empty()) page.append("`").append(field.default_text).append("`");
    page.append(" | ").append(field.doc).append(" |\n");
  }
  return page;
}

}  // namespace oriel::gateway
