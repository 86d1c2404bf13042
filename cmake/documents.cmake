# SPDX-License-Identifier: Apache-2.0
# The manual pages and the completions, made by the programs that they are about.
function(tcpctl_manual page program word)
  add_custom_command(OUTPUT ${PROJECT_BINARY_DIR}/man/${page}
    COMMAND ${CMAKE_COMMAND} -DTEMPLATE=${PROJECT_SOURCE_DIR}/man/${page}.in -DPROGRAM=$<TARGET_FILE:${program}>
            -DWORD=${word} -DPAGE=${PROJECT_BINARY_DIR}/man/${page} -P ${PROJECT_SOURCE_DIR}/cmake/manual.cmake
    DEPENDS ${program} ${PROJECT_SOURCE_DIR}/man/${page}.in ${PROJECT_SOURCE_DIR}/cmake/manual.cmake
    VERBATIM)
endfunction()
file(MAKE_DIRECTORY ${PROJECT_BINARY_DIR}/man ${PROJECT_BINARY_DIR}/completions)
tcpctl_manual(tcpctl.1 tcpctl __manual)
tcpctl_manual(tcpctld.toml.5 tcpctld --print-manual)
set(documents ${PROJECT_BINARY_DIR}/man/tcpctl.1 ${PROJECT_BINARY_DIR}/man/tcpctld.toml.5)
foreach(shell bash zsh fish)
  add_custom_command(OUTPUT ${PROJECT_BINARY_DIR}/completions/${shell}
    COMMAND tcpctl completion ${shell} > ${PROJECT_BINARY_DIR}/completions/${shell} DEPENDS tcpctl VERBATIM)
  list(APPEND documents ${PROJECT_BINARY_DIR}/completions/${shell})
endforeach()
add_custom_target(documents ALL DEPENDS ${documents})
