# row: A6
# tries: to burn the time of many processors within its wall time
# expect: TIMEOUT_ERROR
# timeout: 1s
# processor-share: 1.5
# neighbour: yes
import os

for _ in range(20):
    if os.fork() == 0:
        break
while True:
    pass
