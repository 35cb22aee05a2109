"""Requests that several tests use, and what the two upstreams answer to them."""

import base64
import struct
import zlib

from harness.servers import BEDROCK_MODEL

WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather of a city",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}},
            "required": ["city"],
        },
    },
}
CLOCK = {
    "type": "function",
    "function": {
        "name": "get_time",
        "description": "The time in a city",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}},
            "required": ["city"],
        },
    },
}


def user(text) -> list[dict]:
    return [{"role": "user", "content": text}]


def echo(model: str, text: str) -> str:
    """What the model's upstream answers to this text."""
    return f"Echo: {text}" if model == BEDROCK_MODEL else f"Fake: {text}"


def long_stream(model: str, chunks: int, gap_ms: int) -> str:
    """A prompt whose answer comes in about that many chunks, that far apart."""
    if model == BEDROCK_MODEL:
        return f"Go [sim chars={chunks * 10} chunk=10 gap_ms={gap_ms}]"
    return f"Go [fake chunks={chunks} gap_ms={gap_ms}]"


def png(width=8, height=8, padding=0) -> bytes:
    """A valid picture, of one colour; `padding` octets of text make it larger."""

    def part(kind, data):
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    rows = b"".join(b"\x00" + b"\x20\x40\x80" * width for _ in range(height))
    return (
        b"\x89PNG\r\n\x1a\n"
        + part(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
        + (part(b"tEXt", b"Comment\x00" + b"p" * padding) if padding else b"")
        + part(b"IDAT", zlib.compress(rows))
        + part(b"IEND", b"")
    )


def image_message(text: str, picture: bytes) -> list[dict]:
    url = "data:image/png;base64," + base64.b64encode(picture).decode()
    return user([{"type": "text", "text": text}, {"type": "image_url", "image_url": {"url": url}}])
