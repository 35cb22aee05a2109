// From the converters' vocabulary to the metrics': the two layers do not see each other.
#pragma once

#include <string_view>
#include <vector>

#include "convert/chat.h"
#include "convert/dialect.h"
#include "convert/error.h"
#include "gateway/random.h"
#include "gateway/upstream/upstream.h"
#include "metrics/record.h"

namespace oriel::gateway {

metrics::Outcome outcome_of(convert::ErrorKind kind);
metrics::StreamEnd stream_end_of(const convert::Error& error);
// What was broken in upstream's stream; nullopt: nothing was.
std::optional<metrics::FrameFault> frame_fault_of(const convert::Error& error);
metrics::Tokens tokens_of(const convert::Usage& usage);
metrics::UnknownItem unknown_item_of(convert::UnknownItem item);

// The error that a broken transfer is; `detail` keeps the transport's words for the log.
convert::Error error_of(const TransferResult& result);

// retry-after, retry-after-ms and x-should-retry, as OpenAI's SDKs read them: what upstream says,
// at most 60 s, else a delay that doubles with each time that the model was `throttled` of late, at
// most 30 s. Source: spec/converse.md §15.2.
std::vector<convert::Header> retry_headers(const convert::Error& error, Random& random,
                                           std::uint32_t throttled = 0);

}  // namespace oriel::gateway
