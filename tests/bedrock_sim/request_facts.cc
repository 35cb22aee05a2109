#include "tests/bedrock_sim/request_facts.h"

#include "tests/bedrock_sim/dom.h"
#include "tests/bedrock_sim/image_header.h"

namespace oriel::sim {
namespace {

class Reader {
 public:
  RequestFacts read(const element& body) {
    for (const element block : list_member(body, "system")) {
      const std::string_view text = text_member(block, "text");
      facts_.text_bytes += text.size();
      if (text.find("valid JSON object") != std::string_view::npos) facts_.wants_json = true;
    }
    if (const auto config = member(body, "toolConfig")) {
      facts_.tools = static_cast<std::int64_t>(list_member(*config, "tools").size());
    }
    for (const element message : list_member(body, "messages")) read_message(message);
    read_variables(body);
    return std::move(facts_);
  }

 private:
  void read_message(const element& message) {
    if (text_member(message, "role") == "user") {
      facts_.notes.clear();
      facts_.results.clear();
      facts_.cited.clear();
    }
    for (const element block : list_member(message, "content")) {
      facts_.text_bytes += text_member(block, "text").size();
      if (const auto guarded = deep(block, {"guardContent", "text", "text"})) {
        facts_.text_bytes += text_of(*guarded).size();
      }
      read_media(block);
      if (const auto result = member(block, "toolResult")) read_result(*result);
    }
  }

  void read_media(const element& block) {
    for (const char* kind : {"image", "document", "video", "audio"}) {
      const auto media = member(block, kind);
      if (!media) continue;
      const auto data = deep(*media, {"source", "bytes"});
      const ImageFacts facts = data ? read_image(text_of(*data)) : ImageFacts{};
      facts_.notes += " [" + std::string(kind) + " " + std::string(text_member(*media, "format"));
      const std::string_view name = text_member(*media, "name");
      if (!name.empty()) facts_.notes += " '" + std::string(name) + "'";
      const auto place = deep(*media, {"source", "s3Location", "uri"});
      facts_.notes +=
          place ? " " + std::string(text_of(*place)) : " " + std::to_string(facts.bytes) + " bytes";
      if (kind == std::string_view("image")) {
        ++facts_.images;
        if (!place) {
          facts_.notes += " " + std::to_string(facts.width) + "x" + std::to_string(facts.height);
        }
      }
      facts_.notes += "]";
      if (kind == std::string_view("document")) read_document(*media, name);
    }
  }

  void read_document(const element& document, std::string_view name) {
    ++facts_.documents;
    const auto enabled = deep(document, {"citations", "enabled"});
    bool wanted = false;
    if (enabled && enabled->get(wanted) == simdjson::SUCCESS && wanted) facts_.cited = name;
  }

  void read_result(const element& result) {
    std::string text(text_member(result, "toolUseId"));
    text += text_member(result, "status") == "error" ? " failed: " : " = ";
    for (const element part : list_member(result, "content")) {
      const std::string_view said = text_member(part, "text");
      facts_.text_bytes += said.size();
      text += said;
      if (const auto json = member(part, "json")) text += std::string(simdjson::minify(*json));
      read_media(part);
    }
    facts_.results.push_back(std::move(text));
  }

  void read_variables(const element& body) {
    const auto variables = member(body, "promptVariables");
    simdjson::dom::object object;
    if (!variables || variables->get(object) != simdjson::SUCCESS) return;
    for (const auto& [name, value] : object) {
      facts_.notes +=
          " [" + std::string(name) + " " + std::string(text_member(value, "text")) + "]";
    }
  }

  RequestFacts facts_;
};

}  // namespace

RequestFacts read_facts(const element& body) { return Reader().read(body); }

}  // namespace oriel::sim
