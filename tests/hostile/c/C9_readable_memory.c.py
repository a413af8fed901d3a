# row: C9
# tries: to make its memory readable for a helper, which then reads it
# expect: ok
# result: {"dumpable": 0, "got through": [], "helper": 1}
# denied: prctl, process_vm_readv
import ctypes
import os

libc = ctypes.CDLL(None, use_errno=True)
PR_GET_DUMPABLE, PR_SET_DUMPABLE, PR_SET_PTRACER, READ_MEMORY = 3, 4, 0x59616D61, 310
got_through = []
if libc.prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) != -1:
    got_through.append("dumpable")
if libc.prctl(PR_SET_PTRACER, ctypes.c_ulong(-1), 0, 0, 0) != -1:
    got_through.append("tracer")
secret = ctypes.create_string_buffer(b"secret")
child = os.fork()
if child == 0:
    room = ctypes.create_string_buffer(7)
    local = (ctypes.c_size_t * 2)(ctypes.addressof(room), 6)
    remote = (ctypes.c_size_t * 2)(ctypes.addressof(secret), 6)
    count = libc.syscall(READ_MEMORY, os.getppid(), local, 1, remote, 1, 0)
    os._exit(0 if count > 0 else ctypes.get_errno())
status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
return {"dumpable": libc.prctl(PR_GET_DUMPABLE, 0, 0, 0, 0), "got through": got_through, "helper": status}
