"""Plays the native library for the tests: a warmed zygote that forks workers on request.

Started as `python3 -I -B -S zygote_process.py ROOT SETTINGS` with the control socket as descriptor 0. The tests send
`F` together with three descriptors (stdout, stderr, frame socket) for a new worker, and get its process id; `W` and a
process id to wait for its end, and get how it ended and the page faults it took.
"""

import _socket
import array
import json
import os
import sys
from importlib.machinery import SourceFileLoader


def main():
    root, settings = sys.argv[1:]
    zygote = SourceFileLoader("zygote", root + "/zygote.py").load_module()
    start = zygote.load_harness(root)
    del sys.modules["zygote"]
    control = _socket.socket(fileno=os.dup(0))
    null = os.open("/dev/null", os.O_RDWR)
    os.dup2(null, 0)
    os.close(null)
    control.sendall(start.prepare(json.loads(settings)) + b"\n")
    while True:
        message, ancillary, _, _ = control.recvmsg(64, _socket.CMSG_LEN(12))
        if not message:
            os._exit(0)
        if message[:1] == b"F":
            fork(control, start, ancillary)
        else:
            wait(control, int(message[1:]))


def fork(control, start, ancillary):
    descriptors = array.array("i", ancillary[0][2])
    process = os.fork()
    if process == 0:
        control.close()
        for target, descriptor in zip((1, 2, 3), [os.dup2(d, d + 40) for d in descriptors], strict=False):
            os.dup2(descriptor, target)
        os.closerange(4, 200)
        os.chdir("/tmp")
        start.worker.run()
    for descriptor in descriptors:
        os.close(descriptor)
    control.sendall(b"%d\n" % process)


def wait(control, process):
    _, status, usage = os.wait4(process, 0)
    control.sendall(b"%d %d\n" % (os.waitstatus_to_exitcode(status), usage.ru_minflt))


main()
