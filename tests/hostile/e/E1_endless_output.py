# row: E1
# tries: to print for ever
# expect: OUTPUT_LIMIT_ERROR
# stdout: a line
# neighbour: yes
# cold: yes
while True:
    print("a line " * 1000)
