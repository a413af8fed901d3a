# row: F9
# tries: to open files of the host by handle, around every path
# expect: ok
# result: []
# denied: name_to_handle_at, open_by_handle_at
import ctypes
import os

libc = ctypes.CDLL(None, use_errno=True)
NAME_TO_HANDLE, OPEN_BY_HANDLE = 303, 304
handle = (ctypes.c_uint32 * 34)(128)
mount = ctypes.c_int()
opened = []
if libc.syscall(NAME_TO_HANDLE, -100, b"/usr", handle, ctypes.byref(mount), 0) != -1:
    opened.append("name")
directory = os.open("/usr", os.O_RDONLY)
for inode in range(1, 30):
    handle = (ctypes.c_uint32 * 34)(8, 1, inode, 0)
    if libc.syscall(OPEN_BY_HANDLE, directory, handle, 0) != -1:
        opened.append(inode)
return opened
