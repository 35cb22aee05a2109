"""What users of the gateway feel: the service, its models, its streams."""

from panels import (
    BAD,
    CHAT,
    COST,
    COUNT,
    FIRST_TOKEN,
    HOUR,
    MODEL,
    PROCESS,
    PROVIDER,
    SERVED,
    VISIBLE,
    WORK,
    Dashboard,
    Panel,
    Row,
    active,
    gauge,
    quantile,
    quantiles,
    rate,
    recorded,
    share,
)


def stat(title, unit, description, query, maximum=None, least=None):
    return Panel(
        title, unit, description, [(title.lower(), query)], kind="stat", width=3, height=5, maximum=maximum, least=least
    )


def by_model(part, whole):
    """Share of one rate in another, per model; each a (metric, selector)."""
    return share(rate(part[0], ["model"], part[1]), rate(whole[0], ["model"], whole[1]))


REQUESTS = MODEL + "," + WORK
IN_FLIGHT = PROCESS + "," + WORK
FAULTS = f"({rate(COUNT, [], BAD)} or vector(0)) / {rate(COUNT, [], SERVED)}"
WITHIN = VISIBLE + ',le="2.5"'
IN_TIME = f"{rate(FIRST_TOKEN + '_bucket', [], WITHIN)} / {rate(FIRST_TOKEN + '_count', [], VISIBLE)}"
STREAMS_ENDED = "oriel_streams_ended_total"

OVERVIEW = Dashboard(
    "oriel-overview",
    "Oriel / Overview and SLO",
    "Is the gateway serving, how fast, and who is at fault when it is not.",
    [
        Row(
            "Now",
            [
                stat(
                    "Requests",
                    "reqps",
                    "Requests per second that ended, whatever their end; here and below without scrapes and probes.",
                    rate("oriel_requests_total", [], REQUESTS),
                ),
                stat(
                    "Availability",
                    "percentunit",
                    "Share of chat requests that neither a provider nor the gateway failed; faults of "
                    "callers and refusals by policy are left out.",
                    f"1 - {FAULTS}",
                    maximum=1,
                    least=0.995,
                ),
                stat(
                    "First token, p95",
                    "s",
                    "95 % of streams showed their first visible token within this time.",
                    quantile(0.95, FIRST_TOKEN, [], VISIBLE),
                ),
                stat(
                    "Duration, p95",
                    "s",
                    "95 % of chats had ended within this time, their last byte handed over.",
                    quantile(0.95, "oriel_request_duration_seconds", [], CHAT),
                ),
                stat("Tokens", "cps", "Tokens per second of all kinds, as the providers count them.", rate("oriel_tokens_total", [])),
                stat(
                    "Spend per hour",
                    "currencyUSD",
                    "What requests cost by the price table and the configured prices, all attempts included.",
                    f"{HOUR} * {rate(COST, [])}",
                ),
                stat("In flight", "short", "Requests that are being served at this moment.", f"sum (oriel_requests_in_flight{{{IN_FLIGHT}}})"),
                stat("Instances", "short", "Gateways that Prometheus sees.", f"count (oriel_build_info{{{PROCESS}}})"),
            ],
        ),
        Row(
            "Service level",
            [
                Panel(
                    "Availability, budget burn",
                    "short",
                    "Share of chats that a provider or the gateway failed, over the 0.5 % that the objective allows: "
                    "at 1 a month's budget lasts a month, at 14.4 two days. The lines of 1h, 6h and 3d are what alerts read, "
                    "by job: instance, model and provider do not narrow them.",
                    [("now", f"{FAULTS} / 0.005"), *recorded("oriel_slo_errors", 0.005)],
                    width=12,
                    limit=1,
                ),
                Panel(
                    "First token, budget burn",
                    "short",
                    "Share of streams whose first visible token took longer than 2.5 s, over the 5 % that the objective allows. "
                    "The lines of 1h, 6h and 3d are what alerts read, by job.",
                    [("now", f"(1 - {IN_TIME}) / 0.05"), *recorded("oriel_slo_slow_streams", 0.05)],
                    width=12,
                    limit=1,
                ),
            ],
        ),
        Row(
            "Rate and faults",
            [
                Panel(
                    "Requests by class of outcome",
                    "reqps",
                    "ok, or whose fault it was: caller, policy, provider, gateway.",
                    [("{{class}}", rate(COUNT, ["class"], REQUESTS))],
                    stack=True,
                ),
                Panel(
                    "Outcomes that are not ok",
                    "reqps",
                    "Every outcome of the closed vocabulary but ok; `other` must never move.",
                    [("{{outcome}}", rate("oriel_requests_total", ["outcome"], REQUESTS + ',outcome!="ok"'))],
                ),
                Panel(
                    "Status codes",
                    "reqps",
                    "What clients were answered; 499 is a client that left.",
                    [("{{code}}", rate("oriel_requests_total", ["code"], REQUESTS))],
                    stack=True,
                ),
            ],
        ),
        Row(
            "Latency",
            [
                Panel(
                    "Request duration",
                    "s",
                    "First byte read to last byte handed over, chats only.",
                    quantiles("oriel_request_duration_seconds", selector=CHAT),
                ),
                Panel(
                    "Time to first token",
                    "s",
                    "From a request's first byte to the first visible token, streamed requests only.",
                    quantiles("oriel_time_to_first_token_seconds", selector=MODEL + ',kind="visible"'),
                ),
                Panel(
                    "The gateway's own time",
                    "s",
                    "A request's total without the waits for upstream or for the client.",
                    quantiles("oriel_overhead_seconds", selector=PROCESS + ',endpoint="chat_completions"'),
                ),
            ],
        ),
        Row(
            "Work",
            [
                Panel(
                    "Tokens by kind",
                    "cps",
                    "Tokens per second; the kinds are disjoint, so the stack's height is what was processed.",
                    [("{{kind}}", rate("oriel_tokens_total", ["kind"]))],
                    stack=True,
                ),
                Panel(
                    "Requests in flight",
                    "short",
                    "By endpoint.",
                    [("{{endpoint}}", gauge("oriel_requests_in_flight", ["endpoint"], selector=IN_FLIGHT))],
                ),
                Panel(
                    "Spend per hour, by model",
                    "currencyUSD",
                    "Dollars per hour by model; requests without a price are not in it.",
                    [("{{model}}", active(f"{HOUR} * {rate(COST, ['model'])}"))],
                    stack=True,
                ),
            ],
        ),
    ],
)

