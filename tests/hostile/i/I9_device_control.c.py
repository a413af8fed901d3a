# row: I9
# tries: the requests of drivers and file systems that ioctl(2) carries
# expect: ok
# result: []
# denied: ioctl
import ctypes
import os
import sys

libc = ctypes.CDLL(None, use_errno=True)
requests = {
    "TIOCSTI": 0x5412, "TIOCSETD": 0x5423, "FS_IOC_SETFLAGS": 0x40086602, "FS_IOC_GETFLAGS": 0x80086601,
    "FIFREEZE": 0xC0045877, "BLKRRPART": 0x125F, "TUNSETIFF": 0x400454CA, "VHOST_SET_OWNER": 0xAF01,
    "DRM_VERSION": 0xC0406400, "FIDEDUPERANGE": 0xC0189436, "FS_IOC_ENABLE_VERITY": 0x40806685, "FIBMAP": 1,
    "FIEMAP": 0xC020660B, "NS_GET_PARENT": 0xB702, "SIOCGIFCONF": 0x8912, "SIOCGIFHWADDR": 0x8927, "LOOP_CTL": 0x4C82,
    "RNDADDENTROPY": 0x40085203, "RNDGETENTCNT": 0x80045200, "KVM_CREATE_VM": 0xAE01, "SIOCATMARK": 0x8905,
}
descriptors = [0, 1, 3, os.open(sys.executable, os.O_RDONLY), os.open("/dev/urandom", os.O_RDONLY), os.open("/tmp/file", os.O_CREAT | os.O_RDWR)]
buffer = ctypes.create_string_buffer(4096)
return [
    name
    for name, request in requests.items()
    for descriptor in descriptors
    if libc.ioctl(descriptor, ctypes.c_ulong(request), buffer) != -1
]
