#include "tests/bedrock_sim/prompt.h"

#include "tests/bedrock_sim/dom.h"

namespace oriel::sim {

Prompt read_prompt(const element& body, std::string_view x_sim) {
  std::string_view last;
  for (const element message : list_member(body, "messages")) {
    if (text_member(message, "role") != "user") continue;
    last = {};
    for (const element block : list_member(message, "content")) {
      const std::string_view text = text_member(block, "text");
      const auto guarded = deep(block, {"guardContent", "text", "text"});
      if (!text.empty()) last = text;
      if (guarded) last = text_of(*guarded);
    }
  }
  Prompt out;
  out.text = out.directives.take(last);
  out.directives.add(x_sim);
  return out;
}

}  // namespace oriel::sim