MODELS = Dashboard(
    "oriel-models",
    "Oriel / Models",
    "Each model beside the others: speed, answers, caching, and what the provider says of itself.",
    [
        Row(
            "Speed",
            [
                Panel(
                    "Time to first token, p95",
                    "s",
                    "Visible tokens, streamed requests only.",
                    [
                        (
                            "{{model}}",
                            quantile(0.95, "oriel_time_to_first_token_seconds", ["model"], MODEL + ',kind="visible"'),
                        )
                    ],
                ),
                Panel(
                    "Time to first reasoning, p95",
                    "s",
                    "How long until a reasoning model shows that it thinks.",
                    [
                        (
                            "{{model}}",
                            quantile(0.95, "oriel_time_to_first_token_seconds", ["model"], MODEL + ',kind="reasoning"'),
                        )
                    ],
                ),
                Panel(
                    "Between chunks, p95",
                    "s",
                    "Gaps between consecutive chunks that carry content.",
                    [("{{model}}", quantile(0.95, "oriel_inter_token_seconds", ["model"]))],
                ),
                Panel(
                    "Output tokens per second of a stream, median",
                    "cps",
                    "One over the time per output token, as its reader sees it.",
                    [("{{model}}", f"1 / {quantile(0.5, 'oriel_time_per_output_token_seconds', ['model'])}")],
                ),
                Panel(
                    "Output tokens per second, all requests",
                    "cps",
                    "What each model produces in all.",
                    [("{{model}}", active(rate("oriel_tokens_total", ["model"], MODEL + ',kind="output"')))],
                    stack=True,
                ),
                Panel(
                    "Latency: measured against reported, p50",
                    "s",
                    "Attempts that went well as we measured them, by upstream's name of the model, and the latency that the "
                    "provider reports, if it does: the gap is network and queues. The model does not narrow either.",
                    [
                        ("{{model}} reported", quantile(0.5, "oriel_provider_reported_latency_seconds", ["model"], PROVIDER)),
                        (
                            "{{upstream_model}} measured",
                            quantile(
                                0.5, "oriel_upstream_attempt_duration_seconds", ["upstream_model"], PROVIDER + ',class="ok"'
                            ),
                        ),
                    ],
                ),
            ],
        ),
        Row(
            "Answers",
            [
                Panel(
                    "Finish reasons",
                    "reqps",
                    "Why answers ended; `length` means cut off, `content_filter` means a guard spoke.",
                    [("{{model}} {{finish_reason}}", active(rate("oriel_finish_reasons_total", ["model", "finish_reason"])))],
                    stack=True,
                ),
                Panel(
                    "Share of faults",
                    "percentunit",
                    "Requests that the provider or the gateway failed, per model.",
                    [
                        (
                            "{{model}}",
                            by_model((COUNT, BAD), (COUNT, SERVED)),
                        )
                    ],
                ),
                Panel(
                    "Answers without usage",
                    "reqps",
                    "Never counted as zero tokens: they are counted here.",
                    [("{{model}} {{reason}}", active(rate("oriel_usage_missing_total", ["model", "reason"])))],
                ),
            ],
        ),
        Row(
            "Tokens",
            [
                Panel(
                    "Cache hit ratio",
                    "percentunit",
                    "Share of prompt tokens that were read from the prompt cache.",
                    [
                        (
                            "{{model}}",
                            by_model(
                                ("oriel_tokens_total", MODEL + ',kind="cache_read"'),
                                ("oriel_tokens_total", MODEL + ',kind!="output"'),
                            ),
                        )
                    ],
                    maximum=1,
                ),
                Panel(
                    "Prompt size, p95",
                    "short",
                    "Input tokens of a request, without cached ones.",
                    [("{{model}}", quantile(0.95, "oriel_tokens_per_request", ["model"], MODEL + ',kind="input"'))],
                ),
                Panel(
                    "Answer size, p95",
                    "short",
                    "Output tokens of a request.",
                    [("{{model}}", quantile(0.95, "oriel_tokens_per_request", ["model"], MODEL + ',kind="output"'))],
                ),
                Panel(
                    "Reasoning tokens",
                    "cps",
                    "Per second; a part of the output tokens, where the provider says.",
                    [("{{model}}", active(rate("oriel_reasoning_tokens_total", ["model"])))],
                ),
                Panel(
                    "Adjusted parameters",
                    "cps",
                    "What clients asked for and the model does not take: dropped, clamped or rewritten.",
                    [("{{parameter}} {{action}}", rate("oriel_adjusted_parameters_total", ["parameter", "action"], PROVIDER))],
                    width=16,
                ),
            ],
        ),
    ],
)

