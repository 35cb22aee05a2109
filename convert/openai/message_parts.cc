#include "convert/openai/message_parts.h"

namespace oriel::convert::openai {
namespace {

void write_span(const Citation& citation, json::Writer& writer) {
  writer.key("start_index").unsigned_integer(citation.begin);
  writer.key("end_index").unsigned_integer(citation.end);
}

void begin_entry(std::optional<std::uint32_t> index, json::Writer& writer) {
  writer.begin_object();
  if (index) writer.key("index").unsigned_integer(*index);
}

}  // namespace

void write_citation(const Citation& citation, std::optional<std::uint32_t> index,
                    json::Writer& writer) {
  begin_entry(index, writer);
  if (citation.url.empty()) {
    write_span(citation, writer);
    writer.key("source");
    if (citation.source.empty()) {
      writer.null();
    } else {
      writer.raw(citation.source);
    }
  } else {
    writer.key("type").string("url_citation").key("url_citation").begin_object();
    write_span(citation, writer);
    writer.key("title").text(citation.title).key("url").text(citation.url);
    writer.end_object();
  }
  writer.end_object();
}

void write_image(const Media& image, std::optional<std::uint32_t> index, json::Writer& writer) {
  begin_entry(index, writer);
  writer.key("type").string("image_url").key("image_url").begin_object();
  writer.key("url");
  if (image.base64.empty()) {
    writer.text(image.url);
  } else {
    writer.begin_string();
    writer.out().append("data:image/").append(image.format).append(";base64,");
    writer.out().append(image.base64);
    writer.end_string();
  }
  writer.end_object().end_object();
}

}  // namespace oriel::convert::openai
