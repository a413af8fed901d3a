//! A zygote that is killed is replaced. The tasks that its workers run go on, and so does everybody else.

use std::time::Duration;

use stockade_engine::{Engine, RunningTask, TaskEvent};
use stockade_protocol::{ErrorCode, Language, Limits};
use stockade_tests::{
    Footprint, Process, code, configuration, descendants, limits, run, runtime, settle, start, wait_until,
};

const PATIENCE: Duration = Duration::from_secs(20);
const LANGUAGES: [Language; 2] = [Language::Python, Language::JavaScript];
/// Groups of one engine with the languages of these tests, see `Engine::start` for the number of places.
const MOST_GROUPS: usize = 4 * (2 * (10 + 6) + 2 * 2 + 1);

/// Waits for its caller's word and returns a value.
fn waiting(language: &Language) -> &'static str {
    if *language == Language::Python {
        "import sys, time\nprint('started', flush=True)\ntime.sleep(1)\nreturn 'went on'"
    } else {
        "console.log('started');\nawait new Promise((resolve) => setTimeout(resolve, 1000));\nreturn 'went on';"
    }
}

async fn started(engine: &Engine, language: &Language, limits: Limits) -> RunningTask {
    let task = stockade_protocol::Task { limits, ..code(language, waiting(language)) };
    let mut running = engine.submit(task).unwrap();
    while !matches!(running.next_event().await, Some(TaskEvent::Stdout(_))) {}
    running
}

/// The launcher or the zygote of this test's engine: the other tests of this process have engines too, told apart by
/// a mark among the arguments.
fn processes(mark: &str) -> (Process, Process) {
    let all = descendants(std::process::id());
    let by_id = |id| all.iter().find(|process| process.id == id).cloned();
    let is_zygote = |process: &&Process| {
        process.command.contains(mark) && by_id(process.parent).is_some_and(|one| one.command.contains("launcher"))
    };
    let zygote = all.iter().find(is_zygote).unwrap().clone();
    (by_id(zygote.parent).unwrap(), zygote)
}

fn kill(process: &Process) {
    let id = rustix::process::Pid::from_raw(process.id.cast_signed()).unwrap();
    rustix::process::kill_process(id, rustix::process::Signal::KILL).unwrap();
}

async fn engine(language: &Language, mark: &str) -> Engine {
    let mut configuration = configuration(&LANGUAGES);
    for runtime in configuration.runtimes.iter_mut().filter(|runtime| runtime.language == *language) {
        // Both interpreters take an option that means nothing.
        runtime.interpreter_arguments = match language {
            Language::Python => vec!["-X".to_owned(), mark.to_owned()],
            _ => vec![format!("--title={mark}")],
        };
    }
    start(configuration).await.unwrap()
}

async fn recovers(engine: &Engine) {
    for language in &LANGUAGES {
        assert_eq!(run(engine, code(language, "return 1")).await.result(), 1);
    }
    let is_well = || engine.status().runtimes.iter().all(|runtime| runtime.problem.is_none() && runtime.waiting == 3);
    tokio::task::block_in_place(|| wait_until("waiting workers", PATIENCE, is_well));
}

/// What an engine holds when nothing but its launchers, zygotes and waiting workers is left.
async fn at_rest() -> Footprint {
    let processes = LANGUAGES.len() * (2 + 3);
    let is_at_rest = || descendants(std::process::id()).len() == processes;
    tokio::task::block_in_place(|| wait_until("the ends of workers", PATIENCE, is_at_rest));
    Footprint::now()
}