STREAMS = Dashboard(
    "oriel-streams",
    "Oriel / Streams",
    "How streams flow and how they end.",
    [
        Row(
            "Ends",
            [
                Panel(
                    "Streams by their end",
                    "reqps",
                    "complete, or what cut them.",
                    [("{{reason}}", rate("oriel_streams_ended_total", ["reason"]))],
                    stack=True,
                ),
                Panel(
                    "Cut by upstream",
                    "percentunit",
                    "Share of streams that ended truncated, corrupt, stalled or with an upstream error.",
                    [
                        (
                            "{{model}}",
                            by_model(
                                (STREAMS_ENDED, MODEL + ',reason=~"truncated|corrupt|upstream_error|idle_timeout"'),
                                (STREAMS_ENDED, MODEL),
                            ),
                        )
                    ],
                ),
                Panel(
                    "Left by their clients",
                    "reqps",
                    "Streams whose client closed before the end.",
                    [("{{model}}", active(rate("oriel_streams_ended_total", ["model"], MODEL + ',reason="client_abort"')))],
                ),
            ],
        ),
        Row(
            "Flow",
            [
                Panel("Chunks", "cps", "Chunks written to clients per second.", [("{{model}}", active(rate("oriel_stream_chunks_total", ["model"])))]),
                Panel("Between chunks", "s", "Gaps between chunks that carry content.", quantiles("oriel_inter_token_seconds")),
                Panel("Longest silence", "s", "The longest gap of each stream.", quantiles("oriel_stream_max_stall_seconds")),
            ],
        ),
        Row(
            "Slow clients",
            [
                Panel(
                    "Upstream paused for clients",
                    "percentunit",
                    "Seconds per second for which reading from upstream was paused because a client read slowly.",
                    [("{{endpoint}}", rate("oriel_client_backpressure_seconds_total", ["endpoint"], PROCESS))],
                ),
                Panel(
                    "Waiting for clients' sockets",
                    "bytes",
                    "Bytes that the gateway holds for clients.",
                    [("{{instance}}", gauge("oriel_client_buffered_bytes", ["instance"]))],
                ),
                Panel(
                    "Broken event streams",
                    "cps",
                    "Frames that failed their checksum, their size limit or were cut.",
                    [("{{kind}}", rate("oriel_event_stream_errors_total", ["kind"], PROVIDER))],
                ),
            ],
        ),
    ],
)
