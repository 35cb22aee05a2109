"""Everything an answer can hold, whole and as a stream, as boto3 reads it."""
import json

import pytest
from sim_requests import (
    CLAUDE, NOVA, TOOLS, WEATHER, ask, ask_stream, deltas, document, raw_events, refusal,
    streamed_text, structured, text_of, tool, user,
)


def content(reply):
    return reply["output"]["message"]["content"]


def kinds(events):
    return [next(iter(event)) for event in events]


def test_exact_text(bedrock):
    line = "Line\u2028separator, \u00e9 and \U0001f600"
    words = "[sim text=Line%E2%80%A8separator,%20%C3%A9%20and%20%F0%9F%98%80]"
    assert text_of(ask(bedrock, words)) == line
    assert streamed_text(ask_stream(bedrock, words)) == line


def test_fenced_json(bedrock):
    assert text_of(ask(bedrock, "[sim text={} fenced]")) == "```json\n{}\n```"


def test_json_when_the_system_prompt_asks_for_it(bedrock):
    reply = ask(bedrock, "Hi", system=[{"text": "Respond with a single valid JSON object and nothing "
                                                "else."}])
    assert json.loads(text_of(reply)) == {"echo": "Hi"}


def test_structured_output_in_a_stream(bedrock):
    schema = {"type": "object", "additionalProperties": False, "properties": {
        "unit": {"type": "string", "enum": ["a", "b"]}, "list": {"type": "array", "items": {
            "anyOf": [{"type": "boolean"}, {"type": "null"}]}}}}
    events = ask_stream(bedrock, "Hi", model=CLAUDE, outputConfig=structured(schema))
    assert json.loads(streamed_text(events)) == {"unit": "a", "list": [True]}


ANSWER_TOOL = {"toolSpec": {"name": "json_response", "inputSchema": {
    "json": {"type": "object", "properties": {"a": {"type": "string"}}}}}}


@pytest.mark.parametrize("choice", [None, {"any": {}}, {"tool": {"name": "json_response"}}])
def test_a_tool_to_answer_with(bedrock, choice):
    config = {"tools": [WEATHER, ANSWER_TOOL]} | ({"toolChoice": choice} if choice else {})
    (call,) = content(ask(bedrock, "Hi", toolConfig=config))
    assert call["toolUse"]["name"] == "json_response"
    assert call["toolUse"]["input"] == {"a": "value of a"}
    if not choice or "any" in choice:
        calls = content(ask(bedrock, "call get_weather", toolConfig=config))
        assert [block["toolUse"]["name"] for block in calls] == ["get_weather"]


@pytest.mark.parametrize("words,text", [("think", "Thinking about: Why?"), ("think=Hm", "Hm"),
                                        ("think=empty", "")])
def test_thinking_unasked(bedrock, words, text):
    reasoning = content(ask(bedrock, f"Why? [sim {words}]", model=CLAUDE))[0]["reasoningContent"]
    assert reasoning["reasoningText"]["text"] == text and reasoning["reasoningText"]["signature"]
    parts = [delta["delta"]["reasoningContent"] for delta in
             deltas(ask_stream(bedrock, f"Why? [sim {words}]", model=CLAUDE))
             if "reasoningContent" in delta["delta"]]
    assert "".join(part.get("text", "") for part in parts) == text
    assert [part["signature"] for part in parts if "signature" in part] == [
        reasoning["reasoningText"]["signature"]]


def test_both_kinds_of_reasoning(bedrock):
    blocks = content(ask(bedrock, "Why? [sim redacted=both]", model=CLAUDE))
    assert [list(block["reasoningContent"]) for block in blocks[:2]] == [
        ["reasoningText"], ["redactedContent"]]
    # All of it may go back.
    history = [user("Why?"), {"role": "assistant", "content": blocks}, user("And?")]
    assert bedrock.converse(modelId=CLAUDE, messages=history)["stopReason"] == "end_turn"


PLACES = {"web": "web", "char": "documentChar", "page": "documentPage", "chunk": "documentChunk",
          "search": "searchResultLocation"}


