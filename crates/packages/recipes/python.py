"""Runs pip inside the walls: a task of Stockade, whose inputs are the variables `step`, `index`, `certificates`,
`requirements`, `constraints`, `locked` and `scripts`. Progress goes to stderr, the installed files as an archive to
stdout, and what they are is the result."""

import json
import os
import re
import subprocess
import sys
import tarfile
import urllib.parse
import urllib.request
from pathlib import Path

SET = Path("/tmp/set")
REPORT = Path("/tmp/report.json")
CERTIFICATES = Path("/tmp/certificates.pem")


def canonical(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def hosts():
    """The addresses of which the index says that files are there, without their paths."""
    import site
    import ssl

    context = ssl.create_default_context()
    if certificates:
        context.load_verify_locations(cadata=certificates)
    elif not context.get_ca_certs():
        # The authorities that pip itself goes by.
        site.main()
        from pip._vendor import certifi

        context.load_verify_locations(certifi.where())
    found = set()
    for requirement in requirements:
        name = re.match(r"[A-Za-z0-9._-]+", requirement)[0]
        page = urllib.parse.urljoin(index.rstrip("/") + "/", canonical(name) + "/")
        request = urllib.request.Request(page, headers={"Accept": "text/html"})
        try:
            with urllib.request.urlopen(request, context=context) as answer:
                text = answer.read().decode("utf-8", "replace")
        except urllib.error.HTTPError as error:
            if error.code == 404:
                raise RuntimeError(f"the index has no package `{name}`") from None
            raise
        for link in re.findall(r'href="([^"#]+)', text):
            parts = urllib.parse.urlsplit(urllib.parse.urljoin(page, link))
            found.add(f"{parts.scheme}://{parts.netloc}")
    return sorted(found)[:16]


def modules(distribution):
    """What code imports to use it."""
    found = set()
    for file in distribution.files or ():
        first = file.parts[0]
        if len(file.parts) > 1 and file.suffix in (".py", ".so") and first.isidentifier():
            found.add(first)
        elif len(file.parts) == 1 and file.suffix in (".py", ".so") and first.split(".")[0].isidentifier():
            found.add(first.split(".")[0])
    return sorted(found)


def described(item):
    """One package of pip's report."""
    download = item["download_info"]
    archive = download.get("archive_info") or {}
    hashes = dict(archive.get("hashes") or {})
    if not hashes and "=" in archive.get("hash", ""):
        algorithm, _, value = archive["hash"].partition("=")
        hashes[algorithm] = value
    metadata = item["metadata"]
    requires = [text for text in metadata.get("requires_dist") or () if not re.search(r"extra\s*==", text)]
    return {
        "name": canonical(metadata["name"]),
        "version": metadata["version"],
        "url": download["url"],
        "direct": bool(item.get("is_direct")),
        "sha256": hashes.get("sha256"),
        "requires": sorted({canonical(re.match(r"[A-Za-z0-9._-]+", text)[0]) for text in requires}),
    }


def install():
    import importlib.metadata

    environment = {
        "PATH": os.environ["PATH"],
        "HOME": "/tmp",
        "LANG": "C.UTF-8",
        "PIP_CONFIG_FILE": "/dev/null",
        "PIP_INDEX_URL": index,
    }
    # An interpreter that is shown elsewhere than it was installed has its library beside it; tasks do not see the
    # variable with which it was started.
    if sys.base_prefix != "/usr":
        environment["LD_LIBRARY_PATH"] = f"{sys.base_prefix}/lib"
    if certificates:
        CERTIFICATES.write_text(certificates)
        environment["PIP_CERT"] = str(CERTIFICATES)
    asked, kept = Path("/tmp/requirements.txt"), Path("/tmp/constraints.txt")
    asked.write_text("\n".join(requirements) + "\n")
    kept.write_text("\n".join(constraints) + "\n")
    SET.mkdir()
    options = ["--no-input", "--no-cache-dir", "--no-compile", "--disable-pip-version-check", "--progress-bar=off"]
    options += ["--no-warn-script-location", f"--target={SET}", f"--report={REPORT}", f"--requirement={asked}"]
    options += ["--require-hashes", "--no-deps"] if locked else [f"--constraint={kept}"]
    options += [] if scripts else ["--only-binary=:all:"]
    pip = subprocess.run([sys.executable, "-m", "pip", "install", *options], env=environment, stdout=2)
    if pip.returncode:
        raise RuntimeError(f"pip has failed with exit status {pip.returncode}")
    report = json.loads(REPORT.read_text())
    packages = [described(item) for item in report["install"]]
    installed = {
        canonical(distribution.metadata["Name"]): modules(distribution)
        for distribution in importlib.metadata.distributions(path=[str(SET)])
    }
    for package in packages:
        package["modules"] = installed.get(package["name"], [])

    def plain(member):
        member.uid = member.gid = 0
        member.uname = member.gname = ""
        return None if "__pycache__" in member.name.split("/") else member

    with open(1, "wb", closefd=False) as stdout, tarfile.open(fileobj=stdout, mode="w|") as archive:
        archive.add(SET, arcname=".", filter=plain)
    return {"packages": packages}


return hosts() if step == "hosts" else install()
