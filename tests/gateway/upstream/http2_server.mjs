// An HTTP/2 server over TLS for http2_test.cc: node http2_server.mjs CERTIFICATE KEY. Prints its port and
// ends with its standard input. GET /report answers what it has seen.
import { readFileSync } from "node:fs";
import { createSecureServer } from "node:http2";

const [certificate, key] = process.argv.slice(2);
const server = createSecureServer({ cert: readFileSync(certificate), key: readFileSync(key) });
const sockets = new Set();
const seen = { sessions: 0, cancelled: 0, bodies: 0, silent: 0 };

const block = (size) => {
  const bytes = Buffer.alloc(size);
  for (let i = 0; i < size; i++) bytes[i] = (i * 7 + Math.floor(i / 251)) & 0xff;
  return bytes;
};

const answers = {
  "/plain": (stream) => {
    stream.respond({ ":status": 200, "x-answer": "plain" });
    stream.end("hello");
  },
  "/echo": (stream) => {
    const parts = [];
    stream.on("data", (part) => parts.push(part));
    stream.on("end", () => {
      seen.bodies++;
      stream.respond({ ":status": 200 });
      stream.end(Buffer.concat(parts));
    });
  },
  "/large": (stream) => {
    stream.respond({ ":status": 200 });
    stream.end(block(10 * 1024 * 1024));
  },
  "/stall": (stream) => {
    stream.respond({ ":status": 200 });
    stream.write("begun");
  },
  "/endless": (stream) => {
    stream.respond({ ":status": 200 });
    const bytes = block(65536);
    const pump = () => {
      while (!stream.destroyed && stream.write(bytes));
      if (!stream.destroyed) stream.once("drain", pump);
    };
    pump();
  },
  "/silent": () => {
    seen.silent++;
  },
  "/reset": (stream) => {
    stream.respond({ ":status": 200 });
    stream.write("begun");
    setImmediate(() => stream.destroy(new Error("broken"))); // INTERNAL_ERROR
  },
  "/refused": (stream) => stream.close(7), // REFUSED_STREAM
  "/cut": (stream) => {
    stream.respond({ ":status": 200 });
    stream.write("begun");
    setImmediate(() => sockets.forEach((socket) => socket.destroy()));
  },
  "/short": (stream) => {
    stream.respond({ ":status": 200, "content-length": "100" });
    stream.write("begun");
    setImmediate(() => stream.session.destroy());
  },
  "/report": (stream) => {
    stream.respond({ ":status": 200 });
    stream.end(JSON.stringify(seen));
  },
};

server.on("secureConnection", (socket) => {
  sockets.add(socket);
  socket.on("close", () => sockets.delete(socket));
});
server.on("session", (session) => {
  seen.sessions++;
  session.on("error", () => {});
});
server.on("stream", (stream, headers) => {
  stream.on("error", () => {});
  stream.on("close", () => (seen.cancelled += [5, 8].includes(stream.rstCode))); // STREAM_CLOSED (older curl), CANCEL
  answers[headers[":path"]](stream);
});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
process.stdin.resume();
process.stdin.on("end", () => process.exit(0));
