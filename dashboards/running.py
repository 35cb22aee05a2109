"""What runs it: the providers, the process itself."""

from panels import HOUR, PROCESS, PROVIDER, Dashboard, Panel, Row, gauge, quantile, quantiles, rate

LEARNER = PROCESS + ',model=~"$model"'

BEDROCK = Dashboard(
    "oriel-upstream",
    "Oriel / Bedrock and other providers",
    "Every attempt upstream: what it met, how long it took, on which connection.",
    [
        Row(
            "Attempts",
            [
                Panel(
                    "Attempts by outcome",
                    "reqps",
                    "Every call to a provider, retries included.",
                    [("{{outcome}}", rate("oriel_upstream_attempts_total", ["outcome"], PROVIDER))],
                    stack=True,
                ),
                Panel(
                    "Throttled",
                    "reqps",
                    "Calls that met a rate limit or a quota of the provider.",
                    [
                        (
                            "{{upstream_model}} {{region}}",
                            rate(
                                "oriel_upstream_attempts_total",
                                ["upstream_model", "region"],
                                PROVIDER + ',outcome=~"provider_throttled|provider_quota"',
                            ),
                        )
                    ],
                ),
                Panel(
                    "Attempts by region",
                    "reqps",
                    "Where the calls go.",
                    [("{{provider}} {{region}}", rate("oriel_upstream_attempts_total", ["provider", "region"], PROVIDER))],
                    stack=True,
                ),
                Panel(
                    "Failed attempts",
                    "reqps",
                    "Calls that a provider or the gateway failed, throttled ones included: which model, where, how.",
                    [
                        (
                            "{{upstream_model}} {{region}} {{outcome}}",
                            rate(
                                "oriel_upstream_attempts_total",
                                ["upstream_model", "region", "outcome"],
                                PROVIDER + ',outcome!~"ok|caller_.+"',
                            ),
                        )
                    ],
                    width=24,
                ),
            ],
        ),
        Row(
            "Tried again",
            [
                Panel(
                    "Retries",
                    "reqps",
                    "Calls made because the one before them failed, by what made another worthwhile.",
                    [("{{provider}} {{reason}}", rate("oriel_retries_total", ["provider", "reason"], PROVIDER))],
                    stack=True,
                ),
                Panel(
                    "Thrown away",
                    "currencyUSD",
                    "Dollars per hour for answers that nobody got: attempts that were repeated, clients that left.",
                    [("{{provider}} {{reason}}", f"{HOUR} * {rate('oriel_wasted_cost_usd_total', ['provider', 'reason'], PROVIDER)}")],
                    stack=True,
                ),
                Panel(
                    "Learned of models",
                    "short",
                    "What refusals taught the workers of a model since they started, however long ago; each learns it once.",
                    [("{{model}} {{feature}}", f"sum by (model, feature) (oriel_learned_capabilities_total{{{LEARNER}}})")],
                    instant=True,
                    decimals=0,
                    kind="bargauge",
                ),
            ],
        ),
        Row(
            "Time",
            [
                Panel("Attempt duration", "s", "A whole call, to its last byte.", quantiles("oriel_upstream_attempt_duration_seconds", selector=PROVIDER)),
                Panel("First byte", "s", "From the call's start to the first byte of its answer.", quantiles("oriel_upstream_first_byte_seconds", selector=PROVIDER)),
                Panel(
                    "What Bedrock reports",
                    "s",
                    "Converse's own latencyMs.",
                    quantiles("oriel_provider_reported_latency_seconds"),
                ),
            ],
        ),
        Row(
            "Connections",
            [
                Panel(
                    "Opened and reused",
                    "reqps",
                    "Calls that opened a connection and calls that reused one.",
                    [("{{kind}}", rate("oriel_upstream_connections_total", ["kind"], PROVIDER))],
                    stack=True,
                ),
                Panel("Connect, p95", "s", "TCP, new connections only.", [("{{provider}}", quantile(0.95, "oriel_upstream_connect_seconds", ["provider"], PROVIDER))]),
                Panel("TLS handshake, p95", "s", "New connections only.", [("{{provider}}", quantile(0.95, "oriel_upstream_tls_handshake_seconds", ["provider"], PROVIDER))]),
                Panel("Name lookups, p95", "s", "New connections only.", [("{{provider}}", quantile(0.95, "oriel_upstream_dns_seconds", ["provider"], PROVIDER))]),
                Panel(
                    "Unknown items",
                    "cps",
                    "Events, blocks or stop reasons that this version does not know: passed over, counted.",
                    [("{{provider}} {{kind}}", rate("oriel_unknown_upstream_items_total", ["provider", "kind"], PROVIDER))],
                ),
                Panel(
                    "Credentials expire in",
                    "s",
                    "Until the first instance's temporary credentials end; those without an end are not shown.",
                    [("{{provider}}", f"min by (provider) (oriel_credentials_expiry_timestamp_seconds{{{PROVIDER}}}) - time()")],
                    kind="stat",
                    least=HOUR / 2,
                ),
            ],
        ),
    ],
)

