# row: C1
# tries: the same with threads, whose error it does not catch
# expect: PROCESS_LIMIT_ERROR
import threading

stay = threading.Event()
while True:
    threading.Thread(target=stay.wait, daemon=True).start()
