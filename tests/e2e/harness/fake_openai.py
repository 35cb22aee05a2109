"""A small OpenAI-compatible server that does as the prompt tells it: the second provider.

The last user text may hold directives, `[fake key=value key=value]`:
  status=N          answers with an error of that status; `code`, `type`, `retry_after` go with it
  html=N            answers with that status and an HTML page
  garbage=1         200 with broken JSON, or a broken event after `after` chunks of a stream
  empty=1           200 with a JSON object that is no answer
  chunks=N          answers with N words
  after=N           chunks before a fault of a stream
  fault=cut|truncate|error|reset   what happens: RST, a clean end, an error event, RST before a head
  gap_ms=N, ttft_ms=N, no_usage=1, no_done=1, hang=1
"""

import asyncio
import json
import re
import socket
import struct
import threading
import time
from dataclasses import dataclass, field

MODEL = "upstream-gpt-2026-01-01"
CREATED = 1_700_000_000


@dataclass
class Seen:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self):
        return json.loads(self.body)


@dataclass
class Counts:
    connections: int = 0
    streams_started: int = 0
    streams_completed: int = 0
    cancelled_at: list[float] = field(default_factory=list)  # time.monotonic()
    prompt_tokens: int = 0
    completion_tokens: int = 0


def directives(text: str) -> dict[str, str]:
    found = re.search(r"\[fake ([^\]]*)\]", text)
    return dict(pair.split("=", 1) for pair in found.group(1).split()) if found else {}


def last_user_text(request: dict) -> str:
    for message in reversed(request.get("messages", [])):
        if message.get("role") == "user":
            content = message.get("content")
            if isinstance(content, str):
                return content
            return " ".join(part.get("text", "") for part in content)
    return ""


