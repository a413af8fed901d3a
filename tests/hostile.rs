//! Hostile programs: each tries one thing, and is judged by the rules that `hostile/README.md` states.
//!
//! The programs stand in `hostile/<class>/`, each with a header that says what it tries and how it must end. They run
//! one after the other on one engine, so that what one leaves behind shows. `cargo test --test hostile -- C1` runs
//! those of one row.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

#[path = "hostile/support/canary.rs"]
mod canary;
#[path = "hostile/support/judge.rs"]
mod judge;
#[path = "hostile/support/play.rs"]
mod play;
#[path = "hostile/support/program.rs"]
mod program;
#[path = "hostile/support/rows.rs"]
mod rows;
#[path = "hostile/support/special/mod.rs"]
mod special;
#[path = "hostile/support/unprivileged.rs"]
mod unprivileged;
#[path = "hostile/support/watchdog.rs"]
mod watchdog;

use std::process::ExitCode;
use std::sync::Arc;

use libtest_mimic::{Arguments, Failed, Trial};

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    let is_unprivileged = unprivileged::is_this();
    // One at a time: whatever is there afterwards was left by the one before.
    arguments.test_threads = Some(1);
    let mut programs = program::all();
    if is_unprivileged {
        programs.retain(unprivileged::is_played);
    }
    let mut trials = vec![Trial::test("every row has a program or a reason", {
        let rows: Vec<String> = programs.iter().flat_map(|program| program.rows.clone()).collect();
        move || rows::check(&rows).map_err(Failed::from)
    })];
    if is_unprivileged {
        trials = vec![Trial::test("the walls", || unprivileged::check_walls().map_err(Failed::from))];
    }
    let suite = Arc::new(play::Suite::default());
    for program in programs {
        let suite = Arc::clone(&suite);
        trials.push(Trial::test(program.name.clone(), move || suite.play(&program).map_err(Failed::from)));
    }
    for (name, test) in special::ALL.iter().filter(|_| !is_unprivileged) {
        let suite = Arc::clone(&suite);
        trials.push(Trial::test(*name, move || suite.play_special(name, *test).map_err(Failed::from)));
    }
    if rustix::process::geteuid().is_root() {
        trials.push(Trial::test(unprivileged::NAME, || unprivileged::play().map_err(Failed::from)));
    }
    let conclusion = libtest_mimic::run(&arguments, trials);
    suite.stop();
    conclusion.exit_code()
}
