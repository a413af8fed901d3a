# row: D1
# tries: to write one file for ever
# expect: DISK_LIMIT_ERROR
# neighbour: yes
# cold: yes
with open("/tmp/full", "wb") as file:
    while True:
        file.write(b"x" * 65536)
