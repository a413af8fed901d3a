# stockade run examples/custom/words.sh --configuration examples/custom/stockade.toml
# The longest words of this file. A custom runtime is a program without a result: its stdout is ours.
tr -cs '[:alpha:]' '\n' < "$0" | sort -u | awk '{ print length, $0 }' | sort -rn | head -3
