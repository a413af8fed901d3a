"""Fixtures: one warmed zygote per test session, and a fresh worker per task."""

import sys

import pytest
from supervisor import Zygote


def pytest_addoption(parser):
    parser.addoption("--interpreter", default=sys.executable, help="the Python that runs the harness")


@pytest.fixture(scope="session")
def interpreter(pytestconfig):
    return pytestconfig.getoption("--interpreter")


@pytest.fixture(scope="session")
def zygote(interpreter):
    zygote = Zygote(interpreter)
    yield zygote
    zygote.close()


@pytest.fixture
def zygote_with(interpreter):
    """Zygotes with settings of their own."""
    started = []

    def start(settings, environment=None):
        started.append(Zygote(interpreter, settings, environment))
        return started[-1]

    yield start
    for zygote in started:
        zygote.close()


@pytest.fixture
def run(zygote):
    """Run one task in a worker of its own."""

    def run(code, inputs=None, **settings):
        return zygote.worker().run(code, inputs, **settings)

    return run
