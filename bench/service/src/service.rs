//! The service that is measured.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::client::Client;

/// The Nautilus task that is measured; for `node` alone it is a program like any other.
pub(crate) const TASK: &str = "console.log('hello');\n";

/// A running `stockade serve` with a folder of its own.
pub(crate) struct Service {
    pub(crate) address: SocketAddr,
    pub(crate) folder: tempfile::TempDir,
    process: Child,
}

impl Service {
    /// Starts it on a free port, and waits until its workers wait.
    pub(crate) async fn start(stockade: &Path, maximum_tasks: usize, maximum_queue: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let task = folder.path().join("tasks/nodejs-task");
        std::fs::create_dir_all(&task).unwrap();
        std::fs::write(task.join("package.json"), r#"{"name": "nodejs-task"}"#).unwrap();
        std::fs::write(task.join("index.js"), TASK).unwrap();
        let mut process = Command::new(std::path::absolute(stockade).unwrap())
            .args(["serve", "--listen", "127.0.0.1:0", "--tasks-dir", "tasks"])
            .env("STOCKADE_MAXIMUM_TASKS", maximum_tasks.to_string())
            .env("STOCKADE_MAXIMUM_QUEUE", maximum_queue.to_string())
            .current_dir(folder.path())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stderr.take().unwrap()).lines();
        let address = loop {
            let line = lines.next().unwrap_or_else(|| panic!("the service did not start")).unwrap();
            if let Some((_, address)) = line.split_once("http://") {
                break address.trim().parse().unwrap();
            }
        };
        // Its log goes on, and must not fill the pipe.
        std::thread::spawn(move || lines.for_each(drop));
        let service = Self { address, folder, process };
        service.all_waiting().await;
        service
    }

    /// Waits until both languages have all their workers.
    pub(crate) async fn all_waiting(&self) {
        let mut client = Client::connect(self.address).await;
        loop {
            let text = client.get("/metrics").await.body;
            let waiting = text.lines().filter(|line| line.starts_with("stockade_waiting_workers{"));
            if waiting.filter(|line| line.ends_with(" 4")).count() == 2 {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    }

    pub(crate) fn process(&self) -> u32 {
        self.process.id()
    }

    /// Stops it as an operator does.
    pub(crate) fn stop(mut self) {
        let stopped = Command::new("kill").arg(self.process.id().to_string()).status().unwrap();
        assert!(stopped.success());
        self.process.wait().unwrap();
    }
}

impl Drop for Service {
    /// A measurement that broke off leaves no service behind.
    fn drop(&mut self) {
        if matches!(self.process.try_wait(), Ok(None)) {
            // It ends meanwhile, or is gone already.
            let _ = self.process.kill();
            let _ = self.process.wait();
        }
    }
}
