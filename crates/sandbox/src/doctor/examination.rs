//! From what was tried to what is told.

use std::io;

use stockade_native::landlock;

use super::facts::Facts;
use super::probe::{Answer, Step};
use super::remedy::remedy;
use super::report::{Report, State, WallReport};
use super::{namespaces, rehearsal, restrictions};
use crate::cgroup::{CgroupError, Cgroups, Slot, SlotLimits};
use crate::error::SandboxError;
use crate::identity::{Identity, WORKER_USERS};
use crate::wall::Wall;

/// Tries every wall; those in `without` count as given up. Takes a few milliseconds, and a few tens of them where
/// control groups are removed slowly.
pub fn examine(without: &[Wall]) -> Report {
    let facts = Facts::gather();
    let mut answers = Answers::default();
    answers.take(namespaces::try_all(&facts));
    answers.take(restrictions::try_all());
    let groups = try_groups();
    let slot = groups.as_ref().ok().map(|(_, slot)| slot).filter(|_| !without.contains(&Wall::Cgroup));
    let built = rehearsal::build_worker(&facts.identity, without, slot.map_or(&[], Slot::join_files));
    let walls = Wall::ALL.into_iter().map(|wall| {
        let mut report = examine_wall(wall, &answers, &groups, &facts);
        if report.state != State::Missing
            && let Err(error) = &built
            && blamed(error) == Some(wall)
        {
            report.state = State::Missing;
            report.found = format!("a whole worker cannot be built: {error}");
            report.remedy = remedy_of(error, &facts);
        }
        if without.contains(&wall) && wall.is_indispensable() {
            report.state = State::Missing;
            report.found = "it cannot be given up, because the others stand on it".to_owned();
            report.remedy = Some("take it out of the walls to do without".to_owned());
        } else if without.contains(&wall) {
            report.state = State::GivenUp;
            report.remedy = None;
        }
        report
    });
    Report {
        kernel: facts.kernel.clone(),
        container: facts.container.map(|container| container.name().to_owned()),
        user: facts.user,
        walls: walls.collect(),
    }
}

/// What both probes said.
#[derive(Debug, Default)]
struct Answers {
    answers: Vec<Answer>,
    /// Why a probe could not be made at all.
    failure: Option<String>,
}

impl Answers {
    fn take(&mut self, tried: io::Result<Vec<Answer>>) {
        match tried {
            Ok(answers) => self.answers.extend(answers),
            Err(error) => self.failure = Some(format!("it could not be tried: {error}")),
        }
    }

    /// The first of these steps that did not succeed; `Err` when one was never reached.
    fn failed(&self, steps: &[Step]) -> Result<Option<Answer>, ()> {
        for step in steps {
            match self.answers.iter().find(|answer| answer.step == *step) {
                Some(answer) if answer.error != 0 => return Ok(Some(*answer)),
                Some(_) => {}
                None => return Err(()),
            }
        }
        Ok(None)
    }
}

fn examine_wall(wall: Wall, answers: &Answers, groups: &Groups, facts: &Facts) -> WallReport {
    match wall {
        Wall::UserNamespace => {
            let steps: &[Step] = match facts.identity {
                Identity::Range { .. } => &[Step::UserNamespace, Step::IdentityMap],
                Identity::Single { .. } => &[Step::UserNamespace, Step::IdentityMap, Step::NestedUserNamespace],
            };
            tried(wall, steps, answers, facts, &identity(&facts.identity))
        }
        Wall::PidNamespace => {
            tried(wall, &[Step::PidNamespace, Step::FirstProcess], answers, facts, "one for each worker")
        }
        Wall::MountNamespace => {
            tried(wall, &[Step::MountNamespace, Step::Mount], answers, facts, "a private root and /tmp")
        }
        Wall::NetworkNamespace => tried(wall, &[Step::NetworkNamespace], answers, facts, "no interfaces"),
        Wall::IpcNamespace => tried(wall, &[Step::IpcNamespace], answers, facts, "one for each zygote"),
        Wall::Rlimit => tried(wall, &[Step::ResourceLimits], answers, facts, "limits of each process"),
        Wall::NoNewPrivileges => {
            tried(wall, &[Step::NoNewPrivileges], answers, facts, "no privilege from set-user-ID files")
        }
        Wall::Seccomp => tried(wall, &[Step::Filter], answers, facts, "an allow-list; denied calls are named"),
        Wall::Landlock => match landlock::version() {
            version @ 1.. => report(wall, State::Up, format!("version {version}"), None),
            _ => report(
                wall,
                State::Missing,
                "not in this kernel, or not switched on at boot; the mount namespace holds without it".to_owned(),
                Some("use Linux 5.13 or later with CONFIG_SECURITY_LANDLOCK and `landlock` in the boot option `lsm=`"),
            ),
        },
        Wall::Cgroup => examine_groups(groups),
    }
}

