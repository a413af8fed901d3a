# row: D1
# tries: to write file after file
# expect: DISK_LIMIT_ERROR
number = 0
while True:
    number += 1
    with open(f"/dev/shm/{number}", "wb") as file:
        file.write(b"x" * (1 << 20))
