# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What the scripts share; sourced, from the root of the repository.

# Debian's own, which has the packages that script/bootstrap installed.
export python=/usr/bin/python3

# One cache of objects for every preset, and for a clone elsewhere, whatever HOME it is built with: paths are taken
# relative to the root.
export CCACHE_BASEDIR=$PWD CCACHE_NOHASHDIR=1
objects=/var/tmp/tcpctl-ccache-$(id -u)
if [ -z "${CCACHE_DIR:-}" ] && (umask 077 && mkdir -p "$objects") && [ -O "$objects" ] && [ ! -L "$objects" ]; then
  export CCACHE_DIR=$objects
fi

cores() { nproc; }

# Configures and builds a preset. usage: build_preset PRESET [TARGET...]
# Where the preset names another compiler than the folder was made with, cmake forgets the variables of the preset on the
# way; the second time it has them.
build_preset() {
  local preset=$1
  shift
  cmake --preset "$preset" >/dev/null && cmake --preset "$preset" && cmake --build --preset "$preset" -j "$(cores)" ${1:+--target "$@"}
}
