#!/usr/bin/env bash
# Cardea beside other proxies: installs them, builds, measures, writes docs/performance.md and .svg.
set -euo pipefail
cd "$(dirname "$0")/.."

# What is wanted is clear before anything is installed: --help needs nothing.
case " $* " in
  *" --help "* | *" -h "*)
    exec env PYTHONPATH=bench:tests python3 -B -m compare --help
    ;;
esac
exec </dev/null
deploy/packages.sh build bench
cmake --preset release -DCARDEA_BENCH=ON --log-level=WARNING >/dev/null
deploy/build.sh release cardea load
exec env PYTHONPATH=bench:tests /usr/bin/python3 -B -m compare "$@"
