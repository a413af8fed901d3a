# row: C10
# tries: to protect itself from the kernel's choice when memory runs out, so that the supervisor goes first
# expect: ok
# result: []
import os

got_through = []
for path in ("/proc/self/oom_score_adj", f"/proc/{os.getpid()}/oom_score_adj", "/proc/1/oom_score_adj", "/proc/self/oom_adj"):
    try:
        with open(path, "w") as file:
            file.write("-1000")
        got_through.append(path)
    except OSError:
        pass
return got_through
