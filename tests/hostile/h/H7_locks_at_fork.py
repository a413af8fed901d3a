# row: H7
# tries: to meet a lock or a thread pool that was held in the zygote when it was forked
# expect: ok
# result: [45, 45, "ok", 64, "done"]
import concurrent.futures
import importlib
import logging
import multiprocessing.pool
import queue
import ssl
import threading

with concurrent.futures.ThreadPoolExecutor(8) as pool:
    first = sum(pool.map(lambda number: number, range(10)))
with multiprocessing.pool.ThreadPool(4) as pool:
    second = sum(pool.map(int, range(10)))
logging.getLogger().warning("locked?")
importlib.reload(queue)
ssl.create_default_context()
lock, counted = threading.RLock(), []


def count():
    with lock:
        counted.append(bytes(1 << 16))


threads = [threading.Thread(target=count) for _ in range(16)]
for _ in range(4):
    threads = [threading.Thread(target=count) for _ in range(16)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
waiting = queue.Queue()
threading.Thread(target=waiting.put, args=("done",)).start()
return [first, second, "ok", len(counted), waiting.get(timeout=5)]
