"""What deploy/ names is there: options, variables, settings, paths, metrics. The tests have no engine of containers."""

import configparser
import json
import re
import shlex
import shutil
import subprocess
import urllib.request

import pytest
import yaml
from service import PATIENCE, ROOT, serving, stockade

DEPLOY = ROOT / "deploy"
UNIT = DEPLOY / "stockade.service"

_FUNCTIONS = {"sum", "min", "max", "count", "rate", "by", "le", "or", "vector", "histogram_quantile"}
_DURATION = re.compile(r"(\d+)(ms|s|m|h)")
_SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600}


def seconds(text):
    text = str(text)
    return float(text) if text.isdigit() else sum(int(n) * _SECONDS[unit] for n, unit in _DURATION.findall(text))


def options(*subcommand):
    """The options that a subcommand has."""
    shown = stockade(*subcommand, "--help")
    assert shown.returncode == 0, f"there is no `stockade {' '.join(subcommand)}`: {shown.stderr}"
    return set(re.findall(r"--[a-z][a-z-]*", shown.stdout))


def check_command(words):
    """A command of the binary has a subcommand that there is, with options that it has."""
    subcommand = words[:2] if words[0] in ("keys", "config") else words[:1]
    given = {word.split("=")[0] for word in words if word.startswith("--")}
    assert given <= options(*subcommand), words


def known_variables():
    """Every variable that the binary reads."""
    text = stockade("config", "reference").stdout + stockade("runner", "--help").stdout
    text += stockade("serve", "--help").stdout
    return set(re.findall(r"\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b", text))


@pytest.fixture(scope="module")
def settings():
    """The settings of deploy/stockade.toml, as text."""
    shown = stockade("config", "show", "--configuration", DEPLOY / "stockade.toml")
    assert shown.returncode == 0, shown.stderr
    return dict(re.findall(r'^([\w.]+) = "?([^"#]*?)"?  # ', shown.stdout, flags=re.MULTILINE))


@pytest.fixture(scope="module")
def unit():
    parser = configparser.ConfigParser(interpolation=None, strict=True)
    parser.optionxform = str
    parser.read(UNIT)
    return parser


@pytest.fixture(scope="module")
def compose():
    return yaml.safe_load((DEPLOY / "compose.yaml").read_text())


def dockerfile():
    """Its instructions, continued lines joined: the name and the rest."""
    text = re.sub(r"^#.*\n", "", (DEPLOY / "Dockerfile").read_text(), flags=re.MULTILINE)
    lines = text.replace("\\\n", " ").splitlines()
    return [tuple(line.split(maxsplit=1)) for line in lines if line.strip()]


def test_the_unit_starts_what_there_is(unit, settings, tmp_path):
    service = unit["Service"]
    program, *words = shlex.split(service["ExecStart"])
    assert program == "/usr/local/bin/stockade"
    check_command(words)
    assert words[words.index("--configuration") + 1] == "/etc/stockade/stockade.toml"
    assert seconds(service["TimeoutStopSec"]) > seconds(settings["server.stop_deadline"])
    written = [settings["server.keys"], settings["server.audit_log"], service["WorkingDirectory"]]
    assert [path.split("/")[2] for path in written] == ["lib", "log", "lib"]
    assert service["StateDirectory"] == service["LogsDirectory"] == service["User"] == "stockade"
    assert (DEPLOY / "stockade.sysusers").read_text().splitlines()[-1].split()[:2] == ["u", "stockade"]

    verify = shutil.which("systemd-analyze")
    if verify:
        # It looks for the program, which is not installed here.
        copy = tmp_path / UNIT.name
        copy.write_text(UNIT.read_text().replace("/usr/local/bin/stockade ", "/bin/true "))
        said = subprocess.run([verify, "verify", copy], capture_output=True, text=True, check=False, timeout=PATIENCE)
        ours = [line for line in said.stderr.splitlines() if UNIT.name in line]
        assert not ours, ours


def test_the_walls_can_be_built_in_the_unit(unit):
    service = unit["Service"]
    assert "RestrictNamespaces" not in service
    assert "MemoryDenyWriteExecute" not in service
    assert "ProtectControlGroups" not in service
    assert {"cpu", "memory", "pids"} <= set(service["Delegate"].split())
    calls = service["SystemCallFilter"].split()
    assert {"@mount", "unshare", "setns", "pivot_root", "seccomp", "sethostname"} <= set(calls)


