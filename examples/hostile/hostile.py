# stockade run examples/hostile/hostile.py
"""What the walls answer to a program that tries to get out.

Nothing here needs to be kept from running: every attempt is real, and fails.
"""

import os
import signal
import socket
import time


def read_passwords():
    return open("/etc/shadow").read()


def look_at_homes():
    return os.listdir("/home") + os.listdir("/root")


def read_secrets_of_the_environment():
    names = [name for name in os.environ if name not in ("PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TZ")]
    return names or "nothing to steal"


def call_home():
    return socket.create_connection(("203.0.113.1", 443), timeout=2)


def listen_for_orders():
    server = socket.socket()
    server.bind(("0.0.0.0", 4444))
    return server


def see_other_processes():
    return os.listdir("/proc")


def change_the_interpreter():
    return open(os.__file__, "a")


def leave_a_file_behind():
    open("/usr/local/bin/backdoor", "w").write("#!/bin/sh\n")


def become_root_outside():
    os.chroot("/tmp")


def change_the_clock():
    time.clock_settime(time.CLOCK_REALTIME, 0)


def fork_without_end():
    children = 0
    try:
        while children < 1000:
            if os.fork() == 0:
                signal.pause()
            children += 1
    except OSError as error:
        raise OSError(error.errno, f"{error.strerror} (after {children} processes, which end with this task)") from None
    return f"{children} processes"


attempts = [
    read_passwords,
    look_at_homes,
    read_secrets_of_the_environment,
    call_home,
    listen_for_orders,
    see_other_processes,
    change_the_interpreter,
    leave_a_file_behind,
    become_root_outside,
    change_the_clock,
    fork_without_end,
]

answers = {}
for attempt in attempts:
    name = attempt.__name__.replace("_", " ")
    try:
        answers[name] = str(attempt())
    except (OSError, ImportError) as error:
        answers[name] = f"{type(error).__name__}: {error}"
    print(f"{name:<34}{answers[name]}")

return answers
