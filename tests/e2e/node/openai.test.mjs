// The official Node SDK, unmodified, against a running gateway: ORIEL_URL is its base URL, ORIEL_BEDROCK_MODEL and
// ORIEL_OPENAI_MODEL are served by the simulator and by the fake OpenAI server.

import assert from "node:assert/strict";
import { test } from "node:test";

import OpenAI from "openai";

const bedrock = process.env.ORIEL_BEDROCK_MODEL;
const passthrough = process.env.ORIEL_OPENAI_MODEL;
const client = new OpenAI({ baseURL: process.env.ORIEL_URL, apiKey: "sk-test", maxRetries: 0, timeout: 60_000 });

const user = (content) => [{ role: "user", content }];
const echo = (model, text) => (model === bedrock ? `Echo: ${text}` : `Fake: ${text}`);
const weather = {
  type: "function",
  function: {
    name: "get_weather",
    description: "The weather of a city",
    parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
  },
};

// A PNG of one pixel.
const pixel =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

for (const model of [bedrock, passthrough]) {
  test(`${model}: create`, async () => {
    const { data, request_id } = await client.chat.completions
      .create({ model, messages: user("Hello there") })
      .withResponse();
    assert.equal(data.choices[0].message.content, echo(model, "Hello there"));
    assert.equal(data.choices[0].finish_reason, "stop");
    assert.equal(data.model, model);
    assert.equal(data.usage.total_tokens, data.usage.prompt_tokens + data.usage.completion_tokens);
    assert.ok(request_id);
    assert.equal(data._request_id, request_id);
  });

  test(`${model}: stream`, async () => {
    const chunks = [];
    const stream = await client.chat.completions.create({
      model,
      messages: user("Hello there"),
      stream: true,
      stream_options: { include_usage: true },
    });
    for await (const chunk of stream) chunks.push(chunk);
    const last = chunks.pop();
    assert.deepEqual(last.choices, []);
    assert.ok(last.usage.completion_tokens > 0);
    assert.equal(chunks[0].choices[0].delta.role, "assistant");
    assert.equal(chunks.at(-1).choices[0].finish_reason, "stop");
    assert.equal(chunks.map((chunk) => chunk.choices[0].delta.content ?? "").join(""), echo(model, "Hello there"));
    assert.equal(new Set(chunks.map((chunk) => chunk.id)).size, 1);
  });

  test(`${model}: the stream() helper`, async () => {
    let told = "";
    const runner = client.chat.completions.stream({ model, messages: user("Help me") });
    runner.on("content", (delta) => (told += delta));
    assert.equal(await runner.finalContent(), echo(model, "Help me"));
    assert.equal(told, echo(model, "Help me"));
    assert.equal((await runner.finalChatCompletion()).choices[0].finish_reason, "stop");
  });

  test(`${model}: image`, async () => {
    const answer = await client.chat.completions.create({
      model,
      messages: user([
        { type: "text", text: "See" },
        { type: "image_url", image_url: { url: `data:image/png;base64,${pixel}` } },
      ]),
    });
    assert.equal(answer.choices[0].finish_reason, "stop");
  });

  test(`${model}: abort`, async () => {
    const text = model === bedrock ? "[sim chars=4000 chunk=10 gap_ms=20]" : "[fake chunks=400 gap_ms=20]";
    const stream = await client.chat.completions.create({ model, messages: user(text), stream: true });
    let count = 0;
    for await (const _ of stream) if (++count === 5) break;
    assert.equal(count, 5);
    assert.ok(stream.controller.signal.aborted);
  });
}

test("runTools goes around", async () => {
  const asked = [];
  const runner = client.chat.completions.runTools({
    model: bedrock,
    messages: user("Please call get_weather"),
    tools: [
      {
        type: "function",
        function: {
          ...weather.function,
          parse: JSON.parse,
          function: ({ city }) => {
            asked.push(city);
            return `Rain in ${city}`;
          },
        },
      },
    ],
  });
  const content = await runner.finalContent();
  assert.equal(asked.length, 1);
  assert.equal(typeof asked[0], "string");
  assert.ok(content.length > 0);
});

test("runTools, streamed", async () => {
  let calls = 0;
  const runner = client.chat.completions.runTools({
    model: bedrock,
    stream: true,
    messages: user("Please call get_weather"),
    tools: [{ type: "function", function: { ...weather.function, parse: JSON.parse, function: () => `${++calls}` } }],
  });
  assert.ok(await runner.finalContent());
  assert.equal(calls, 1);
});

test("models", async () => {
  const names = [];
  for await (const model of client.models.list()) names.push(model.id);
  for (const name of [bedrock, passthrough, "gpt-4o-mini"]) {
    assert.ok(names.includes(name), name);
    assert.equal((await client.models.retrieve(name)).id, name);
  }
  await assert.rejects(client.models.retrieve("no-such-model"), OpenAI.NotFoundError);
});

const failures = [
  ["[sim status=429 exception=ThrottlingException]", OpenAI.RateLimitError, 429],
  ["[sim status=400 exception=ValidationException]", OpenAI.BadRequestError, 400],
  ["[sim status=403 exception=AccessDeniedException]", OpenAI.PermissionDeniedError, 403],
  ["[sim status=404 exception=ResourceNotFoundException]", OpenAI.NotFoundError, 404],
  ["[sim status=403 exception=UnrecognizedClientException]", OpenAI.InternalServerError, 502],
  ["[sim status=500 exception=InternalServerException]", OpenAI.InternalServerError, 500],
  ["[sim status=503 exception=ServiceUnavailableException]", OpenAI.InternalServerError, 503],
];
for (const [text, kind, status] of failures) {
  for (const stream of [false, true]) {
    test(`${text} is ${kind.name}${stream ? ", streamed" : ""}`, async () => {
      await assert.rejects(client.chat.completions.create({ model: bedrock, messages: user(text), stream }), (error) => {
        assert.ok(error instanceof kind, `${error}`);
        assert.equal(error.status, status);
        assert.ok(error.requestID);
        assert.deepEqual(Object.keys(error.error).sort(), ["code", "message", "param", "type"]);
        return true;
      });
    });
  }
}

test("an unknown model", async () => {
  await assert.rejects(client.chat.completions.create({ model: "nobody", messages: user("Hi") }), (error) => {
    assert.ok(error instanceof OpenAI.NotFoundError);
    assert.equal(error.code, "model_not_found");
    return true;
  });
});

const broken = {
  "truncated": [bedrock, "[sim chars=400 chunk=10 truncate=frame]"],
  "corrupt": [bedrock, "[sim chars=400 chunk=10 corrupt=message]"],
  "throttled": [bedrock, "[sim chars=400 chunk=10 exception_after=5 exception=throttlingException]"],
  "without [DONE]": [passthrough, "[fake chunks=40 after=5 fault=truncate]"],
  "with an error event": [passthrough, "[fake chunks=40 after=5 fault=error]"],
};
for (const [name, [model, text]] of Object.entries(broken)) {
  test(`a stream that ends ${name} is an APIError`, async () => {
    let count = 0;
    await assert.rejects(async () => {
      const stream = await client.chat.completions.create({ model, messages: user(text), stream: true });
      for await (const _ of stream) ++count;
    }, OpenAI.APIError);
    assert.ok(count > 0);
  });
}
