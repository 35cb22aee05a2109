"""Requests whose streamed answer must rebuild the whole one, for every client that accumulates."""

from harness.samples import CLOCK, WEATHER, png, image_message, user

CLAUDE = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
THINKER = "us.anthropic.claude-haiku-4-5-20251001-v1:0"
NOVA = "amazon.nova-lite-v1:0"
# Streams no tools: the gateway makes a stream of its whole answer.
LLAMA = "us.meta.llama3-3-70b-instruct-v1:0"
MISTRAL = "us.mistral.pixtral-large-2502-v1:0"

REFRESH = {"type": "function", "function": {"name": "refresh", "description": "Takes nothing"}}
PERSON = {
    "type": "object",
    "properties": {
        "name": {"type": "string"},
        "age": {"type": "integer"},
        "tags": {"type": "array", "items": {"type": "string"}},
    },
    "required": ["name", "age", "tags"],
    "additionalProperties": False,
}
PERSON_FORMAT = {
    "type": "json_schema",
    "json_schema": {"name": "person", "strict": True, "schema": PERSON},
}
UNICODE = "Grüße 🦉 日本 \u2028 é́ 👩‍👩‍👧"

# Name: the arguments of chat.completions.create().
ANSWERS = {
    "text": {"model": NOVA, "messages": user("Hello there")},
    "long text": {"model": NOVA, "messages": user("[sim chars=3000 chunk=7]")},
    "unicode": {"model": NOVA, "messages": user(f"{UNICODE} [sim chunk=1]")},
    "text of Claude": {"model": CLAUDE, "messages": user("Hello there")},
    "picture": {"model": NOVA, "messages": image_message("See", png())},
    "one call": {"model": NOVA, "messages": user("call get_weather"), "tools": [WEATHER]},
    "parallel calls": {
        "model": CLAUDE,
        "messages": user("call get_weather and call get_time and call get_weather"),
        "tools": [WEATHER, CLOCK],
    },
    "interleaved calls": {
        "model": CLAUDE,
        "messages": user("call get_weather and call get_time [sim interleave=1 chunk=3]"),
        "tools": [WEATHER, CLOCK],
    },
    "text before calls": {
        "model": CLAUDE,
        "messages": user("call get_weather and call refresh [sim preamble=1]"),
        "tools": [WEATHER, REFRESH],
    },
    "call without arguments": {
        "model": NOVA,
        "messages": user("call refresh"),
        "tools": [REFRESH],
    },
    "call of a model without streamed tools": {
        "model": LLAMA,
        "messages": user("call get_weather and call refresh"),
        "tools": [WEATHER, REFRESH],
    },
    "call of Mistral": {
        "model": MISTRAL,
        "messages": user("call get_weather and call get_time"),
        "tools": [WEATHER, CLOCK],
    },
    "forced call": {
        "model": NOVA,
        "messages": user("anything"),
        "tools": [WEATHER, CLOCK],
        "tool_choice": {"type": "function", "function": {"name": "get_time"}},
    },
    "alias of a name": {
        "model": CLAUDE,
        "messages": user("anything"),
        "tools": [
            {
                "type": "function",
                "function": {**WEATHER["function"], "name": "weather_" + "of_the_city_" * 5 + "x"},
            }
        ],
        "tool_choice": "required",
    },
    "reasoning": {
        "model": THINKER,
        "messages": user("Think [sim chunk=4]"),
        "reasoning_effort": "low",
        "max_tokens": 8000,
    },
    "reasoning before a call": {
        "model": THINKER,
        "messages": user("call get_weather"),
        "tools": [WEATHER],
        "reasoning_effort": "high",
        "max_tokens": 8000,
    },
    "redacted reasoning": {
        "model": THINKER,
        "messages": user("Think [sim redacted=1]"),
        "reasoning_effort": "low",
        "max_tokens": 8000,
    },
    "both kinds of reasoning": {
        "model": THINKER,
        "messages": user("Think [sim redacted=both]"),
        "reasoning_effort": "low",
        "max_tokens": 8000,
    },
    "citations": {"model": CLAUDE, "messages": user("Cite [sim citations=web,page,char,web]")},
    "pictures": {"model": NOVA, "messages": user("Draw [sim image=2]")},
    "json object": {
        "model": NOVA,
        "messages": user('{"a": 1}'),
        "response_format": {"type": "json_object"},
    },
    "schema, native": {
        "model": CLAUDE,
        "messages": user("Who?"),
        "response_format": PERSON_FORMAT,
    },
    "schema, emulated": {
        "model": NOVA,
        "messages": user("Who?"),
        "response_format": PERSON_FORMAT,
    },
    "cut": {"model": NOVA, "messages": user("[sim chars=400 chunk=9]"), "max_tokens": 10},
}