INTERNALS = Dashboard(
    "oriel-internals",
    "Oriel / Gateway internals",
    "The process itself: its time, its loops, its memory, its telemetry.",
    [
        Row(
            "Time",
            [
                Panel("Own time of a request", "s", "Total without waits, by endpoint, p99.", [("{{endpoint}}", quantile(0.99, "oriel_overhead_seconds", ["endpoint"], PROCESS))]),
                Panel(
                    "Stages, p99",
                    "s",
                    "A request's stages add up to its total; the wait for upstream is left out.",
                    [("{{stage}}", quantile(0.99, "oriel_stage_duration_seconds", ["stage"], PROCESS + ',stage!="upstream"'))],
                ),
                Panel(
                    "Event loop lag, p99",
                    "s",
                    "How late the loops are: what blocks them delays everybody.",
                    [("{{instance}} worker {{worker}}", quantile(0.99, "oriel_event_loop_lag_seconds", ["instance", "worker"], PROCESS))],
                ),
            ],
        ),
        Row(
            "Clients",
            [
                Panel("Connections open", "short", "Client connections.", [("{{instance}}", gauge("oriel_connections_open", ["instance"]))]),
                Panel("Connections accepted", "cps", "New client connections per second.", [("{{instance}}", rate("oriel_connections_total", ["instance"], PROCESS))]),
                Panel("Shed", "reqps", "Requests turned away because a limit of the gateway was reached.", [("{{reason}}", rate("oriel_requests_shed_total", ["reason"], PROCESS))]),
                Panel("Request bodies, p95", "bytes", "By endpoint.", [("{{endpoint}}", quantile(0.95, "oriel_request_body_bytes", ["endpoint"], PROCESS))]),
                Panel("Answer bodies, p95", "bytes", "By endpoint.", [("{{endpoint}}", quantile(0.95, "oriel_response_body_bytes", ["endpoint"], PROCESS))]),
            ],
        ),
        Row(
            "Process",
            [
                Panel("CPU", "percentunit", "Cores in use.", [("{{instance}}", rate("process_cpu_seconds_total", ["instance"], PROCESS))]),
                Panel("Memory", "bytes", "Resident.", [("{{instance}}", gauge("process_resident_memory_bytes", ["instance"]))]),
                Panel(
                    "File descriptors in use",
                    "percentunit",
                    "Share of the limit.",
                    [("{{instance}}", f"sum by (instance) (process_open_fds{{{PROCESS}}}) / sum by (instance) (process_max_fds{{{PROCESS}}})")],
                    maximum=1,
                ),
            ],
        ),
        Row(
            "Telemetry",
            [
                Panel(
                    "Series by family",
                    "short",
                    "The ten largest families, each in the instance that has most of it; the cap is 2,000 for each instance.",
                    [("{{family}}", f"topk(10, {gauge('oriel_metric_series', ['family'], 'max')})")],
                ),
                Panel("Series overflow", "cps", "Samples that went to `other` because a family reached its cap.", [("{{family}}", rate("oriel_metric_series_overflow_total", ["family"], PROCESS))]),
                Panel("Dropped log lines", "cps", "Per second, because the log's queue was full.", [("log lines", rate("oriel_log_lines_dropped_total", [], PROCESS))]),
                Panel("Dropped spans", "cps", "Per second, because the exporter's queue was full or the collector did not take them.", [("spans", rate("oriel_spans_dropped_total", [], PROCESS))]),
                Panel("Scrape", "s", "How long the last scrape took to render.", [("{{instance}}", gauge("oriel_scrape_duration_seconds", ["instance"], "max"))]),
                Panel("Since the start", "dtdurations", "How long each instance has run.", [("{{instance}}", f"max by (instance) (time() - process_start_time_seconds{{{PROCESS}}})")]),
                Panel("Running versions", "short", "Instances by version.", [("{{version}} {{commit}}", gauge("oriel_build_info", ["version", "commit"], "count"))]),
            ],
        ),
        Row(
            "Configuration and model lists",
            [
                Panel("Configuration in force", "short", "Which one each instance serves with: 1, for it is read once, at the start.", [("{{instance}}", gauge("oriel_config_generation", ["instance"], "max"))]),
                Panel(
                    "Model list refreshes",
                    "short",
                    "Times in each minute that AWS was asked for a region's models and profiles, by result.",
                    [("{{region}} {{result}}", f"60 * {rate('oriel_model_list_refreshes_total', ['region', 'result'], PROCESS)}")],
                ),
            ],
        ),
    ],
)