@pytest.mark.parametrize("kind", PLACES)
def test_citations(bedrock, kind):
    (block,) = content(ask(bedrock, f"Hi [sim citations={kind}]"))
    (cited,) = block["citationsContent"]["citations"]
    assert block["citationsContent"]["content"] == [{"text": "Echo: Hi"}]
    assert list(cited["location"]) == [PLACES[kind]]
    events = ask_stream(bedrock, f"Hi [sim citations={kind}]")
    streamed = [delta["delta"]["citation"] for delta in deltas(events) if "citation" in delta["delta"]]
    assert streamed == [cited] and streamed_text(events) == "Echo: Hi"


def test_citations_of_a_document(bedrock):
    paper = document("paper", form="pdf")
    paper["document"]["citations"] = {"enabled": True}
    (block,) = content(ask(bedrock, paper, "Who?"))
    (cited,) = block["citationsContent"]["citations"]
    assert cited["title"] == "paper" and "documentPage" in cited["location"]
    assert block["citationsContent"]["content"][0]["text"] == "Echo: Who? [document pdf 'paper' 1 bytes]"


def test_pictures_and_sounds(bedrock):
    words = "Hi [sim image=2 audio chunk=10]"
    blocks = content(ask(bedrock, words))
    assert [next(iter(block)) for block in blocks] == ["text", "image", "image", "audio"]
    picture = blocks[1]["image"]["source"]["bytes"]
    assert blocks[1]["image"]["format"] == "png" and picture.startswith(b"\x89PNG")
    events = ask_stream(bedrock, words)
    starts = [event["contentBlockStart"]["start"] for event in events if "contentBlockStart" in event]
    assert starts == [{"image": {"format": "png"}}] * 2
    pieces = [delta["delta"]["image"]["source"]["bytes"] for delta in deltas(events)
              if delta["contentBlockIndex"] == 1]
    assert b"".join(pieces) == picture and len(pieces) > 1


def test_a_picture_that_failed(bedrock):
    events = ask_stream(bedrock, "Hi [sim image=error]")
    assert deltas(events)[-1]["delta"]["image"]["error"]["message"]
    assert "error" in content(ask(bedrock, "Hi [sim image=error]"))[1]["image"]


def test_server_tools(bedrock):
    call, result, text = content(ask(bedrock, "Hi [sim server_tool]"))
    assert call["toolUse"]["type"] == "server_tool_use" and call["toolUse"]["input"] == {"query": "Hi"}
    assert result["toolResult"]["content"] == [{"text": "Found: Hi"}]
    events = ask_stream(bedrock, "Hi [sim server_tool]")
    starts = [event["contentBlockStart"]["start"] for event in events if "contentBlockStart" in event]
    assert starts[0]["toolUse"]["type"] == "server_tool_use"
    assert starts[1]["toolResult"]["status"] == "success"
    assert deltas(events)[1]["delta"]["toolResult"] == [{"text": "Found: Hi"}]
    assert streamed_text(events) == "Echo: Hi" and events[-2]["messageStop"]["stopReason"] == "end_turn"


def test_unknown_blocks(sim, bedrock):
    payloads = [payload for _, payload in raw_events(sim, "Hi [sim unknown_block]")]
    assert sum('"hologram"' in payload for payload in payloads) == 2
    # boto3 keeps such a block as an unknown member.
    assert "SDK_UNKNOWN_MEMBER" in content(ask(bedrock, "Hi [sim unknown_block]"))[1]


def test_calls_without_input(bedrock):
    (call,) = content(ask(bedrock, "call get_weather [sim no_input]", toolConfig=TOOLS))
    assert "input" not in call["toolUse"]
    events = ask_stream(bedrock, "call get_weather [sim no_input]", toolConfig=TOOLS)
    assert not deltas(events)


