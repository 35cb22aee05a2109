"""What users of the gateway feel: the service, its models, its streams."""

from panels import BAD, CHAT, COUNT, MODEL, PROCESS, PROVIDER, SERVED, Dashboard, Panel, Row, quantile, quantiles, rate

OVERVIEW = Dashboard(
    "oriel-overview",
    "Oriel / Overview and SLO",
    "Is the gateway serving, how fast, and who is at fault when it is not.",
    [
        Row(
            "Now",
            [
                Panel(
                    "Requests",
                    "reqps",
                    "Requests per second that ended, whatever their end.",
                    [("requests", rate("oriel_requests_total", []))],
                    kind="stat",
                    width=4,
                    height=5,
                ),
                Panel(
                    "Availability",
                    "percentunit",
                    "Share of chat requests that neither a provider nor the gateway failed; faults of "
                    "callers and refusals by policy are left out.",
                    [
                        (
                            "availability",
                            f"1 - (sum (rate({COUNT}{{{BAD}}}[$__rate_interval])) or vector(0))"
                            f" / sum (rate({COUNT}{{{SERVED}}}[$__rate_interval]))",
                        )
                    ],
                    kind="stat",
                    width=4,
                    height=5,
                    maximum=1,
                ),
                Panel(
                    "Time to first token, p95",
                    "s",
                    "95 % of streams showed their first visible token within this time.",
                    [("p95", quantile(0.95, "oriel_time_to_first_token_seconds", [], MODEL + ',kind="visible"'))],
                    kind="stat",
                    width=4,
                    height=5,
                ),
                Panel(
                    "Tokens",
                    "short",
                    "Tokens per second of all kinds, as the providers count them.",
                    [("tokens/s", rate("oriel_tokens_total", []))],
                    kind="stat",
                    width=4,
                    height=5,
                ),
                Panel(
                    "In flight",
                    "short",
                    "Requests that are being served at this moment.",
                    [("in flight", f"sum (oriel_requests_in_flight{{{PROCESS}}})")],
                    kind="stat",
                    width=4,
                    height=5,
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
                    [("{{class}}", rate(COUNT, ["class"]))],
                    stack=True,
                ),
                Panel(
                    "Outcomes that are not ok",
                    "reqps",
                    "Every outcome of the closed vocabulary but ok; `other` must never move.",
                    [("{{outcome}}", rate("oriel_requests_total", ["outcome"], MODEL + ',outcome!="ok"'))],
                ),
                Panel(
                    "Status codes",
                    "reqps",
                    "What clients were answered; 499 is a client that left.",
                    [("{{code}}", rate("oriel_requests_total", ["code"]))],
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
                    "short",
                    "Tokens per second; the kinds are disjoint, so the stack's height is what was processed.",
                    [("{{kind}}", rate("oriel_tokens_total", ["kind"]))],
                    stack=True,
                ),
                Panel(
                    "Requests in flight",
                    "short",
                    "By endpoint.",
                    [("{{endpoint}}", f"sum by (endpoint) (oriel_requests_in_flight{{{PROCESS}}})")],
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
                    "short",
                    "One over the time per output token, as its reader sees it.",
                    [("{{model}}", f"1 / {quantile(0.5, 'oriel_time_per_output_token_seconds', ['model'])}")],
                ),
                Panel(
                    "Output tokens per second, all requests",
                    "short",
                    "What each model produces in all.",
                    [("{{model}}", rate("oriel_tokens_total", ["model"], MODEL + ',kind="output"'))],
                    stack=True,
                ),
                Panel(
                    "Latency: measured against reported, p50",
                    "s",
                    "The attempt as we measured it and the latency that the provider reports: the gap is network and queues.",
                    [
                        ("{{model}} reported", quantile(0.5, "oriel_provider_reported_latency_seconds", ["model"])),
                        ("{{upstream_model}} measured", quantile(0.5, "oriel_upstream_attempt_duration_seconds", ["upstream_model"], PROVIDER)),
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
                    [("{{model}} {{finish_reason}}", rate("oriel_finish_reasons_total", ["model", "finish_reason"]))],
                    stack=True,
                ),
                Panel(
                    "Share of faults",
                    "percentunit",
                    "Requests that the provider or the gateway failed, per model.",
                    [
                        (
                            "{{model}}",
                            f"(sum by (model) (rate({COUNT}{{{BAD}}}[$__rate_interval]))"
                            f" or 0 * sum by (model) (rate({COUNT}{{{SERVED}}}[$__rate_interval])))"
                            f" / sum by (model) (rate({COUNT}{{{SERVED}}}[$__rate_interval]))",
                        )
                    ],
                ),
                Panel(
                    "Answers without usage",
                    "reqps",
                    "Never counted as zero tokens: they are counted here.",
                    [("{{model}} {{reason}}", rate("oriel_usage_missing_total", ["model", "reason"]))],
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
                            f"(sum by (model) (rate(oriel_tokens_total{{{MODEL},kind=\"cache_read\"}}[$__rate_interval]))"
                            f" or 0 * sum by (model) (rate(oriel_tokens_total{{{MODEL}}}[$__rate_interval])))"
                            f" / sum by (model) (rate(oriel_tokens_total{{{MODEL},kind!=\"output\"}}[$__rate_interval]))",
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
                    "short",
                    "Per second; a part of the output tokens, where the provider says.",
                    [("{{model}}", rate("oriel_reasoning_tokens_total", ["model"]))],
                ),
                Panel(
                    "Adjusted parameters",
                    "reqps",
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
                            f"(sum by (model) (rate(oriel_streams_ended_total{{{MODEL},reason=~\"truncated|corrupt|upstream_error|idle_timeout\"}}[$__rate_interval]))"
                            f" or 0 * sum by (model) (rate(oriel_streams_ended_total{{{MODEL}}}[$__rate_interval])))"
                            f" / sum by (model) (rate(oriel_streams_ended_total{{{MODEL}}}[$__rate_interval]))",
                        )
                    ],
                ),
                Panel(
                    "Left by their clients",
                    "reqps",
                    "Streams whose client closed before the end.",
                    [("{{model}}", rate("oriel_streams_ended_total", ["model"], MODEL + ',reason="client_abort"'))],
                ),
            ],
        ),
        Row(
            "Flow",
            [
                Panel("Chunks", "short", "Chunks written to clients per second.", [("{{model}}", rate("oriel_stream_chunks_total", ["model"]))]),
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
                    [("{{instance}}", f"sum by (instance) (oriel_client_buffered_bytes{{{PROCESS}}})")],
                ),
                Panel(
                    "Broken event streams",
                    "reqps",
                    "Frames that failed their checksum, their size limit or were cut.",
                    [("{{kind}}", rate("oriel_event_stream_errors_total", ["kind"], PROVIDER))],
                ),
            ],
        ),
    ],
)
