# row: J1
# tries: to meet another task in objects that are named by a key: shared memory, semaphores, message queues
# expect: ok
# result: []
# denied: shmget, semget, msgget, mq_open
# roles: one with other
import ctypes
import mmap

libc = ctypes.CDLL(None, use_errno=True)
SHMGET, SEMGET, MSGGET, MQ_OPEN, KEY, CREATE = 29, 64, 68, 240, 0x53544B44, 0o1666
opened = []
for name, *call in (
    ("shm", SHMGET, KEY, 4096, CREATE),
    ("sem", SEMGET, KEY, 1, CREATE),
    ("msg", MSGGET, KEY, CREATE),
    ("mq", MQ_OPEN, b"/meeting", 0o102, 0o666, None),
):
    if libc.syscall(*call) != -1:
        opened.append(name)
from multiprocessing import shared_memory

try:
    shared_memory.SharedMemory("meeting", create=True, size=4096)
except FileExistsError:
    opened.append("posix")
except OSError:
    pass
return opened