def test_calls_cut_short(bedrock):
    reply = ask(bedrock, "call get_weather [sim cut_tool]", toolConfig=TOOLS)
    assert reply["stopReason"] == "max_tokens"
    partial = content(reply)[0]["toolUse"]["input"]
    events = ask_stream(bedrock, "call get_weather [sim cut_tool]", toolConfig=TOOLS)
    streamed = "".join(delta["delta"]["toolUse"]["input"] for delta in deltas(events))
    assert streamed == partial and events[-2]["messageStop"]["stopReason"] == "max_tokens"
    with pytest.raises(json.JSONDecodeError):
        json.loads(streamed)


def test_usage(bedrock):
    usage = ask(bedrock, "Hi [cache 100/20] [sim cache_write_1h=30]", model=CLAUDE)["usage"]
    assert (usage["cacheReadInputTokens"], usage["cacheWriteInputTokens"]) == (100, 50)
    assert usage["cacheDetails"] == [{"ttl": "5m", "inputTokens": 20}, {"ttl": "1h", "inputTokens": 30}]
    assert usage["totalTokens"] == usage["inputTokens"] + usage["outputTokens"] + 150
    assert ask(bedrock, "Hi [sim total=7]")["usage"]["totalTokens"] == 7


def test_a_reported_tier(bedrock):
    assert ask(bedrock, "Hi [sim tier=reserved]")["serviceTier"] == {"type": "reserved"}


@pytest.mark.parametrize("guard,prompt,reason", [
    ("blockme1", "Hi", "guardrail_intervened"), ("abc123", "BLOCK it", "guardrail_intervened"),
    ("abc123", "Hi", "end_turn"), ("maskme1", "Hi", "end_turn"),
    ("arn:aws:bedrock:us-east-1:123456789012:guardrail/blockme1", "Hi", "guardrail_intervened")])
def test_guardrails(bedrock, guard, prompt, reason):
    config = {"guardrailIdentifier": guard, "guardrailVersion": "DRAFT", "trace": "enabled_full"}
    reply = ask(bedrock, prompt, guardrailConfig=config)
    assert reply["stopReason"] == reason
    policies = reply["trace"]["guardrail"]["inputAssessment"][guard]
    expected = {"guardrail_intervened": ["contentPolicy"], "end_turn": []}[reason]
    assert list(policies) == (["sensitiveInformationPolicy"] if "mask" in guard else expected)
    streamed = ask_stream(bedrock, prompt, guardrailConfig=config | {"streamProcessingMode": "async"})
    assert streamed[-1]["metadata"]["trace"] == reply["trace"]
    assert "trace" not in ask(bedrock, prompt, guardrailConfig=config | {"trace": "disabled"})


def test_guarded_text_is_the_prompt(bedrock):
    guarded = {"guardContent": {"text": {"text": "BLOCK", "qualifiers": ["query"]}}}
    config = {"guardrailIdentifier": "abc123", "guardrailVersion": "1"}
    assert ask(bedrock, "Hi", guarded, guardrailConfig=config)["stopReason"] == "guardrail_intervened"


# Streams

def test_sparse_and_interleaved_blocks(bedrock):
    events = ask_stream(bedrock, "call get_weather call get_weather [sim preamble sparse interleave]",
                        toolConfig=TOOLS)
    starts = [event["contentBlockStart"]["contentBlockIndex"] for event in events
              if "contentBlockStart" in event]
    assert starts == [3, 5]
    order = [delta["contentBlockIndex"] for delta in deltas(events)]
    assert order[:3] == [1, 3, 5] and order[3:5] == [3, 5]


def test_tool_block_first(bedrock):
    events = ask_stream(bedrock, "call get_weather", toolConfig=TOOLS)
    assert events[1]["contentBlockStart"]["contentBlockIndex"] == 0


@pytest.mark.parametrize("value,left", [("", 2), ("=first", 2), ("=all", 0)])
def test_missing_stops(bedrock, value, left):
    events = ask_stream(bedrock, f"call get_weather call get_time [sim preamble missing_stop{value}]",
                        toolConfig=TOOLS)
    assert kinds(events).count("contentBlockStop") == left


