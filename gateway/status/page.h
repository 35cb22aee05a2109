// The status page: one self-contained HTML document, joined from the files of this folder, which
// are part of the binary. Drawn in the browser from /metrics (spec/observability.md §1). Any
// thread.
#pragma once

#include <string>
#include <string_view>

namespace oriel::gateway::status {

struct Page {
  std::string html;
  std::string security_policy;  // lets in this page's own script and style and nothing else
};

const Page& page();

}  // namespace oriel::gateway::status
