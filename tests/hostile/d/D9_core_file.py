# row: D9
# tries: to leave a giant core file
# expect: ok
# result: []
import os
import resource
import signal

resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
os.chdir("/tmp")
for program in (["python3", "-c", "import os; os.abort()"], ["sh", "-c", "kill -SEGV $$"]):
    child = os.fork()
    if child == 0:
        os.execvp(program[0], program)
    os.waitpid(child, 0)
child = os.fork()
if child == 0:
    os.kill(os.getpid(), signal.SIGQUIT)
os.waitpid(child, 0)
return [name for name in os.listdir("/tmp") if "core" in name]
