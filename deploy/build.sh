#!/usr/bin/env bash
# Configures and builds one preset: what the quickstart, the tests and the image have in common.
set -euo pipefail

if [ $# = 0 ] || [ "$1" = -h ] || [ "$1" = --help ]; then
  printf 'usage: deploy/build.sh PRESET [TARGET...]   presets: dev release asan tsan fuzz; output in build/PRESET\n'
  [ $# -gt 0 ]
  exit
fi
preset=$1
shift
cd "$(dirname "$0")/.."

# A translation unit of Asio needs up to a gigabyte: more compilers than the
# memory holds are slower than fewer.
cores=$(nproc)
gigabytes=$(awk '/^MemAvailable/ {print int($2 / 1048576)}' /proc/meminfo)
jobs=$((gigabytes < cores ? gigabytes : cores))
[ "$jobs" -ge 1 ] || jobs=1

printf '==> building %s (%s jobs) in build/%s\n' "$preset" "$jobs" "$preset"
cmake --preset "$preset" --log-level=WARNING >/dev/null
targets=()
[ $# = 0 ] || targets=(--target "$@")
cmake --build --preset "$preset" -j "$jobs" "${targets[@]}"
