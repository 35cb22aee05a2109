"""What must hold of HTTP/1.1 requests, as a table: bytes on the wire, and what may come back.

Sources: RFC 9110 and RFC 9112. Every case is sent with a well-formed second request right behind
it, so that a disagreement about where a message ends shows: the second is answered exactly when the
first was accepted and the connection stays open.
"""

from typing import NamedTuple

# The second request.
PROBE_ID = "the-second-request"
PROBE = f"GET /livez HTTP/1.1\r\nHost: test\r\nx-request-id: {PROBE_ID}\r\n\r\n".encode()

CHAT = "/v1/chat/completions"
BODY = b'{"model":"no-such-model","messages":[{"role":"user","content":"hi"}]}'


class Case(NamedTuple):
    name: str
    raw: bytes
    # Accepted statuses of the first answer; empty: the connection may also just close.
    statuses: tuple[int, ...]
    # Whether the probe behind it is answered; None: either way is right.
    goes_on: bool | None


def get(target="/livez", lines=("Host: test",), version="HTTP/1.1", method="GET") -> bytes:
    return "\r\n".join([f"{method} {target} {version}", *lines, "", ""]).encode("latin-1")


def post(lines, body: bytes, target=CHAT, version="HTTP/1.1") -> bytes:
    head = [f"POST {target} {version}", "Host: test", "Content-Type: application/json", *lines]
    return "\r\n".join([*head, "", ""]).encode("latin-1") + body


def chunked(body: bytes, lines=("Transfer-Encoding: chunked",)) -> bytes:
    return post(lines, body)


def chunk(data: bytes, extension=b"") -> bytes:
    return b"%x%s\r\n%s\r\n" % (len(data), extension, data)


END = b"0\r\n\r\n"
REFUSED = (400,)
# A request that reaches the route and is turned down there: its body was read whole.
MODEL_UNKNOWN = (404,)


def accepted(name, raw, statuses=(200,)) -> Case:
    return Case(name, raw, statuses, True)


def closing(name, raw, statuses=(200,)) -> Case:
    """Answered, and then the connection ends."""
    return Case(name, raw, statuses, False)


def refused(name, raw, statuses=REFUSED) -> Case:
    return Case(name, raw, statuses, False)


def show(character: str) -> str:
    return f"0x{ord(character):02x}"


CONTROLS = [chr(c) for c in (*range(0x01, 0x09), 0x0B, 0x0C, *range(0x0E, 0x20), 0x7F)]
DELIMITERS = list('"(),/:;<=>?@[\\]{}')


