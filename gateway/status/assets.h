// The files of this folder as they are embedded (embed.cmake).
#pragma once

#include <string_view>

namespace oriel::gateway::status {

extern const std::string_view kDocument;  // status.html
extern const std::string_view kStyle;     // status.css
extern const std::string_view kScript;    // the .js files, one behind the other

}  // namespace oriel::gateway::status
