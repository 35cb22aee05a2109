"""What the requests cost: spend, what it buys, what of it is thrown away."""

from panels import CHAT, COST, HOUR, MODEL, PROCESS, PROVIDER, Dashboard, Panel, Row, active, rate, share

DAY = 24 * HOUR
MONTH = 30 * DAY
PRICED = ["model", "provider"]  # what has a price or none


def increase(metric, by=(), selector=MODEL):
    grouped = f"sum by ({', '.join(by)}) " if by else "sum "
    return f"{grouped}(increase({metric}{{{selector}}}[$__range]))"


def per(by, over, metric, selector, times):
    """Cost for so many of what the metric counts, of what costs anything: what has no price would make it look cheap."""
    paid = f"({over(metric, PRICED, selector)} and {over(COST, PRICED)} > 0)"
    grouped = f"sum by ({', '.join(by)}) " if by else "sum "
    return f"{times} * {over(COST, by)} / {grouped}{paid}"


def stat(title, unit, description, query, decimals=None, limit=None):
    return Panel(
        title, unit, description, [(title.lower(), query)], kind="stat", width=4, height=5, instant=True, decimals=decimals, limit=limit
    )


CACHE_READ = rate("oriel_tokens_total", ["model"], MODEL + ',kind="cache_read"')
PROMPT = rate("oriel_tokens_total", ["model"], MODEL + ',kind!="output"')
ALL_COST = rate(COST, ["provider"], PROVIDER)

COST_AND_BUDGETS = Dashboard(
    "oriel-cost",
    "Oriel / Cost and budgets",
    "What models and providers cost by the price table and the configured prices, and what of it is thrown away. "
    "Keys and their budgets have no panels here: this version has neither.",
    [
        Row(
            "This range",
            [
                stat("Spend", "currencyUSD", "What the requests of the shown time range cost, all attempts included.", increase(COST)),
                stat(
                    "In 30 days at this pace",
                    "currencyUSD",
                    "The spend of the shown time range, carried on for 30 days.",
                    f"{increase(COST)} / $__range_s * {MONTH}",
                ),
                stat(
                    "A thousand chats",
                    "currencyUSD",
                    "Spend per 1,000 chat requests of the shown time range, failed ones included, of models that cost something.",
                    per([], increase, "oriel_requests_total", CHAT, 1000),
                ),
                stat(
                    "A million tokens",
                    "currencyUSD",
                    "Spend per million tokens of all kinds in the shown time range, of models that cost something.",
                    per([], increase, "oriel_tokens_total", MODEL, "1e6"),
                ),
                stat(
                    "Unpriced requests",
                    "short",
                    "Requests of the shown time range whose cost is unknown because something they used has no price.",
                    increase("oriel_unpriced_requests_total"),
                    decimals=0,
                ),
                stat(
                    "Age of the price table",
                    "s",
                    "Since the day of the table that came with the oldest running version; configured prices have no age.",
                    f"max (time() - oriel_price_table_timestamp_seconds{{{PROCESS}}})",
                    limit=180 * DAY,
                ),
            ],
        ),
        Row(
            "Spend",
            [
                Panel(
                    "Spend per hour, by model",
                    "currencyUSD",
                    "Dollars per hour; the stack's height is the whole spend.",
                    [("{{model}}", active(f"{HOUR} * {rate(COST, ['model'])}"))],
                    stack=True,
                ),
                Panel(
                    "Spend per hour, by provider",
                    "currencyUSD",
                    "Dollars per hour; the stack's height is the whole spend.",
                    [("{{provider}}", f"{HOUR} * {rate(COST, ['provider'])}")],
                    stack=True,
                ),
                Panel(
                    "Spend in this range, by model",
                    "currencyUSD",
                    "What each model cost in the shown time range.",
                    [("{{model}}", f"sort_desc({active(increase(COST, ['model']))})")],
                    kind="bargauge",
                    instant=True,
                ),
            ],
        ),
        Row(
            "What it buys",
            [
                Panel(
                    "A thousand chats, by model",
                    "currencyUSD",
                    "Spend per 1,000 chat requests: it rises with longer prompts and answers, and with a dearer model.",
                    [("{{model}}", per(["model"], rate, "oriel_requests_total", CHAT, 1000))],
                ),
                Panel(
                    "A million tokens, by model",
                    "currencyUSD",
                    "Spend per million tokens of all kinds: it falls as more of a prompt is read from the cache.",
                    [("{{model}}", per(["model"], rate, "oriel_tokens_total", MODEL, "1e6"))],
                ),
                Panel(
                    "Prompt tokens read from the cache",
                    "percentunit",
                    "Share of prompt tokens that cost a fraction of their price because they were read from the prompt cache. "
                    "A model with long prompts that are alike and a share near 0 is where caching saves most.",
                    [("{{model}}", share(CACHE_READ, PROMPT))],
                    maximum=1,
                ),
            ],
        ),
        Row(
            "Thrown away",
            [
                Panel(
                    "Thrown away, share of the spend",
                    "percentunit",
                    "What was paid for attempts whose answer nobody got, by why, of each provider's spend; of all models.",
                    [
                        (
                            "{{provider}} {{reason}}",
                            f"{rate('oriel_wasted_cost_usd_total', ['provider', 'reason'], PROVIDER)}"
                            f" / on (provider) group_left () ({ALL_COST} > 0)",
                        )
                    ],
                ),
                Panel(
                    "Thrown away, per hour",
                    "currencyUSD",
                    "Dollars per hour that bought nothing, by why; part of the spend, of all models.",
                    [("{{provider}} {{reason}}", f"{HOUR} * {rate('oriel_wasted_cost_usd_total', ['provider', 'reason'], PROVIDER)}")],
                    stack=True,
                ),
                Panel(
                    "Thrown away, tokens",
                    "cps",
                    "Tokens per second that were paid for and thrown away, by why; of all models.",
                    [("{{provider}} {{reason}}", rate("oriel_wasted_tokens_total", ["provider", "reason"], PROVIDER))],
                    stack=True,
                ),
            ],
        ),
        Row(
            "What the sums do not hold",
            [
                Panel(
                    "Unpriced requests, by model",
                    "reqps",
                    "Requests whose cost is unknown and not in any sum above: give the model a price (`models.*.price.*`).",
                    [("{{provider}} {{model}}", active(rate("oriel_unpriced_requests_total", ["provider", "model"])))],
                    width=12,
                ),
                Panel(
                    "Answers without usage",
                    "reqps",
                    "Answers whose tokens nobody told, so that they have no cost either.",
                    [("{{model}} {{reason}}", active(rate("oriel_usage_missing_total", ["model", "reason"])))],
                    width=12,
                ),
            ],
        ),
    ],
)