def test_missing_starts(bedrock):
    events = ask_stream(bedrock, "call get_weather [sim no_message_start no_block_start]",
                        toolConfig=TOOLS)
    assert kinds(events)[0] == "contentBlockDelta" and "contentBlockStart" not in kinds(events)


def test_split_surrogates(sim):
    texts = [payload for headers, payload in raw_events(sim, "Hi [sim surrogates]")
             if headers[":event-type"] == "contentBlockDelta"]
    assert '"\\ud83d"' in texts[-2] and '"\\ude00"' in texts[-1]
    lone = [payload for _, payload in raw_events(sim, "Hi [sim surrogates=lone]")]
    assert any('"\\ud83d"' in text for text in lone) and not any("\\ude00" in text for text in lone)


def test_surrogates_of_a_whole_answer(bedrock):
    assert text_of(ask(bedrock, "Hi [sim surrogates]")) == "Echo: Hi\U0001f600"


def test_empty_deltas(bedrock):
    events = ask_stream(bedrock, "Hello world [sim empty_deltas chunk=5]")
    texts = [delta["delta"]["text"] for delta in deltas(events)]
    assert texts[::2] == [""] * (len(texts) // 2) and "".join(texts) == "Echo: Hello world"


def test_events_without_a_message_type(sim):
    headers = [headers for headers, _ in raw_events(sim, "Hi [sim no_message_type]")]
    assert all(":event-type" in each and ":message-type" not in each for each in headers)


@pytest.mark.parametrize("count", range(6))
def test_the_end_at_every_event(bedrock, count):
    assert len(ask_stream(bedrock, f"Hi [sim end_after={count}]")) == min(count, 5)


def test_no_stop_reason(sim, bedrock):
    assert "stopReason" not in ask(bedrock, "Hi [sim no_stop_reason]")
    (stop,) = [payload for headers, payload in raw_events(sim, "Hi [sim no_stop_reason]")
               if headers[":event-type"] == "messageStop"]
    assert list(json.loads(stop)) == ["p"]


def test_malformed_once(bedrock):
    words = "Hi [sim malformed_once=test1]"
    assert ask(bedrock, words)["stopReason"] == "malformed_model_output"
    # Another request of that name.
    assert ask_stream(bedrock, words + "!")[-2]["messageStop"]["stopReason"] == "end_turn"


def test_times_by_key(bedrock):
    assert refusal(lambda: ask(bedrock, "a [sim status=503 times=1 key=k1]"))[0] == 503
    assert text_of(ask(bedrock, "b [sim status=503 times=1 key=k1]")) == "Echo: b"
    assert refusal(lambda: ask(bedrock, "b [sim status=503 times=1 key=k2]"))[0] == 503


@pytest.mark.parametrize("name", ["document", "video", "audio"])
def test_media_are_told(bedrock, name):
    form = {"document": "pdf", "video": "mp4", "audio": "wav"}[name]
    block = {name: {"format": form, "source": {"bytes": b"12345"}}}
    if name == "document":
        block[name]["name"] = "a b"
    model = "mistral.voxtral-mini-3b-2507" if name == "audio" else NOVA
    expected = f"Echo: Hi [{name} {form}{' ' + repr('a b') if name == 'document' else ''} 5 bytes]"
    assert text_of(ask(bedrock, "Hi", block, model=model)) == expected


def test_tool_results_of_a_json_tool(bedrock):
    config = tool({"type": "object", "properties": {}})
    call = content(ask(bedrock, "call f", toolConfig=config))[0]
    result = {"toolResult": {"toolUseId": call["toolUse"]["toolUseId"], "content": [
        {"json": {"a": [1]}}, {"text": "b"}], "status": "error"}}
    messages = [user("call f"), {"role": "assistant", "content": [call]}, user(result, "c")]
    reply = bedrock.converse(modelId=NOVA, messages=messages, toolConfig=config)
    assert text_of(reply) == f'Results: {call["toolUse"]["toolUseId"]} failed: {{"a":[1]}}b. Echo: c'
