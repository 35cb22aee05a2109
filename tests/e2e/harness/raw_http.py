"""A client that sends exactly the bytes it is given, and a reader of what comes back."""

import errno
import socket
import ssl
import struct
from dataclasses import dataclass, field

TIMEOUT = 60.0


class Closed(Exception):
    """The other side ended the connection: clean or by reset."""


@dataclass
class Answer:
    status: int
    reason: str
    headers: dict[str, str]
    body: bytes = b""
    chunks: list[bytes] = field(default_factory=list)
    complete: bool = True  # False: the connection ended inside it

    @property
    def events(self) -> list[str]:
        """The data of each server-sent event."""
        blocks = self.body.decode().split("\n\n")
        return [block[len("data: ") :] for block in blocks if block.startswith("data: ")]


class RawClient:
    def __init__(
        self, port: int, host="127.0.0.1", context=None, timeout=TIMEOUT, receive_buffer=None
    ):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(timeout)
        self.socket.connect((host, port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if context is not None:
            self.socket = context.wrap_socket(self.socket, server_hostname=host)
        self.buffer = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def send(self, data: bytes):
        """Sends all of it; a peer that has closed meanwhile shows when the answer is read."""
        try:
            self.socket.sendall(data)
        except (BrokenPipeError, ConnectionResetError, ssl.SSLError):
            pass

    def close(self):
        self.socket.close()

    def reset(self):
        """Closes with RST."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def half_close(self):
        """Says that nothing more will be sent; a peer that has reset meanwhile knows."""
        try:
            self.socket.shutdown(socket.SHUT_WR)
        except OSError as error:
            if error.errno != errno.ENOTCONN:
                raise

    def _fill(self):
        try:
            data = self.socket.recv(65536)
        except (ConnectionResetError, ssl.SSLError):
            raise Closed from None
        if not data:
            raise Closed
        self.buffer += data

    def read_until(self, end: bytes) -> bytes:
        while end not in self.buffer:
            self._fill()
        found, self.buffer = self.buffer.split(end, 1)
        return found + end

    def read_exactly(self, count: int) -> bytes:
        while len(self.buffer) < count:
            self._fill()
        found, self.buffer = self.buffer[:count], self.buffer[count:]
        return found

    def read_to_end(self) -> bytes:
        try:
            while True:
                self._fill()
        except Closed:
            found, self.buffer = self.buffer, b""
            return found

    def read_head(self) -> Answer:
        status_line, *lines = self.read_until(b"\r\n\r\n").decode("latin-1").split("\r\n")
        version, status, *reason = status_line.split(" ", 2)
        assert version == "HTTP/1.1", status_line
        headers = {}
        for line in filter(None, lines):
            name, value = line.split(":", 1)
            assert name.lower() not in headers, f"{name} is sent twice"
            headers[name.lower()] = value.strip()
        return Answer(int(status), " ".join(reason), headers)

    def read_answer(self, method="GET") -> Answer:
        """The next final answer; interim ones are skipped."""
        answer = self.read_head()
        while answer.status == 100:
            answer = self.read_head()
        if method == "HEAD" or answer.status in (204, 304):
            return answer
        if answer.headers.get("transfer-encoding") == "chunked":
            assert "content-length" not in answer.headers
            self._read_chunks(answer)
        elif "content-length" in answer.headers:
            answer.body = self.read_exactly(int(answer.headers["content-length"]))
        else:
            answer.body = self.read_to_end()
        return answer

    def _read_chunks(self, answer: Answer):
        try:
            while chunk := self.read_chunk():
                answer.chunks.append(chunk)
        except Closed:
            answer.complete = False
        answer.body = b"".join(answer.chunks)

    def read_chunk(self) -> bytes:
        size = int(self.read_until(b"\r\n"), 16)
        data = self.read_exactly(size)
        assert self.read_exactly(2) == b"\r\n"
        return data

    def at_end(self) -> bool:
        """Whether the other side has closed, with nothing more said."""
        return self.read_to_end() == b""


def request(method: str, target: str, headers=(), body: bytes | None = None) -> bytes:
    """The bytes of a well-formed request."""
    lines = [f"{method} {target} HTTP/1.1", "Host: test"]
    lines += [f"{name}: {value}" for name, value in dict(headers).items()]
    if body is not None:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + (body or b"")


def json_request(body: bytes, headers=(), target="/v1/chat/completions") -> bytes:
    return request("POST", target, {"Content-Type": "application/json", **dict(headers)}, body)
