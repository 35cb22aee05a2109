// Every top-level field of a chat request, refused in OpenAI's words: spec/converse.md §16.
#include "tests/convert/openai/bad_request.h"

namespace oriel::convert {
namespace {

constexpr char kNotJson[] =
    "We could not parse the JSON body of your request. (HINT: This likely means you aren't using "
    "your HTTP library correctly. The OpenAI API expects a JSON payload, but what was sent was not "
    "valid JSON.)";
constexpr char kNoModel[] = "you must provide a model parameter";

std::string wrong_type(std::string_view path, std::string_view expected, std::string_view got) {
  return "Invalid type for '" + std::string(path) + "': expected " + std::string(expected) +
         ", but got " + std::string(got) + " instead.";
}

TEST(BadRequest, WholeBody) {
  const std::string deep(200, '[');
  const BadRequest rows[] = {
      {"", kNotJson, "", ""},
      {" ", kNotJson, "", ""},
      {"{", kNotJson, "", ""},
      {"{\"model\":\"m\"", kNotJson, "", ""},
      {"model=m", kNotJson, "", ""},
      {"{'model':'m'}", kNotJson, "", ""},
      {with("\"user\":\"\\ud800\""), kNotJson, "", ""},
      {with("\"user\":\"\xff\""), kNotJson, "", ""},
      {with("\"user\":\"a\nb\""), kNotJson, "", ""},
      {with("\"seed\":01"), kNotJson, "", ""},
      {with("\"unknown\":{\"a\":tru}"), kNotJson, "", ""},
      {with("\"user\":\"a\"") + "x", kNotJson, "", ""},
      {with("\"user\":\"a\"") + "{}", kNotJson, "", ""},
      {R"({"model":"a","model":"b"})",
       "We could not parse the JSON body of your request: an object has a duplicate key.", "", ""},
      {with("\"x\":" + deep),
       "We could not parse the JSON body of your request: nested too deeply.", "", ""},
      {"[]", "Invalid type for request body: expected an object.", "", "invalid_type"},
      {"\"x\"", "Invalid type for request body: expected an object.", "", "invalid_type"},
      {"1", "Invalid type for request body: expected an object.", "", "invalid_type"},
      {"null", "Invalid type for request body: expected an object.", "", "invalid_type"},
  };
  expect_refused(rows);
}

TEST(BadRequest, Model) {
  const BadRequest rows[] = {
      {"{}", kNoModel, "", ""},
      {R"({"messages":[{"role":"user","content":"hi"}]})", kNoModel, "", ""},
      {R"({"model":null,"messages":[{"role":"user","content":"hi"}]})", kNoModel, "", ""},
      {R"({"model":"","messages":[{"role":"user","content":"hi"}]})", kNoModel, "", ""},
      {R"({"model":5})", wrong_type("model", "a string", "an integer"), "model", "invalid_type"},
      {R"({"model":5.5})", wrong_type("model", "a string", "a decimal"), "model", "invalid_type"},
      {R"({"model":["m"]})", wrong_type("model", "a string", "an array"), "model", "invalid_type"},
      {R"({"model":{}})", wrong_type("model", "a string", "an object"), "model", "invalid_type"},
      {R"({"model":true})", wrong_type("model", "a string", "a boolean"), "model", "invalid_type"},
  };
  expect_refused(rows);
}

TEST(BadRequest, TypesOfFields) {
  struct Row {
    const char* field;
    const char* value;
    const char* expected;
    const char* got;
  };
  const Row rows[] = {
      {"stream", "1", "a boolean", "an integer"},
      {"stream", "\"true\"", "a boolean", "a string"},
      {"stream_options", "true", "an object", "a boolean"},
      {"max_tokens", "\"10\"", "an integer", "a string"},
      {"max_tokens", "10.5", "an integer", "a decimal"},
      {"max_tokens", "1e3", "an integer", "a decimal"},
      {"max_completion_tokens", "[]", "an integer", "an array"},
      {"max_completion_tokens", "1.0", "an integer", "a decimal"},
      {"temperature", "\"0.5\"", "a decimal", "a string"},
      {"temperature", "{}", "a decimal", "an object"},
      {"top_p", "true", "a decimal", "a boolean"},
      {"stop", "1", "one of a string or array of strings", "an integer"},
      {"stop", "{}", "one of a string or array of strings", "an object"},
      {"tools", "{}", "an array of objects", "an object"},
      {"tools", "\"x\"", "an array of objects", "a string"},
      {"tool_choice", "1", "one of a string or object", "an integer"},
      {"tool_choice", "[]", "one of a string or object", "an array"},
      {"parallel_tool_calls", "\"no\"", "a boolean", "a string"},
      {"n", "\"1\"", "an integer", "a string"},
      {"n", "1.5", "an integer", "a decimal"},
      {"seed", "\"7\"", "an integer", "a string"},
      {"seed", "1.5", "an integer", "a decimal"},
      {"logprobs", "1", "a boolean", "an integer"},
      {"top_logprobs", "\"5\"", "an integer", "a string"},
      {"logit_bias", "[]", "an object", "an array"},
      {"logit_bias", "{\"50256\":\"x\"}", "a decimal", "a string"},
      {"presence_penalty", "\"1\"", "a decimal", "a string"},
      {"frequency_penalty", "[]", "a decimal", "an array"},
      {"user", "1", "a string", "an integer"},
      {"safety_identifier", "{}", "a string", "an object"},
      {"prompt_cache_key", "1", "a string", "an integer"},
      {"prompt_cache_retention", "1", "a string", "an integer"},
      {"prompt_cache_options", "1", "an object", "an integer"},
      {"metadata", "\"x\"", "an object", "a string"},
      {"response_format", "\"json\"", "an object", "a string"},
      {"reasoning_effort", "3", "a string", "an integer"},
      {"verbosity", "true", "a string", "a boolean"},
      {"service_tier", "1", "a string", "an integer"},
      {"store", "\"yes\"", "a boolean", "a string"},
      {"prediction", "\"x\"", "an object", "a string"},
      {"modalities", "\"text\"", "an array", "a string"},
      {"audio", "\"x\"", "an object", "a string"},
      {"moderation", "1", "an object", "an integer"},
      {"web_search_options", "true", "an object", "a boolean"},
      {"top_k", "1.5", "an integer", "a decimal"},
      {"min_p", "\"x\"", "a decimal", "a string"},
      {"typical_p", "{}", "a decimal", "an object"},
      {"repetition_penalty", "\"x\"", "a decimal", "a string"},
      {"thinking", "true", "an object", "a boolean"},
      {"reasoning", "\"high\"", "an object", "a string"},
      {"reasoning_config", "1", "one of a string or object", "an integer"},
      {"thinking_budget_tokens", "\"x\"", "an integer", "a string"},
      {"enable_thinking", "1", "a boolean", "an integer"},
      {"guardrailConfig", "[]", "an object", "an array"},
      {"performanceConfig", "\"optimized\"", "an object", "a string"},
      {"requestMetadata", "[]", "an object", "an array"},
      {"promptVariables", "1", "an object", "an integer"},
      {"additionalModelRequestFields", "\"x\"", "an object", "a string"},
      {"additionalModelResponseFieldPaths", "\"/x\"", "an array", "a string"},
      {"extra_body", "1", "an object", "an integer"},
  };
  for (const Row& row : rows) {
    const BadRequest bad[] = {{with('"' + std::string(row.field) + "\":" + row.value),
                               wrong_type(row.field, row.expected, row.got), row.field,
                               "invalid_type"}};
    expect_refused(bad);
  }
}

std::string out_of_range(std::string_view field, std::string_view kind, std::string_view side,
                         std::string_view bound, std::string_view got) {
  return "Invalid '" + std::string(field) + "': " + std::string(kind) + " " + std::string(side) +
         " value. Expected a value " + (side == "above maximum" ? "<= " : ">= ") +
         std::string(bound) + ", but got " + std::string(got) + " instead.";
}

TEST(BadRequest, RangesOfNumbers) {
  struct Row {
    const char* field;
    const char* value;
    const char* kind;
    const char* side;
    const char* bound;
  };
  const Row rows[] = {
      {"temperature", "200", "decimal", "above maximum", "2"},
      {"temperature", "2.01", "decimal", "above maximum", "2"},
      {"temperature", "1e300", "decimal", "above maximum", "2"},
      {"temperature", "-0.5", "decimal", "below minimum", "0"},
      {"top_p", "-1", "decimal", "below minimum", "0"},
      {"top_p", "1.5", "decimal", "above maximum", "1"},
      {"max_tokens", "0", "integer", "below minimum", "1"},
      {"max_tokens", "-7", "integer", "below minimum", "1"},
      {"max_tokens", "2147483648", "integer", "above maximum", "2147483647"},
      {"max_tokens", "99999999999999999999", "integer", "above maximum", "2147483647"},
      {"max_tokens", "-99999999999999999999", "integer", "below minimum", "1"},
      {"max_completion_tokens", "0", "integer", "below minimum", "1"},
      {"max_completion_tokens", "3000000000", "integer", "above maximum", "2147483647"},
      {"n", "0", "integer", "below minimum", "1"},
      {"n", "129", "integer", "above maximum", "128"},
      {"seed", "9223372036854775808", "integer", "above maximum", "9223372036854775807"},
      {"seed", "-9223372036854775809", "integer", "below minimum", "-9223372036854775808"},
      {"top_logprobs", "-1", "integer", "below minimum", "0"},
      {"top_logprobs", "21", "integer", "above maximum", "20"},
      {"top_k", "-2", "integer", "below minimum", "-1"},
      {"presence_penalty", "2.5", "decimal", "above maximum", "2"},
      {"presence_penalty", "-2.5", "decimal", "below minimum", "-2"},
      {"frequency_penalty", "3", "decimal", "above maximum", "2"},
      {"frequency_penalty", "-3", "decimal", "below minimum", "-2"},
  };
  for (const Row& row : rows) {
    const std::string side = row.side;
    const BadRequest bad[] = {
        {with('"' + std::string(row.field) + "\":" + row.value),
         out_of_range(row.field, row.kind, row.side, row.bound, row.value), row.field,
         std::string(row.kind) + (side == "above maximum" ? "_above_max" : "_below_min") +
             "_value"}};
    expect_refused(bad);
  }
  const BadRequest bias[] = {{with(R"("logit_bias":{"1":101})"),
                              out_of_range("logit_bias", "decimal", "above maximum", "100", "101"),
                              "logit_bias", "decimal_above_max_value"}};
  expect_refused(bias);
}

TEST(BadRequest, Vocabularies) {
  const BadRequest rows[] = {
      {with(R"("reasoning_effort":"huge")"),
       "Invalid value: 'huge'. Supported values are: 'none', 'minimal', 'low', 'medium', 'high', "
       "'xhigh', and 'max'.",
       "reasoning_effort", "invalid_value"},
      {with(R"("verbosity":"")"),
       "Invalid value: ''. Supported values are: 'low', 'medium', and 'high'.", "verbosity",
       "invalid_value"},
      {with(R"("service_tier":"gold")"),
       "Invalid value: 'gold'. Supported values are: 'auto', 'default', 'flex', 'scale', "
       "'priority', 'fast', and 'reserved'.",
       "service_tier", "invalid_value"},
      {with(R"("modalities":["text","video"])"),
       "Invalid value: 'video'. Supported values are: 'text' and 'audio'.", "modalities[1]",
       "invalid_value"},
      {with(R"("modalities":[1])"), wrong_type("modalities[0]", "a string", "an integer"),
       "modalities[0]", "invalid_type"},
      {with(R"("response_format":{"type":"xml"})"),
       "Invalid value: 'xml'. Supported values are: 'json_object', 'json_schema', and 'text'.",
       "response_format.type", "invalid_value"},
      {with(R"("response_format":{})"), "Missing required parameter: 'response_format.type'.",
       "response_format.type", "missing_required_parameter"},
      {with(R"("response_format":{"type":1})"),
       wrong_type("response_format.type", "a string", "an integer"), "response_format.type",
       "invalid_type"},
      {with(R"("response_format":{"type":"json_schema"})"),
       "Missing required parameter: 'response_format.json_schema'.", "response_format.json_schema",
       "missing_required_parameter"},
      {with(R"("response_format":{"type":"json_schema","json_schema":[]})"),
       wrong_type("response_format.json_schema", "an object", "an array"),
       "response_format.json_schema", "invalid_type"},
      {with(R"("response_format":{"type":"json_schema","json_schema":{"schema":{}}})"),
       "Missing required parameter: 'response_format.json_schema.name'.",
       "response_format.json_schema.name", "missing_required_parameter"},
      {with(R"("response_format":{"type":"json_schema","json_schema":{"name":"x","schema":1}})"),
       wrong_type("response_format.json_schema.schema", "an object", "an integer"),
       "response_format.json_schema.schema", "invalid_type"},
      {with(R"("response_format":{"type":"json_schema","json_schema":{"name":"x","strict":1}})"),
       wrong_type("response_format.json_schema.strict", "a boolean", "an integer"),
       "response_format.json_schema.strict", "invalid_type"},
      {with(R"("response_format":{"type":"json_schema","json_schema":{"name":""}})"),
       "Invalid 'response_format.json_schema.name': empty string. Expected a string with minimum "
       "length 1, but got an empty string instead.",
       "response_format.json_schema.name", "empty_string"},
      {with(R"("response_format":{"type":"json_schema","json_schema":{"name":"x",)"
            R"("description":1}})"),
       wrong_type("response_format.json_schema.description", "a string", "an integer"),
       "response_format.json_schema.description", "invalid_type"},
  };
  expect_refused(rows);
}

TEST(BadRequest, StopAndStreamOptions) {
  std::string many;
  for (int i = 0; i < 2500; ++i) many += ",\"x\"";
  const BadRequest rows[] = {
      {with(R"("stop":["")" + many + "]"),
       "Invalid 'stop': array too long. Expected an array with maximum length 2500, but got an "
       "array with length 2501 instead.",
       "stop", "array_above_max_length"},
      {with(R"("stop":["a",1])"), wrong_type("stop[1]", "a string", "an integer"), "stop[1]",
       "invalid_type"},
      {with(R"("stop":[null])"), wrong_type("stop[0]", "a string", "null"), "stop[0]",
       "invalid_type"},
      {with(R"("stream_options":{"include_usage":true})"),
       "The 'stream_options' parameter is only allowed when 'stream' is enabled.", "stream_options",
       ""},
      {with(R"("stream":false,"stream_options":{})"),
       "The 'stream_options' parameter is only allowed when 'stream' is enabled.", "stream_options",
       ""},
      {with(R"("stream":true,"stream_options":{"include_usage":"yes"})"),
       wrong_type("stream_options.include_usage", "a boolean", "a string"),
       "stream_options.include_usage", "invalid_type"},
      {with(R"("stream":true,"stream_options":{"include_obfuscation":1})"),
       wrong_type("stream_options.include_obfuscation", "a boolean", "an integer"),
       "stream_options.include_obfuscation", "invalid_type"},
  };
  expect_refused(rows);
}

TEST(BadRequest, LegacyFunctions) {
  const std::string functions = R"("functions":[{"name":"f"}],)";
  const std::string tools = R"("tools":[{"type":"function","function":{"name":"f"}}],)";
  const BadRequest rows[] = {
      {with(R"("functions":{})"), wrong_type("functions", "an array of objects", "an object"),
       "functions", "invalid_type"},
      {with(R"("functions":["f"])"), wrong_type("functions[0]", "an object", "a string"),
       "functions[0]", "invalid_type"},
      {with(R"("functions":[{}])"), "Missing required parameter: 'functions[0].name'.",
       "functions[0].name", "missing_required_parameter"},
      {with(R"("functions":[{"name":"f","parameters":[]}])"),
       wrong_type("functions[0].parameters", "an object", "an array"), "functions[0].parameters",
       "invalid_type"},
      {with(R"("functions":[{"name":"f"},{"name":"\u0066"}])"),
       "Invalid 'functions[1].name': duplicate name. Expected every tool to have a name of its "
       "own, but 'f' is used more than once.",
       "functions[1].name", "invalid_value"},
      {with(functions + tools + R"("seed":1)"),
       "Invalid value for 'functions': 'functions' is not allowed when 'tools' are specified.",
       "functions", ""},
      {with(functions + R"("function_call":"required")"),
       "Invalid value: 'required'. Supported values are: 'none' and 'auto'.", "function_call",
       "invalid_value"},
      {with(functions + R"("function_call":1)"),
       wrong_type("function_call", "one of a string or object", "an integer"), "function_call",
       "invalid_type"},
      {with(functions + R"("function_call":{})"),
       "Missing required parameter: 'function_call.name'.", "function_call.name",
       "missing_required_parameter"},
      {with(functions + R"("function_call":{"name":"g"})"),
       "Invalid value for 'function_call': no function named 'g' was specified in the 'functions' "
       "parameter.",
       "function_call", ""},
      {with(R"("function_call":{"name":"g"})"),
       "Invalid value for 'function_call': 'function_call' is only allowed when 'functions' are "
       "specified.",
       "function_call", ""},
      {with(tools + R"("function_call":{"name":"f"})"),
       "Invalid value for 'function_call': 'function_call' is only allowed when 'functions' are "
       "specified.",
       "function_call", ""},
      {with(functions + R"("tool_choice":"required")"),
       "Invalid value for 'tool_choice': 'tool_choice' is only allowed when 'tools' are "
       "specified.",
       "tool_choice", ""},
  };
  expect_refused(rows);
}

TEST(BadRequest, ExtraBody) {
  const BadRequest rows[] = {
      {with(R"("extra_body":{"temperature":3})"),
       out_of_range("extra_body.temperature", "decimal", "above maximum", "2", "3"),
       "extra_body.temperature", "decimal_above_max_value"},
      {with(R"("extra_body":{"tools":[{}]})"),
       "Missing required parameter: 'extra_body.tools[0].type'.", "extra_body.tools[0].type",
       "missing_required_parameter"},
      {with(R"("extra_body":{"extra_body":{"top_k":1}})"),
       "Unknown parameter: 'extra_body.extra_body'.", "extra_body.extra_body", "unknown_parameter"},
      {with(R"("extra_body":{"top\u005fk":1})"),
       "Invalid parameter: 'top_k' must be spelled without escapes.", "top_k", "invalid_value"},
      {with(R"("extra_body":{"a":1,"a":2})"),
       "We could not parse the JSON body of your request: an object has a duplicate key.", "", ""},
  };
  expect_refused(rows);
}

TEST(BadRequest, ShapesOfExtras) {
  const auto missing = [](std::string body, const std::string& path) {
    return BadRequest{std::move(body), "Missing required parameter: '" + path + "'.", path,
                      "missing_required_parameter"};
  };
  const auto unknown = [](std::string body, const std::string& path, const std::string& value,
                          const std::string& supported) {
    return BadRequest{std::move(body),
                      "Invalid value: '" + value + "'. Supported values are: " + supported + ".",
                      path, "invalid_value"};
  };
  const BadRequest rows[] = {
      missing(with(R"("prediction":{})"), "prediction.type"),
      unknown(with(R"("prediction":{"type":"x","content":"a"})"), "prediction.type", "x",
              "'content'"),
      missing(with(R"("prediction":{"type":"content"})"), "prediction.content"),
      {with(R"("prediction":{"type":"content","content":1})"),
       wrong_type("prediction.content", "one of a string or array of objects", "an integer"),
       "prediction.content", "invalid_type"},
      missing(with(R"("moderation":{})"), "moderation.model"),
      {with(R"("moderation":{"model":"m","policy":1})"),
       wrong_type("moderation.policy", "an object", "an integer"), "moderation.policy",
       "invalid_type"},
      missing(with(R"("moderation":{"model":"m","policy":{"input":{}}})"),
              "moderation.policy.input.mode"),
      unknown(with(R"("moderation":{"model":"m","policy":{"output":{"mode":"x"}}})"),
              "moderation.policy.output.mode", "x", "'score' and 'block'"),
      unknown(with(R"("web_search_options":{"search_context_size":"huge"})"),
              "web_search_options.search_context_size", "huge", "'low', 'medium', and 'high'"),
      missing(with(R"("web_search_options":{"user_location":{}})"),
              "web_search_options.user_location.type"),
      missing(with(R"("web_search_options":{"user_location":{"type":"approximate"}})"),
              "web_search_options.user_location.approximate"),
      unknown(with(R"("prompt_cache_options":{"mode":"x"})"), "prompt_cache_options.mode", "x",
              "'implicit' and 'explicit'"),
      unknown(with(R"("prompt_cache_options":{"ttl":"1h"})"), "prompt_cache_options.ttl", "1h",
              "'30m' and '12h'"),
      unknown(with(R"("prompt_cache_retention":"1w")"), "prompt_cache_retention", "1w",
              "'in_memory', 'in-memory', and '24h'"),
  };
  expect_refused(rows);
}

TEST(BadRequest, KnownNamesSpelledWithEscapes) {
  const BadRequest rows[] = {
      {R"({"model":"m","\u006dodel":"other","messages":[{"role":"user","content":"hi"}]})",
       "Invalid parameter: 'model' must be spelled without escapes.", "model", "invalid_value"},
      {with(R"("strea\u006d":true)"),
       "Invalid parameter: 'stream' must be spelled without escapes.", "stream", "invalid_value"},
  };
  expect_refused(rows);
}

TEST(BadRequest, QuotesOnlyAPieceOfTheClientsText) {
  const std::string filler(63, 'a');
  const BadRequest rows[] = {
      {with(R"("verbosity":")" + filler + "\xC3\xA9zzz\""),
       "Invalid value: '" + filler + "...'. Supported values are: 'low', 'medium', and 'high'.",
       "verbosity", "invalid_value"},
      {with(R"("verbosity":"a\"\n\u00e9")"),
       "Invalid value: 'a\"\n\xC3\xA9'. Supported values are: 'low', 'medium', and 'high'.",
       "verbosity", "invalid_value"},
  };
  expect_refused(rows);
}

}  // namespace
}  // namespace oriel::convert
