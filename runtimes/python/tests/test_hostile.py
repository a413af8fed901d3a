"""Code that fights the harness still ends with one clear answer (hostile.md, classes A, B, E, L)."""

import pytest


@pytest.mark.parametrize(
    "attack",
    [
        "import json, _json\njson.dumps = json.loads = None\njson.encoder.c_make_encoder = _json.make_encoder = None",
        "import builtins\nnames = vars(builtins)\nfor name in list(names):\n    names[name] = None",
        "import builtins\nvars(builtins).clear()",
        "import sys\nsys.stdout = sys.stderr = sys.__stdout__ = None",
        "import sys\nsys.stdout.close()\nsys.stderr.close()",
        "import sys\nclass Loop:\n    def flush(self): raise BaseException\nsys.stdout = Loop()",
        "import sys\nclass Odd:\n    def __eq__(self, other): raise KeyboardInterrupt\n    flush = None\nsys.stdout = sys.stderr = Odd()",
        "import os\nos.write = os.writev = os._exit = os.getpid = None",
        "import sys\nsys.modules.clear()",
        "import gc\ngc.disable = None\ngc.collect()",
        "import sys, _signal\nsys.settrace = sys.setprofile = sys.setrecursionlimit = _signal.pthread_sigmask = None",
        "import sys\nsys.setrecursionlimit(10**9)",
        "import traceback, linecache\ntraceback.TracebackException = linecache.getlines = None",
        "import sys\ndef hook(event, arguments):\n    raise RuntimeError('hook')\nsys.addaudithook(hook)",
        "import resource\nresource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))",
    ],
)
def test_overwritten_tools(run, attack):
    assert run(attack + "\nreturn {'answer': [42]}").value == {"answer": [42]}


def test_tools_overwritten_before_a_failure(run):
    code = (
        "import traceback, builtins\ntraceback.TracebackException = None\nbuiltins.str = None\nraise ValueError('told')"
    )
    error = run(code).error
    assert (error["code"], error["message"], error["line"]) == ("RUNTIME_ERROR", "told", 4)


def test_exceptions_with_odd_parts(run):
    code = """
class Text(str):
    def __len__(self): raise KeyboardInterrupt
class Odd(OSError):
    errno = []
    def __str__(self): return Text('told')
raise Odd()
"""
    error = run(code).error
    assert (error["code"], error["message"], error["line"]) == ("RUNTIME_ERROR", "told", 7)


@pytest.mark.parametrize("kind", ["settrace", "setprofile"])
def test_trace_functions_do_not_see_the_harness(run, kind):
    code = f"""
import sys
seen = []
def trace(frame, event, argument):
    print(frame.f_code.co_filename.rpartition('/')[2], frame.f_code.co_name)
    return trace
sys.{kind}(trace)
return 1
"""
    end = run(code)
    assert end.value == 1
    assert set(end.stdout.splitlines()) <= {
        "main.py <module>",
        "source.py run",
        "code_mode.py run",
        "aftermath.py take_back_control",
        "aftermath.py _insist",
    }


def test_trace_functions_that_raise(run):
    code = "import sys\ndef trace(*_):\n    raise ValueError('trace')\nsys.setprofile(trace)\nreturn 1"
    end = run(code)
    assert end.error is not None or end.value == 1


def test_monitoring_tools(run, zygote):
    if zygote.version < (3, 12):
        pytest.skip("sys.monitoring came with CPython 3.12")
    code = """
import sys
tools = sys.monitoring
tools.use_tool_id(3, 'x')
def line(code, number):
    if 'stockade' in code.co_filename and 'encode' in code.co_filename:
        raise ValueError('seen')
tools.register_callback(3, tools.events.LINE, line)
tools.set_events(3, tools.events.LINE)
return {1: 2}
"""
    assert run(code).value == {"1": 2}


