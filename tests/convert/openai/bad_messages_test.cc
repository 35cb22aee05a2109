// Messages, parts, pictures, tools and calls, refused in OpenAI's words: spec/converse.md §4, §6,
// §16.
#include "tests/convert/openai/bad_request.h"

namespace oriel::convert {
namespace {

BadRequest wrong_type(std::string body, const std::string& path, const std::string& expected,
                      const std::string& got) {
  return {
      std::move(body),
      "Invalid type for '" + path + "': expected " + expected + ", but got " + got + " instead.",
      path, "invalid_type"};
}

BadRequest missing(std::string body, const std::string& path) {
  return {std::move(body), "Missing required parameter: '" + path + "'.", path,
          "missing_required_parameter"};
}

BadRequest empty(std::string body, const std::string& path) {
  return {std::move(body),
          "Invalid '" + path +
              "': empty string. Expected a string with minimum length 1, but got an empty string "
              "instead.",
          path, "empty_string"};
}

BadRequest unknown(std::string body, const std::string& path, const std::string& value,
                   const std::string& supported) {
  return {std::move(body),
          "Invalid value: '" + value + "'. Supported values are: " + supported + ".", path,
          "invalid_value"};
}

constexpr char kRoles[] = "'system', 'assistant', 'user', 'function', 'tool', and 'developer'";
constexpr char kStringOrParts[] = "one of a string or array of objects";

TEST(BadMessages, TheList) {
  const BadRequest rows[] = {
      missing(R"({"model":"m"})", "messages"),
      missing(R"({"model":"m","messages":null})", "messages"),
      {R"({"model":"m","messages":[]})",
       "Invalid 'messages': empty array. Expected an array with minimum length 1, but got an empty "
       "array instead.",
       "messages", "empty_array"},
      wrong_type(R"({"model":"m","messages":"hi"})", "messages", "an array of objects", "a string"),
      wrong_type(R"({"model":"m","messages":{}})", "messages", "an array of objects", "an object"),
      wrong_type(R"({"model":"m","messages":3})", "messages", "an array of objects", "an integer"),
      wrong_type(messages(R"("hi")"), "messages[0]", "an object", "a string"),
      wrong_type(messages("null"), "messages[0]", "an object", "null"),
      wrong_type(messages(R"({"role":"user","content":"a"},[])"), "messages[1]", "an object",
                 "an array"),
  };
  expect_refused(rows);
}

TEST(BadMessages, Roles) {
  const BadRequest rows[] = {
      missing(messages(R"({"content":"hi"})"), "messages[0].role"),
      missing(messages(R"({"role":null,"content":"hi"})"), "messages[0].role"),
      wrong_type(messages(R"({"role":1,"content":"hi"})"), "messages[0].role", "a string",
                 "an integer"),
      unknown(messages(R"({"role":"foo","content":"hi"})"), "messages[0].role", "foo", kRoles),
      unknown(messages(R"({"role":"User","content":"hi"})"), "messages[0].role", "User", kRoles),
      unknown(messages(R"({"role":"user","content":"a"},{"role":"","content":"hi"})"),
              "messages[1].role", "", kRoles),
      missing(messages(R"({"role":"function","content":"1"})"), "messages[0].name"),
      empty(messages(R"({"role":"function","name":"","content":"1"})"), "messages[0].name"),
      missing(messages(R"({"role":"function","name":"f"})"), "messages[0].content"),
      wrong_type(messages(R"({"role":"user","content":"a","name":1})"), "messages[0].name",
                 "a string", "an integer"),
  };
  expect_refused(rows);
}

TEST(BadMessages, Content) {
  const BadRequest rows[] = {
      missing(messages(R"({"role":"user"})"), "messages[0].content"),
      missing(messages(R"({"role":"system"})"), "messages[0].content"),
      missing(messages(R"({"role":"developer"})"), "messages[0].content"),
      missing(messages(R"({"role":"assistant"})"), "messages[0].content"),
      missing(messages(R"({"role":"assistant","tool_calls":null})"), "messages[0].content"),
      missing(messages(R"({"role":"tool","tool_call_id":"c"})"), "messages[0].content"),
      wrong_type(messages(R"({"role":"user","content":null})"), "messages[0].content",
                 kStringOrParts, "null"),
      wrong_type(messages(R"({"role":"system","content":null})"), "messages[0].content",
                 kStringOrParts, "null"),
      wrong_type(messages(R"({"role":"tool","tool_call_id":"c","content":null})"),
                 "messages[0].content", kStringOrParts, "null"),
      wrong_type(messages(R"({"role":"user","content":1})"), "messages[0].content", kStringOrParts,
                 "an integer"),
      wrong_type(messages(R"({"role":"user","content":{"type":"text","text":"a"}})"),
                 "messages[0].content", kStringOrParts, "an object"),
      wrong_type(messages(R"({"role":"assistant","content":false})"), "messages[0].content",
                 kStringOrParts, "a boolean"),
  };
  expect_refused(rows);
}

TEST(BadMessages, Parts) {
  const std::string first = "messages[0].content[0]";
  const BadRequest rows[] = {
      wrong_type(user_parts(R"("hi")"), first, "an object", "a string"),
      wrong_type(user_parts("null"), first, "an object", "null"),
      missing(user_parts("{}"), first + ".type"),
      missing(user_parts(R"({"text":"hi"})"), first + ".type"),
      missing(user_parts(R"({"type":null,"text":"hi"})"), first + ".type"),
      wrong_type(user_parts(R"({"type":1})"), first + ".type", "a string", "an integer"),
      missing(messages(R"({"role":"user","content":"0"},{"role":"user","content":"1"},)"
                       R"({"role":"user","content":"2"},{"role":"user","content":"3"},)"
                       R"({"role":"user","content":[{}]})"),
              "messages[4].content[0].type"),
      missing(user_parts(R"({"type":"text","text":"a"},{"type":"text"})"),
              "messages[0].content[1].text"),
      missing(user_parts(R"({"type":"text","text":null})"), first + ".text"),
      wrong_type(user_parts(R"({"type":"text","text":["a"]})"), first + ".text", "a string",
                 "an array"),
      unknown(user_parts(R"({"type":"video","video":{}})"), first + ".type", "video",
              "'text', 'image_url', 'input_audio', 'file', 'video_url', 'guarded_text', and "
              "'guard_content'"),
      unknown(user_parts(R"({"type":"refusal","refusal":"no"})"), first + ".type", "refusal",
              "'text', 'image_url', 'input_audio', 'file', 'video_url', 'guarded_text', and "
              "'guard_content'"),
      unknown(messages(R"({"role":"system","content":[{"type":"image_url","image_url":{}}]})"),
              first + ".type", "image_url", "'text'"),
      unknown(messages(R"({"role":"developer","content":[{"type":"file","file":{}}]})"),
              first + ".type", "file", "'text'"),
      unknown(messages(R"({"role":"assistant","content":[{"type":"input_audio"}]})"),
              first + ".type", "input_audio",
              "'text', 'image_url', 'refusal', 'file', 'video_url', 'thinking', and "
              "'redacted_thinking'"),
      unknown(messages(R"({"role":"tool","tool_call_id":"c","content":[{"type":"refusal"}]})"),
              first + ".type", "refusal", "'text', 'image_url', 'file', and 'video_url'"),
      missing(messages(R"({"role":"assistant","content":[{"type":"refusal"}]})"),
              first + ".refusal"),
      missing(user_parts(R"({"type":"file"})"), first + ".file"),
      wrong_type(user_parts(R"({"type":"file","file":"x"})"), first + ".file", "an object",
                 "a string"),
      missing(user_parts(R"({"type":"input_audio"})"), first + ".input_audio"),
  };
  expect_refused(rows);
}

TEST(BadMessages, Images) {
  const std::string path = "messages[0].content[0].image_url";
  const auto refused = [&](std::string body, const std::string& reason, const std::string& code) {
    return BadRequest{std::move(body), "Invalid image: " + reason, path, code};
  };
  const std::string scheme = "expected a data URL with base64 data, or an http, https or s3 URL.";
  const std::string not_base64 = "the data URL is not base64-encoded.";
  const std::string bad_base64 = "the data URL holds data that is not valid base64.";
  const std::string format =
      "unsupported media type. Supported formats are: 'png', 'jpeg', 'gif', and 'webp'.";
  const BadRequest rows[] = {
      missing(user_parts(R"({"type":"image_url"})"), path),
      wrong_type(user_parts(R"({"type":"image_url","image_url":"https://x/y.png"})"), path,
                 "an object", "a string"),
      missing(user_parts(R"({"type":"image_url","image_url":{}})"), path + ".url"),
      wrong_type(user_parts(R"({"type":"image_url","image_url":{"url":1}})"), path + ".url",
                 "a string", "an integer"),
      empty(image(""), path + ".url"),
      wrong_type(user_parts(R"({"type":"image_url","image_url":{"url":"https://x","detail":1}})"),
                 path + ".detail", "a string", "an integer"),
      refused(image("ftp://x/y.png"), scheme, "invalid_image_url"),
      refused(image("file:///etc/passwd"), scheme, "invalid_image_url"),
      refused(image("iVBORw0KGgo="), scheme, "invalid_image_url"),
      refused(image("http"), scheme, "invalid_image_url"),
      refused(image("data:image/png"), not_base64, "invalid_image_url"),
      refused(image("data:image/png,abc"), not_base64, "invalid_image_url"),
      refused(image("data:image/svg+xml;utf8,<svg/>"), not_base64, "invalid_image_url"),
      refused(image("data:image/png;base64,"), "the data URL holds no data.",
              "invalid_base64_image"),
      refused(image("data:image/png;base64,!!!!"), bad_base64, "invalid_base64_image"),
      refused(image("data:image/png;base64,iVBOR"), bad_base64, "invalid_base64_image"),
      refused(image("data:image/png;base64,%zz"), bad_base64, "invalid_base64_image"),
      refused(image("data:image/png;base64,iVBO=Rw0"), bad_base64, "invalid_base64_image"),
      refused(image("data:image/tiff;base64,SUkqAAAA"), format, "unsupported_image_media_type"),
      refused(image("data:;base64,AAAA"), format, "unsupported_image_media_type"),
      refused(image("data:text/plain;base64,aGVsbG8="), format, "unsupported_image_media_type"),
  };
  expect_refused(rows);
}

TEST(BadMessages, Files) {
  const std::string path = "messages[0].content[0].file";
  const std::string data = path + ".file_data";
  const auto file = [](const std::string& members) {
    return user_parts(R"({"type":"file","file":{)" + members + "}}");
  };
  const auto refused = [&](const std::string& members, const std::string& reason,
                           const std::string& code) {
    return BadRequest{file(members), "Invalid file: " + reason, data, code};
  };
  const std::string format =
      "unsupported media type. Supported formats are: 'csv', 'doc', 'docx', 'html', 'md', 'pdf', "
      "'txt', 'xls', and 'xlsx'.";
  const BadRequest rows[] = {
      missing(file(""), data),
      missing(file(R"("filename":"a.pdf")"), data),
      empty(file(R"("file_data":"")"), data),
      wrong_type(file(R"("file_data":1)"), data, "a string", "an integer"),
      wrong_type(file(R"("file_data":"QQ==","filename":1)"), path + ".filename", "a string",
                 "an integer"),
      {file(R"("file_id":"file-1","file_data":"QQ==")"),
       "Unsupported parameter: '" + path +
           ".file_id' is not supported: no files are stored here. Send the content as "
           "'file_data'.",
       path + ".file_id", "unsupported_parameter"},
      refused(R"("file_data":"a.pdf","filename":"a.pdf")",
              "it holds data that is not valid base64.", "invalid_base64_file"),
      refused(R"("file_data":" \n","filename":"a.pdf")", "it holds no data.",
              "invalid_base64_file"),
      refused(R"("file_data":"data:application/pdf,abc")", "the data URL is not base64-encoded.",
              "invalid_file_url"),
      refused(R"("file_data":"data:application/pdf;base64,!!")",
              "the data URL holds data that is not valid base64.", "invalid_base64_file"),
      refused(R"("file_data":"aGVsbG8=")", format, "unsupported_file"),
      refused(R"("file_data":"aGVsbG8=","filename":"a.exe")", format, "unsupported_file"),
      refused(R"("file_data":"data:application/octet-stream;base64,UEsDBA==")", format,
              "unsupported_file"),
  };
  expect_refused(rows);
}

TEST(BadMessages, SoundsAndFilms) {
  const std::string part = "messages[0].content[0]";
  const std::string sound = part + ".input_audio";
  const auto audio = [](const std::string& members) {
    return user_parts(R"({"type":"input_audio","input_audio":{)" + members + "}}");
  };
  const std::string formats =
      "'aac', 'flac', 'm4a', 'mka', 'mkv', 'mp3', 'mp4', 'mpeg', 'mpga', 'ogg', 'opus', 'pcm', "
      "'wav', 'webm', and 'x-aac'";
  const auto video = [](const std::string& url) {
    return user_parts(R"({"type":"video_url","video_url":{"url":")" + url + "\"}}");
  };
  const auto bad_video = [&](const std::string& url, const std::string& reason,
                             const std::string& code) {
    return BadRequest{video(url), "Invalid video: " + reason, part + ".video_url", code};
  };
  const BadRequest rows[] = {
      missing(audio(R"("data":"QQ==")"), sound + ".format"),
      unknown(audio(R"("data":"QQ==","format":"midi")"), sound + ".format", "midi", formats),
      missing(audio(R"("format":"wav")"), sound + ".data"),
      empty(audio(R"("format":"wav","data":"")"), sound + ".data"),
      {audio(R"("format":"wav","data":"https://x/y.wav")"),
       "Invalid audio: it holds data that is not valid base64.", sound + ".data",
       "invalid_base64_audio"},
      {audio(R"("format":"wav","data":"data:audio/wav,x")"),
       "Invalid audio: the data URL is not base64-encoded.", sound + ".data", "invalid_audio_url"},
      missing(user_parts(R"({"type":"video_url"})"), part + ".video_url"),
      missing(user_parts(R"({"type":"video_url","video_url":{}})"), part + ".video_url.url"),
      bad_video("ftp://x/y.mp4",
                "expected a data URL with base64 data, or an http, https or s3 URL.",
                "invalid_video_url"),
      bad_video("data:video/mp4;base64,!", "the data URL holds data that is not valid base64.",
                "invalid_base64_video"),
      bad_video("data:image/png;base64,AAAA",
                "unsupported media type. Supported formats are: 'flv', 'mkv', 'mov', 'mp4', "
                "'mpeg', 'mpg', 'three_gp', 'webm', and 'wmv'.",
                "unsupported_video_media_type"),
  };
  expect_refused(rows);
}

TEST(BadMessages, GuardedTexts) {
  const std::string path = "messages[0].content[0]";
  const auto guarded = [](const std::string& qualifiers) {
    return user_parts(R"({"type":"guard_content","text":"t","qualifiers":)" + qualifiers + "}");
  };
  const BadRequest rows[] = {
      missing(user_parts(R"({"type":"guarded_text"})"), path + ".text"),
      wrong_type(guarded("\"query\""), path + ".qualifiers", "an array of strings", "a string"),
      wrong_type(guarded("[1]"), path + ".qualifiers[0]", "a string", "an integer"),
      unknown(guarded(R"(["query","x"])"), path + ".qualifiers[1]", "x",
              "'grounding_source', 'query', and 'guard_content'"),
  };
  expect_refused(rows);
}

TEST(BadMessages, Reasoning) {
  const auto assistant = [](const std::string& members) {
    return messages(R"({"role":"assistant","content":"a",)" + members + "}");
  };
  const auto parts = [](const std::string& list) {
    return messages(R"({"role":"assistant","content":[)" + list + "]}");
  };
  const std::string path = "messages[0].thinking_blocks";
  const BadRequest rows[] = {
      wrong_type(assistant(R"("thinking_blocks":{})"), path, "an array of objects", "an object"),
      wrong_type(assistant(R"("thinking_blocks":["x"])"), path + "[0]", "an object", "a string"),
      missing(assistant(R"("thinking_blocks":[{"thinking":"a"}])"), path + "[0].type"),
      unknown(assistant(R"("thinking_blocks":[{"type":"text"}])"), path + "[0].type", "text",
              "'thinking' and 'redacted_thinking'"),
      missing(assistant(R"("thinking_blocks":[{"type":"thinking","signature":"s"}])"),
              path + "[0].thinking"),
      wrong_type(
          assistant(R"("thinking_blocks":[{"type":"thinking","thinking":"","signature":1}])"),
          path + "[0].signature", "a string", "an integer"),
      empty(assistant(R"("thinking_blocks":[{"type":"redacted_thinking","data":""}])"),
            path + "[0].data"),
      {assistant(R"("thinking_blocks":[{"type":"redacted_thinking","data":"?"}])"),
       "Invalid '" + path + "[0].data': expected valid base64.", path + "[0].data",
       "invalid_value"},
      wrong_type(assistant(R"("reasoning_content":["a"])"), "messages[0].reasoning_content",
                 "a string", "an array"),
      wrong_type(assistant(R"("reasoning_content":"a","reasoning_signature":1)"),
                 "messages[0].reasoning_signature", "a string", "an integer"),
      missing(parts(R"({"type":"thinking"})"), "messages[0].content[0].thinking"),
      missing(parts(R"({"type":"text","text":""},{"type":"redacted_thinking"})"),
              "messages[0].content[1].data"),
  };
  expect_refused(rows);
}

TEST(BadMessages, CacheMarks) {
  const auto part = [](const std::string& members) {
    return user_parts(R"({"type":"text","text":"a",)" + members + "}");
  };
  const std::string path = "messages[0].content[0]";
  const BadRequest rows[] = {
      wrong_type(part(R"("cache_control":true)"), path + ".cache_control", "an object",
                 "a boolean"),
      missing(part(R"("cache_control":{})"), path + ".cache_control.type"),
      unknown(part(R"("cache_control":{"type":"default"})"), path + ".cache_control.type",
              "default", "'ephemeral'"),
      unknown(part(R"("cache_control":{"type":"ephemeral","ttl":"1d"})"),
              path + ".cache_control.ttl", "1d", "'5m' and '1h'"),
      missing(part(R"("prompt_cache_breakpoint":{})"), path + ".prompt_cache_breakpoint.mode"),
      unknown(part(R"("prompt_cache_breakpoint":{"mode":"implicit"})"),
              path + ".prompt_cache_breakpoint.mode", "implicit", "'explicit'"),
      unknown(part(R"("prompt_cache_breakpoint":{"mode":"explicit","ttl":"5m"})"),
              path + ".prompt_cache_breakpoint.ttl", "5m", "'30m' and '12h'"),
      missing(messages(R"({"role":"user","content":"a","cache_control":{"ttl":"1h"}})"),
              "messages[0].cache_control.type"),
      missing(with(R"("tools":[{"type":"function","function":{"name":"f"},"cache_control":{}}])"),
              "tools[0].cache_control.type"),
      missing(tool(R"("name":"f","cache_control":{})"), "tools[0].function.cache_control.type"),
  };
  expect_refused(rows);
}

TEST(BadMessages, FunctionCalls) {
  const auto call = [](const std::string& value) {
    return messages(R"({"role":"assistant","content":null,"function_call":)" + value + "}");
  };
  const std::string path = "messages[0].function_call";
  const BadRequest rows[] = {
      wrong_type(call("\"f\""), path, "an object", "a string"),
      missing(call(R"({"arguments":""})"), path + ".name"),
      empty(call(R"({"name":"","arguments":""})"), path + ".name"),
      missing(call(R"({"name":"f"})"), path + ".arguments"),
      wrong_type(call(R"({"name":"f","arguments":{}})"), path + ".arguments", "a string",
                 "an object"),
  };
  expect_refused(rows);
}

TEST(BadMessages, ToolMessages) {
  const std::string path = "messages[0].tool_call_id";
  const BadRequest rows[] = {
      missing(messages(R"({"role":"tool","content":"1"})"), path),
      missing(messages(R"({"role":"tool","content":"1","tool_call_id":null})"), path),
      wrong_type(messages(R"({"role":"tool","content":"1","tool_call_id":7})"), path, "a string",
                 "an integer"),
      empty(messages(R"({"role":"tool","content":"1","tool_call_id":""})"), path),
      wrong_type(messages(R"({"role":"tool","content":"1","tool_call_id":"c","is_error":"no"})"),
                 "messages[0].is_error", "a boolean", "a string"),
  };
  expect_refused(rows);
}

TEST(BadMessages, ToolCalls) {
  const std::string list = "messages[0].tool_calls";
  const std::string path = list + "[0]";
  const std::string function = R"("function":{"name":"f","arguments":"{}"})";
  const BadRequest rows[] = {
      wrong_type(messages(R"({"role":"assistant","content":null,"tool_calls":{}})"), list,
                 "an array of objects", "an object"),
      wrong_type(messages(R"({"role":"assistant","content":null,"tool_calls":["x"]})"), path,
                 "an object", "a string"),
      missing(tool_call(R"("type":"function",)" + function), path + ".id"),
      empty(tool_call(R"("id":"","type":"function",)" + function), path + ".id"),
      wrong_type(tool_call(R"("id":1,"type":"function",)" + function), path + ".id", "a string",
                 "an integer"),
      missing(tool_call(R"("id":"c",)" + function), path + ".type"),
      unknown(tool_call(R"("id":"c","type":"web","web":{})"), path + ".type", "web",
              "'function' and 'custom'"),
      missing(tool_call(R"("id":"c","type":"custom","custom":{"input":""})"),
              path + ".custom.name"),
      missing(tool_call(R"("id":"c","type":"custom","custom":{"name":"f","arguments":""})"),
              path + ".custom.input"),
      missing(tool_call(R"("id":"c","type":"function")"), path + ".function"),
      wrong_type(tool_call(R"("id":"c","type":"function","function":"f")"), path + ".function",
                 "an object", "a string"),
      missing(tool_call(R"("id":"c","type":"function","function":{"arguments":"{}"})"),
              path + ".function.name"),
      empty(tool_call(R"("id":"c","type":"function","function":{"name":"","arguments":"{}"})"),
            path + ".function.name"),
      missing(tool_call(R"("id":"c","type":"function","function":{"name":"f"})"),
              path + ".function.arguments"),
      wrong_type(tool_call(R"("id":"c","type":"function","function":{"name":"f","arguments":{}})"),
                 path + ".function.arguments", "a string", "an object"),
      wrong_type(messages(R"({"role":"assistant","content":null,"refusal":1})"),
                 "messages[0].refusal", "a string", "an integer"),
      wrong_type(messages(R"({"role":"assistant","content":null,"audio":"a"})"),
                 "messages[0].audio", "an object", "a string"),
  };
  expect_refused(rows);
}

TEST(BadTools, Specifications) {
  const BadRequest rows[] = {
      wrong_type(with(R"("tools":["f"])"), "tools[0]", "an object", "a string"),
      missing(with(R"("tools":[{"function":{"name":"f"}}])"), "tools[0].type"),
      unknown(with(R"("tools":[{"type":"web_search"}])"), "tools[0].type", "web_search",
              "'function', 'custom', 'systemTool', and 'system'"),
      missing(with(R"("tools":[{"type":"custom"}])"), "tools[0].custom"),
      missing(with(R"("tools":[{"type":"custom","custom":{}}])"), "tools[0].custom.name"),
      wrong_type(with(R"("tools":[{"type":"custom","custom":{"name":"f","format":"x"}}])"),
                 "tools[0].custom.format", "an object", "a string"),
      unknown(with(R"("tools":[{"type":"custom","custom":{"name":"f","format":{"type":"x"}}}])"),
              "tools[0].custom.format.type", "x", "'text' and 'grammar'"),
      missing(
          with(R"("tools":[{"type":"custom","custom":{"name":"f","format":{"type":"grammar"}}}])"),
          "tools[0].custom.format.grammar"),
      unknown(with(R"("tools":[{"type":"custom","custom":{"name":"f","format":{"type":"grammar",)"
                   R"("grammar":{"definition":"a","syntax":"ebnf"}}}}])"),
              "tools[0].custom.format.grammar.syntax", "ebnf", "'lark' and 'regex'"),
      missing(with(R"("tools":[{"type":"systemTool"}])"), "tools[0].systemTool"),
      missing(with(R"("tools":[{"type":"systemTool","systemTool":{}}])"),
              "tools[0].systemTool.name"),
      missing(with(R"("tools":[{"type":"system"}])"), "tools[0].name"),
      {with(R"("tools":[{"type":"system","name":"f"},{"type":"custom","custom":{"name":"f"}}])"),
       "Invalid 'tools[1].custom.name': duplicate name. Expected every tool to have a name of its "
       "own, but 'f' is used more than once.",
       "tools[1].custom.name", "invalid_value"},
      missing(with(R"("tools":[{"type":"function"}])"), "tools[0].function"),
      wrong_type(with(R"("tools":[{"type":"function","function":"f"}])"), "tools[0].function",
                 "an object", "a string"),
      missing(tool(R"("description":"d")"), "tools[0].function.name"),
      empty(tool(R"("name":"")"), "tools[0].function.name"),
      wrong_type(tool(R"("name":1)"), "tools[0].function.name", "a string", "an integer"),
      wrong_type(tool(R"("name":"f","description":1)"), "tools[0].function.description", "a string",
                 "an integer"),
      wrong_type(tool(R"("name":"f","parameters":"{}")"), "tools[0].function.parameters",
                 "an object", "a string"),
      wrong_type(tool(R"("name":"f","parameters":[])"), "tools[0].function.parameters", "an object",
                 "an array"),
      wrong_type(tool(R"("name":"f","strict":"yes")"), "tools[0].function.strict", "a boolean",
                 "a string"),
      {with(R"("tools":[{"type":"function","function":{"name":"f"}},)"
            R"({"type":"function","function":{"name":"g"}},)"
            R"({"type":"function","function":{"name":"\u0066"}}])"),
       "Invalid 'tools[2].function.name': duplicate name. Expected every tool to have a name of "
       "its "
       "own, but 'f' is used more than once.",
       "tools[2].function.name", "invalid_value"},
  };
  expect_refused(rows);
}

// A choice of some of the tools.
std::string allowed(std::string_view mode, std::string_view list) {
  return R"("tool_choice":{"type":"allowed_tools","allowed_tools":{"mode":")" + std::string(mode) +
         R"(","tools":[)" + std::string(list) + "]}}";
}

