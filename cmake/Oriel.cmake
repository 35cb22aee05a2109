# Compiler flags, dependencies, and oriel_layer(): one link target per layer, so that a layer can use
# only what it links.
include_guard()
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(OpenSSL 3.0 REQUIRED)
find_package(CURL 7.88 REQUIRED)
find_package(ZLIB REQUIRED)
find_package(simdjson REQUIRED)
find_package(spdlog REQUIRED)
find_package(prometheus-cpp CONFIG REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(CLI11 REQUIRED)
pkg_check_modules(LIBEVENT REQUIRED IMPORTED_TARGET libevent_core>=2.1.12 libevent_openssl libevent_extra)

find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER "${CCACHE}")
endif()

add_library(oriel_flags INTERFACE)
target_compile_options(oriel_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wnon-virtual-dtor -Wold-style-cast
  -Woverloaded-virtual -Wno-missing-field-initializers -Werror
  -fno-omit-frame-pointer -fstack-protector-strong -fcf-protection=full)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # GCC 12's flow analysis reports false positives inside the standard library at -O2.
  target_compile_options(oriel_flags INTERFACE -Wno-maybe-uninitialized
    -Wno-stringop-overflow -Wno-restrict -Wno-array-bounds -Wno-dangling-pointer)
endif()
target_link_options(oriel_flags INTERFACE -Wl,-z,relro,-z,now)
if(ORIEL_SANITIZE)
  target_compile_options(oriel_flags INTERFACE -fsanitize=${ORIEL_SANITIZE} -fno-sanitize-recover=all)
  target_link_options(oriel_flags INTERFACE -fsanitize=${ORIEL_SANITIZE})
elseif(NOT CMAKE_BUILD_TYPE STREQUAL "Debug")
  target_compile_definitions(oriel_flags INTERFACE _FORTIFY_SOURCE=2)
endif()
target_include_directories(oriel_flags INTERFACE "${PROJECT_SOURCE_DIR}")
set(CMAKE_EXE_LINKER_FLAGS "${CMAKE_EXE_LINKER_FLAGS} -pie")

# oriel_layer(NAME DIR LINKS...): the library of one folder (not its subfolders).
function(oriel_layer name)
  file(GLOB sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/*.cc")
  list(FILTER sources EXCLUDE REGEX "/main\\.cc$")
  file(GLOB headers CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/*.h")
  add_library(${name} STATIC ${sources})
  target_sources(${name} PUBLIC FILE_SET HEADERS BASE_DIRS "${PROJECT_SOURCE_DIR}" FILES ${headers})
  set_target_properties(${name} PROPERTIES VERIFY_INTERFACE_HEADER_SETS ON LINKER_LANGUAGE CXX)
  target_link_libraries(${name} PUBLIC oriel_flags ${ARGN})
endfunction()
