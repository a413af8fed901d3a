# row: C15
# tries: to let a thread that is not a daemon go on after the code has ended
# expect: ok
# result: "the end of the code"
import threading


def spin():
    while True:
        pass


threading.Thread(target=spin, daemon=False).start()
return "the end of the code"
