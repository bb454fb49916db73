# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# What the scripts share; to be sourced.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
jobs=$(nproc)

# say TEXT: what begins now, with the time since the script began.
say() {
  printf '\n== %s (%d min %02d s)\n' "$*" $((SECONDS / 60)) $((SECONDS % 60))
}

fail() {
  printf '%s: %s\n' "$(basename "$0")" "$*" >&2
  exit 1
}

# usage: the comment at the head of the script.
usage() {
  sed -n '3,/^$/{s/^# \{0,1\}//p}' "$0"
}

# configure PRESET [cmake arguments]: with ccache where there is one.
configure() {
  local preset=$1
  shift
  local launcher=()
  if command -v ccache >/dev/null; then launcher=(-D CMAKE_CXX_COMPILER_LAUNCHER=ccache); fi
  (cd "$root" && cmake --preset "$preset" "${launcher[@]}" "$@")
}

# build PRESET [cmake --build arguments]
build() {
  local preset=$1
  shift
  (cd "$root" && cmake --build --preset "$preset" --parallel "$jobs" "$@")
}