fn report(wall: Wall, state: State, found: String, remedy: Option<&str>) -> WallReport {
    WallReport { wall, state, found, remedy: remedy.map(str::to_owned) }
}

/// The report on a wall that takes these steps.
fn tried(wall: Wall, steps: &[Step], answers: &Answers, facts: &Facts, up: &str) -> WallReport {
    match answers.failed(steps) {
        Ok(None) => report(wall, State::Up, up.to_owned(), None),
        Ok(Some(Answer { step, error })) => {
            let found = format!("{} fails: {}", describe(step), io::Error::from_raw_os_error(error));
            report(wall, State::Missing, found, Some(&remedy(step, error, facts)))
        }
        Err(()) => {
            let found = match &answers.failure {
                Some(failure) => failure.clone(),
                None => "needs the user namespace".to_owned(),
            };
            report(wall, State::Missing, found, None)
        }
    }
}

/// The call behind a step.
fn describe(step: Step) -> &'static str {
    match step {
        Step::UserNamespace => "unshare(CLONE_NEWUSER)",
        Step::IdentityMap => "writing the identity map of a user namespace",
        Step::NestedUserNamespace => "a second unshare(CLONE_NEWUSER)",
        Step::MountNamespace => "unshare(CLONE_NEWNS)",
        Step::Mount => "mount of a tmpfs",
        Step::PidNamespace => "unshare(CLONE_NEWPID)",
        Step::FirstProcess => "fork into a pid namespace",
        Step::NetworkNamespace => "unshare(CLONE_NEWNET)",
        Step::IpcNamespace => "unshare(CLONE_NEWIPC)",
        Step::ResourceLimits => "setrlimit",
        Step::NoNewPrivileges => "prctl(PR_SET_NO_NEW_PRIVS)",
        Step::Filter => "seccomp(SECCOMP_SET_MODE_FILTER) with a listener",
    }
}

fn identity(identity: &Identity) -> String {
    match identity {
        Identity::Range { first } => format!("a host user id for each worker, {first} to {}", first + WORKER_USERS),
        Identity::Single { user, .. } => format!("host user id {user}, and a namespace of its own for each worker"),
    }
}

/// This machine's control groups, and one for a worker.
type Groups = Result<(Cgroups, Slot), CgroupError>;

/// Makes a group with limits, which is removed when it is dropped.
fn try_groups() -> Groups {
    let limits = SlotLimits { memory_bytes: 1 << 30, processes: 64, cpu_percent: 100 };
    let cgroups = Cgroups::detect()?;
    let slot = cgroups.create_slot("doctor")?;
    slot.set_limits(&limits)?;
    slot.reset()?;
    slot.usage()?;
    Ok((cgroups, slot))
}

/// The wall that a worker could not be built for; `None` where the operator has given up what cannot be given up.
fn blamed(error: &SandboxError) -> Option<Wall> {
    match error {
        // Tasks can be run where there is no Landlock, but not where it fails.
        SandboxError::Wall(failure) if failure.wall != Wall::Landlock.name() => failure.wall.parse().ok(),
        SandboxError::Indispensable(_) => None,
        // The first wall stands for what belongs to none.
        _ => Some(Wall::UserNamespace),
    }
}

fn remedy_of(error: &SandboxError, facts: &Facts) -> Option<String> {
    let SandboxError::Wall(failure) = error else { return None };
    let step = match failure.wall.parse().ok()? {
        Wall::UserNamespace => Step::NestedUserNamespace,
        Wall::PidNamespace => Step::PidNamespace,
        Wall::MountNamespace => Step::Mount,
        Wall::NetworkNamespace => Step::NetworkNamespace,
        Wall::IpcNamespace => Step::IpcNamespace,
        Wall::Rlimit => Step::ResourceLimits,
        Wall::Seccomp => Step::Filter,
        Wall::NoNewPrivileges => Step::NoNewPrivileges,
        Wall::Cgroup | Wall::Landlock => return None,
    };
    Some(remedy(step, failure.error, facts))
}

fn examine_groups(groups: &Groups) -> WallReport {
    match groups {
        Ok((cgroups, _)) => {
            let below = cgroups.path().parent().unwrap_or(cgroups.path()).display();
            let mut found = format!("{}, below `{below}`", cgroups.version());
            for controller in cgroups.missing() {
                found.push_str(&format!("; no {controller} controller"));
            }
            report(Wall::Cgroup, State::Up, found, None)
        }
        Err(error) => {
            let found = format!("{error}; instead each process is limited and the sum of their memory is watched");
            report(Wall::Cgroup, State::Fallback, found, Some(error.remedy()))
        }
    }
}
