# row: B10
# tries: to exhaust the kernel's objects: descriptors, mappings, timers, waiting signals, epoll entries
# expect: ok or MEMORY_ERROR
# timeout: 8s
# neighbour: yes
import ctypes
import mmap
import os
import select
import signal

libc = ctypes.CDLL(None, use_errno=True)
counts = {}


def exhaust(name, make):
    counts[name] = 0
    try:
        while counts[name] < 200_000 and make() is not False:
            counts[name] += 1
    except OSError:
        pass


signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
timer = ctypes.create_string_buffer(8)
exhaust("timers", lambda: libc.timer_create(1, None, timer) == 0)
exhaust("signals", lambda: libc.sigqueue(os.getpid(), signal.SIGRTMIN, None) == 0)
area = mmap.mmap(-1, 1 << 30, flags=mmap.MAP_SHARED | mmap.MAP_ANONYMOUS)
start = ctypes.addressof(ctypes.c_char.from_buffer(area))
places = iter(range(start, start + (1 << 30), 8192))
exhaust("mappings", lambda: libc.mprotect(ctypes.c_void_p(next(places)), ctypes.c_size_t(4096), 0) == 0)
poll = select.epoll()
exhaust("epoll", lambda: poll.register(os.eventfd(0)))
return counts