def test_timers_do_not_reach_the_harness(run):
    code = """
import signal
def alarm(*_):
    raise ValueError('alarm')
signal.signal(signal.SIGALRM, alarm)
class Slow:
    def __str__(self):
        n = 0
        for i in range(300_000):
            n += i
        return 'slow'
signal.setitimer(signal.ITIMER_REAL, 0.02, 0.001)
return [Slow()]
"""
    end = run(code)
    assert end.error["message"] == "alarm" if end.error else end.value == ["slow"]


def test_threads_do_not_delay_the_end(run):
    code = "import threading, time\nthreading.Thread(target=time.sleep, args=(30,)).start()\nreturn 1"
    end = run(code)
    assert end.value == 1
    assert end.seconds < 5


def test_busy_threads_do_not_delay_the_end(run):
    code = "import threading\ndef spin():\n    while True: pass\nfor _ in range(3): threading.Thread(target=spin).start()\nreturn 1"
    assert run(code).value == 1


def test_threads_that_throw_into_the_main_thread(run):
    code = """
import ctypes, threading, time
main = threading.get_ident()
def throw():
    while True:
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(main), ctypes.py_object(KeyboardInterrupt))
        time.sleep(0.0001)
threading.Thread(target=throw, daemon=True).start()
while True:
    pass
"""
    end = run(code)
    assert end.error["code"] == "RUNTIME_ERROR"


def test_exit_handlers_and_finalisers_do_not_run(run):
    code = """
import atexit, time
class Slow:
    def __del__(self):
        time.sleep(30)
    def __str__(self):
        return 'slow'
def fail():
    keep = Slow()
    raise ValueError('x')
global kept
kept = Slow()
atexit.register(time.sleep, 30)
if fails:
    fail()
return [Slow()]
"""
    for fails in (False, True):
        end = run(code, {"fails": fails})
        assert end.error["message"] == "x" if fails else end.value == ["slow"]
        assert end.seconds < 5


def test_asyncio_tasks_left_behind(run):
    code = """
import asyncio
async def main():
    asyncio.create_task(asyncio.sleep(30))
    return 7
loop = asyncio.new_event_loop()
return loop.run_until_complete(main())
"""
    assert run(code).value == 7


def test_closed_descriptors_end_the_worker(zygote):
    from supervisor.worker import WorkerGone

    with pytest.raises(WorkerGone):
        zygote.worker().run("import os\nos.closerange(0, 10)\nreturn 1")


def test_a_forked_child_that_falls_through_says_nothing(run):
    code = "import os\nchild = os.fork()\nif child:\n    os.waitpid(child, 0)\nprint('child' if not child else 'parent')\nreturn 1"
    end = run(code)
    assert (end.value, end.stdout) == (1, "child\nparent\n")


def test_a_forked_child_that_fails_reports_on_stderr(run):
    code = "import os\nchild = os.fork()\nif not child:\n    raise ValueError('in the child')\nreturn os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])"
    end = run(code)
    assert end.value == 1
    assert end.stderr.startswith("Traceback (most recent call last):\n")
    assert end.stderr.endswith("ValueError: in the child\n")


def test_values_that_change_while_they_are_looked_at(run):
    code = """
class Odd(dict):
    count = 0
    def items(self):
        Odd.count += 1
        return [((1,), 2)] if Odd.count == 1 else [('a', 2)]
return Odd(a=1)
"""
    end = run(code)
    assert end.error is None or end.error["code"] == "RUNTIME_ERROR"


@pytest.mark.parametrize("method", ["__str__", "__iter__", "items"])
def test_values_that_exit(run, method):
    kind = "dict" if method == "items" else "object"
    code = (
        f"class Odd({kind}):\n    def {method}(self, *_):\n        raise SystemExit(0)\nreturn [Odd(a=1)]"
        if kind == "dict"
        else f"class Odd:\n    def {method}(self):\n        raise SystemExit(0)\nreturn [Odd()]"
    )
    end = run(code)
    assert end.error is None or end.error["code"] == "RUNTIME_ERROR"


def test_frames_of_the_harness_are_harmless(run):
    code = "import sys\nframe = sys._getframe()\nwhile frame.f_back:\n    frame = frame.f_back\nreturn frame.f_code.co_name"
    assert isinstance(run(code).value, str)
