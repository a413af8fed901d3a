#!/usr/bin/env bash
# Fuzzes what reads bytes from workers, each target for some seconds:
#
#     scripts/fuzz.sh SECONDS [TARGET…]
#
# Builds with the stable compiler: the coverage that libFuzzer needs comes from LLVM, and the code under test has no
# `unsafe`, so that no sanitizer is needed. Starts from fuzz/seeds; inputs worth keeping go to fuzz/corpus, those that
# fail to fuzz/artifacts.
# `cargo fuzz run TARGET` runs the same targets where cargo-fuzz and a nightly compiler are installed.
set -euo pipefail
cd "$(dirname "$0")/.."

seconds=${1:-60}
shift || true
targets=("$@")
if [ ${#targets[@]} -eq 0 ]; then
    targets=(frame_reader name_server raw_json socket_address task_error)
fi

directory=${CARGO_TARGET_DIR:-target}/fuzz
host=$(rustc --version --verbose | sed --quiet 's/^host: //p')
RUSTFLAGS="-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table
    -Cllvm-args=-sanitizer-coverage-trace-compares --cfg=fuzzing -Ccodegen-units=1" \
    cargo build --release --locked --manifest-path fuzz/Cargo.toml --target-dir "$directory" --target "$host"

for target in "${targets[@]}"; do
    mkdir --parents "fuzz/corpus/$target" "fuzz/artifacts/$target"
    printf '\n%s\n' "$target"
    # The log says how each input came about; what counts is a failure, which fills its end, and the figures.
    log=$directory/$target.log
    "$directory/$host/release/$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=512 -print_final_stats=1 \
        -artifact_prefix="fuzz/artifacts/$target/" "fuzz/corpus/$target" "fuzz/seeds/$target" >"$log" 2>&1 || { tail -n 40 "$log"; exit 1; }
    grep --extended-regexp '^(Done|#[0-9]+\s+DONE|stat::peak)' "$log"
done
