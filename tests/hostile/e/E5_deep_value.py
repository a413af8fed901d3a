# row: E5
# tries: a result of a hundred thousand nested lists
# expect: RUNTIME_ERROR
value = []
for _ in range(100_000):
    value = [value]
return value
