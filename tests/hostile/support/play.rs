//! Plays a program on the shared engine: twice in a row, with neighbours if it asks for them, and looks at what is
//! left afterwards.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::OnceLock;

use serde_json::{Value, json};
use stockade_engine::Engine;
use stockade_protocol::{Language, Task};
use stockade_tests::{Footprint, Report, code, configuration, run, runtime, settle, start, with_inputs};

use crate::canary;
use crate::judge::judge;
use crate::program::{Program, Roles};
use crate::watchdog::Watchdog;

/// Times that each program runs in a row.
const ROUNDS: usize = 2;
const LANGUAGES: [Language; 2] = [Language::Python, Language::JavaScript];
/// Control groups that the engine may make in all hierarchies: see `Engine::start` for the places.
const MOST_GROUPS: usize = 4 * (2 * (10 + 6) + 2 * 2 + 1);

/// A test that is not a program of its own: it makes its tasks itself.
pub(crate) type Special =
    for<'engine> fn(&'engine Engine) -> Pin<Box<dyn Future<Output = Result<(), String>> + 'engine>>;

/// The shared engine, started by the first program that needs it.
#[derive(Default)]
pub(crate) struct Suite {
    stage: OnceLock<Result<Stage, String>>,
}

struct Stage {
    engine: Engine,
    before: Footprint,
    /// What the canary of each language saw first.
    canaries: BTreeMap<Language, Value>,
}

impl Suite {
    fn stage(&self) -> Result<&Stage, String> {
        self.stage.get_or_init(|| runtime().block_on(Stage::build())).as_ref().map_err(Clone::clone)
    }

    pub(crate) fn play(&self, program: &Program) -> Result<(), String> {
        let _watchdog = Watchdog::watch(&program.name);
        let stage = self.stage()?;
        runtime().block_on(async {
            for round in 1..=ROUNDS {
                let played = stage.play(program).await;
                played.map_err(|reason| format!("round {round}: {reason}"))?;
            }
            if program.is_also_cold { stage.play_cold(program).await } else { Ok(()) }
        })
    }

    pub(crate) fn play_special(&self, name: &str, test: Special) -> Result<(), String> {
        let _watchdog = Watchdog::watch(name);
        let stage = self.stage()?;
        runtime().block_on(async {
            test(&stage.engine).await?;
            stage.look_around(&LANGUAGES).await
        })
    }

    pub(crate) fn stop(&self) {
        if let Some(Ok(stage)) = self.stage.get() {
            runtime().block_on(stage.engine.stop());
        }
    }
}

impl Stage {
    async fn build() -> Result<Self, String> {
        let engine = start(configuration(&LANGUAGES)).await?;
        let mut canaries = BTreeMap::new();
        for language in LANGUAGES {
            let seen = canary::sing(&engine, &language).await?;
            canaries.insert(language, seen);
        }
        let before = quiet(&engine).await;
        Ok(Self { engine, before, canaries })
    }

    async fn play(&self, program: &Program) -> Result<(), String> {
        let reports = if program.has_neighbour {
            with_neighbours(self, play_roles(&self.engine, program)).await?
        } else {
            play_roles(&self.engine, program).await
        };
        for report in &reports {
            judge(program, report)?;
        }
        self.look_around(std::slice::from_ref(&program.language)).await
    }

    /// The program as the first task of a new engine.
    async fn play_cold(&self, program: &Program) -> Result<(), String> {
        let before = quiet(&self.engine).await;
        let engine = start(configuration(std::slice::from_ref(&program.language))).await?;
        for report in play_roles(&engine, program).await {
            judge(program, &report).map_err(|reason| format!("cold: {reason}"))?;
        }
        engine.stop().await;
        drop(engine);
        settle(None, &before, 0).await.map_err(|reason| format!("after the engine's stop: {reason}"))
    }

    /// The next task is not affected, and nothing is left.
    async fn look_around(&self, languages: &[Language]) -> Result<(), String> {
        for language in languages {
            let seen = canary::sing(&self.engine, language).await?;
            if self.canaries.get(language) != Some(&seen) {
                return Err(format!("the next task sees {seen} and not {}", self.canaries[language]));
            }
        }
        settle(Some(&self.engine), &self.before, MOST_GROUPS).await
    }
}

/// The footprint once every process that the canaries have started is gone.
pub(crate) async fn quiet(engine: &Engine) -> Footprint {
    loop {
        let status = engine.status();
        let (one, waiting) = (Footprint::now(), status.runtimes.iter().all(|runtime| runtime.waiting > 2));
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        if status.running == 0 && waiting && one == Footprint::now() {
            return one;
        }
    }
}

async fn play_roles(engine: &Engine, program: &Program) -> Vec<Report> {
    match &program.roles {
        Roles::One => vec![run(engine, task(program, None)).await],
        Roles::Then(one, other) => {
            let first = run(engine, task(program, Some(one))).await;
            vec![first, run(engine, task(program, Some(other))).await]
        }
        Roles::With(one, other) => {
            let both = tokio::join!(run(engine, task(program, Some(one))), run(engine, task(program, Some(other))));
            vec![both.0, both.1]
        }
    }
}

fn task(program: &Program, role: Option<&String>) -> Task {
    let task = code(&program.language, program.source.clone());
    let task = Task { limits: program.limits, allow: program.allow.clone(), ..task };
    match role {
        Some(role) => with_inputs(task, &json!({ "role": role })),
        None => task,
    }
}

/// Runs canaries over and over until `hostile` has ended; each must see what it always sees.
async fn with_neighbours<T>(stage: &Stage, hostile: impl Future<Output = T>) -> Result<T, String> {
    let neighbours = async {
        loop {
            for language in &LANGUAGES {
                let seen = canary::sing(&stage.engine, language).await?;
                if stage.canaries.get(language) != Some(&seen) {
                    return Err::<(), String>(format!("a task at the same time sees {seen}"));
                }
            }
        }
    };
    tokio::select! {
        report = hostile => Ok(report),
        failure = neighbours => Err(failure.err().unwrap_or_default()),
    }
}
