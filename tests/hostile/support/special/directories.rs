//! Task directories: names that lead elsewhere, entry points that are none, files that want to be loaded.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use stockade_engine::Engine;
use stockade_protocol::{ErrorCode, Language, Program, Task};
use stockade_tests::{Footprint, Report, code, configuration, run, settle, start};
use tempfile::TempDir;

use crate::judge::transcript;
use crate::play::quiet;

/// A folder with task directories, a folder beside it, and an engine that may only see the first.
struct Place {
    folder: TempDir,
    engine: Engine,
    before: Footprint,
}

impl Place {
    async fn new(other: &Engine) -> Result<Self, String> {
        let before = quiet(other).await;
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), "outside/index.js", "console.log('escaped')");
        write(folder.path(), "tasks/good/index.js", "console.log('good')");
        let mut configuration = configuration(&[Language::JavaScript]);
        configuration.task_directory = Some(folder.path().join("tasks"));
        Ok(Self { engine: start(configuration).await?, folder, before })
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        write(&self.folder.path().join("tasks"), name, text)
    }

    async fn run(&self, path: &str) -> Report {
        let program = Program::Directory { path: path.into(), arguments: Vec::new() };
        run(&self.engine, Task { program, ..code(&Language::JavaScript, "") }).await
    }

    async fn end(self) -> Result<(), String> {
        let report = self.run("good").await;
        if report.outcome.result.is_err() || report.stdout != b"good\n" {
            return Err(format!("the next directory fails:\n{}", transcript(&report)));
        }
        self.engine.stop().await;
        drop(self.engine);
        settle(None, &self.before, 0).await
    }
}

fn write(folder: &Path, name: &str, text: &str) -> PathBuf {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, text).unwrap();
    path
}

fn typed(report: &Report, what: &str) -> Result<(), String> {
    let right =
        [ErrorCode::ValidationError, ErrorCode::RuntimeError, ErrorCode::PermissionError, ErrorCode::SyntaxError];
    let shown = [&report.stdout[..], &report.stderr].concat();
    let escaped = String::from_utf8_lossy(&shown).contains("escaped");
    if report.code().is_some_and(|code| right.contains(&code)) && !escaped {
        return Ok(());
    }
    Err(format!("{what}:\n{}", transcript(report)))
}

/// Names that are not below the folder of task directories.
pub(super) async fn outside(engine: &Engine) -> Result<(), String> {
    let place = Place::new(engine).await?;
    let tasks = place.folder.path().join("tasks");
    symlink("../outside", tasks.join("link")).unwrap();
    symlink(place.folder.path().join("outside"), tasks.join("absolute-link")).unwrap();
    symlink("loop", tasks.join("loop")).unwrap();
    let absolute = place.folder.path().join("outside").display().to_string();
    for path in [
        "../outside",
        "good/../../outside",
        "/",
        "/etc",
        &absolute,
        "link",
        "absolute-link",
        "loop",
        "none",
        "",
        ".",
        "good/index.js",
        "good\0/../../outside",
    ] {
        typed(&place.run(path).await, path)?;
    }
    place.end().await
}

/// Entry points that cannot be run.
pub(super) async fn entries(engine: &Engine) -> Result<(), String> {
    let place = Place::new(engine).await?;
    let tasks = place.folder.path().join("tasks");
    for name in ["missing", "fifo", "directory/index.js"] {
        fs::create_dir_all(tasks.join(name)).unwrap();
    }
    rustix::fs::mknodat(rustix::fs::CWD, tasks.join("fifo/index.js"), rustix::fs::FileType::Fifo, 0o666.into(), 0)
        .unwrap();
    place.write("binary/index.js", "\u{7f}ELF\u{2}\u{1}\0\0\0");
    place.write("other/package.json", "{\"main\": \"../../outside/index.js\"}");
    place.write("broken/package.json", "{");
    place.write("broken/index.js", "import 'x' from;");
    symlink("../../outside/index.js", place.write("linked/package.json", "{}").with_file_name("index.js")).unwrap();
    for name in ["missing", "directory", "binary", "other", "broken", "linked"] {
        typed(&place.run(name).await, name)?;
    }
    // Reading a FIFO that nobody writes to blocks: the time limit is there for that.
    let program = Program::Directory { path: "fifo".into(), arguments: Vec::new() };
    let mut task = Task { program, ..code(&Language::JavaScript, "") };
    task.limits.timeout = std::time::Duration::from_millis(500);
    let report = run(&place.engine, task).await;
    if !matches!(report.code(), Some(ErrorCode::TimeoutError | ErrorCode::RuntimeError | ErrorCode::ValidationError)) {
        return Err(transcript(&report));
    }
    place.write("empty/index.js", "");
    let report = place.run("empty").await;
    if report.outcome.result.is_err() {
        return Err(transcript(&report));
    }
    place.end().await
}

/// Files beside the code that shape how Node.js loads it.
pub(super) async fn beside(engine: &Engine) -> Result<(), String> {
    let place = Place::new(engine).await?;
    place.write("own/index.js", "
        const fs = require('fs');
        const found = [];
        for (const path of ['#shadow', 'mapped/shadow', '/etc/shadow', './link', '../good/index.js', '../../outside/index.js']) {
          try { require(path); found.push(path); } catch {}
        }
        for (const path of ['/tasks/good/index.js', '/task/../tasks/good', '/etc/shadow', '/task/link']) {
          try { fs.readFileSync(path); found.push(path); } catch {}
        }
        for (const path of ['/task/new', '/task/index.js', '/task/node_modules/fs/index.js']) {
          try { fs.writeFileSync(path, 'poison'); found.push(path); } catch {}
        }
        if (typeof fs.readFileSync !== 'function') found.push('shadowed');
        console.log(JSON.stringify(found));
    ");
    place.write(
        "own/package.json",
        r##"{"imports": {"#shadow": "/etc/shadow"}, "scripts": {"install": "touch /tmp/installed"}}"##,
    );
    place.write("own/.npmrc", "script-shell=/task/poison");
    place.write("own/node_modules/fs/index.js", "console.log('escaped')");
    place.write("own/node_modules/mapped/package.json", r#"{"exports": {"./shadow": "../../../../etc/shadow"}}"#);
    symlink("/etc/shadow", place.write("own/x", "").with_file_name("link")).unwrap();
    let report = place.run("own").await;
    if report.outcome.result.is_err() || report.stdout != b"[]\n" {
        return Err(transcript(&report));
    }
    place.end().await
}
