# Writes OUTPUT, a C++ file that holds the page's files as bytes. Run by cmake -P with FOLDER and
# OUTPUT; SCRIPTS names the scripts, in their order, separated by commas.

# embed(NAME FILE...): appends `NAME`, the files' bytes one behind the other.
function(embed name)
  set(hex "")
  foreach(file IN LISTS ARGN)
    file(READ "${FOLDER}/${file}" bytes HEX)
    string(APPEND hex "${bytes}")
  endforeach()
  string(LENGTH "${hex}" digits)
  math(EXPR size "${digits} / 2")
  string(REGEX REPLACE "(..)" "'\\\\x\\1'," list "${hex}")
  string(APPEND text "constexpr char k${name}Bytes[] = {${list}};\n")
  string(APPEND tail "const std::string_view k${name}(k${name}Bytes, ${size});\n")
  set(text "${text}" PARENT_SCOPE)
  set(tail "${tail}" PARENT_SCOPE)
endfunction()

string(REPLACE "," ";" scripts "${SCRIPTS}")
embed(Document status.html)
embed(Style status.css)
embed(Script ${scripts})
file(WRITE "${OUTPUT}" "#include \"gateway/status/assets.h\"

namespace oriel::gateway::status {
namespace {
${text}}  // namespace
${tail}}  // namespace oriel::gateway::status
")
