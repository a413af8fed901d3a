# row: L12
# tries: to leave tasks of asyncio, threads and processes running after the code has returned
# expect: ok
# result: "returned"
import asyncio
import multiprocessing
import os
import threading


async def main():
    async def forever():
        while True:
            await asyncio.sleep(0.001)

    for _ in range(10):
        asyncio.ensure_future(forever())
    asyncio.get_running_loop().run_in_executor(None, threading.Event().wait, 0.01)
    return "returned"


def spin():
    while True:
        pass


loop = asyncio.SelectorEventLoop.__new__(asyncio.SelectorEventLoop)
threading.Thread(target=spin).start()
if os.fork() == 0:
    spin()
try:
    result = asyncio.run(main())
except OSError:
    result = "returned"
return result
