"""Mode n8n: the same answers as the official runner, except where better ones are given on purpose."""

import json
from pathlib import Path

import pytest
from n8n_tasks import ALL, DENIED_BUILTINS, messages, settings

FOLDER = Path(__file__).with_name("conformance")
GROUPS = json.loads((FOLDER / "cases.json").read_text())
DIFFERENCES = json.loads((FOLDER / "differences.json").read_text())
CASES = {
    case["name"]: (group["environment"], case)
    for group in GROUPS
    for case in group["cases"]
    if case["name"] not in DIFFERENCES["decidedOutside"]["cases"]
}
# The cases were recorded with CPython 3.13; a few of the interpreter's own texts differ in others.
RECORDED_WITH = (3, 13)
TEXTS_OF_THE_INTERPRETER = ("all.recursion", "w.stack_depth_traceback")


def run_case(zygote, environment, case):
    return zygote.worker().run(
        case["code"],
        json.dumps(case.get("items", [])).encode(),
        **settings(
            mode=case.get("nodeMode", ALL),
            fails=case.get("continueOnFail", False),
            query=case.get("query"),
            standard=environment.get("N8N_RUNNERS_STDLIB_ALLOW", ""),
            external=environment.get("N8N_RUNNERS_EXTERNAL_ALLOW", ""),
            denied=environment.get("N8N_RUNNERS_BUILTINS_DENY", DENIED_BUILTINS),
        ),
    )


@pytest.fixture(scope="module")
def n8n_zygote(interpreter, tmp_path_factory):
    """A zygote whose packages hold a stand-in for the one external package of the cases."""
    from supervisor import Zygote

    packages = tmp_path_factory.mktemp("packages")
    (packages / "websockets" / "asyncio").mkdir(parents=True)
    (packages / "websockets" / "__init__.py").write_text("")
    (packages / "websockets" / "asyncio" / "__init__.py").write_text("")
    (packages / "websockets" / "asyncio" / "client.py").write_text("import os, socket\n")
    zygote = Zygote(interpreter, {"packages": str(packages), "modes": ["n8n"]})
    yield zygote
    zygote.close()


@pytest.mark.parametrize("name", CASES)
def test_case(n8n_zygote, name):
    if name in TEXTS_OF_THE_INTERPRETER and n8n_zygote.version[:2] != RECORDED_WITH:
        pytest.skip("a text of CPython 3.13")
    environment, case = CASES[name]
    difference = DIFFERENCES["cases"].get(name)
    expected = difference["trace"] if difference else case["official"]
    assert messages(run_case(n8n_zygote, environment, case)) == expected


def test_differences_are_real():
    for name, difference in DIFFERENCES["cases"].items():
        assert difference["reason"] in DIFFERENCES["reasons"]
        assert difference["trace"] != CASES[name][1]["official"], name