TEST(BadTools, Choices) {
  const std::string tools = R"("tools":[{"type":"function","function":{"name":"f"}}],)";
  const std::string alone =
      "Invalid value for 'tool_choice': 'tool_choice' is only allowed when 'tools' are specified.";
  const BadRequest rows[] = {
      unknown(with(tools + R"("tool_choice":"any")"), "tool_choice", "any",
              "'none', 'auto', and 'required'"),
      {with(R"("tool_choice":"required")"), alone, "tool_choice", ""},
      {with(R"("tools":[],"tool_choice":"required")"), alone, "tool_choice", ""},
      {with(R"("tool_choice":{"type":"function","function":{"name":"f"}})"), alone, "tool_choice",
       ""},
      {with(tools + R"("tool_choice":{"type":"function","function":{"name":"g"}})"),
       "Invalid value for 'tool_choice': no tool named 'g' was specified in the 'tools' "
       "parameter.",
       "tool_choice", ""},
      missing(with(tools + R"("tool_choice":{})"), "tool_choice.type"),
      unknown(with(tools + R"("tool_choice":{"type":"any"})"), "tool_choice.type", "any",
              "'function', 'custom', and 'allowed_tools'"),
      missing(with(tools + R"("tool_choice":{"type":"custom"})"), "tool_choice.custom"),
      {with(tools + R"("tool_choice":{"type":"custom","custom":{"name":"g"}})"),
       "Invalid value for 'tool_choice': no tool named 'g' was specified in the 'tools' "
       "parameter.",
       "tool_choice", ""},
      missing(with(tools + R"("tool_choice":{"type":"allowed_tools"})"),
              "tool_choice.allowed_tools"),
      missing(with(tools + R"("tool_choice":{"type":"allowed_tools","allowed_tools":{}})"),
              "tool_choice.allowed_tools.mode"),
      unknown(with(tools + allowed("none", "")), "tool_choice.allowed_tools.mode", "none",
              "'auto' and 'required'"),
      missing(with(tools + R"("tool_choice":{"type":"allowed_tools",)"
                           R"("allowed_tools":{"mode":"auto"}})"),
              "tool_choice.allowed_tools.tools"),
      {with(tools + allowed("auto", "")),
       "Invalid 'tool_choice.allowed_tools.tools': empty array. Expected an array with minimum "
       "length 1, but got an empty array instead.",
       "tool_choice.allowed_tools.tools", "empty_array"},
      wrong_type(with(tools + allowed("auto", "\"f\"")), "tool_choice.allowed_tools.tools[0]",
                 "an object", "a string"),
      missing(with(tools + allowed("auto", R"({"type":"function","name":"f"})")),
              "tool_choice.allowed_tools.tools[0].function"),
      {with(tools + allowed("required", R"({"type":"function","function":{"name":"f"}},)"
                                        R"({"type":"custom","custom":{"name":"g"}})")),
       "Invalid value for 'tool_choice': no tool named 'g' was specified in the 'tools' "
       "parameter.",
       "tool_choice", ""},
      {with(allowed("auto", R"({"type":"function","function":{"name":"f"}})")), alone,
       "tool_choice", ""},
      missing(with(tools + R"("tool_choice":{"type":"function"})"), "tool_choice.function"),
      missing(with(tools + R"("tool_choice":{"type":"function","function":{}})"),
              "tool_choice.function.name"),
      wrong_type(with(tools + R"("tool_choice":{"type":"function","function":{"name":1}})"),
                 "tool_choice.function.name", "a string", "an integer"),
  };
  expect_refused(rows);
}

}  // namespace
}  // namespace oriel::convert
