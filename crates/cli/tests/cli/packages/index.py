"""A package index of the tests' own: serves a few packages, most of them hostile, to pip and to npm, and prints its
port. The first argument is a folder outside the walls where hostile packages try to leave a mark."""

import base64
import hashlib
import http.server
import io
import json
import sys
import tarfile
import zipfile

OUTSIDE = sys.argv[1]
FILES, PAGES, DOCUMENTS = {}, {}, {}

MARK = f"""
import os, socket
for path in ("{OUTSIDE}/python", "/etc/stockade-mark", "/usr/stockade-mark", "/stockade/stockade-mark"):
    try:
        open(path, "w").close()
        raise SystemExit("wrote " + path)
    except OSError:
        pass
try:
    socket.create_connection(("192.0.2.1", 80), 1)
    raise SystemExit("connected")
except OSError:
    pass
"""

MONKEY = """
import builtins, json, os, sys

def no(*arguments, **options):
    raise RuntimeError("patched")

json.dumps = json.dump = json.JSONEncoder.encode = no
builtins.repr = builtins.len = builtins.print = no
os.write = os._exit = sys.exit = no
sys.excepthook = sys.displayhook = no
for name, module in list(sys.modules.items()):
    if "zygote" in name or "harness" in name or name == "__main__":
        for key in list(vars(module)):
            if not key.startswith("__"):
                setattr(module, key, no)
"""


def wheel(name, version, files, requires=()):
    """Adds a wheel."""
    info = f"{name}-{version}.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    metadata += "".join(f"Requires-Dist: {requirement}\n" for requirement in requires)
    files = {
        **files,
        f"{info}/METADATA": metadata,
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    files[f"{info}/RECORD"] = "".join(f"{path},,\n" for path in files)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)
    add(name, f"{name}-{version}-py3-none-any.whl", buffer.getvalue())


def tarball(files):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for path, text in files.items():
            member = tarfile.TarInfo(path)
            member.size = len(text.encode())
            archive.addfile(member, io.BytesIO(text.encode()))
    return buffer.getvalue()


def add(name, file, contents):
    FILES[file] = contents
    PAGES.setdefault(name, []).append(file)


def python():
    wheel("plain", "1.0", {"plain/__init__.py": "value = 'plain'\n"})
    wheel("plain", "1.1", {"plain/__init__.py": "value = 'newer'\n"})
    wheel("needy", "1.0", {"needy.py": "import plain\nvalue = plain.value\n"}, ["plain<2"])
    wheel("from-git".replace("-", "_"), "1.0", {"a.py": ""}, ["b @ git+http://127.0.0.1/b.git"])
    wheel("from_path", "1.0", {"a.py": ""}, ["b @ file:///etc"])
    wheel("climbing", "1.0", {"../../../../../../climbed.py": "x = 1\n"})
    wheel("monkey", "1.0", {"monkey.py": MONKEY})
    backend = MARK + """
def build_wheel(folder, settings=None, metadata=None):
    import zipfile
    name = "building-1.0-py3-none-any.whl"
    with zipfile.ZipFile(folder + "/" + name, "w") as archive:
        archive.writestr("building.py", "value = 'built'\\n")
        archive.writestr("building-1.0.dist-info/METADATA", "Metadata-Version: 2.1\\nName: building\\nVersion: 1.0\\n")
        archive.writestr("building-1.0.dist-info/WHEEL",
            "Wheel-Version: 1.0\\nGenerator: x\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        archive.writestr("building-1.0.dist-info/RECORD", "building.py,,\\n")
    return name
"""
    project = '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
    project += '[project]\nname = "building"\nversion = "1.0"\n'
    source = {"pyproject.toml": project, "backend.py": backend}
    source["PKG-INFO"] = "Metadata-Version: 2.1\nName: building\nVersion: 1.0\n"
    add("building", "building-1.0.tar.gz", tarball({f"building-1.0/{path}": text for path, text in source.items()}))


def javascript(port):
    def package(name, version, text, **more):
        manifest = {"name": name, "version": version, "main": "index.js", **more}
        contents = tarball({"package/package.json": json.dumps(manifest), "package/index.js": text})
        file = f"{name}-{version}.tgz"
        FILES[file] = contents
        integrity = "sha512-" + base64.b64encode(hashlib.sha512(contents).digest()).decode()
        dist = {"tarball": f"http://127.0.0.1:{port}/files/{file}", "integrity": integrity}
        found = DOCUMENTS.setdefault(name, {"name": name, "dist-tags": {}, "versions": {}})
        found["dist-tags"]["latest"] = version
        found["versions"][version] = {**manifest, "dist": dist, "hasInstallScript": "scripts" in more}

    package("plain", "1.0.0", "module.exports = 'plain';")
    package("needy", "1.0.0", "module.exports = require('plain');", dependencies={"plain": "^1.0.0"})
    package("from-git", "1.0.0", "", dependencies={"b": "git+http://127.0.0.1/b.git"})
    package("from-path", "1.0.0", "", dependencies={"b": "file:/etc"})
    mark = "for (const p of ['%s/javascript', '/etc/stockade-mark']) try { fs.writeFileSync(p, ''); } catch {}" % OUTSIDE
    script = f"const fs = require('fs'); {mark} fs.writeFileSync('ran.js', 'module.exports = 1;')"
    package("scripted", "1.0.0", "module.exports = 'scripted';", scripts={"postinstall": f'node -e "{script}"'})


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        path = self.path.strip("/")
        name = path.rsplit("/", 1)[-1]
        status, kind, body = 404, "text/plain", b"nothing here"
        if path.startswith("simple/") and name in PAGES:
            links = "".join(f'<a href="/files/{file}">{file}</a>\n' for file in PAGES[name])
            status, kind, body = 200, "text/html", f"<!DOCTYPE html><html><body>{links}</body></html>".encode()
        elif path.startswith("files/") and name in FILES:
            status, kind, body = 200, "application/octet-stream", FILES[name]
        elif path == "change":
            # The same version with other contents.
            wheel("plain", "1.1", {"plain/__init__.py": "value = 'changed'\n"})
            status = 200
        elif path in DOCUMENTS:
            status, kind, body = 200, "application/json", json.dumps(DOCUMENTS[path]).encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
python()
# Names with both `-` and `_` are one.
PAGES["from-git"], PAGES["from-path"] = PAGES.pop("from_git"), PAGES.pop("from_path")
javascript(server.server_address[1])
print(server.server_address[1], flush=True)
server.serve_forever()
