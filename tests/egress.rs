//! Tasks with a network (hostile.md, class K), in network namespaces of the tests' own: one for the supervisor, one for
//! the hosts that it reaches, with public addresses that are nobody else's there.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

#[path = "egress/hosts.rs"]
mod hosts;
#[path = "egress/stage.rs"]
mod stage;
#[path = "egress/tasks.rs"]
mod tasks;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};

fn main() -> ExitCode {
    if hosts::is_this() {
        hosts::serve();
        return ExitCode::SUCCESS;
    }
    let mut arguments = Arguments::from_args();
    // One at a time: they change the names of hosts, and count what is left open.
    arguments.test_threads = Some(1);
    if arguments.list || !rustix::process::geteuid().is_root() {
        // Namespaces with interfaces need root; without it the tests are shown as ignored.
        let is_root = rustix::process::geteuid().is_root();
        let trials = tasks::ALL.map(|(name, _)| Trial::test(name, || Ok(())).with_ignored_flag(!is_root));
        return libtest_mimic::run(&arguments, trials.into()).exit_code();
    }
    if !stage::is_inside() {
        return stage::enter();
    }
    let stage = std::sync::Arc::new(stage::Stage::set());
    let trials = tasks::ALL.map(|(name, test)| {
        let stage = std::sync::Arc::clone(&stage);
        Trial::test(name, move || {
            test(&stage);
            Ok(())
        })
    });
    let conclusion = libtest_mimic::run(&arguments, trials.into());
    stage.strike();
    conclusion.exit_code()
}
