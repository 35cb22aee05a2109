// What the headers of an answer tell of how it was made (spec/observability.md §6). Pure
// renderings, of the route and of the record as it is when the answer begins.
#pragma once

#include <string_view>
#include <vector>

#include "convert/dialect.h"
#include "gateway/routing/router.h"
#include "metrics/record.h"

namespace oriel::gateway {

// Who serves; `model` is the name that the configuration knows.
void add_route_headers(const Route& route, std::string_view model,
                       std::vector<convert::Header>& headers);
// What it took so far.
void add_record_headers(const metrics::Record& record, std::vector<convert::Header>& headers);
// What it cost in all, where that is known to the last token: of answers that do not stream.
void add_cost_header(const metrics::Record& record, std::vector<convert::Header>& headers);

}  // namespace oriel::gateway