def test_the_image_is_built_from_what_there_is():
    stages, environment = set(), {}
    for name, rest in dockerfile():
        if name == "FROM":
            image, *alias = rest.split(" AS ")
            stages.update(alias)
            if image.startswith("rust:"):
                version = image.split(":")[1].split("-")[0]
                assert f'rust-version = "{version}"' in (ROOT / "Cargo.toml").read_text()
        elif name == "COPY":
            *sources, target = rest.split()
            stage = sources[0].removeprefix("--from=") if sources[0].startswith("--from=") else None
            if stage:
                assert stage in stages, stage
                assert sources[1].startswith("/source/target/release/stockade")
            else:
                assert all((ROOT / source).exists() for source in sources), sources
            assert target
        elif name == "ENV":
            environment.update(word.split("=", 1) for word in rest.split())
        elif name in ("ENTRYPOINT", "CMD"):
            words = json.loads(rest)
            if name == "CMD":
                check_command(words)
            else:
                assert words == ["stockade"]
        else:
            assert name in {"RUN", "WORKDIR", "EXPOSE", "STOPSIGNAL", "HEALTHCHECK"}, name
    assert set(environment) <= known_variables()
    copied = [rest.split()[1] for name, rest in dockerfile() if name == "COPY" and rest.startswith("deploy/")]
    assert environment["STOCKADE_CONFIGURATION"] in copied


def test_the_composition_names_what_there_is(compose, settings):
    known = known_variables()
    of_n8n = set(re.findall(r"`(N8N_[A-Z_0-9]+)`", (ROOT / "docs" / "n8n.md").read_text()))
    services = compose["services"]
    assert set(services) == {"n8n", "runner", "stockade"}
    for name, service in services.items():
        variables = set(service["environment"])
        assert variables <= (of_n8n if name == "n8n" else known), variables
        volumes = {volume.split(":")[0] for volume in service.get("volumes", [])}
        assert volumes <= set(compose["volumes"]), volumes
        assert set(service.get("depends_on", [])) <= set(services)
        if name != "n8n":
            check_command(service["command"])
            build = service["build"]
            assert (DEPLOY / build["context"] / build["dockerfile"]).resolve() == DEPLOY / "Dockerfile"
            assert seconds(service["stop_grace_period"]) > seconds(settings["server.stop_deadline"])
    folders = {volume.split(":")[1] for volume in services["stockade"]["volumes"]}
    assert {path.rsplit("/", 1)[0] for path in (settings["server.keys"], settings["server.audit_log"])} == folders


@pytest.mark.parametrize("path", sorted(path.name for path in DEPLOY.iterdir() if path.is_file()))
def test_commands_in_comments_are_right(path):
    text = (DEPLOY / path).read_text()
    comments = "\n".join(line.lstrip("# ") for line in text.splitlines() if line.lstrip().startswith("#"))
    for words in re.findall(
        r"(?:`stockade|--rm stockade|stockade stockade) ([a-z][^`\n]*)", comments.replace("\\\n", " ")
    ):
        check_command(shlex.split(words))


def metrics(address):
    """The names of the samples at `/metrics`, each with the labels that it has."""
    with urllib.request.urlopen(f"{address}/metrics", timeout=PATIENCE) as answer:
        text = answer.read().decode()
    found = {}
    for line in text.splitlines():
        sample = re.match(r"([a-z_]+)(?:\{(.*)\})? [-+.\dNaInf]", line)
        if sample:
            found.setdefault(sample[1], set()).update(re.findall(r"(\w+)=\"", sample[2] or ""))
    return found


def queries():
    """Every query of the dashboard, and the labels that its legend shows."""
    dashboard = json.loads((DEPLOY / "grafana" / "stockade.json").read_text())
    for panel in dashboard["panels"]:
        for target in panel["targets"]:
            legend = set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]))
            yield panel["title"], target["expr"], legend


def test_every_query_of_the_dashboard_is_of_a_metric_that_there_is(tmp_path):
    tasks = tmp_path / "tasks"
    tasks.mkdir()
    arguments = ("--tasks-dir", str(tasks), "--audit-log", "audit.jsonl", "--without-wall", "landlock")
    with serving(tmp_path, *arguments) as address:
        with urllib.request.urlopen(f"{address}/healthz", timeout=PATIENCE) as answer:
            assert answer.status == 200
        exposed = metrics(address)
    used = set()
    for title, query, legend in queries():
        assert query.count("(") == query.count(")"), (title, query)
        by = set(re.findall(r"\w+", " ".join(re.findall(r"by \(([^)]*)\)", query))))
        without_ranges = re.sub(r"by \([^)]*\)|\[[^\]]*\]", " ", query)
        names = set(re.findall(r"[a-z][a-z_]+", without_ranges)) - _FUNCTIONS
        assert names, (title, query)
        for name in names:
            assert name in exposed, f"{title}: there is no metric `{name}`"
            assert by <= exposed[name], f"{title}: `{name}` has no label of {by - exposed[name]}"
        assert legend <= by, (title, legend)
        used |= names
    # What is counted is shown.
    families = {re.sub(r"_(bucket|count|sum)$", "", name) for name in exposed}
    assert families == {re.sub(r"_bucket$", "", name) for name in used}
