//! The binary `stockade` as a process that can be killed.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use crate::processes::{Process, descendants};

/// A running `stockade`, killed when it is dropped.
#[derive(Debug)]
pub struct Supervisor(pub Child);

impl Supervisor {
    /// Starts `stockade` with arguments; stdout and stderr are pipes.
    pub fn start(arguments: &[&str]) -> Self {
        let mut command = Command::new(binary());
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        Self(command.spawn().expect("`stockade` starts"))
    }

    /// Everything below it.
    pub fn below(&self) -> Vec<Process> {
        descendants(self.0.id())
    }
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The binary that was built beside these tests, or the one that `STOCKADE_BINARY` names.
pub fn binary() -> PathBuf {
    if let Some(path) = std::env::var_os("STOCKADE_BINARY") {
        return path.into();
    }
    let mut path = std::env::current_exe().unwrap();
    // target/debug/deps/walls-0123 stands beside target/debug/stockade.
    path.pop();
    path.pop();
    path.push("stockade");
    assert!(path.exists(), "no `{}`: build it with `cargo build -p stockade-cli`", path.display());
    path
}
