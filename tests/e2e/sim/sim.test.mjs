// The simulator as the AWS SDK for JavaScript sees it. ORIEL_BUILD_DIR holds bedrock-sim.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";

import { BedrockClient, ListFoundationModelsCommand, paginateListInferenceProfiles } from "@aws-sdk/client-bedrock";
import * as runtime from "@aws-sdk/client-bedrock-runtime";
import { NodeHttpHandler } from "@smithy/node-http-handler";

const { BedrockRuntimeClient, ConverseCommand, ConverseStreamCommand } = runtime;
const here = dirname(fileURLToPath(import.meta.url));
const build = process.env.ORIEL_BUILD_DIR ?? join(here, "../../../build/asan");
const NOVA = "amazon.nova-lite-v1:0";
const ARN = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/a1b2c3d4e5f6";
const tools = [{ toolSpec: { name: "get_weather", description: "Weather", inputSchema: { json: {
  type: "object", properties: { city: { type: "string" } }, required: ["city"] } } } }];

let simulator;
let settings;
let client;

before(async () => {
  simulator = spawn(join(build, "bedrock-sim"), ["--listen", "127.0.0.1:0"],
                    { stdio: ["ignore", "pipe", "inherit"] });
  const line = await new Promise((resolve) => simulator.stdout.once("data", resolve));
  settings = {
    endpoint: String(line).trim().split(" ").pop(), region: "us-east-1", maxAttempts: 1,
    requestHandler: new NodeHttpHandler(),  // HTTP/1.1: the SDK's default for Bedrock is HTTP/2.
    credentials: { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY" },
  };
  client = new BedrockRuntimeClient(settings);
});

after(async () => {
  client.destroy();
  const ended = new Promise((resolve) => simulator.once("exit", resolve));
  simulator.kill("SIGTERM");
  assert.equal(await ended, 0);
});

const user = (...content) => ({
  role: "user", content: content.map((block) => typeof block === "string" ? { text: block } : block) });
const ask = (text, more = {}) => client.send(
  new ConverseCommand({ modelId: NOVA, messages: [user(text)], ...more }));
const stream = async (text, more = {}) => (await client.send(
  new ConverseStreamCommand({ modelId: NOVA, messages: [user(text)], ...more }))).stream;

test("converse", async () => {
  const reply = await ask("Hello");
  assert.deepEqual(reply.output.message, { role: "assistant", content: [{ text: "Echo: Hello" }] });
  assert.equal(reply.stopReason, "end_turn");
  assert.equal(reply.usage.totalTokens, reply.usage.inputTokens + reply.usage.outputTokens);
  assert.match(reply.$metadata.requestId, /^[0-9a-f-]{36}$/);
});

test("an ARN as model id", async () => {
  assert.equal((await ask("Hello", { modelId: ARN })).output.message.content[0].text, "Echo: Hello");
});

test("converse stream", async () => {
  const kinds = [];
  let text = "";
  let usage;
  for await (const event of await stream("Grüße 世界 ".repeat(30))) {
    kinds.push(Object.keys(event)[0]);
    text += event.contentBlockDelta?.delta.text ?? "";
    usage = event.metadata?.usage ?? usage;
  }
  assert.equal(text, "Echo: " + "Grüße 世界 ".repeat(30));
  assert.equal(kinds[0], "messageStart");
  assert.deepEqual(kinds.slice(-3), ["contentBlockStop", "messageStop", "metadata"]);
  assert.ok(usage.outputTokens > 0);
});

test("tool round trip", async () => {
  const toolConfig = { tools };
  const question = user("call get_weather");
  const first = await client.send(new ConverseCommand({ modelId: NOVA, messages: [question], toolConfig }));
  assert.equal(first.stopReason, "tool_use");
  const call = first.output.message.content[0].toolUse;
  assert.deepEqual(call.input, { city: "value of city" });
  const result = { toolResult: { toolUseId: call.toolUseId, content: [{ text: "Sunny" }] } };
  const second = await client.send(new ConverseCommand({
    modelId: NOVA, messages: [question, first.output.message, user(result)], toolConfig }));
  assert.equal(second.output.message.content[0].text, `Results: ${call.toolUseId} = Sunny`);
});

test("tool call in a stream", async () => {
  let name;
  let input = "";
  for await (const event of await stream("call get_weather", { toolConfig: { tools } })) {
    name = event.contentBlockStart?.start.toolUse.name ?? name;
    input += event.contentBlockDelta?.delta.toolUse.input ?? "";
  }
  assert.equal(name, "get_weather");
  assert.deepEqual(JSON.parse(input), { city: "value of city" });
});

test("a picture", async () => {
  const png = Buffer.from("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==", "base64");
  const reply = await client.send(new ConverseCommand({ modelId: NOVA, messages: [
    user("What?", { image: { format: "png", source: { bytes: png } } })] }));
  assert.equal(reply.output.message.content[0].text, `Echo: What? [image png ${png.length} bytes 1x1]`);
});

for (const [name, status] of Object.entries({
  ValidationException: 400, AccessDeniedException: 403, ResourceNotFoundException: 404,
  ModelTimeoutException: 408, ModelErrorException: 424, ThrottlingException: 429,
  ModelNotReadyException: 429, InternalServerException: 500, ServiceUnavailableException: 503 })) {
  test(`error ${name}`, async () => {
    for (const send of [ask, stream]) {
      await assert.rejects(send(`[sim status=${status} exception=${name} message=So%20it%20is]`), (error) => {
        assert.ok(error instanceof runtime[name], error.name);
        assert.equal(error.message, "So it is");
        assert.equal(error.$metadata.httpStatusCode, status);
        return true;
      });
    }
  });
}

for (const name of ["internalServerException", "modelStreamErrorException", "validationException",
                    "throttlingException", "serviceUnavailableException"]) {
  test(`exception in the stream: ${name}`, async () => {
    let events = 0;
    await assert.rejects(async () => {
      for await (const event of await stream(`Hello [sim chars=200 exception=${name} exception_after=3]`)) events += 1;
    }, (error) => error.name === name[0].toUpperCase() + name.slice(1));
    assert.equal(events, 3);
  });
}

for (const words of ["corrupt=prelude", "corrupt=message", "error_frame", "reset=mid"]) {
  test(`a broken stream is noticed: ${words}`, async () => {
    await assert.rejects(async () => {
      for await (const event of await stream(`Hello [sim chars=500 ${words}]`)) void event;
    });
  });
}

test("wrong secret", async () => {
  const wrong = new BedrockRuntimeClient({ ...settings, credentials: { ...settings.credentials, secretAccessKey: "wrong" } });
  await assert.rejects(wrong.send(new ConverseCommand({ modelId: NOVA, messages: [user("Hi")] })),
                       { name: "InvalidSignatureException" });
});

test("models and profiles", async () => {
  const control = new BedrockClient(settings);
  const { modelSummaries } = await control.send(new ListFoundationModelsCommand({ byOutputModality: "TEXT" }));
  assert.ok(modelSummaries.some((model) => model.modelId === NOVA));
  const profiles = [];
  for await (const page of paginateListInferenceProfiles({ client: control, pageSize: 9 }, {})) {
    profiles.push(...page.inferenceProfileSummaries);
  }
  assert.ok(profiles.length > 20);
  assert.ok(profiles[0].createdAt instanceof Date);
  control.destroy();
});
