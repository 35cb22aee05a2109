// find_violation() finds each thing that Bedrock refuses: one body per constraint, each a good one
// with one thing wrong. spec/converse.md §5.2, §6 to §10.
#include "convert/bedrock/constraints.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "convert/json/padded_buffer.h"

namespace oriel::convert::bedrock {
namespace {

constexpr std::string_view kClaude = "anthropic.claude-sonnet-4-5-20250929-v1:0";
constexpr std::string_view kClaude3 = "anthropic.claude-3-haiku-20240307-v1:0";
constexpr std::string_view kOpus46 = "anthropic.claude-opus-4-6-v1";
constexpr std::string_view kOpus47 = "anthropic.claude-opus-4-7";
constexpr std::string_view kNova = "amazon.nova-lite-v1:0";
constexpr std::string_view kNova2 = "amazon.nova-2-lite-v1:0";
constexpr std::string_view kMicro = "amazon.nova-micro-v1:0";
constexpr std::string_view kLlama = "meta.llama3-1-70b-instruct-v1:0";
constexpr std::string_view kMistral7b = "mistral.mistral-7b-instruct-v0:2";

// Rows write ' for ".
std::optional<std::string> violation_of(std::string_view model, std::string body) {
  std::replace(body.begin(), body.end(), '\'', '"');
  const json::PaddedBuffer buffer{std::string_view(body)};
  json::Reader reader;
  const auto value = reader.read(buffer);
  if (!value) return "unreadable: " + body;
  return find_violation(*value, capabilities_of(model));
}

std::string user(std::string_view blocks) {
  return "{'role':'user','content':[" + std::string(blocks) + "]}";
}
std::string assistant(std::string_view blocks) {
  return "{'role':'assistant','content':[" + std::string(blocks) + "]}";
}
std::string body(std::string_view messages, std::string_view rest = "") {
  return "{'messages':[" + std::string(messages) + "]" + std::string(rest) + "}";
}

const std::string kHi = user("{'text':'a'}");
const std::string kUse = "{'toolUse':{'toolUseId':'c1','name':'f','input':{}}}";
const std::string kResult = "{'toolResult':{'toolUseId':'c1','content':[{'text':'a'}]}}";
const std::string kSpec = "{'toolSpec':{'name':'f','inputSchema':{'json':{'type':'object'}}}}";
const std::string kTools = ",'toolConfig':{'tools':[" + kSpec + "]}";
const std::string kCalled = kHi + "," + assistant(kUse) + "," + user(kResult);
const std::string kPoint = "{'cachePoint':{'type':'default'}}";
const std::string kHour = "{'cachePoint':{'type':'default','ttl':'1h'}}";
const std::string kSigned = "{'reasoningContent':{'reasoningText':{'text':'','signature':'S'}}}";

std::string tools(std::string_view specs, std::string_view rest = "") {
  return ",'toolConfig':{'tools':[" + std::string(specs) + "]" + std::string(rest) + "}";
}
std::string amrf(std::string_view members) {
  return ",'additionalModelRequestFields':{" + std::string(members) + "}";
}
std::string inference(std::string_view members) {
  return ",'inferenceConfig':{" + std::string(members) + "}";
}
std::string document(std::string_view name, std::string_view format = "pdf") {
  return "{'document':{'format':'" + std::string(format) + "','name':'" + std::string(name) +
         "','source':{'bytes':'AAAA'}}}";
}
std::string image(std::string_view bytes = "AAAA", std::string_view format = "png") {
  return "{'image':{'format':'" + std::string(format) + "','source':{'bytes':'" +
         std::string(bytes) + "'}}}";
}
std::string repeated(const std::string& item, int count) {
  std::string out = item;
  for (int i = 1; i < count; ++i) out += "," + item;
  return out;
}
std::string schema_tool(const std::string& schema) {
  return "{'toolSpec':{'name':'f','strict':true,'inputSchema':{'json':" + schema + "}}}";
}
// `count` members, each of two types.
std::string unions(int count) {
  std::string members;
  for (int i = 0; i < count; ++i) {
    members += (i == 0 ? "'p" : ",'p") + std::to_string(i) + "':{'type':['string','null']}";
  }
  return "{'type':'object','properties':{" + members + "}}";
}
// An answer's format with `count` optional members.
std::string format_of(int count) {
  std::string members;
  for (int i = 0; i < count; ++i) {
    members += (i == 0 ? "" : ",") + ("\\'p" + std::to_string(i) + "\\':{}");
  }
  return ",'outputConfig':{'textFormat':{'type':'json_schema','structure':{'jsonSchema':{'name':"
         "'n','schema':'{\\'type\\':\\'object\\',\\'properties\\':{" +
         members + "}}'}}}}";
}

TEST(Constraints, GoodBodies) {
  const std::pair<std::string_view, std::string> rows[] = {
      {kNova, body(kHi)},
      {kClaude, body(kCalled, kTools)},
      {kClaude,
       body(kHi + "," + assistant(kSigned + "," + kUse) + "," + user(kResult + "," + kPoint),
            kTools)},
      {kNova, body(user("{'text':'a'}," + image() + "," + document("a") + "," + document("b")))},
      {kClaude, body(user("{'text':'a'}," + kPoint),
                     ",'system':[{'text':'s'}," + kHour + "]" + tools(kSpec + "," + kHour))},
      {kNova,
       body(user("{'text':'a'},{'guardContent':{'text':{'text':'b','qualifiers':['query']}}}"))},
      {kNova, body(user("{'text':'a'},{'video':{'format':'mp4','source':{'s3Location':{'uri':"
                        "'s3://abc/d.mp4'}}}}"))},
      {kClaude, body(kHi, format_of(24))},
      {kClaude, body(kHi, tools(schema_tool(unions(16))))},
      {kClaude, body(kHi, inference("'maxTokens':2000") +
                              amrf("'thinking':{'type':'enabled','budget_tokens':1024}"))},
      {kOpus47, body(kHi, amrf("'thinking':{'type':'adaptive'},'output_config':{'effort':'low'}"))},
      {kNova2, body(kHi, amrf("'reasoningConfig':{'type':'enabled','maxReasoningEffort':'high'}"))},
      {kNova, body(kHi,
                   ",'serviceTier':{'type':'flex'},'performanceConfig':{'latency':'standard'}"
                   ",'requestMetadata':{'a b':'x:_@$#=/+,-.'}"
                   ",'additionalModelResponseFieldPaths':['/stop_sequence']"
                   ",'guardrailConfig':{'guardrailIdentifier':'ab1','guardrailVersion':'DRAFT',"
                   "'trace':'enabled','streamProcessingMode':'async'}")},
  };
  for (const auto& [model, text] : rows) EXPECT_EQ(violation_of(model, text), std::nullopt) << text;
}

struct Bad {
  std::string_view starts;  // what the violation says first
  std::string_view model;
  std::string text;
};

void expect_found(const std::vector<Bad>& rows) {
  for (const Bad& row : rows) {
    const auto found = violation_of(row.model, row.text);
    EXPECT_TRUE(found && found->starts_with(row.starts))
        << row.starts << " but " << found.value_or("nothing") << ": " << row.text;
  }
}

TEST(Constraints, Turns) {
  const std::string end = "," + assistant("{'text':'b'}");
  expect_found({
      {"C1", kNova, "{'messages':[]}"},
      {"C1", kNova, body(assistant("{'text':'a'}"))},
      {"C2", kNova, body(kHi + "," + kHi)},
      {"C3", kNova, body(user("{'text':' \\u00a0'}"))},
      {"C3", kNova, body(kHi, ",'system':[{'text':' '}]")},
      {"C3", kNova, body(user("{'guardContent':{'text':{'text':''}}}"))},
      {"C4", kNova, body(user(""))},
      {"C4", kNova,
       body(kHi + "," + assistant(kUse) + "," +
                user("{'toolResult':{'toolUseId':'c1','content':[]}}"),
            kTools)},
      {"C5", kNova, body(kHi + "," + assistant("{'text':'b '}"))},
      {"C6", kOpus46, body(kHi + end)},
      {"C6", kNova, body(kHi + end, kTools)},
      {"C7", kNova, body(kHi + "," + assistant(kUse) + "," + kHi, kTools)},
      {"C7", kNova, body(kHi + "," + assistant(kUse), kTools)},
      {"C7", kNova,
       body(kHi + "," + assistant(kUse) + "," + user("{'text':'b'}," + kResult), kTools)},
      {"C7/C8", kNova, body(user(kResult), kTools)},
      {"C8", kNova, body(kHi + "," + assistant(kResult), kTools)},
      {"C8", kNova, body(user(kUse), kTools)},
      {"C26", kClaude3,
       body(kHi + "," + assistant(kUse) + "," + user(kResult + ",{'text':'b'}"), kTools)},
      {"system", kMistral7b, body(kHi, ",'system':[{'text':'s'}]")},
      {"empty system", kNova, body(kHi, ",'system':[]")},
      {"unknown role", kNova, body("{'role':'system','content':[{'text':'a'}]}")},
      {"unknown block", kNova, body(user("{'text':'a','cachePoint':{}}"))},
      {"unknown block", kNova, body(user("{'json':{}}"))},
  });
}

TEST(Constraints, ToolBlocks) {
  const auto history = [](std::string_view use, std::string_view result) {
    return body(kHi + "," + assistant(use) + "," + user(result), kTools);
  };
  const auto use_of = [](std::string_view id, std::string_view name, std::string_view input) {
    return "{'toolUse':{'toolUseId':'" + std::string(id) + "','name':'" + std::string(name) +
           "','input':" + std::string(input) + "}}";
  };
  const auto result_of = [](std::string_view content, std::string_view rest = "") {
    return "{'toolResult':{'toolUseId':'c1','content':[" + std::string(content) + "]" +
           std::string(rest) + "}}";
  };
  expect_found({
      {"C9", kNova, body(kCalled)},
      {"C10 id at", kNova, history(use_of("a b", "f", "{}"), "{'text':'a'}")},
      {"C10 id at", "mistral.pixtral-large-2502-v1:0", history(use_of("c1", "f", "{}"), kResult)},
      {"C10 id used twice", kNova, history(kUse + "," + kUse, kResult)},
      {"C11", kNova, history(use_of("c1", "a.b", "{}"), kResult)},
      {"C14", kNova, history(use_of("c1", "f", "[]"), kResult)},
      {"C3", kNova, history(kUse, result_of("{'text':' '}"))},
      {"unknown status", kNova, history(kUse, result_of("{'text':'a'}", ",'status':'bad'"))},
      {"status", kLlama, history(kUse, result_of("{'text':'a'}", ",'status':'error'"))},
      {"unknown content", kNova, history(kUse, result_of("{'json':[1]}"))},
      {"unknown content", kNova, history(kUse, result_of("{'text':'a'}," + kPoint))},
      {"media in a tool result", "mistral.mistral-large-3", history(kUse, result_of(image()))},
  });
}

TEST(Constraints, Media) {
  const std::string large(5UL * 1024 * 1024 + 4, 'A');
  const std::string huge(6UL * 1024 * 1024 + 4, 'A');
  const std::string wide = "iVBORw0KGgoAAAANSUhEUgAAH0EAAAAFCAYAAAA=";    // 8001 x 5
  const std::string medium = "iVBORw0KGgoAAAANSUhEUgAAB9EAAAAFCAYAAAA=";  // 2001 x 5
  const std::string text = "{'text':'a'},";
  const std::string ten = repeated(image(), 10);
  const auto media = [&](std::string_view source) {
    return body(user(text + "{'image':{'format':'png','source':" + std::string(source) + "}}"));
  };
  expect_found({
      {"C15", kNova, body(user(text + document("a.pdf")))},
      {"C16", kNova,
       body(user(text + document("a")) + "," + assistant("{'text':'b'}") + "," +
            user(text + document("a")))},
      {"C17", kNova, body(user(document("a")))},
      {"C18 too many", kNova,
       body(user(text + document("a") + "," + document("b") + "," + document("c") + "," +
                 document("d") + "," + document("e") + "," + document("f")))},
      {"C18 document too large", kLlama,
       body(user(text + "{'document':{'format':'txt','name':'a','source':{'bytes':'" + huge +
                 "'}}}"))},
      {"C19 image too large", kNova, body(user(image(large)))},
      {"C19 image sides", kNova, body(user(image(wide)))},
      {"C19 too many", kNova, body(user(ten + "," + ten + "," + image()))},
      {"C19 many large", kNova,
       body(user(ten + "," + ten) + "," + assistant("{'text':'b'}") + "," + user(image(medium)))},
      {"C20", kNova, body(kHi + "," + assistant(image()) + "," + kHi)},
      {"media that the model", kMicro, body(user(image()))},
      {"media that the model", kNova,
       body(user("{'audio':{'format':'wav','source':{'bytes':'AAAA'}}}"))},
      {"unknown media format", kNova, body(user(image("AAAA", "bmp")))},
      {"media without bytes", kNova, media("{'bytes':''}")},
      {"media without bytes", kNova, media("{'url':'x'}")},
      {"S3 uri", kNova, media("{'s3Location':{'uri':'s3://A/b'}}")},
      {"s3Location", kClaude, media("{'s3Location':{'uri':'s3://abc/b'}}")},
      {"unknown qualifier", kNova,
       body(user("{'guardContent':{'text':{'text':'b','qualifiers':['x']}}}"))},
  });
}

TEST(Constraints, Tools) {
  const std::string two = kSpec + "," + kSpec;
  expect_found({
      {"C9 empty", kNova, body(kHi, tools(""))},
      {"a cache point behind nothing", kClaude, body(kHi, tools(kPoint))},
      {"C11", kNova, body(kHi, tools("{'toolSpec':{'name':'a b'}}"))},
      {"C12", kNova, body(kHi, tools("{'toolSpec':{'name':'a','description':' '}}"))},
      {"C13", kNova, body(kHi, tools("{'toolSpec':{'name':'a','inputSchema':{'json':{}}}}"))},
      {"two tools", kNova, body(kHi, tools(two))},
      {"unknown tool", kClaude, body(kHi, tools("{'systemTool':{'name':'nova_grounding'}}"))},
      {"toolConfig", kMistral7b, body(kHi, kTools)},
      {"strict", kNova, body(kHi, tools(schema_tool("{'type':'object'}")))},
      {"C25", kClaude, body(kHi, tools(schema_tool(unions(17))))},
      {"C25 too many optional", kClaude, body(kHi, format_of(25))},
      {"textFormat on", kNova, body(kHi, format_of(1))},
      {"toolChoice any", kLlama, body(kHi, tools(kSpec, ",'toolChoice':{'any':{}}"))},
      {"toolChoice tool", kLlama, body(kHi, tools(kSpec, ",'toolChoice':{'tool':{'name':'f'}}"))},
      {"toolChoice names", kNova, body(kHi, tools(kSpec, ",'toolChoice':{'tool':{'name':'g'}}"))},
      {"unknown toolChoice", kNova, body(kHi, tools(kSpec, ",'toolChoice':'auto'"))},
      {"toolChoice is missing", "deepseek.v3-v1:0", body(kHi, kTools)},
      {"two tool choices", kClaude,
       body(kHi, tools(kSpec, ",'toolChoice':{'any':{}}") + amrf("'tool_choice':{'type':'auto'}"))},
  });
}

TEST(Constraints, CachePoints) {
  const std::string text = "{'text':'a'},";
  const auto points = [&](const std::string& blocks) { return body(user(blocks)); };
  expect_found({
      {"C24 too many", kClaude, points(repeated(text + kPoint, 5))},
      {"C24 1h", kClaude, points(text + kPoint + "," + text + kHour)},
      {"C24 1h", kClaude, body(user(text + kHour), ",'system':[{'text':'s'}," + kPoint + "]")},
      {"C24 1h", kClaude, body(user(text + kHour), tools(kSpec + "," + kPoint))},
      {"a cache point on", kLlama, points(text + kPoint)},
      {"ttl on", kNova, points(text + kHour)},
      {"unknown ttl", kClaude, points(text + "{'cachePoint':{'type':'default','ttl':'2h'}}")},
      {"unknown type", kClaude, points(text + "{'cachePoint':{'type':'x'}}")},
      {"a cache point in tools", kNova, body(kHi, tools(kSpec + "," + kPoint))},
      {"a cache point behind nothing", kClaude, points(kPoint + "," + kPoint)},
      {"two cache points", kClaude, points(text + kPoint + "," + kPoint)},
      {"a cache point behind a text document", kClaude,
       points(text + document("a", "md") + "," + kPoint)},
      {"a cache point behind reasoning", kClaude,
       body(kHi + "," + assistant(kSigned + "," + kPoint + ",{'text':'b'}") + "," + kHi)},
      {"a cache point beside tools", kNova,
       body(kHi + "," + assistant(kUse) + "," + user(kResult + "," + kPoint), kTools)},
  });
}

TEST(Constraints, Reasoning) {
  const auto replayed = [](const std::string& blocks) {
    return body(kHi + "," + assistant(blocks) + "," + kHi);
  };
  const auto reasoning = [](std::string_view content) {
    return "{'reasoningContent':" + std::string(content) + "},{'text':'b'}";
  };
  const auto thinks = [](std::string_view messages, std::string_view rest = "",
                         std::string_view limits = "'maxTokens':2000") {
    return body(messages, inference(limits) +
                              amrf("'thinking':{'type':'enabled','budget_tokens':1024}") +
                              std::string(rest));
  };
  expect_found({
      {"reasoning in a user", kClaude, body(user(kSigned + ",{'text':'a'}"))},
      {"reasoning of another", kNova, replayed(kSigned + ",{'text':'b'}")},
      {"reasoning without text", kClaude,
       replayed(reasoning("{'reasoningText':{'signature':'s'}}"))},
      {"unsigned", kClaude, replayed(reasoning("{'reasoningText':{'text':'t'}}"))},
      {"empty redacted", kClaude, replayed(reasoning("{'redactedContent':''}"))},
      {"reasoning behind", kClaude, replayed("{'text':'b'}," + kSigned)},
      {"a turn that ends", kClaude, replayed(kSigned)},
      {"thinking on", kNova, body(kHi, amrf("'thinking':{'type':'disabled'}"))},
      {"thinking.type.adaptive", kClaude, body(kHi, amrf("'thinking':{'type':'adaptive'}"))},
      {"thinking.type.enabled", kOpus47,
       body(kHi, amrf("'thinking':{'type':'enabled','budget_tokens':1024}"))},
      {"unknown thinking", kClaude, body(kHi, amrf("'thinking':{'type':'x'}"))},
      {"thinking budget too", kClaude,
       body(kHi, amrf("'thinking':{'type':'enabled','budget_tokens':1}"))},
      {"thinking budget over", kClaude, thinks(kHi, "", "'maxTokens':1024")},
      {"temperature while", kClaude, thinks(kHi, "", "'maxTokens':2000,'temperature':0.5")},
      {"topP while", kClaude, thinks(kHi, "", "'maxTokens':2000,'topP':0.5")},
      {"a forced tool", kClaude, thinks(kHi, tools(kSpec, ",'toolChoice':{'any':{}}"))},
      {"C6 prefill while", kClaude, thinks(kHi + "," + assistant("{'text':'b'}"))},
      {"a call without", kClaude, thinks(kCalled, kTools)},
      {"output_config", kClaude, body(kHi, amrf("'output_config':{'effort':'low'}"))},
      {"reasoningConfig", kNova, body(kHi, amrf("'reasoningConfig':{'type':'disabled'}"))},
      {"reasoning_effort", kNova, body(kHi, amrf("'reasoning_effort':'low'"))},
      {"reasoning on", "openai.gpt-oss-20b-1:0", body(kHi, amrf("'reasoning':{'effort':'low'}"))},
      {"a limit at", kNova2,
       body(kHi, inference("'maxTokens':9") +
                     amrf("'reasoningConfig':{'type':'enabled','maxReasoningEffort':'high'}"))},
  });
}

TEST(Constraints, Settings) {
  const auto metadata = [](std::string_view pairs) {
    return body(kHi, ",'requestMetadata':{" + std::string(pairs) + "}");
  };
  const auto guardrail = [](std::string_view id, std::string_view version, std::string_view rest) {
    return body(kHi, ",'guardrailConfig':{'guardrailIdentifier':'" + std::string(id) +
                         "','guardrailVersion':'" + std::string(version) + "'" + std::string(rest) +
                         "}");
  };
  expect_found({
      {"C21", kClaude, body(kHi, inference("'stopSequences':['\\n']"))},
      {"C21", kNova, body(kHi, inference("'stopSequences':['']"))},
      {"number of stop", kNova, body(kHi, inference("'stopSequences':[]"))},
      {"number of stop", kNova, body(kHi, inference("'stopSequences':'END'"))},
      {"C22", kClaude, body(kHi, inference("'temperature':1,'topP':0.5"))},
      {"C23", kOpus47, body(kHi, inference("'temperature':1"))},
      {"C23", kOpus47, body(kHi, inference("'topP':1"))},
      {"empty inferenceConfig", kNova, body(kHi, inference(""))},
      {"temperature range", kNova, body(kHi, inference("'temperature':1.5"))},
      {"topP range", kNova, body(kHi, inference("'topP':-1"))},
      {"maxTokens", kNova, body(kHi, inference("'maxTokens':0"))},
      {"maxTokens", kNova, body(kHi, inference("'maxTokens':10000"))},
      {"C27", kNova, metadata("")},
      {"C27", kNova, metadata("'a':'{}'")},
      {"C27", kNova, metadata("'a*':'b'")},
      {"C27", kNova, metadata("'a':1")},
      {"C27", kNova, metadata("'a':'" + std::string(257, 'x') + "'")},
      {"guardrailIdentifier", kNova, guardrail("A", "1", "")},
      {"guardrailVersion", kNova, guardrail("a", "0", "")},
      {"trace", kNova, guardrail("a", "1", ",'trace':'x'")},
      {"streamProcessingMode", kNova, guardrail("a", "1", ",'streamProcessingMode':'x'")},
      {"unknown serviceTier", kNova, body(kHi, ",'serviceTier':{'type':'auto'}")},
      {"unknown latency", kNova, body(kHi, ",'performanceConfig':{'latency':'x'}")},
      {"number of additional", kNova, body(kHi, ",'additionalModelResponseFieldPaths':[]")},
      {"additionalModelResponse", kNova, body(kHi, ",'additionalModelResponseFieldPaths':['a']")},
      {"an empty object", kNova, body(kHi, amrf(""))},
      {"an empty object", kNova, body(kHi, ",'outputConfig':{}")},
  });
}

}  // namespace
}  // namespace oriel::convert::bedrock
