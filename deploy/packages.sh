#!/usr/bin/env bash
# Installs what is missing from Debian's packages, and nothing else.
# The only list of packages in this repository: everything else calls it.
set -euo pipefail

usage() {
  cat <<'TEXT'
usage: deploy/packages.sh KIND...          install what is missing of these kinds
       deploy/packages.sh --list KIND...   only print the names
       deploy/packages.sh --needed-by FILE print the packages whose libraries a program loads

KIND: build   compiler, build tools, libraries
      run     what the quickstart needs besides the program
      test    what the test suite starts: a CA, a name server, an origin, clients
      bench   load generators and other proxies to compare with
      check   what counts the instructions of a request, and builds benchmarks
      fuzz    clang

Needs root or sudo only when something is missing. Debian 12 and newer.
TEXT
}

say() { printf '==> %s\n' "$*"; }

# Debian 12 has Boost 1.81 beside its default 1.74; newer releases have a
# default that is new enough.
boost_packages() {
  local version=""
  # shellcheck source=/dev/null
  [ -r /etc/os-release ] && version=$(. /etc/os-release && printf '%s' "${ID:-}${VERSION_ID:-}")
  if [ "$version" = debian12 ]; then
    printf '%s\n' libboost1.81-dev libboost-json1.81-dev libboost-url1.81-dev
  else
    printf '%s\n' libboost-dev libboost-json-dev libboost-url-dev
  fi
}

packages_of() {
  case $1 in
    build)
      printf '%s\n' build-essential cmake ninja-build ccache mold pkg-config python3 libssl-dev libyaml-cpp-dev \
        libfmt-dev libspdlog-dev libcli11-dev libldns-dev libidn2-dev libpugixml-dev libgtest-dev libgmock-dev libnghttp2-dev
      boost_packages
      ;;
    run) printf '%s\n' ca-certificates curl ;;
    test)
      printf '%s\n' pebble bind9 bind9-utils bind9-dnsutils knot pdns-server pdns-backend-sqlite3 nginx-light libnginx-mod-stream haproxy curl openssl \
        wrk python3 python3-prometheus-client python3-websockets python3-h2 python3-grpcio nghttp2-client nghttp2-server slowhttptest testssl.sh \
        shellcheck logrotate goaccess systemd iproute2
      ;;
    bench) printf '%s\n' nginx-light haproxy h2o caddy wrk nghttp2-client openssl curl python3 python3-websockets python3-grpcio libbenchmark-dev ;;
    check) printf '%s\n' valgrind nginx-light nghttp2-client openssl curl python3 libbenchmark-dev ;;
    fuzz) printf '%s\n' clang libclang-rt-dev ;;
    *)
      printf 'packages.sh: "%s" is no kind of packages\n' "$1" >&2
      usage >&2
      return 2
      ;;
  esac
}

is_installed() { [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    printf 'packages.sh: not root and no sudo; run as root: deploy/packages.sh %s\n' "${kinds[*]}" >&2
    return 1
  fi
}

# Debian starts a server when it is installed, and at every boot. The tests
# start their own, on free ports: no other must run, nor fail to start.
forbid_starts() {
  local policy=/usr/sbin/policy-rc.d
  [ -e $policy ] && return
  printf '#!/bin/sh\nexit 101\n' | as_root tee $policy >/dev/null
  as_root chmod 755 $policy
  trap 'as_root rm -f /usr/sbin/policy-rc.d' EXIT
}

keep_off_at_boot() {
  local service
  [ -d /run/systemd/system ] || return 0
  for service in "$@"; do
    as_root systemctl disable --quiet "$service" || say "could not disable $service: it starts at the next boot"
  done
}

install_missing() {
  local wanted missing=() services=() package
  wanted=$(for kind in "$@"; do packages_of "$kind"; done | sort -u)
  for package in $wanted; do
    is_installed "$package" || missing+=("$package")
  done
  if [ ${#missing[@]} = 0 ]; then
    say "packages for $*: all there"
    return
  fi
  say "installing ${#missing[@]} packages for $*: ${missing[*]}"
  for package in "${missing[@]}"; do
    case $package in
      bind9) services+=(named) ;;
      knot) services+=(knot) ;;
      pdns-server) services+=(pdns) ;;
      nginx-light) services+=(nginx) ;;
      haproxy | h2o | caddy) services+=("$package") ;;
    esac
  done
  forbid_starts
  as_root apt-get -qq -o DPkg::Lock::Timeout=300 update
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 \
    install --no-install-recommends "${missing[@]}" </dev/null
  keep_off_at_boot "${services[@]}"
}

needed_by() {
  ldd "$1" | awk '$2 == "=>" && $3 ~ "^/" {print $3}' | while read -r library; do
    # A library may be known by its place before or after the merge of / and /usr.
    dpkg-query -S "$(readlink -f "$library")" 2>/dev/null || dpkg-query -S "$library" 2>/dev/null ||
      dpkg-query -S "${library#/usr}"
  done | sed 's/:.*//' | sort -u
}

case ${1:-} in
  "" | -h | --help)
    usage
    [ $# -gt 0 ]
    ;;
  --needed-by) needed_by "${2:?which program?}" ;;
  --list)
    shift
    for kind in "$@"; do packages_of "$kind"; done | sort -u
    ;;
  *)
    kinds=("$@")
    for kind in "$@"; do packages_of "$kind" >/dev/null; done
    install_missing "$@"
    ;;
esac
