// The Vercel AI SDK through its OpenAI-compatible provider: streamText and generateText come to the same steps, texts,
// reasoning and tool calls; generateObject and streamObject to the same object. ORIEL_CASES: see accumulators.

import assert from "node:assert/strict";
import { test } from "node:test";

import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { generateText, jsonSchema, Output, stepCountIs, streamText, tool } from "ai";
import { z } from "zod";

const { ORIEL_CLAUDE: claude, ORIEL_NOVA: nova, ORIEL_THINKER: thinker } = process.env;
const provider = createOpenAICompatible({
  name: "oriel",
  baseURL: process.env.ORIEL_URL,
  apiKey: "sk-test",
  includeUsage: true,
  supportsStructuredOutputs: true,
});

const calls = (list) => list.map(({ toolCallId, toolName, input }) => ({ toolCallId, toolName, input }));

async function streamed(settings) {
  const failures = [];
  const result = streamText({ ...settings, maxRetries: 0, onError: ({ error }) => failures.push(error) });
  await result.consumeStream();
  assert.deepEqual(failures, []);
  return result;
}

async function compare(settings) {
  const whole = await generateText({ ...settings, maxRetries: 0 });
  const stream = await streamed(settings);
  assert.equal(await stream.text, whole.text);
  assert.equal((await stream.reasoningText) ?? "", whole.reasoningText ?? "");
  assert.deepEqual(calls(await stream.toolCalls), calls(whole.toolCalls));
  assert.equal(await stream.finishReason, whole.finishReason);
  const { inputTokens, outputTokens, totalTokens } = await stream.usage;
  assert.deepEqual(
    { inputTokens, outputTokens, totalTokens },
    {
      inputTokens: whole.usage.inputTokens,
      outputTokens: whole.usage.outputTokens,
      totalTokens: whole.usage.totalTokens,
    },
  );
  return whole;
}

// OpenAI's tools as the AI SDK's.
const toolsOf = (list) =>
  Object.fromEntries(
    (list ?? []).map(({ function: f }) => [
      f.name,
      tool({ description: f.description, inputSchema: jsonSchema(f.parameters ?? { type: "object", properties: {} }) }),
    ]),
  );
const texts = ({ content }) =>
  typeof content === "string"
    ? [{ type: "text", text: content }]
    : content.map((part) =>
        part.type === "text" ? part : { type: "file", mediaType: "image/png", data: part.image_url.url.split(",")[1] },
      );

for (const { name, arguments: request } of JSON.parse(process.env.ORIEL_CASES)) {
  if (request.tool_choice || request.response_format) continue;
  test(`streamText is generateText: ${name}`, async () => {
    const whole = await compare({
      model: provider(request.model),
      messages: request.messages.map((message) => ({ role: "user", content: texts(message) })),
      tools: request.tools && toolsOf(request.tools),
      maxOutputTokens: request.max_tokens,
      providerOptions: request.reasoning_effort && { oriel: { reasoningEffort: request.reasoning_effort } },
    });
    assert.ok(whole.text || whole.toolCalls.length);
    if (request.tools) assert.ok(whole.toolCalls.length);
    if (request.reasoning_effort && name !== "redacted reasoning") assert.ok(whole.reasoningText);
  });
}

for (const model of [claude, nova, thinker]) {
  for (const toolChoice of ["required", { type: "tool", toolName: "get_time" }]) {
    test(`${model}: tool choice ${JSON.stringify(toolChoice)}`, async () => {
      const named = (name) => tool({ description: name, inputSchema: z.object({ city: z.string() }) });
      const whole = await compare({
        model: provider(model),
        prompt: "anything",
        tools: { get_weather: named("get_weather"), get_time: named("get_time") },
        toolChoice,
      });
      assert.deepEqual(
        whole.toolCalls.map((call) => call.toolName),
        [toolChoice === "required" ? "get_weather" : "get_time"],
      );
    });
  }

  test(`${model}: two steps`, async () => {
    const settings = {
      model: provider(model),
      prompt: "call get_weather and call get_weather",
      stopWhen: stepCountIs(3),
      tools: {
        get_weather: tool({
          description: "The weather of a city",
          inputSchema: z.object({ city: z.string() }),
          execute: async ({ city }) => `Rain in ${city}`,
        }),
      },
    };
    const whole = await generateText({ ...settings, maxRetries: 0 });
    const stream = await streamed(settings);
    assert.match(whole.text, /Rain in value of city/);
    assert.equal(await stream.text, whole.text);
    assert.equal(whole.steps.length, 2);
    assert.equal((await stream.steps).length, 2);
  });
}

for (const model of [claude, nova]) {
  test(`${model}: an object`, async () => {
    const schema = z.object({ name: z.string(), age: z.number().int(), tags: z.array(z.string()) });
    const settings = { model: provider(model), prompt: "Who?", output: Output.object({ schema }) };
    const whole = await generateText({ ...settings, maxRetries: 0 });
    assert.deepEqual(whole.output, { name: "value of name", age: 42, tags: ["value of tags"] });
    const stream = await streamed(settings);
    assert.deepEqual(await stream.output, whole.output);
  });
}
