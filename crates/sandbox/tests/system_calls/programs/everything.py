"""What Python programs do, in one process and its children."""

import asyncio
import bz2
import concurrent.futures
import ctypes
import decimal
import fcntl
import hashlib
import json
import locale
import logging
import lzma
import mmap
import multiprocessing
import multiprocessing.shared_memory
import os
import pathlib
import platform
import pwd
import random
import resource
import secrets
import select
import shutil
import signal
import socket
import sqlite3
import stat
import subprocess
import sys
import tempfile
import threading
import time
import uuid
import zipfile
import zlib


def square(number):
    return number * number


def processes():
    assert subprocess.run(["/bin/sh", "-c", "cat; exit 3"], input=b"x", capture_output=True).returncode == 3
    assert subprocess.check_output("echo $((6 * 7))", shell=True, text=True) == "42\n"
    assert subprocess.run([sys.executable, "-c", "print(1)"], capture_output=True).stdout == b"1\n"
    child = subprocess.Popen(["sleep", "100"], start_new_session=True, preexec_fn=lambda: os.nice(1))
    child.terminate()
    assert child.wait() == -signal.SIGTERM
    assert os.waitpid(os.posix_spawn("/bin/true", ["true"], {}), 0)[1] == 0
    pid = os.fork()
    if pid == 0:
        os._exit(7)
    descriptor = os.pidfd_open(pid)
    assert os.waitid(os.P_PIDFD, descriptor, os.WEXITED).si_status == 7
    for method in ("fork", "spawn"):
        context = multiprocessing.get_context(method)
        with context.Pool(2) as pool:
            assert pool.map(square, range(5)) == [0, 1, 4, 9, 16]
        queue = context.Queue()
        queue.put({"a": 1})
        assert queue.get() == {"a": 1}
    ends = multiprocessing.Pipe()
    ends[0].send("through")
    assert ends[1].recv() == "through"
    memory = multiprocessing.shared_memory.SharedMemory(create=True, size=4096)
    memory.buf[0] = 1
    memory.close()
    memory.unlink()


def threads():
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        assert list(pool.map(square, range(4))) == [0, 1, 4, 9]
    event = threading.Event()
    timer = threading.Timer(0.01, event.set)
    timer.start()
    assert event.wait(5)
    if hasattr(os, "sched_getaffinity"):
        os.sched_setaffinity(0, os.sched_getaffinity(0))
    assert os.cpu_count()
    threading.stack_size(256 * 1024)
    thread = threading.Thread(target=lambda: time.sleep(0.001))
    thread.start()
    thread.join()


