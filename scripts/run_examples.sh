#!/usr/bin/env bash
# Runs every example on its real input and shows what happens, each command first:
#
#     scripts/run_examples.sh [DIRECTORY OF stockade]
#
# Stops at the first one that fails.
set -euo pipefail
cd "$(dirname "$0")/.."

PATH="$(realpath "${1:-target/release}"):$PATH"
results=$(mktemp --directory)
trap 'rm -r "$results"' EXIT

bold='' plain=''
if [ -t 1 ]; then
    bold=$'\033[1m' plain=$'\033[0m'
fi

say() {
    printf '\n%s%s%s\n' "$bold" "$*" "$plain"
}

# show COMMAND: the command as a person would type it, and what it does.
show() {
    printf '\n$ %s\n' "$1"
    (cd "$results" && eval "$1")
}

ln --symbolic "$PWD/examples" "$results/examples"

say 'The walls of this machine'
show 'stockade doctor'

say '3,000 orders, in Python: what the code prints goes to stderr, what it returns to stdout'
show 'stockade run examples/orders/summary.py --inputs examples/orders/orders.json > summary.json'
show "echo 'return top_customers' | stockade run - --language python --inputs summary.json"

say 'The same in JavaScript'
show 'stockade run examples/orders/summary.js --inputs examples/orders/orders.json 2>/dev/null > summary-js.json'
show "echo 'return top_customers' | stockade run - --language javascript --inputs summary-js.json"

say 'An access log of 900 requests'
show 'stockade run examples/logs/access_log.js --inputs examples/logs/access_log.json --timeout 5'

say 'Programs that try to get out'
show 'stockade run examples/hostile/hostile.py > /dev/null'
show 'stockade run examples/hostile/hostile.js > /dev/null'

say 'Node.js task directories, CommonJS and ES modules'
show 'stockade task examples/task-hello -- Ada Grace'
show 'stockade task examples/task-esm --json -- 30'

say 'A custom runtime: bash, in the same walls'
show 'stockade run examples/custom/words.sh --configuration examples/custom/stockade.toml'
