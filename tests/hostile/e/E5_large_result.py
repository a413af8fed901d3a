# row: E5
# tries: a result that is larger than the limit
# expect: OUTPUT_LIMIT_ERROR
return "x" * (4 << 20)
