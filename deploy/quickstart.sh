#!/usr/bin/env bash
# From a fresh clone to a running Cardea: installs what is missing, builds,
# starts it with a certificate authority of its own and a welcome page.
set -euo pipefail

usage() {
  cat <<'TEXT'
usage: deploy/quickstart.sh [--check] [--https ADDR] [--http ADDR]

Runs in the foreground; Ctrl-C stops it. Certificates go to certs/.
  --check        start, run the curl line that would be printed, stop; its exit code
  --https ADDR   instead of :8443 (or CARDEA_HTTPS_ADDR)
  --http ADDR    instead of :8080 (or CARDEA_HTTP_ADDR)
TEXT
}

check=no
https_addr=${CARDEA_HTTPS_ADDR:-:8443}
http_addr=${CARDEA_HTTP_ADDR:-:8080}
while [ $# -gt 0 ]; do
  case $1 in
    -h | --help)
      usage
      exit
      ;;
    --check) check=yes ;;
    --https | --http)
      [ $# -ge 2 ] || {
        usage >&2
        exit 2
      }
      [ "$1" = --https ] && https_addr=$2 || http_addr=$2
      shift
      ;;
    *)
      usage >&2
      exit 2
      ;;
  esac
  shift
done
cd "$(dirname "$0")/.."
say() { printf '==> %s\n' "$*"; }

deploy/packages.sh build run
deploy/build.sh release cardea

line=(curl --cacert certs/internal-root.crt "https://localhost:${https_addr##*:}/")
# A proxy from the environment could not reach this machine's localhost.
[ -z "${https_proxy:-}${HTTPS_PROXY:-}${all_proxy:-}${ALL_PROXY:-}" ] || line=(curl --noproxy localhost "${line[@]:1}")

say "starting cardea: https on $https_addr, http on $http_addr"
CARDEA_HTTPS_ADDR=$https_addr CARDEA_HTTP_ADDR=$http_addr build/release/app/cardea run --quickstart &
cardea=$!
stopped=no
stop() {
  stopped=yes
  kill -TERM "$cardea" 2>/dev/null || true
}
trap stop INT TERM
trap 'kill -TERM "$cardea" 2>/dev/null || true' EXIT

# wait returns early when a signal arrives: then once more, for the exit code.
wait_for_end() {
  local code=0
  wait "$cardea" || code=$?
  [ $stopped = no ] || ! kill -0 "$cardea" 2>/dev/null || { code=0; wait "$cardea" || code=$?; }
  return $code
}

for _ in $(seq 300); do
  "${line[@]}" --silent --fail --max-time 2 --output /dev/null 2>/dev/null && break
  kill -0 "$cardea" 2>/dev/null || break
  sleep 0.1
done
if ! kill -0 "$cardea" 2>/dev/null; then
  code=0
  wait_for_end || code=$?
  [ $stopped = no ] || exit "$code"
  say "cardea ended with exit code $code: its last lines above say why"
  exit 1
fi

if [ $check = yes ]; then
  say "${line[*]}"
  code=0
  "${line[@]}" --silent --show-error --fail || code=$?
  say "stopping"
  stop
  wait_for_end || code=$?
  exit "$code"
fi

say "running; try:  ${line[*]}"
say "Ctrl-C stops it"
wait_for_end
