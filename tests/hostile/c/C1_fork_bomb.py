# row: C1
# tries: the classic fork bomb that swallows every error
# expect: PROCESS_LIMIT_ERROR
# neighbour: yes
# cold: yes
import os

while True:
    try:
        os.fork()
    except OSError:
        pass
