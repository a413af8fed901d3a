# row: B7
# tries: memory that cannot be reclaimed: locked pages and huge pages
# expect: ok
# result: []
# denied: mlock, mlockall, mlock2, mmap, memfd_create
import ctypes

libc = ctypes.CDLL(None, use_errno=True)
page = ctypes.create_string_buffer(4096)
PRIVATE_ANONYMOUS, MAP_LOCKED, MAP_HUGETLB, MFD_HUGETLB, SHM_HUGETLB = 0x22, 0x2000, 0x40000, 4, 0o4000
length = ctypes.c_size_t(2 << 20)
calls = {
    "mlock": (149, page, 4096),
    "mlockall": (151, 3),
    "mlock2": (325, page, 4096, 1),
    "locked": (9, None, length, 3, PRIVATE_ANONYMOUS | MAP_LOCKED, -1, 0),
    "huge": (9, None, length, 3, PRIVATE_ANONYMOUS | MAP_HUGETLB, -1, 0),
    "memfd": (319, page, MFD_HUGETLB),
    "shmget": (29, 1, length, 0o1600 | SHM_HUGETLB),
}
return [name for name, call in calls.items() if libc.syscall(*call) != -1]
