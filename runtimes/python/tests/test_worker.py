"""The life of a worker: randomness, environment, warmth, the settings of a task."""

import pytest
from supervisor import Zygote


def test_hello(zygote):
    assert zygote.hello["language"] == "python"
    assert zygote.hello["missing"] == []


@pytest.mark.parametrize(
    "code",
    [
        "import random\nreturn random.random()",
        "import tempfile\nreturn next(tempfile._get_candidate_names())",
        "import uuid\nreturn [str(uuid.uuid1()), str(uuid.uuid4())]",
        "import secrets\nreturn secrets.token_hex()",
    ],
)
def test_no_two_workers_share_randomness(zygote, code):
    assert len({zygote.worker().run(code).result for _ in range(3)}) == 3


def test_modules_with_their_own_generator_are_seeded(zygote_with, tmp_path):
    package = tmp_path / "numpy"
    (package / "random").mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "random" / "__init__.py").write_text(
        "import os\nstate = 1\ndef seed():\n    global state\n    state = os.urandom(8).hex()\n"
    )
    zygote = zygote_with({"packages": str(tmp_path), "preload": ["numpy.random", "tempfile", "uuid"]})
    code = "import numpy.random\nreturn numpy.random.state"
    assert len({zygote.worker().run(code).result for _ in range(3)}) == 3


def test_preload(zygote_with, tmp_path):
    (tmp_path / "good.py").write_text("import os\nvalue = os.environ['OPENBLAS_NUM_THREADS']")
    (tmp_path / "bad.py").write_text("raise SystemExit('no')")
    zygote = zygote_with({"packages": str(tmp_path), "preload": ["good", "bad", "json.tool", "not_there"]})
    assert zygote.hello["missing"] == [
        "bad: SystemExit: no",
        "not_there: ModuleNotFoundError: No module named 'not_there'",
    ]
    end = zygote.worker().run(
        "import sys, os\nreturn ['good' in sys.modules, __import__('good').value, sorted(os.environ)]"
    )
    assert end.value == [True, "1", ["HOME", "LANG", "PATH", "TZ"]]


def test_threads_of_libraries_are_one_unless_the_operator_says_so(zygote_with, tmp_path):
    (tmp_path / "threads.py").write_text(
        "import os\nvalue = [os.environ[name] for name in ('OMP_NUM_THREADS', 'OPENBLAS_NUM_THREADS')]"
    )
    settings = {"packages": str(tmp_path), "preload": ["threads"]}
    code = "import threads\nreturn threads.value"
    assert zygote_with(settings).worker().run(code).value == ["1", "1"]
    assert zygote_with(settings, {"OMP_NUM_THREADS": "3"}).worker().run(code).value == ["3", "1"]


def test_frames_of_packages_are_left_out(zygote_with, tmp_path):
    (tmp_path / "package.py").write_text("def fail():\n    raise ValueError('inside')")
    zygote = zygote_with({"packages": str(tmp_path)})
    error = zygote.worker().run("import package\npackage.fail()").error
    assert (error["line"], error["stack"].count("File ")) == (2, 1)


def test_environment(run):
    end = run(
        "import os, time\nreturn [os.environ['COLOUR'], os.environ['HOME'], time.strftime('%Z', time.localtime(0))]",
        environment={"COLOUR": "grün", "TZ": "Europe/Berlin"},
    )
    assert end.value == ["grün", "/tmp", "CET"]


@pytest.mark.parametrize("environment", [[1], {"A": 1}, {"A=B": "x"}, {"A": "\0"}])
def test_wrong_environment(run, environment):
    assert run("return 1", environment=environment).error["code"] == "VALIDATION_ERROR"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (b"{}", "The setting 'mode' must be text"),
        (b'{"mode": "directory"}', "Python has no mode 'directory'"),
        (b'{"mode": "code", "file": 1}', "The setting 'file' must be text"),
        (b"[]", "The settings must be a JSON object"),
        (b"{", None),
    ],
)
def test_wrong_settings(zygote, settings, message):
    error = zygote.worker().run_raw(settings, "return 1").error
    assert error["code"] == "VALIDATION_ERROR"
    assert message is None or error["message"] == message


def test_arguments_are_the_display_name(run):
    assert run("import sys\nreturn sys.argv", file="orders.py").value == ["orders.py"]


def test_a_worker_without_a_supervisor_leaves(zygote):
    worker = zygote.worker()
    worker.disconnect()
    assert worker.end_status() == 0


def test_cycles_are_collected_while_code_runs(run):
    code = "import gc\nclass Node:\n    pass\nfor _ in range(50_000):\n    n = Node()\n    n.me = n\nreturn gc.isenabled() and len(gc.get_objects()) < 50_000"
    assert run(code).value is True


@pytest.mark.parametrize(
    ("code", "inputs"),
    [("return x + 1", {"x": 1}), ("print('hello')", None), ("return {'a': [1, 2.5, None, 'text']}", None)],
)
def test_a_trivial_task_costs_few_page_faults(zygote, code, inputs):
    faults = sorted(zygote.worker().run(code, inputs).faults for _ in range(7))
    assert faults[3] < 40, faults


def test_the_zygote_is_small(interpreter):
    zygote = Zygote(interpreter)
    try:
        with open(f"/proc/{zygote.process_id}/smaps_rollup") as file:
            resident = next(int(line.split()[1]) for line in file if line.startswith("Rss:"))
    finally:
        zygote.close()
    assert resident < 15_500, f"{resident} kB"


@pytest.mark.parametrize("modes", [[], ["code"], ["n8n"], ["code", "n8n", "later"]])
def test_modes_that_are_not_rehearsed_run_too(zygote_with, modes):
    zygote = zygote_with({"modes": modes})
    assert zygote.worker().run("return x", {"x": 1}).value == 1
    assert zygote.worker().run("return _items", [1], mode="n8n").value == {"result": [1]}


def test_rehearsals_leave_nothing_behind(run):
    code = """
import importlib, linecache, os, sys
guarded = "stockade" in importlib.import_module.__code__.co_filename
return [sorted(os.environ), list(linecache.cache), sys.stderr is sys.__stderr__, guarded]
"""
    assert run(code).value == [["HOME", "LANG", "PATH", "TZ"], ["main.py"], True, False]


def test_signals_are_not_blocked_in_user_code(run):
    assert run("import signal\nreturn len(signal.pthread_sigmask(signal.SIG_BLOCK, []))").value == 0
