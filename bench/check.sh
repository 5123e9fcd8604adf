#!/usr/bin/env bash
# Instruction counts of the release binary beside bench/baseline.txt: what a change costs, whatever else the machine does.
set -euo pipefail
cd "$(dirname "$0")/.."
case " $* " in
  *" --help "* | *" -h "*)
    exec env PYTHONPATH=bench:tests python3 -B bench/check.py --help
    ;;
esac
exec </dev/null
deploy/packages.sh build check
cmake --preset release -DCARDEA_BENCH=ON --log-level=WARNING >/dev/null
# The benchmarks are built by nobody else who would notice.
deploy/build.sh release cardea load benchmarks
exec env PYTHONPATH=bench:tests /usr/bin/python3 -B bench/check.py "$@"
