# SPDX-License-Identifier: Apache-2.0
# `cmake --install` puts everything where Debian expects it; under another prefix systemd looks in the same
# places below it (systemd.unit(5), sysusers.d(5), tmpfiles.d(5)). The configuration is always in /etc/tcpctl.
install(TARGETS tcpctld DESTINATION ${CMAKE_INSTALL_SBINDIR})
install(TARGETS tcpctl DESTINATION ${CMAKE_INSTALL_BINDIR})
# Run by tcpctl alone, of which tcpctl-trace may be given cap_net_raw, and by the unit.
install(TARGETS tcpctl-top tcpctl-trace tcpctld-stop DESTINATION ${CMAKE_INSTALL_LIBEXECDIR}/tcpctl)

# Debian's debhelper wants the units in /lib.
set(TCPCTL_UNIT_DIR lib/systemd/system CACHE PATH "Where the units go")
file(READ systemd/tcpctld.service unit)
string(REPLACE "/usr/sbin/" "${CMAKE_INSTALL_FULL_SBINDIR}/" unit "${unit}")
string(REPLACE "/usr/libexec/" "${CMAKE_INSTALL_FULL_LIBEXECDIR}/" unit "${unit}")
file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/tcpctld.service CONTENT "${unit}" @ONLY)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS systemd/tcpctld.service)
install(FILES ${PROJECT_BINARY_DIR}/tcpctld.service systemd/tcpctld.socket DESTINATION ${TCPCTL_UNIT_DIR})
install(FILES systemd/tcpctl.sysusers DESTINATION lib/sysusers.d RENAME tcpctl.conf)
install(FILES systemd/tcpctl.tmpfiles DESTINATION lib/tmpfiles.d RENAME tcpctl.conf)

install(FILES ${PROJECT_BINARY_DIR}/man/tcpctl.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES ${PROJECT_BINARY_DIR}/man/tcpctld.toml.5 DESTINATION ${CMAKE_INSTALL_MANDIR}/man5)
install(FILES man/tcpctld.8 DESTINATION ${CMAKE_INSTALL_MANDIR}/man8)
install(FILES ${PROJECT_BINARY_DIR}/completions/bash DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME tcpctl)
install(FILES ${PROJECT_BINARY_DIR}/completions/zsh DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions RENAME _tcpctl)
install(FILES ${PROJECT_BINARY_DIR}/completions/fish DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d RENAME tcpctl.fish)

install(FILES README.md CHANGELOG.md LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(DIRECTORY docs DESTINATION ${CMAKE_INSTALL_DOCDIR} FILES_MATCHING PATTERN "*.md")

# A configuration that is there already is its operator's; the new one goes beside the documents either way.
install(DIRECTORY DESTINATION /etc/tcpctl/conf.d)
install(FILES etc/tcpctld.toml DESTINATION ${CMAKE_INSTALL_DOCDIR}/examples)
install(DIRECTORY systemd/examples/ DESTINATION ${CMAKE_INSTALL_DOCDIR}/examples)
install(FILES packaging/prometheus/tcpctl-alerts.yml DESTINATION ${CMAKE_INSTALL_DOCDIR}/examples)
install(FILES etc/logrotate DESTINATION /etc/logrotate.d RENAME tcpctl)
install(CODE "
  if(NOT EXISTS \"\$ENV{DESTDIR}/etc/tcpctl/tcpctld.toml\")
    file(INSTALL DESTINATION \"/etc/tcpctl\" TYPE FILE FILES \"${PROJECT_SOURCE_DIR}/etc/tcpctld.toml\")
  endif()")
