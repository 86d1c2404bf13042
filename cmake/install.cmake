# SPDX-License-Identifier: Apache-2.0
# `cmake --install` puts everything where Debian expects it.
install(TARGETS tcpctld DESTINATION ${CMAKE_INSTALL_SBINDIR})
install(TARGETS tcpctl DESTINATION ${CMAKE_INSTALL_BINDIR})
