//! The findings for people.

use std::fmt::Write as _;

use stockade_sandbox::Wall;
use stockade_sandbox::doctor::{Report, State};

use super::table::{aligned, wrapped};
use crate::interpreters::InterpreterReport;

/// The widest line of a finding. A remedy stays in one line, so that its command can be copied.
const WIDTH: usize = 72;

/// The machine, its walls, its interpreters, and what that means.
pub(super) fn report(walls: &Report, interpreters: &[InterpreterReport]) -> String {
    let container = walls.container.as_ref().map(|name| format!(", in {name}")).unwrap_or_default();
    let mut text = format!("Linux {}, user {}{container}\n\n", walls.kernel, walls.user);
    let mut rows = vec![row("wall", "state", "found", None)];
    rows.extend(
        walls
            .walls
            .iter()
            .map(|wall| row(wall.wall.name(), &wall.state.to_string(), &wall.found, wall.remedy.as_deref())),
    );
    rows.push(row("", "", "", None));
    rows.push(row("interpreter", "state", "found", None));
    rows.extend(interpreters.iter().map(|interpreter| {
        let state = if interpreter.usable { "usable" } else { "missing" };
        row(&interpreter.language, state, &interpreter.found, interpreter.remedy.as_deref())
    }));
    text.push_str(&aligned(&rows));
    // Writing into a string cannot fail.
    let _ = write!(text, "\n{}", verdict(walls));
    text
}

fn row(name: &str, state: &str, found: &str, remedy: Option<&str>) -> Vec<String> {
    let remedy = remedy.map(|remedy| format!("\nremedy: {remedy}")).unwrap_or_default();
    vec![name.to_owned(), state.to_owned(), wrapped(found, WIDTH) + &remedy]
}

fn verdict(walls: &Report) -> String {
    let named = |wanted: &dyn Fn(State, Wall) -> bool| {
        let found = walls.walls.iter().filter(|report| wanted(report.state, report.wall));
        found.map(|report| format!("`{}`", report.wall)).collect::<Vec<_>>().join(", ")
    };
    let needed = named(&|state, wall| state == State::Missing && wall != Wall::Landlock);
    if !walls.ready() {
        return format!("not ready: tasks need {needed}\n");
    }
    let weaker = named(&|state, _| state == State::Fallback);
    let without = named(&|state, _| matches!(state, State::Missing | State::GivenUp));
    let parts: Vec<String> = [("without", without), ("with a fallback for", weaker)]
        .into_iter()
        .filter(|(_, names)| !names.is_empty())
        .map(|(how, names)| format!("{how} {names}"))
        .collect();
    if parts.is_empty() {
        "ready: tasks run behind every wall\n".to_owned()
    } else {
        format!("ready: tasks run {}\n", parts.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use stockade_sandbox::doctor::WallReport;

    fn walls(change: impl Fn(&mut WallReport)) -> Report {
        let walls = Wall::ALL.map(|wall| {
            let mut report = WallReport { wall, state: State::Up, found: "as it should be".to_owned(), remedy: None };
            change(&mut report);
            report
        });
        Report { kernel: "6.12.9-amd64".to_owned(), container: None, user: 1000, walls: walls.to_vec() }
    }

    fn interpreter(language: &str, remedy: Option<&str>) -> InterpreterReport {
        InterpreterReport {
            language: language.to_owned(),
            usable: remedy.is_none(),
            found: if remedy.is_none() { "3.13.0, /usr/bin/python3" } else { "`node` is not there" }.to_owned(),
            path: None,
            version: None,
            remedy: remedy.map(str::to_owned),
        }
    }

    #[test]
    fn a_machine_with_everything() {
        insta::assert_snapshot!(report(&walls(|_| {}), &[interpreter("python", None)]));
    }

    #[test]
    fn a_machine_that_lacks_walls() {
        let lacking = walls(|report| match report.wall {
            Wall::UserNamespace => {
                report.state = State::Missing;
                report.found = "unshare(CLONE_NEWUSER) fails: Operation not permitted (os error 1)".to_owned();
                report.remedy = Some(
                    "start the container with `--security-opt seccomp=unconfined --security-opt apparmor=unconfined`"
                        .to_owned(),
                );
            }
            Wall::Cgroup => report.state = State::Fallback,
            Wall::Landlock => report.state = State::Missing,
            _ => {}
        });
        let lacking = Report { container: Some("Docker".to_owned()), user: 0, ..lacking };
        let interpreters =
            [interpreter("python", None), interpreter("javascript", Some("install Node.js 18 or newer"))];
        insta::assert_snapshot!(report(&lacking, &interpreters));
    }

    #[test]
    fn the_last_line_says_what_it_means() {
        let with = |wall: Wall, state: State| {
            verdict(&walls(|report| {
                if report.wall == wall {
                    report.state = state
                }
            }))
        };
        let verdicts = [
            with(Wall::Cgroup, State::Up),
            with(Wall::Cgroup, State::Fallback),
            with(Wall::Cgroup, State::GivenUp),
            with(Wall::Landlock, State::Missing),
            with(Wall::Seccomp, State::Missing),
        ];
        insta::assert_snapshot!(verdicts.concat());
    }
}
