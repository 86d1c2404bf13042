# SPDX-License-Identifier: Apache-2.0
# What all targets share, and `tcpctl_library(FOLDER LIBRARY...)`: one static library a folder.
add_library(tcpctl_flags INTERFACE)
target_compile_options(tcpctl_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror -fno-omit-frame-pointer
  -pthread) # some libraries ask for it, and all that share precompiled headers must agree
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  # clang counts signs to -Wconversion, and judges the stable_sort of Debian's libstdc++ 12 where we call it.
  target_compile_options(tcpctl_flags INTERFACE -Wno-sign-conversion -Wno-deprecated-declarations)
endif()
target_include_directories(tcpctl_flags INTERFACE ${PROJECT_SOURCE_DIR}/daemon)
target_compile_definitions(tcpctl_flags INTERFACE TCPCTL_VERSION="${PROJECT_VERSION}")
target_link_libraries(tcpctl_flags INTERFACE Threads::Threads)
# The sources of tests are the larger half of a build, and what is undefined in them or covered by them is of no
# interest: they have the first sanitizer alone.
set(tcpctl_is_test $<BOOL:$<TARGET_PROPERTY:TCPCTL_IS_TEST>>)
if(TCPCTL_SANITIZE)
  string(REGEX REPLACE ",.*" "" first "${TCPCTL_SANITIZE}")
  string(REPLACE "," "$<COMMA>" all "${TCPCTL_SANITIZE}")
  target_compile_options(tcpctl_flags INTERFACE -fsanitize=$<IF:${tcpctl_is_test},${first},${all}> -fno-sanitize-recover=all)
  target_link_options(tcpctl_flags INTERFACE -fsanitize=${TCPCTL_SANITIZE})
  if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang" AND TCPCTL_SANITIZE MATCHES undefined)
    # It looks at an object through a pipe, and takes a process that is short of descriptors for a broken object.
    target_compile_options(tcpctl_flags INTERFACE -fno-sanitize=vptr)
  endif()
endif()
if(TCPCTL_COVERAGE)
  target_compile_options(tcpctl_flags INTERFACE --coverage)
  target_link_options(tcpctl_flags INTERFACE --coverage)
endif()
if(TCPCTL_FUZZ)
  target_compile_options(tcpctl_flags INTERFACE $<$<NOT:${tcpctl_is_test}>:-fsanitize=fuzzer-no-link>)
endif()

find_program(CCACHE ccache)
if(CCACHE)
  # The sloppiness is what ccache asks for where headers are precompiled.
  set(CMAKE_CXX_COMPILER_LAUNCHER env CCACHE_SLOPPINESS=pch_defines,time_macros ${CCACHE})
endif()
find_program(MOLD mold)
if(MOLD)
  add_link_options(-fuse-ld=mold)
endif()

# What most sources include, parsed once instead of in every source. Not in the preset `release`, which tells
# which source does not include what it uses.
option(TCPCTL_PCH "Precompile the headers that most sources include" OFF)
set(tcpctl_common_headers <algorithm> <chrono> <functional> <map> <memory> <optional> <string> <variant> <vector>
                          <fmt/format.h> <nlohmann/json.hpp>)

# usage: tcpctl_precompile(TARGET [HEADER...])
function(tcpctl_precompile target)
  if(TCPCTL_PCH)
    target_precompile_headers(${target} PRIVATE ${tcpctl_common_headers} ${ARGN})
    if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
      target_compile_options(tcpctl_flags INTERFACE -fpch-preprocess) # without it ccache cannot tell what it hashes
    endif()
  endif()
endfunction()
# usage: tcpctl_precompiled(TARGET OWNER): TARGET takes what OWNER, whose options it shares, has precompiled.
function(tcpctl_precompiled target owner)
  if(TCPCTL_PCH)
    target_precompile_headers(${target} REUSE_FROM ${owner})
  endif()
endfunction()

# What runs once for a command, a start or a reload may be small instead of fast, which halves it. Not where one debugs:
# there it would only cost another set of precompiled headers.
set(tcpctl_small_folders config app)
if(CMAKE_BUILD_TYPE STREQUAL "Debug")
  set(tcpctl_small "")
  set(tcpctl_small_owner tcpctl_base)
else()
  set(tcpctl_small -Os)
  set(tcpctl_small_owner tcpctl_config)
endif()

# A folder's library: all its .cpp files, so that adding a file asks for no change here.
function(tcpctl_library folder)
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${folder}/*.cpp)
  list(FILTER sources EXCLUDE REGEX "/main\\.cpp$")
  if(sources)
    add_library(tcpctl_${folder} STATIC ${sources})
    target_link_libraries(tcpctl_${folder} PUBLIC tcpctl_flags ${ARGN})
    if(folder IN_LIST tcpctl_small_folders)
      target_compile_options(tcpctl_${folder} PRIVATE ${tcpctl_small})
      set(owner ${tcpctl_small_owner})
    else()
      set(owner tcpctl_base)
    endif()
    if(owner STREQUAL tcpctl_${folder})
      tcpctl_precompile(${owner})
    else()
      tcpctl_precompiled(tcpctl_${folder} ${owner})
    endif()
  else()
    add_library(tcpctl_${folder} INTERFACE)
    target_link_libraries(tcpctl_${folder} INTERFACE tcpctl_flags ${ARGN})
  endif()
endfunction()