def request_lines():
    yield accepted("plain GET", get())
    yield accepted("target with a query", get("/livez?a=1&b=%20"))
    yield accepted("absolute-form target", get("http://test/livez"))
    yield accepted("absolute-form target with a port", get("http://test:80/livez"))
    yield accepted("percent-encoded octet in the query", get("/livez?x=%7E"))
    yield accepted("one empty line before the request", b"\r\n" + get())
    yield accepted("HEAD", get(method="HEAD"))
    yield accepted("OPTIONS with a path", get("/livez", method="OPTIONS"), (200, 204))
    yield accepted("OPTIONS *", get("*", method="OPTIONS"), (200, 204, 404, 405))
    yield accepted(
        "an extension method is known to be none of ours", get(method="BREW"), (404, 405, 501)
    )._replace(goes_on=None)
    yield closing("HTTP/1.0 is answered and closed", get(version="HTTP/1.0"))
    yield closing("HTTP/1.0 without Host", get(version="HTTP/1.0", lines=()))
    for version in ("HTTP/2.0", "HTTP/3.0", "HTTP/9.9"):
        yield refused(f"version {version}", get(version=version), (400, 505))
    for version in (
        "http/1.1",
        "HTTP/1",
        "HTTP/1.",
        "HTTP/1.1.1",
        "HTTP/11",
        "HTTP/1.10",
        "HTTP/+1.1",
        "HTTP /1.1",
        "HTTP/1,1",
        "HTTPS/1.1",
        "XTTP/1.1",
        "HTTP/a.b",
        "HTTP/0.9",
        "1.1",
    ):
        yield refused(f"version {version!r}", get(version=version), (400, 505))
    yield refused("no version", b"GET /livez\r\nHost: test\r\n\r\n", (400, 505))
    yield refused("no target", b"GET  HTTP/1.1\r\nHost: test\r\n\r\n")
    yield refused("no method", b" /livez HTTP/1.1\r\nHost: test\r\n\r\n")
    yield refused("two spaces before the target", b"GET  /livez HTTP/1.1\r\nHost: test\r\n\r\n")
    yield refused("two spaces before the version", b"GET /livez  HTTP/1.1\r\nHost: test\r\n\r\n")
    yield refused("space before the method", b" GET /livez HTTP/1.1\r\nHost: test\r\n\r\n")
    yield refused("space behind the version", b"GET /livez HTTP/1.1 \r\nHost: test\r\n\r\n")
    yield refused("tab instead of a space", b"GET\t/livez\tHTTP/1.1\r\nHost: test\r\n\r\n")
    yield refused(
        "vertical tab instead of a space", b"GET\x0b/livez HTTP/1.1\r\nHost: test\r\n\r\n"
    )
    yield refused("a fourth word", b"GET /livez HTTP/1.1 now\r\nHost: test\r\n\r\n")
    yield refused("bare LF ends the request line", b"GET /livez HTTP/1.1\nHost: test\r\n\r\n")
    yield refused("bare CR ends the request line", b"GET /livez HTTP/1.1\rHost: test\r\n\r\n")
    yield refused("CR CR LF ends the request line", b"GET /livez HTTP/1.1\r\r\nHost: test\r\n\r\n")
    yield refused("NUL in the target", b"GET /li\x00vez HTTP/1.1\r\nHost: test\r\n\r\n")
    yield refused("NUL in the method", b"G\x00ET /livez HTTP/1.1\r\nHost: test\r\n\r\n")
    yield refused("header line as request line", b"Host: test\r\n\r\n")
    yield refused("an HTTP/2 preface", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", (400, 505))
    yield refused("a TLS hello", bytes.fromhex("16030100c8010000c40303") + b"\x00" * 64)
    for delimiter in DELIMITERS:
        yield refused(f"method with {delimiter}", get(method=f"GE{delimiter}T"))
    yield refused("CONNECT", get("test:443", method="CONNECT"), (400, 405, 501))
    yield refused("asterisk for GET", get("*"))
    yield refused("authority-form for GET", get("test:80"))
    yield refused("target without a slash", get("livez"))
    yield refused("fragment in the target", get("/livez#top"))
    for bad in ("%", "%2", "%zz", "%2g", "%%", "%u0041"):
        yield refused(f"percent-encoding {bad!r} in the path", get("/livez" + bad))
        yield refused(f"percent-encoding {bad!r} in the query", get("/livez?a=" + bad))
    yield accepted("encoded NUL in the path", get("/livez%00"), (400, 404))._replace(goes_on=None)
    for character in CONTROLS:
        yield refused(f"{show(character)} in the target", get(f"/li{character}vez"))
    for character in '"<>\\^`{|}':
        yield refused(f"{character} in the target", get(f"/li{character}vez"), (400, 404))
    yield refused("octets above 0x7f in the target", get("/livez\xff"))
    yield refused("target longer than the cap", get("/livez?" + "a" * 20_000), (414,))
    yield refused("method longer than any", get(method="G" * 10_000), (400, 405, 414, 431, 501))


def fields():
    yield accepted("no white space behind the colon", get(lines=("Host:test",)))
    yield accepted("white space around a value", get(lines=("Host: \t test \t ",)))
    yield accepted("empty value", get(lines=("Host: test", "X-Empty:")))
    yield accepted("octets above 0x7f in a value", get(lines=("Host: test", "X-Any: \xe9\xff")))
    yield accepted("tab inside a value", get(lines=("Host: test", "X-Any: a\tb")))
    yield accepted("names in any case", get(lines=("hOST: test",)))
    yield accepted("a field sent twice", get(lines=("Host: test", "Accept: a/b", "Accept: c/d")))
    yield accepted(
        "every character of a token in a name",
        get(lines=("Host: test", "!#$%&'*+-.^_`|~09azAZ: x")),
    )
    yield accepted(
        "a hundred fields", get(lines=("Host: test", *(f"X-{i}: y" for i in range(100))))
    )
    for name in (" Host", "\tHost"):
        yield refused(f"white space before the first name {name!r}", get(lines=(f"{name}: test",)))
    for gap in (" ", "\t", "  "):
        yield refused(f"white space {gap!r} before the colon", get(lines=(f"Host{gap}: test",)))
    yield refused(
        "white space before the colon of Content-Length",
        post([f"Content-Length : {len(BODY)}"], BODY),
    )
    yield refused(
        "white space before the colon of Transfer-Encoding",
        chunked(chunk(BODY) + END, ("Transfer-Encoding : chunked",)),
    )
    yield refused("folded value", get(lines=("Host: test", "X-Any: a", " b")))
    yield refused("folded value with a tab", get(lines=("Host: test", "X-Any: a", "\tb")))
    yield refused(
        "folded Transfer-Encoding", chunked(chunk(BODY) + END, ("Transfer-Encoding:", " chunked"))
    )
    yield refused("line without a colon", get(lines=("Host: test", "nothing")))
    yield refused("empty name", get(lines=("Host: test", ": value")))
    yield refused("bare LF between fields", b"GET /livez HTTP/1.1\r\nHost: test\nX-Any: b\r\n\r\n")
    yield refused("bare LF ends the head", b"GET /livez HTTP/1.1\r\nHost: test\r\n\n")
    yield refused("bare CR in a value", b"GET /livez HTTP/1.1\r\nHost: test\r\nX-Any: a\rb\r\n\r\n")
    yield refused("CR CR LF behind a value", b"GET /livez HTTP/1.1\r\nHost: test\r\r\n\r\n")
    yield refused("NUL in a value", get(lines=("Host: test", "X-Any: a\0b")))
    yield refused("NUL in a name", get(lines=("Host: test", "X-A\0ny: ab")))
    for character in CONTROLS:
        yield refused(
            f"{show(character)} in a value", get(lines=("Host: test", f"X-Any: a{character}b"))
        )
        yield refused(
            f"{show(character)} in a name", get(lines=("Host: test", f"X-A{character}ny: b"))
        )
    for delimiter in filter(lambda c: c != ":", DELIMITERS):
        yield refused(f"name with {delimiter}", get(lines=("Host: test", f"X{delimiter}Any: b")))
    yield refused("space inside a name", get(lines=("Host: test", "X Any: b")))
    yield refused("octets above 0x7f in a name", get(lines=("Host: test", "X-\xe9: b")))
    yield refused(
        "a field longer than the cap", get(lines=("Host: test", "X-Any: " + "a" * 70_000)), (431,)
    )
    yield refused(
        "more fields than the cap",
        get(lines=("Host: test", *(f"X-{i}: y" for i in range(400)))),
        (431,),
    )


def hosts():
    for host in (
        "test",
        "test:8080",
        "127.0.0.1",
        "127.0.0.1:80",
        "[::1]",
        "[::1]:8080",
        "a.b-c.d",
    ):
        yield accepted(f"Host {host}", get(lines=(f"Host: {host}",)))
    yield refused("no Host", get(lines=()))
    yield refused("two Hosts", get(lines=("Host: test", "Host: other")))
    yield refused("two equal Hosts", get(lines=("Host: test", "Host: test")))
    for host in (
        "te st",
        "test, other",
        "test/path",
        "user@test",
        "http://test",
        "test:80:90",
        "test:port",
        "te\tst",
        "[::1",
        "::1]",
        "test?x",
        "test#x",
        "te\\st",
        "<test>",
        "test:99999999",
    ):
        yield refused(f"Host {host!r}", get(lines=(f"Host: {host}",)))
    yield refused("absolute-form without Host", get("http://test/livez", lines=()))
    yield refused("absolute-form with user information", get("http://user@test/livez"))
    yield refused("absolute-form of another scheme", get("ftp://test/livez"))


def content_lengths():
    length = len(BODY)
    yield accepted("body by length", post([f"Content-Length: {length}"], BODY), MODEL_UNKNOWN)
    yield accepted(
        "length with leading zeros", post([f"Content-Length: 000{length}"], BODY), MODEL_UNKNOWN
    )
    yield accepted("GET with length 0", get(lines=("Host: test", "Content-Length: 0")))
    yield accepted(
        "GET with a small body",
        get(lines=("Host: test", "Content-Length: 5")) + b"hello",
        (200, 400),
    )
    yield accepted("POST without a body", post(["Content-Length: 0"], b""), (400,))
    yield accepted("POST without length is POST without body", post([], b""), (400, 411))
    for value in (
        f"+{length}",
        f"-{length}",
        f"0x{length:x}",
        f"{length}.0",
        f"{length} {length}",
        f"{length},{length}",
        f"{length}, {length}",
        f"{length};",
        f'"{length}"',
        f"{length}e0",
        "",
        " ",
        "ten",
        "1_0",
        "٣٢".encode().decode("latin-1"),
        "18446744073709551616",
        "99999999999999999999999",
        f"{length}\x0b",
        "0 0",
        "-0",
        "+0",
        ",",
        f",{length}",
    ):
        yield refused(f"length {value!r}", post([f"Content-Length: {value}"], BODY), (400, 413))
    yield refused("two lengths", post([f"Content-Length: {length}", "Content-Length: 1"], BODY))
    yield refused("two equal lengths", post([f"Content-Length: {length}"] * 2, BODY))
    yield refused(
        "two lengths, the first 0", post(["Content-Length: 0", f"content-length: {length}"], BODY)
    )
    yield refused(
        "a declared body over the cap", post(["Content-Length: 10737418240"], b""), (413,)
    )


def codings():
    whole = chunk(BODY) + END
    yield accepted("body in one chunk", chunked(whole), MODEL_UNKNOWN)
    yield accepted(
        "body in chunks of one octet",
        chunked(b"".join(chunk(BODY[i : i + 1]) for i in range(len(BODY))) + END),
        MODEL_UNKNOWN,
    )
    yield accepted(
        "the coding in any case", chunked(whole, ("transfer-encoding: Chunked",)), MODEL_UNKNOWN
    )
    yield accepted("chunk extension", chunked(chunk(BODY, b";a=b") + END), MODEL_UNKNOWN)
    yield accepted("quoted chunk extension", chunked(chunk(BODY, b';a="b c"') + END), MODEL_UNKNOWN)
    yield accepted(
        "extension of the last chunk", chunked(chunk(BODY) + b"0;x\r\n\r\n"), MODEL_UNKNOWN
    )
    yield accepted(
        "sizes in capitals", chunked(b"%X\r\n%s\r\n" % (len(BODY), BODY) + END), MODEL_UNKNOWN
    )
    yield accepted(
        "sizes with leading zeros",
        chunked(b"000%x\r\n%s\r\n" % (len(BODY), BODY) + b"00\r\n\r\n"),
        MODEL_UNKNOWN,
    )
    yield accepted(
        "trailer fields",
        chunked(chunk(BODY) + b"0\r\nX-Sum: 1\r\nX-More: 2\r\n\r\n"),
        MODEL_UNKNOWN,
    )
    yield accepted(
        "trailer that names a length",
        chunked(chunk(BODY) + b"0\r\nContent-Length: 5\r\n\r\n"),
        (400, 404),
    )._replace(goes_on=None)
    yield accepted("no chunks at all", chunked(END), (400,))
    for value in (
        "gzip",
        "identity",
        "deflate, chunked",
        "gzip, chunked",
        "chunked, gzip",
        "cow",
        "xchunked",
        "chunkedx",
        "chunked;q=1",
        "chunked chunked",
        "chunked, chunked",
        "chunked,",
        ",chunked",
        "",
        "\x0bchunked",
        '"chunked"',
        "chunked\x00",
        "identity, chunked",
        "chunked, identity",
        "chunke",
    ):
        yield refused(
            f"coding {value!r}", chunked(whole, (f"Transfer-Encoding: {value}",)), (400, 501)
        )
    yield refused(
        "coding and length", chunked(whole, ("Transfer-Encoding: chunked", "Content-Length: 5"))
    )
    yield refused(
        "length and coding",
        chunked(whole, (f"Content-Length: {len(whole)}", "Transfer-Encoding: chunked")),
    )
    yield refused(
        "length 0 and coding", chunked(whole, ("Content-Length: 0", "Transfer-Encoding: chunked"))
    )
    yield refused(
        "the coding twice", chunked(whole, ("Transfer-Encoding: chunked",) * 2), (400, 501)
    )
    yield refused(
        "two codings, the last unknown",
        chunked(whole, ("Transfer-Encoding: chunked", "Transfer-Encoding: cow")),
        (400, 501),
    )
    yield refused(
        "coding in HTTP/1.0", post(["Transfer-Encoding: chunked"], whole, version="HTTP/1.0")
    )
    yield refused(
        "unknown coding for GET", get(lines=("Host: test", "Transfer-Encoding: cow")), (400, 501)
    )


def chunk_syntax():
    size = b"%x" % len(BODY)
    data = BODY + b"\r\n"
    bad_sizes = {
        "with 0x": b"0x" + size,
        "with +": b"+" + size,
        "with -": b"-" + size,
        "empty": b"",
        "with white space before": b" " + size,
        "with _": b"_" + size,
        "not hexadecimal": b"zz",
        "of 17 digits": b"10000000000000000",
        "of 40 digits": b"f" * 40,
        "negative": b"-1",
        "of 2^64 - 1": b"ffffffffffffffff",
        "with a dot": size + b".0",
        "in two words": size + b" 1",
        "with NUL": size + b"\x00",
        "with a comma": size + b",",
        "with h": size + b"h",
    }
    for what, bad in bad_sizes.items():
        yield refused(f"size {what}", chunked(bad + b"\r\n" + data + END), (400, 413))
    yield refused("size ended by bare LF", chunked(size + b"\n" + data + END))
    yield refused("size ended by bare CR", chunked(size + b"\r" + data + END))
    yield refused("data ended by bare LF", chunked(size + b"\r\n" + BODY + b"\n" + END))
    yield refused("data not ended", chunked(size + b"\r\n" + BODY + END))
    yield refused("data longer than the size", chunked(b"5\r\n" + data + END))
    yield refused("bare LF in an extension", chunked(size + b";a\nb\r\n" + data + END))
    yield refused("bare CR in an extension", chunked(size + b";a\rb\r\n" + data + END))
    yield refused("NUL in an extension", chunked(size + b";a\x00b\r\n" + data + END))
    yield refused(
        "extension longer than the cap", chunked(size + b";" + b"a" * 5000 + b"\r\n" + data + END)
    )
    yield refused("last chunk ended by bare LF", chunked(chunk(BODY) + b"0\n\n"))
    yield refused("trailer ended by bare LF", chunked(chunk(BODY) + b"0\r\nX-Sum: 1\n\r\n"))
    yield refused(
        "trailer longer than the cap",
        chunked(chunk(BODY) + b"0\r\nX-Sum: " + b"a" * 70_000 + b"\r\n\r\n"),
        (400, 431),
    )


def connections():
    yield closing("Connection: close", get(lines=("Host: test", "Connection: close")))
    yield closing("Connection: CLOSE", get(lines=("Host: test", "Connection: CLOSE")))
    yield closing("close in a list", get(lines=("Host: test", "Connection: x-hop, close")))
    yield closing(
        "close in a second field",
        get(lines=("Host: test", "Connection: x-hop", "Connection: close")),
    )
    yield accepted("Connection: keep-alive", get(lines=("Host: test", "Connection: keep-alive")))
    yield accepted(
        "HTTP/1.0 with keep-alive",
        get(version="HTTP/1.0", lines=("Host: test", "Connection: keep-alive")),
    )._replace(goes_on=None)
    yield accepted(
        "an Upgrade that nobody offers",
        get(lines=("Host: test", "Connection: Upgrade", "Upgrade: h2c", "HTTP2-Settings: AA")),
    )
    yield accepted(
        "Expect: 100-continue without a body",
        get(lines=("Host: test", "Expect: 100-continue")),
        (200, 417),
    )._replace(goes_on=None)
    yield refused(
        "unknown expectation",
        post(["Expect: the-worst", f"Content-Length: {len(BODY)}"], BODY),
        (417,),
    )
    yield refused(
        "wrong media type",
        post([f"Content-Length: {len(BODY)}"], BODY).replace(b"application/json", b"text/plain"),
        (415,),
    )


CASES = [
    *request_lines(),
    *fields(),
    *hosts(),
    *content_lengths(),
    *codings(),
    *chunk_syntax(),
    *connections(),
]
