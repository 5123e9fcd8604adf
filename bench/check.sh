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
deploy/build.sh release cardea
exec env PYTHONPATH=bench:tests /usr/bin/python3 -B bench/check.py "$@"
