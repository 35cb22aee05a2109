// The loop that both stream decoders share: pull item after item out of a chunk and hand each to a
// sink.
#pragma once

#include <string_view>
#include <type_traits>

#include "convert/error.h"

namespace oriel::convert::wire {

// What one pull gave.
enum class Pull : std::uint8_t { need_more, item, broken };

// Hands every item of `bytes` to `sink(const Item&)`, which answers void or Result<void>; its
// error, or the decoder's, ends the loop.
template <class Item, class Decoder, class Sink>
Result<void> feed_all(Decoder& decoder, std::string_view bytes, Sink&& sink) {
  Item item;
  for (;;) {
    switch (decoder.pull(bytes, item)) {
      case Pull::need_more: return {};
      case Pull::broken: return Unexpected{decoder.error()};
      case Pull::item: break;
    }
    if constexpr (std::is_void_v<std::invoke_result_t<Sink&, const Item&>>) {
      sink(static_cast<const Item&>(item));
    } else {
      Result<void> taken = sink(static_cast<const Item&>(item));
      if (!taken) return taken;
    }
  }
}

}  // namespace oriel::convert::wire
