# row: A10
# tries: to keep its worker busy after the result: exit hooks, finalisers and a thread that spin
# expect: ok
# result: "accepted once"
import atexit
import threading
import weakref


def spin(*_):
    while True:
        pass


class Slow:
    __del__ = spin


global keep
keep = Slow()
atexit.register(spin)
weakref.finalize(keep, spin)
threading.Thread(target=spin, daemon=False).start()
return "accepted once"
