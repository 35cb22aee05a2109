#include "gateway/config_schema.h"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "convert/bedrock/feature_names.h"
#include "gateway/config_policy.h"

namespace oriel::gateway {
namespace {

using Kind = ConfigField::Kind;
using Milliseconds = std::chrono::milliseconds;

constexpr std::int64_t kHour = 3'600'000;
constexpr std::int64_t kGiB = std::int64_t{1} << 30;
constexpr std::int64_t kMaxTokens = 1'000'000'000;

template <class Entry>
Entry& entry_of(std::vector<Entry>& entries, const std::string& name, Entry fresh) {
  for (Entry& entry : entries) {
    if (entry.name == name) return entry;
  }
  fresh.name = name;
  entries.push_back(std::move(fresh));
  return entries.back();
}

ProviderConfig& provider_of(Config& config, const std::string& name) {
  return entry_of(config.providers, name, {});
}

ModelConfig& model_of(Config& config, const std::string& name) {
  ModelConfig fresh;
  fresh.policy = config.defaults;
  return entry_of(config.models, name, std::move(fresh));
}

PriceConfig& price_of(Config& config, const std::string& name) {
  return entry_of(config.prices, name, {});
}

std::string set_type(Config& config, const std::string& entry, FieldValue&& value) {
  auto& type = provider_of(config, entry).type;
  if (value.text == "bedrock" || value.text == "aws") {
    type = ProviderConfig::Type::bedrock;
  } else if (value.text == "openai") {
    type = ProviderConfig::Type::openai;
  } else {
    return "is 'bedrock' or 'openai', not '" + value.text + "'";
  }
  return {};
}

std::string set_url(std::string& url, FieldValue&& value) {
  const bool http = value.text.starts_with("http://") || value.text.starts_with("https://");
  if (!http) return "starts with http:// or https://";
  while (value.text.back() == '/') value.text.pop_back();
  url = std::move(value.text);
  return {};
}

// "+image", "-tools": what is said twice counts as said last.
std::string set_features(Config& config, const std::string& entry, FieldValue&& value) {
  for (const std::string_view word : value.list) {
    const bool adds = word.starts_with('+');
    const auto feature = convert::find_feature(word.substr(std::min<std::size_t>(1, word.size())));
    if ((!adds && !word.starts_with('-')) || !feature) {
      return "lists features such as +image and -tools; '" + std::string(word) + "' is none";
    }
    convert::CapabilityPatch change;
    (adds ? change.add : change.remove) = static_cast<std::uint64_t>(*feature);
    model_of(config, entry).patch.merge(change);
  }
  return {};
}

std::string set_fetch(Config& config, const std::string&, FieldValue&& value) {
  using Fetch = MediaConfig::Fetch;
  constexpr std::array<std::pair<std::string_view, Fetch>, 3> kWords{
      {{"off", Fetch::off}, {"https", Fetch::https}, {"http", Fetch::http}}};
  return set_word(kWords, value.text, config.media.fetch);
}

std::string set_log_content(Config& config, const std::string&, FieldValue&& value) {
  constexpr std::array<std::pair<std::string_view, LogContent>, 3> kWords{
      {{"off", LogContent::off}, {"length", LogContent::length}, {"full", LogContent::full}}};
  return set_word(kWords, value.text, config.chat.log_content);
}

std::string set_on_disconnect(Config& config, const std::string&, FieldValue&& value) {
  constexpr std::array<std::pair<std::string_view, OnDisconnect>, 2> kWords{
      {{"cancel", OnDisconnect::cancel}, {"drain", OnDisconnect::drain}}};
  return set_word(kWords, value.text, config.chat.on_disconnect);
}

std::string set_emf(Config& config, const std::string&, FieldValue&& value) {
  constexpr std::array<std::pair<std::string_view, bool>, 2> kWords{
      {{"off", false}, {"stdout", true}}};
  return set_word(kWords, value.text, config.emf);
}

// CloudWatch's own rule for namespaces.
std::string set_emf_namespace(Config& config, const std::string&, FieldValue&& value) {
  constexpr std::string_view kCharacters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-_/#:";
  if (value.text.find_first_not_of(kCharacters) != std::string::npos) {
    return "holds letters, digits and . - _ / # : only";
  }
  if (value.text.starts_with("AWS/")) return "does not start with AWS/";
  config.emf_namespace = std::move(value.text);
  return {};
}

std::string set_hosts(Config& config, const std::string&, FieldValue&& value) {
  for (std::string& host : value.list) {
    for (char& c : host) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    const std::string_view name = host.starts_with("*.") ? std::string_view(host).substr(2) : host;
    if (name.empty() || name.find_first_of("*/:@ ") != std::string_view::npos) {
      return "lists hosts such as example.com and *.example.com; '" + host + "' is none";
    }
  }
  config.media.hosts = std::move(value.list);
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
// The same for a member of the named provider or model.
#define ORIEL_SET_IN(entry_of, member, source)                               \
  [](Config& c, const std::string& name, FieldValue&& v) {                   \
    auto& entry = entry_of(c, name);                                         \
    entry.member = static_cast<decltype(entry.member)>(std::move(v.source)); \
    return std::string();                                                    \
  }
#define ORIEL_SET_MS(member)                          \
  [](Config& c, const std::string&, FieldValue&& v) { \
    c.member = Milliseconds(v.integer);               \
    return std::string();                             \
  }

// The rows that are written out; those of config_policy.h stand behind them.
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
    ConfigField{"log.content", Kind::text, 1, 8, "off",
                "What log lines say of content: 'off'; 'length', how much was said; or 'full', the "
                "beginnings of request and answer: PROMPTS AND ANSWERS ARE IN THE LOG then.",
                set_log_content},

    ConfigField{
        "server.admin_listen", Kind::text, 1, 256, "",
        "Address and port of the status page, and of metrics and probes apart from clients; "
        "empty is none.",
        ORIEL_SET_TEXT(admin_listen)},
    ConfigField{"metrics.semconv", Kind::flag, 0, 0, "true",
                "Whether the OpenTelemetry GenAI names (`gen_ai_*`) are exposed beside ours.",
                ORIEL_SET(semconv, flag)},
    ConfigField{"metrics.emf", Kind::text, 1, 8, "off",
                "CloudWatch's Embedded Metric Format: 'off' or 'stdout'.", set_emf},
    ConfigField{"metrics.emf_namespace", Kind::text, 1, 255, "Oriel",
                "CloudWatch's namespace of its metrics.", set_emf_namespace},
    ConfigField{"metrics.emf_flush_ms", Kind::milliseconds, 1, kHour, "60000",
                "How often its documents are written.", ORIEL_SET_MS(emf_flush)},

    ConfigField{"tracing.endpoint", Kind::text, 8, 2048, "",
                "Where spans are posted as OTLP/HTTP JSON, usually ending in /v1/traces; empty is "
                "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT's, or OTEL_EXPORTER_OTLP_ENDPOINT's with "
                "/v1/traces, else none.",
                [](Config& c, const std::string&, FieldValue&& v) {
                  return set_url(c.tracing.endpoint, std::move(v));
                }},
    ConfigField{"tracing.sample_ratio", Kind::decimal, 0, 1'000'000, "1",
                "Share of the traces that start here which are exported; requests that a provider "
                "or the gateway failed, and slow ones, always are.",
                ORIEL_SET(tracing.sample_millionths, integer)},
    ConfigField{"tracing.slow_ms", Kind::milliseconds, 0, kHour, "10000",
                "Slower requests are always exported; 0 is none.", ORIEL_SET_MS(tracing.slow)},

    ConfigField{"providers.*.type", Kind::text, 1, 16, "", "'bedrock' or 'openai'.", set_type},
    ConfigField{"providers.*.region", Kind::text, 1, 64, "",
                "bedrock: the AWS region; empty is the environment's.",
                ORIEL_SET_IN(provider_of, region, text)},
    ConfigField{
        "providers.*.base_url", Kind::text, 8, 2048, "",
        "openai: the server's base URL, usually ending in /v1; bedrock: replaces the runtime "
        "endpoint.",
        [](Config& c, const std::string& name, FieldValue&& v) {
          return set_url(provider_of(c, name).base_url, std::move(v));
        }},
    ConfigField{"providers.*.control_url", Kind::text, 8, 2048, "",
                "bedrock: replaces the control plane's endpoint, which lists models and profiles.",
                [](Config& c, const std::string& name, FieldValue&& v) {
                  return set_url(provider_of(c, name).control_url, std::move(v));
                }},
    ConfigField{"providers.*.api_key", Kind::secret, 1, 4096, "",
                "openai: sent as a bearer token; write ${NAME} to take it from the environment.",
                ORIEL_SET_IN(provider_of, api_key, text)},

    ConfigField{"bedrock.refresh_ms", Kind::milliseconds, 0, 24 * kHour, "600000",
                "How often AWS is asked for its models and profiles; 0 is never.",
                ORIEL_SET_MS(bedrock_refresh)},
    ConfigField{"default_model", Kind::text, 1, 2048, "",
                "The model that serves names which nothing else serves; empty answers 404.",
                ORIEL_SET_TEXT(default_model)},

    ConfigField{"chat.keep_alive_ms", Kind::milliseconds, 0, kHour, "15000",
                "A comment after so much silence in a stream that has begun; 0 is none.",
                ORIEL_SET_MS(chat.keep_alive)},
    ConfigField{"chat.early_commit_ms", Kind::milliseconds, 0, kHour, "0",
                "A stream begins after so long even when nothing came yet, and its errors are "
                "events in it; 0 is never.",
                ORIEL_SET_MS(chat.early_commit)},
    ConfigField{"chat.on_disconnect", Kind::text, 1, 16, "cancel",
                "When a client leaves its upstream call is cut ('cancel'), or read to its end for "
                "its usage ('drain').",
                set_on_disconnect},
    ConfigField{"chat.drain_timeout_ms", Kind::milliseconds, 1, kHour, "60000",
                "How long such a call is read on.", ORIEL_SET_MS(chat.drain_timeout)},
    ConfigField{"chat.drain_bytes", Kind::bytes, 0, kGiB, "4194304", "How much of it is read.",
                ORIEL_SET(chat.drain_bytes, integer)},
    ConfigField{"chat.max_draining", Kind::integer, 0, 1'000'000, "64",
                "How many are read on at once, per worker; others are cut.",
                ORIEL_SET(chat.max_draining, integer)},
    ConfigField{"chat.signature_cache_bytes", Kind::bytes, 0, kGiB, "67108864",
                "Reasoning kept for clients that do not send it back; 0 is none.",
                ORIEL_SET(chat.signature_cache_bytes, integer)},

    ConfigField{"media.fetch", Kind::text, 1, 8, "off",
                "Pictures and files that clients name by URL: 'off', 'https', or 'http' for both.",
                set_fetch},
    ConfigField{"media.hosts", Kind::texts, 0, 256, "[]",
                "Hosts that they may come from, '*.example.com' for all below; empty is any.",
                set_hosts},
    ConfigField{"media.timeout_ms", Kind::milliseconds, 1, kHour, "10000",
                "A whole download, redirects included.", ORIEL_SET_MS(media.timeout)},
    ConfigField{"media.max_image_bytes", Kind::bytes, 1, kGiB, "5242880",
                "Largest picture that is fetched.", ORIEL_SET(media.max_image, integer)},
    ConfigField{"media.max_bytes", Kind::bytes, 1, kGiB, "26214400",
                "Largest file of another kind that is fetched.",
                ORIEL_SET(media.max_bytes, integer)},
    ConfigField{"media.ca_file", Kind::text, 1, 4096, "",
                "PEM bundle that their certificates are checked against; empty is "
                "upstream.ca_file's.",
                ORIEL_SET_TEXT(media.ca_file)},
    ConfigField{"media.allow_private_addresses", Kind::flag, 0, 0, "false",
                "DANGEROUS, for tests: fetches from loopback, private and link-local addresses "
                "too, which opens internal services to every client.",
                ORIEL_SET(media.allow_private_addresses, flag)},

    ConfigField{"models.*.provider", Kind::text, 1, 256, "",
                "The provider that serves this name; a name may hold '*'.",
                ORIEL_SET_IN(model_of, provider, text)},
    ConfigField{"models.*.model", Kind::text, 1, 2048, "",
                "The provider's own name of the model; empty is the same name.",
                ORIEL_SET_IN(model_of, model, text)},
    ConfigField{"models.*.base_model", Kind::text, 1, 256, "",
                "bedrock: the foundation model behind an ARN that does not name it.",
                ORIEL_SET_IN(model_of, base_model, text)},
    ConfigField{"models.*.region", Kind::text, 1, 64, "",
                "bedrock: called in this region in place of the provider's.",
                ORIEL_SET_IN(model_of, region, text)},
    ConfigField{"models.*.context_tokens", Kind::integer, 1, kMaxTokens, "",
                "The model's context length, where the catalogue is wrong.",
                ORIEL_SET_IN(model_of, patch.context_tokens, integer)},
    ConfigField{"models.*.max_output_tokens", Kind::integer, 1, kMaxTokens, "",
                "Its longest answer, where the catalogue is wrong.",
                ORIEL_SET_IN(model_of, patch.max_output_tokens, integer)},
    ConfigField{"models.*.features", Kind::texts, 0, 64, "[]",
                "What it can beyond the catalogue, and what it cannot: [+image, -tools].",
                set_features},
};

#undef ORIEL_SET
#undef ORIEL_SET_TEXT
#undef ORIEL_SET_MS
#undef ORIEL_SET_IN

// What a model may cost, each kind a row of "models.*.price" and of "prices.*".
struct PriceKind {
  std::string_view name;
  std::optional<std::uint64_t> metrics::Price::*member;
  std::uint64_t unit;  // of a millionth of a dollar in `member`'s
  std::string_view doc;
};
constexpr auto kPriceKinds = std::to_array<PriceKind>({
    {"input", &metrics::Price::input, 1, "USD per million tokens of input"},
    {"output", &metrics::Price::output, 1, "USD per million tokens of output"},
    {"cache_read", &metrics::Price::cache_read, 1, "USD per million tokens read from the cache"},
    {"cache_write_5m", &metrics::Price::cache_write_5m, 1,
     "USD per million tokens written to the cache for five minutes"},
    {"cache_write_1h", &metrics::Price::cache_write_1h, 1,
     "USD per million tokens written to the cache for an hour"},
    {"image", &metrics::Price::image, 1'000, "USD per image made"},
});

template <class EntryOf>
void add_price_fields(std::vector<ConfigField>& fields, const std::string& path,
                      std::string_view doc, EntryOf entry_of) {
  constexpr std::int64_t kMost = 10'000'000'000;  // 10,000 dollars
  for (const PriceKind& kind : kPriceKinds) {
    fields.push_back(
        {path + std::string(kind.name), Kind::decimal, 0, kMost, "",
         std::string(kind.doc).append(doc),
         [&kind, entry_of](Config& config, const std::string& entry, FieldValue&& value) {
           entry_of(config, entry).price.*kind.member =
               static_cast<std::uint64_t>(value.integer) * kind.unit;
           return std::string();
         }});
  }
}

std::vector<ConfigField> all_fields() {
  std::vector<ConfigField> fields(kFields.begin(), kFields.end());
  add_price_fields(fields, "models.*.price.", ", in place of `prices` and the built-in table.",
                   model_of);
  add_price_fields(fields, "prices.*.",
                   ", for upstream's models of this name, which may hold '*'; in place of the "
                   "built-in table.",
                   price_of);
  for (const PolicyField& policy : policy_fields()) {
    const std::string name(policy.name);
    fields.push_back({"defaults." + name, policy.kind, policy.min, policy.max, policy.default_text,
                      std::string(policy.doc),
                      [&policy](Config& config, const std::string&, FieldValue&& value) {
                        return policy.set(config.defaults, std::move(value));
                      }});
  }
  for (const PolicyField& policy : policy_fields()) {
    const std::string name(policy.name);
    fields.push_back({"models.*." + name, policy.kind, policy.min, policy.max, "",
                      "In place of `defaults." + name + "`.",
                      [&policy](Config& config, const std::string& entry, FieldValue&& value) {
                        return policy.set(model_of(config, entry).policy, std::move(value));
                      }});
  }
  return fields;
}

std::string_view kind_name(Kind kind) {
  switch (kind) {
    case Kind::text: return "text";
    case Kind::secret: return "secret";
    case Kind::texts: return "list of text";
    case Kind::integer: return "integer";
    case Kind::milliseconds: return "milliseconds";
    case Kind::bytes: return "bytes";
    case Kind::decimal: return "number";
    case Kind::flag: return "true or false";
  }
  return "text";
}

}  // namespace

std::span<const ConfigField> config_fields() {
  static const std::vector<ConfigField> fields = all_fields();
  return fields;
}

std::string config_reference() {
  std::string page = "| key | type | default | meaning |\n|---|---|---|---|\n";
  for (const ConfigField& field : config_fields()) {
    page.append("| `").append(field.path).append("` | ").append(kind_name(field.kind));
    page.append(" | ");
    if (!field.default_text.empty()) page.append("`").append(field.default_text).append("`");
    page.append(" | ").append(field.doc).append(" |\n");
  }
  return page;
}

}  // namespace oriel::gateway