async def asynchronous():
    process = await asyncio.create_subprocess_exec("cat", stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    output, _ = await process.communicate(b"through")
    assert output == b"through"
    await asyncio.gather(*(asyncio.sleep(0.001) for _ in range(10)))
    assert await asyncio.get_running_loop().run_in_executor(None, square, 3) == 9
    left, right = socket.socketpair()
    near, far = await asyncio.open_connection(sock=left), await asyncio.open_connection(sock=right)
    far[1].write(b"line\n")
    assert await near[0].readline() == b"line\n"
    far[1].close()
    near[1].close()


def files():
    folder = pathlib.Path(tempfile.mkdtemp())
    (folder / "a" / "b").mkdir(parents=True)
    file = folder / "a" / "file"
    file.write_text("text", encoding="utf-8")
    shutil.copytree(folder / "a", folder / "copy")
    shutil.copy2(file, folder / "second")
    os.symlink("file", folder / "a" / "link")
    os.link(file, folder / "hard")
    os.mkfifo(folder / "fifo")
    assert stat.S_ISFIFO(os.stat(folder / "fifo").st_mode)
    os.chmod(file, 0o600)
    os.utime(file, (0, 0))
    os.truncate(file, 100)
    os.rename(file, folder / "renamed")
    with open(folder / "renamed", "r+b") as opened:
        fcntl.flock(opened, fcntl.LOCK_EX)
        fcntl.lockf(opened, fcntl.LOCK_EX)
        os.fsync(opened.fileno())
        os.posix_fallocate(opened.fileno(), 0, 8192)
        os.posix_fadvise(opened.fileno(), 0, 0, os.POSIX_FADV_SEQUENTIAL)
        with mmap.mmap(opened.fileno(), 8192) as mapped:
            mapped[0] = 65
            mapped.flush()
            mapped.madvise(mmap.MADV_DONTNEED)
        with open(folder / "sent", "wb") as target:
            os.sendfile(target.fileno(), opened.fileno(), 0, 10)
            os.copy_file_range(opened.fileno(), target.fileno(), 10)
    assert sorted(entry.name for entry in os.scandir(folder))
    os.statvfs(folder)
    try:
        os.setxattr(folder / "second", "user.key", b"value")
    except OSError:
        # The file system may not have them.
        pass
    with zipfile.ZipFile(folder / "archive.zip", "w") as archive:
        archive.write(folder / "second")
    with tempfile.TemporaryFile() as opened:
        opened.write(b"x")
    with sqlite3.connect(folder / "data.sqlite") as connection:
        connection.execute("pragma journal_mode=wal")
        connection.execute("create table numbers (value)")
        connection.executemany("insert into numbers values (?)", [(n,) for n in range(100)])
    assert connection.execute("select sum(value) from numbers").fetchone() == (4950,)
    connection.close()
    os.close(os.memfd_create("name"))
    os.umask(os.umask(0o22))
    shutil.rmtree(folder)


def waiting():
    reader, writer = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
    os.write(writer, b"x")
    assert select.select([reader], [], [], 1)[0]
    poll = select.poll()
    poll.register(reader, select.POLLIN)
    assert poll.poll(100)
    with select.epoll() as epoll:
        epoll.register(reader, select.EPOLLIN)
        assert epoll.poll(1)
    seen = []
    signal.signal(signal.SIGALRM, lambda *_: seen.append(1))
    signal.setitimer(signal.ITIMER_REAL, 0.01)
    signal.pause()
    assert seen
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
    os.kill(os.getpid(), signal.SIGUSR1)
    assert signal.sigtimedwait([signal.SIGUSR1], 1)
    left, right = socket.socketpair()
    left.settimeout(1)
    left.sendall(b"x")
    assert right.recv(1) == b"x"
    assert not os.isatty(0)
    os.get_inheritable(reader)
    os.set_blocking(reader, True)


def libraries():
    assert hashlib.sha256(b"").hexdigest().startswith("e3b0")
    hashlib.pbkdf2_hmac("sha256", b"a", b"b", 100)
    random.seed()
    secrets.token_bytes(16)
    uuid.uuid4()
    for module in (zlib, bz2, lzma):
        assert module.decompress(module.compress(b"a" * 1000)) == b"a" * 1000
    assert json.loads(json.dumps({"a": [1]})) == {"a": [1]}
    decimal.getcontext().prec = 50
    locale.setlocale(locale.LC_ALL, "")
    logging.getLogger().warning("to stderr")
    platform.machine()
    time.localtime()
    time.clock_gettime(time.CLOCK_MONOTONIC_RAW)
    time.process_time()
    resource.getrusage(resource.RUSAGE_SELF)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.getloadavg()
    os.sysconf("SC_PHYS_PAGES")
    os.times()
    os.uname()
    os.getgroups()
    pwd.getpwuid(0)
    ctypes.CDLL(None).getpid()
    import ssl

    ssl.create_default_context()


def packages():
    try:
        import numpy
        import pandas
    except ImportError:
        return
    matrix = numpy.random.default_rng().random((400, 400))
    assert (matrix @ matrix).shape == (400, 400)
    numpy.linalg.svd(matrix[:50, :50])
    frame = pandas.DataFrame({"key": list("abca"), "value": range(4)})
    assert frame.groupby("key").value.sum()["a"] == 3
    print("numpy and pandas", numpy.__version__, pandas.__version__)


if __name__ == "__main__":
    for part in (processes, threads, files, waiting, libraries, packages):
        part()
    asyncio.run(asynchronous())
    print("all is well")
