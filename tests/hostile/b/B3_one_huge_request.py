# row: B3
# tries: one request for ten gibibytes
# expect: MEMORY_ERROR
# cold: yes
bytes(10 << 30)
