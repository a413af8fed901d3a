"""Packages that are preloaded: the first use of those that gain by it."""

USED = """
class DataFrame:
    uses = []

    def __init__(self, rows):
        self.rows = rows

    def describe(self):
        self.uses.append(len(self.rows))
        return self

    def to_dict(self, form):
        return [form]
"""


def zygote_of(zygote_with, folder, text):
    (folder / "pandas.py").write_text(text)
    return zygote_with({"packages": str(folder), "preload": ["pandas"]})


def test_a_preloaded_package_is_used_before_the_task(zygote_with, tmp_path):
    zygote = zygote_of(zygote_with, tmp_path, USED)
    uses = zygote.worker().run("import pandas\nreturn len(pandas.DataFrame.uses)").value
    assert uses >= 3


def test_a_package_that_cannot_be_used_is_left_alone(zygote_with, tmp_path):
    zygote = zygote_of(zygote_with, tmp_path, "def DataFrame(rows):\n    raise ValueError(rows)\nvalue = 7")
    assert zygote.worker().run("import pandas\nreturn pandas.value").value == 7


def test_a_package_that_is_not_preloaded_is_not_loaded(run):
    assert run("import sys\nreturn 'pandas' in sys.modules").value is False
