#!/usr/bin/env bash
# Installs the programs that Stockade needs and this machine lacks, with Debian's apt:
#
#     scripts/install_missing.sh run     to build it and run tasks
#     scripts/install_missing.sh test    to run its tests, too
#
# What is there already stays as it is, wherever it came from.
set -euo pipefail

packages=()

# need PROGRAM PACKAGE…: the packages, if the program is not in PATH.
need() {
    local program=$1
    shift
    command -v "$program" >/dev/null || packages+=("$@")
}

need cc gcc libc6-dev
need python3 python3
need node nodejs
# Only for a build: npm fetches the packages that the JavaScript harness carries (luxon, jmespath, acorn).
need npm npm ca-certificates
if [ "${1:-run}" = test ]; then
    # The documentation shows them.
    need curl curl
    need jq jq
    need openssl openssl
    python3 -c 'import ensurepip' 2>/dev/null || packages+=(python3-venv)
fi

if [ ${#packages[@]} -eq 0 ]; then
    exit 0
fi
echo "missing on this machine: ${packages[*]}"

as_root=()
if [ "$(id -u)" -ne 0 ]; then
    as_root=(sudo)
fi
if ! command -v apt-get >/dev/null || { [ ${#as_root[@]} -gt 0 ] && ! command -v sudo >/dev/null; }; then
    echo "error: this machine has no apt-get, or no sudo to use it with" >&2
    echo "hint: install the equivalents of ${packages[*]}, and try again" >&2
    exit 1
fi
"${as_root[@]}" apt-get update --quiet --quiet
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install --yes --quiet --quiet --no-install-recommends "${packages[@]}"
