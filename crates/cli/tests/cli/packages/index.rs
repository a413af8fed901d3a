//! The index of the tests, and a workspace whose clients are configured with it.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::support::{Finished, Workspace};

/// Serves until it is dropped.
pub(super) struct Index {
    server: Child,
    port: u16,
    workspace: Workspace,
}

impl Index {
    pub(super) fn start() -> Self {
        let workspace = Workspace::new();
        fs::create_dir(workspace.path().join("outside")).unwrap();
        let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/packages/index.py");
        let mut server = Command::new("python3")
            .arg(program)
            .arg(workspace.path().join("outside"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut port = String::new();
        BufReader::new(server.stdout.take().unwrap()).read_line(&mut port).unwrap();
        Self { server, port: port.trim().parse().unwrap(), workspace }
    }

    pub(super) fn path(&self) -> &Path {
        self.workspace.path()
    }

    pub(super) fn write(&self, name: &str, content: &str) {
        self.workspace.write(name, content);
    }

    /// `stockade packages` with clients that know this index and no other.
    pub(super) fn packages(&self, arguments: &[&str]) -> Finished {
        self.stockade("packages", arguments)
    }

    pub(super) fn run(&self, arguments: &[&str]) -> Finished {
        self.stockade("run", arguments)
    }

    fn stockade(&self, command: &str, arguments: &[&str]) -> Finished {
        self.workspace.finish(&mut self.command(&[&[command], arguments].concat()))
    }

    /// `stockade` with clients that know this index and no other, not yet started.
    pub(super) fn command(&self, arguments: &[&str]) -> Command {
        let address = format!("http://127.0.0.1:{}", self.port);
        let mut command = self.workspace.command(arguments);
        command
            .env("STOCKADE_PACKAGE_STORE", self.store())
            .env("PIP_INDEX_URL", format!("{address}/simple/"))
            .env("npm_config_registry", format!("{address}/"))
            .env("npm_config_userconfig", "/dev/null")
            .env_remove("PIP_EXTRA_INDEX_URL");
        command
    }

    fn store(&self) -> PathBuf {
        self.path().join("store")
    }

    /// As on a machine where nothing is installed.
    pub(super) fn forget(&self) {
        fs::remove_dir_all(self.store()).unwrap();
    }

    /// Other contents for an installed file.
    pub(super) fn damage(&self, file: &str) {
        let set = fs::read_dir(self.store().join("sets")).unwrap().next().unwrap().unwrap().path();
        let path = set.join("tree").join(file);
        fs::remove_file(&path).unwrap();
        fs::write(path, "value = 'damaged'").unwrap();
    }

    /// Other contents for a version that is known.
    pub(super) fn change(&self) {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.write_all(b"GET /change HTTP/1.1\r\nHost: index\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }

    /// No package has left a mark where it must not write.
    #[track_caller]
    pub(super) fn assert_untouched(&self) {
        assert_eq!(fs::read_dir(self.path().join("outside")).unwrap().count(), 0);
        for path in ["/etc/stockade-mark", "/usr/stockade-mark", "/stockade"] {
            assert!(!Path::new(path).exists(), "{path}");
        }
    }
}

impl Drop for Index {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}
