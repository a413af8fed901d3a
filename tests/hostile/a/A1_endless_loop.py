# row: A1
# tries: a loop that never ends
# expect: TIMEOUT_ERROR
# timeout: 300ms
# stdout: printed before the loop
# neighbour: yes
# cold: yes
print("printed before the loop")
while True:
    pass
