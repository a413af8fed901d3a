# row: B8
# tries: to exhaust the C stack through a recursion limit that it has lifted
# expect: RUNTIME_ERROR or MEMORY_ERROR
import sys

sys.setrecursionlimit(1 << 30)
sys.setswitchinterval(1e-6)


class Deep:
    def __getattr__(self, name):
        return getattr(self, name + "x"[:0])


Deep().start