#[test]
fn running_and_waiting_tasks_survive_a_killed_zygote() {
    for (language, mark) in LANGUAGES.iter().zip(["zygote-of-python", "zygote-of-javascript"]) {
        runtime().block_on(async {
            let engine = engine(language, mark).await;
            let other = if *language == Language::Python { Language::JavaScript } else { Language::Python };
            let mut running = vec![started(&engine, &other, limits()).await];
            for _ in 0..3 {
                running.push(started(&engine, language, limits()).await);
            }
            let (_, zygote) = processes(mark);
            kill(&zygote);
            // These need workers that are not there: of a waiting kind, and of a kind of their own.
            let own = Limits { processes: limits().processes + 1, ..limits() };
            let new = [limits(), own].map(|limits| {
                engine.submit(stockade_protocol::Task { limits, ..code(language, "return 'new'") }).unwrap()
            });
            for task in running {
                let outcome = task.outcome().await;
                assert_eq!(outcome.result.unwrap().unwrap().as_str(), r#""went on""#);
            }
            for task in new {
                assert_eq!(task.outcome().await.result.unwrap().unwrap().as_str(), r#""new""#);
            }
            recovers(&engine).await;
            assert_ne!(processes(mark).1, zygote);
            engine.stop().await;
        });
    }
}

#[test]
fn a_killed_launcher_takes_its_tasks_and_no_others() {
    let mark = "zygote-of-a-launcher";
    runtime().block_on(async {
        let engine = engine(&Language::Python, mark).await;
        let python = started(&engine, &Language::Python, limits()).await;
        let javascript = started(&engine, &Language::JavaScript, limits()).await;
        kill(&processes(mark).0);
        let outcome = python.outcome().await;
        assert_eq!(outcome.result.unwrap_err().code, ErrorCode::RuntimeError);
        assert_eq!(javascript.outcome().await.result.unwrap().unwrap().as_str(), r#""went on""#);
        recovers(&engine).await;
        engine.stop().await;
    });
}

#[test]
fn a_killed_worker_says_that_it_was_killed_from_outside() {
    let mark = "zygote-of-a-worker";
    runtime().block_on(async {
        let engine = engine(&Language::Python, mark).await;
        // The child tells its worker from those that wait.
        let source =
            "import subprocess\nchild = subprocess.Popen(['sleep', '60'])\nprint('started', flush=True)\nchild.wait()";
        let mut running = engine.submit(code(&Language::Python, source)).unwrap();
        while !matches!(running.next_event().await, Some(TaskEvent::Stdout(_))) {}
        let (_, zygote) = processes(mark);
        let all = descendants(std::process::id());
        let is_parent = |worker: &&Process| worker.parent == zygote.id && all.iter().any(|one| one.parent == worker.id);
        kill(all.iter().find(is_parent).unwrap());
        let error = running.outcome().await.result.unwrap_err();
        assert_eq!(error.code, ErrorCode::RuntimeError);
        assert!(error.message.starts_with("The process was killed from outside"), "{error}");
        recovers(&engine).await;
        engine.stop().await;
    });
}

#[test]
fn an_engine_whose_zygotes_were_killed_leaves_nothing() {
    // Counts everything below this process, so the engine is that of a process of its own.
    let name = "killed_zygote::kills_zygotes_alone";
    let mut command = std::process::Command::new(std::env::current_exe().unwrap());
    let output = command.args(["--exact", name, "--ignored", "--nocapture"]).output().unwrap();
    assert!(output.status.success(), "{output:?}");
}

#[test]
#[ignore = "must be alone in its process: `an_engine_whose_zygotes_were_killed_leaves_nothing` starts it"]
fn kills_zygotes_alone() {
    runtime().block_on(async {
        let before = Footprint::after_an_engine(configuration(&LANGUAGES)).await;
        let engine = engine(&Language::Python, "zygote-to-kill").await;
        recovers(&engine).await;
        let warm = at_rest().await;
        for _ in 0..5 {
            kill(&processes("zygote-to-kill").1);
            recovers(&engine).await;
        }
        settle(Some(&engine), &warm, MOST_GROUPS).await.unwrap();
        engine.stop().await;
        drop(engine);
        settle(None, &before, 0).await.unwrap();
    });
}
