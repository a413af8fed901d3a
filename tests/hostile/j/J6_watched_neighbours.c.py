# row: J6
# tries: to watch what its neighbours open
# expect: ok
# result: []
# denied: inotify_init1, fanotify_init, inotify_add_watch
import ctypes

libc = ctypes.CDLL(None, use_errno=True)
INOTIFY_INIT, INOTIFY_INIT1, FANOTIFY_INIT, FANOTIFY_MARK, ADD_WATCH = 253, 294, 300, 301, 254
calls = {"inotify": (INOTIFY_INIT1, 0), "old": (INOTIFY_INIT,), "fanotify": (FANOTIFY_INIT, 0, 0), "mark": (FANOTIFY_MARK, 3, 1, 1, -100, b"/usr"), "watch": (ADD_WATCH, 3, b"/usr", 1)}
return [name for name, call in calls.items() if libc.syscall(*call) != -1]
