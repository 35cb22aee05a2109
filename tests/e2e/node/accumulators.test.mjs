// The accumulators of the official Node SDK: what .stream() and runTools() rebuild of a stream is the message of the
// whole answer. ORIEL_CASES holds the requests (harness/answers.py).

import assert from "node:assert/strict";
import { test } from "node:test";

import OpenAI from "openai";
import { zodFunction, zodResponseFormat } from "openai/helpers/zod";
import { z } from "zod";

const cases = JSON.parse(process.env.ORIEL_CASES);
const { ORIEL_CLAUDE: claude, ORIEL_NOVA: nova } = process.env;
const client = new OpenAI({ baseURL: process.env.ORIEL_URL, apiKey: "sk-test", maxRetries: 0, timeout: 60_000 });

const user = (content) => [{ role: "user", content }];

// The members that the SDK types: it keeps only the last piece of others.
const known = ({ role, content, refusal, tool_calls }) => ({
  role,
  content: content || "",
  refusal: refusal ?? null,
  tool_calls: (tool_calls ?? []).map(({ id, type, function: { name, arguments: text } }) => ({ id, type, name, text })),
});

for (const { name, arguments: request } of cases) {
  test(`stream(): ${name}`, async () => {
    const whole = await client.chat.completions.create(request);
    const runner = client.chat.completions.stream({ ...request, stream_options: { include_usage: true } });
    let reasoning = "";
    runner.on("chunk", (chunk) => (reasoning += chunk.choices[0]?.delta.reasoning_content ?? ""));
    const final = await runner.finalChatCompletion();
    assert.deepEqual(known(final.choices[0].message), known(whole.choices[0].message));
    assert.equal(final.choices[0].finish_reason, whole.choices[0].finish_reason);
    assert.deepEqual(final.usage, whole.usage);
    assert.equal(reasoning, whole.choices[0].message.reasoning_content ?? "");
    for (const call of whole.choices[0].message.tool_calls ?? []) JSON.parse(call.function.arguments);
  });
}

const Person = z.object({ name: z.string(), age: z.number().int(), tags: z.array(z.string()) });

for (const model of [claude, nova]) {
  test(`${model}: parse() and stream() of a schema`, async () => {
    const request = { model, messages: user("Who?"), response_format: zodResponseFormat(Person, "person") };
    const whole = (await client.chat.completions.parse(request)).choices[0];
    Person.parse(whole.message.parsed);
    assert.equal(whole.finish_reason, "stop");
    const streamed = (await client.chat.completions.stream(request).finalChatCompletion()).choices[0];
    assert.deepEqual(streamed.message.parsed, whole.message.parsed);
  });

  for (const stream of [false, true]) {
    test(`${model}: runTools, parallel calls and one without arguments${stream ? ", streamed" : ""}`, async () => {
      const asked = [];
      const tool = (name, parameters) =>
        zodFunction({
          name,
          parameters,
          function: (given) => {
            asked.push([name, given]);
            return `${name} done`;
          },
        });
      const runner = client.chat.completions.runTools({
        model,
        stream,
        messages: user("call get_weather and call refresh and call get_weather"),
        tools: [tool("get_weather", z.object({ city: z.string() })), tool("refresh", z.object({}))],
      });
      const content = await runner.finalContent();
      assert.deepEqual(
        asked.map(([name]) => name),
        ["get_weather", "refresh", "get_weather"],
      );
      assert.equal(asked[0][1].city, "value of city");
      assert.deepEqual(asked[1][1], {});
      assert.match(content, /get_weather done.*refresh done/);
    });
  }
}

test("events of a stream come in order", async () => {
  const seen = [];
  const runner = client.chat.completions.stream({
    model: claude,
    messages: user("call get_weather [sim preamble=1]"),
    tools: [zodFunction({ name: "get_weather", parameters: z.object({ city: z.string() }) })],
  });
  runner.on("content.delta", () => seen.at(-1) === "text" || seen.push("text"));
  runner.on("tool_calls.function.arguments.delta", () => seen.at(-1) === "arguments" || seen.push("arguments"));
  runner.on("tool_calls.function.arguments.done", () => seen.push("done"));
  await runner.done();
  assert.deepEqual(seen, ["text", "arguments", "done"]);
});
