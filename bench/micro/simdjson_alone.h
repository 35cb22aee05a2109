// What simdjson alone needs to index and skip through a body: the yardstick of the conversions.
#pragma once

#include <benchmark/benchmark.h>
#include <simdjson.h>

#include <string_view>

#include "convert/json/padded_buffer.h"

namespace oriel::bench {

// False when the body is no JSON object.
inline bool index_alone(simdjson::ondemand::parser& parser, const json::PaddedBuffer& body) {
  simdjson::ondemand::document document;
  simdjson::ondemand::object object;
  std::string_view raw;
  const bool read =
      parser.iterate(body.view().data(), body.size(), body.size() + json::PaddedBuffer::kPadding)
              .get(document) == simdjson::SUCCESS &&
      document.get_object().get(object) == simdjson::SUCCESS &&
      object.raw_json().get(raw) == simdjson::SUCCESS;
  benchmark::DoNotOptimize(raw.data());
  return read;
}

}  // namespace oriel::bench
