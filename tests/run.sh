#!/usr/bin/env bash
# Installs what the tests need, builds, and runs them. Ends with ctest's closing line.
set -euo pipefail

usage() {
  cat <<'TEXT'
usage: tests/run.sh [release|dev|asan|tsan] [CTEST ARGUMENT...]

release (default), dev   everything: lint, unit, component and system tests
asan, tsan               unit and component tests under the sanitizers

tests/run.sh release -R issuance     only tests whose name matches
tests/run.sh dev -L lint             only one kind
TEXT
}

preset=release
case ${1:-} in
  -h | --help)
    usage
    exit
    ;;
  release | dev | asan | tsan)
    preset=$1
    shift
    ;;
  "" | -*) ;;
  *)
    usage >&2
    exit 2
    ;;
esac
cd "$(dirname "$0")/.."
exec </dev/null

deploy/packages.sh build run test
what=()
case $preset in
  asan | tsan)
    deploy/build.sh "$preset" module_tests
    what=(-L '^(unit|component)$')
    # Coroutine frames outlive their callers' stacks: that is looked at too.
    export ASAN_OPTIONS=detect_stack_use_after_return=1 UBSAN_OPTIONS=print_stacktrace=1
    ;;
  *) deploy/build.sh "$preset" ;;
esac
printf '==> testing %s\n' "$preset"
exec ctest --test-dir "build/$preset" --output-on-failure --no-tests=error -j "$(nproc)" "${what[@]}" "$@"