def usage_of(request: dict, words: list[str]) -> dict:
    prompt = len(json.dumps(request["messages"])) // 4
    return {
        "prompt_tokens": prompt,
        "completion_tokens": len(words),
        "total_tokens": prompt + len(words),
        "prompt_tokens_details": {"cached_tokens": min(3, prompt), "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 1, "audio_tokens": 0},
    }


class FakeOpenAI:
    """Serves on a thread of its own from start() to stop()."""

    def __init__(self, api_key="fake-provider-key"):
        self.api_key = api_key
        self.seen: list[Seen] = []
        self.counts = Counts()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def start(self):
        self._thread.start()
        self._server = self._call(asyncio.start_server(self._serve, "127.0.0.1", 0, backlog=1024))
        self.address = "http://127.0.0.1:%d" % self._server.sockets[0].getsockname()[1]
        return self

    def stop(self):
        self._server.close()
        self._call(self._cancel_all())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _cancel_all(self):
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def reset(self):
        self.seen.clear()
        self.counts = Counts()

    def _call(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(30)

    async def _serve(self, reader, writer):
        self.counts.connections += 1
        try:
            while await self._one(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    async def _one(self, reader, writer) -> bool:
        head = await reader.readuntil(b"\r\n\r\n")
        request_line, *lines = head.decode("latin-1").split("\r\n")
        method, path, _ = request_line.split(" ")
        headers = {}
        for line in filter(None, lines):
            name, value = line.split(":", 1)
            headers[name.lower()] = value.strip()
        if headers.get("expect") == "100-continue":
            writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        self.seen.append(Seen(method, path, headers, body))
        if headers.get("authorization") != f"Bearer {self.api_key}":
            return self._answer(
                writer, 401, error("Incorrect API key provided", code="invalid_api_key")
            )
        if (method, path) != ("POST", "/v1/chat/completions"):
            return self._answer(writer, 404, error("Invalid URL"))
        request = json.loads(body)
        return await Chat(self, writer, request).serve(reader)

    def _answer(self, writer, status, body, content_type="application/json", headers=()) -> bool:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        lines = [
            f"HTTP/1.1 {status} Status",
            f"content-type: {content_type}",
            f"content-length: {len(data)}",
            *headers,
        ]
        writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + data)
        return True


def error(message, kind="invalid_request_error", code=None, param=None):
    return {"error": {"message": message, "type": kind, "param": param, "code": code}}


def reset_connection(writer):
    """Closes with RST instead of FIN."""
    raw = writer.get_extra_info("socket")
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


class Chat:
    """One chat completion."""

    def __init__(self, server: FakeOpenAI, writer, request):
        self.server = server
        self.writer = writer
        self.request = request
        text = last_user_text(request)
        self.told = directives(text)
        count = int(self.told.get("chunks", "0"))
        self.words = [f"w{i}" for i in range(count)] or ["Fake:", *text.split()]
        self.usage = usage_of(request, self.words)

    async def serve(self, reader) -> bool:
        told = self.told
        if told.get("fault") == "reset":
            reset_connection(self.writer)
            return False
        if "hang" in told:
            await reader.read()
            self.server.counts.cancelled_at.append(time.monotonic())
            return False
        await asyncio.sleep(int(told.get("ttft_ms", "0")) / 1000)
        if "status" in told:
            headers = [f"retry-after: {told['retry_after']}"] if "retry_after" in told else []
            body = error(
                told.get("message", "The fake server was told to fail"),
                told.get("type", "server_error"),
                told.get("code"),
            )
            return self.server._answer(self.writer, int(told["status"]), body, headers=headers)
        if "html" in told:
            page = b"<html><body>internal-host.example: Bad Gateway</body></html>"
            return self.server._answer(self.writer, int(told["html"]), page, "text/html")
        if self.request.get("stream"):
            return await self._stream(reader)
        if "garbage" in told:
            return self.server._answer(self.writer, 200, b'{"id": "chatcmpl-1", "choices": [')
        if "empty" in told:
            return self.server._answer(self.writer, 200, {})
        self._count()
        return self.server._answer(self.writer, 200, self._whole())

    def _count(self):
        if "no_usage" not in self.told:
            self.server.counts.prompt_tokens += self.usage["prompt_tokens"]
            self.server.counts.completion_tokens += self.usage["completion_tokens"]

    def _message(self):
        tools = self.request.get("tools")
        if tools and self.request["messages"][-1]["role"] == "user":
            name = tools[0]["function"]["name"]
            call = {
                "id": "call_fake1",
                "type": "function",
                "function": {"name": name, "arguments": '{"city":"Oslo"}'},
            }
            return {"role": "assistant", "content": None, "tool_calls": [call]}, "tool_calls"
        return {"role": "assistant", "content": " ".join(self.words), "refusal": None}, "stop"

    def _whole(self):
        message, finish = self._message()
        answer = {
            "id": "chatcmpl-fake",
            "object": "chat.completion",
            "created": CREATED,
            "model": MODEL,
            "system_fingerprint": "fp_fake",
            "choices": [
                {"index": 0, "message": message, "logprobs": None, "finish_reason": finish}
            ],
            "usage": self.usage,
        }
        if "no_usage" in self.told:
            del answer["usage"]
        return answer

    async def _stream(self, reader) -> bool:
        counts = self.server.counts
        counts.streams_started += 1
        watcher = asyncio.ensure_future(reader.read(1))
        try:
            complete = await self._write_stream(watcher)
        except ConnectionError:
            complete = None
        if complete is None:
            counts.cancelled_at.append(time.monotonic())
        elif complete:
            counts.streams_completed += 1
            await self.writer.drain()
        watcher.cancel()
        return False

    async def _write_stream(self, watcher) -> bool | None:
        """True: all was sent; False: a fault was told; None: the caller left."""
        told, writer = self.told, self.writer
        writer.write(
            b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
            b"transfer-encoding: chunked\r\nconnection: close\r\n\r\n"
        )
        self._event({"role": "assistant", "content": ""})
        after = int(told.get("after", "-1"))
        for i, word in enumerate(self.words):
            if i == after:
                return self._fault()
            self._event({"content": word if i == 0 else " " + word})
            await writer.drain()
            gap = int(told.get("gap_ms", "0"))
            if gap:
                await asyncio.wait([watcher], timeout=gap / 1000)
            if watcher.done():
                return None
        if after >= len(self.words):
            return self._fault()
        self._event({}, finish="stop")
        if self.request.get("stream_options", {}).get("include_usage") and "no_usage" not in told:
            self._count()
            self._data({**self._envelope(), "choices": [], "usage": self.usage})
        if "no_done" not in told:
            self._raw(b"data: [DONE]\n\n")
        writer.write(b"0\r\n\r\n")
        return True

    def _fault(self) -> bool:
        if "garbage" in self.told:
            self._raw(b'data: {"id": "chatcmpl-1", \n\n')
        elif self.told.get("fault") == "error":
            self._data(error("The fake server gave up", "server_error", "fake_gave_up"))
        elif self.told.get("fault") == "cut":
            reset_connection(self.writer)
            return False
        self.writer.write(b"0\r\n\r\n")
        return False

    def _envelope(self):
        return {
            "id": "chatcmpl-fake",
            "object": "chat.completion.chunk",
            "created": CREATED,
            "model": MODEL,
            "system_fingerprint": "fp_fake",
        }

    def _event(self, delta, finish=None):
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        self._data({**self._envelope(), "choices": [choice], "usage": None})

    def _data(self, value):
        self._raw(b"data: " + json.dumps(value).encode() + b"\n\n")

    def _raw(self, data: bytes):
        self.writer.write(b"%x\r\n%s\r\n" % (len(data), data))
