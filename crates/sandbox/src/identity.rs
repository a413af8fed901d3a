//! The user namespace wall: who a zygote and its workers are on the host.

use std::fs;

/// User id of a zygote inside its user namespace.
pub(crate) const ZYGOTE_USER: u32 = 999;
/// User id of the first worker slot inside the user namespace; the others follow.
pub const FIRST_WORKER_USER: u32 = 1000;
/// Worker slots that have a user id of their own.
pub const WORKER_USERS: u32 = 1024;
/// First host user id that is used where it is mapped: above the ranges that systemd gives to containers, in a range
/// that its documentation ("Users, Groups, UIDs and GIDs on systemd Systems") leaves unused.
const PREFERRED_HOST_USER: u32 = 0x7000_0000;

/// Which identities the supervisor can give away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Identity {
    /// A host user id for the zygote and one for each worker slot, none of which anything else uses: the supervisor
    /// may map many.
    Range {
        /// Host user id of the zygote; the workers' follow.
        first: u32,
    },
    /// The supervisor's own user id is the only one that it may map; each worker gets a user namespace of its own.
    Single {
        /// Host user id.
        user: u32,
        /// Host group id.
        group: u32,
    },
}

impl Identity {
    /// What this process may do: map a range if it has `CAP_SETUID` and `CAP_SETGID` and a range is mapped here,
    /// which inside a container is not a matter of course.
    pub fn of_this_process() -> Self {
        let user = rustix::process::geteuid().as_raw();
        let group = rustix::process::getegid().as_raw();
        let single = Self::Single { user, group };
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        if !may_map_users(&status) {
            return single;
        }
        let map = fs::read_to_string("/proc/self/uid_map").unwrap_or_default();
        free_range(&map).map_or(single, |first| Self::Range { first })
    }

    /// The text for `uid_map` (`group`: for `gid_map`) of a zygote's user namespace.
    pub(crate) fn map(&self, groups: bool) -> String {
        match *self {
            Self::Range { first } => {
                format!("0 0 1\n{ZYGOTE_USER} {first} {count}\n", count = WORKER_USERS + 1)
            }
            Self::Single { user, group } => format!("0 {} 1\n", if groups { group } else { user }),
        }
    }

    /// User id of the zygote inside its user namespace, if it is not 0.
    pub(crate) fn zygote_user(&self) -> Option<u32> {
        matches!(self, Self::Range { .. }).then_some(ZYGOTE_USER)
    }
}

/// Effective `CAP_SETGID` (6) and `CAP_SETUID` (7) in the text of `/proc/self/status`.
fn may_map_users(status: &str) -> bool {
    let effective = status.lines().find_map(|line| line.strip_prefix("CapEff:"));
    let mask = effective.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0);
    mask >> 6 & 0b11 == 0b11
}

/// The first of [`WORKER_USERS`] + 1 ids in a row that are mapped here: the preferred ones, else the last of the
/// largest extent of `map` (`user_namespaces(7)`).
fn free_range(map: &str) -> Option<u32> {
    let count = WORKER_USERS + 1;
    let extents: Vec<(u32, u32)> = map
        .lines()
        .filter_map(|line| {
            let mut figures = line.split_whitespace().map(str::parse::<u32>);
            let (inside, _, length) = (figures.next()?.ok()?, figures.next()?.ok()?, figures.next()?.ok()?);
            Some((inside, length))
        })
        .collect();
    let holds = |start: u32, length: u32| {
        PREFERRED_HOST_USER >= start
            && u64::from(PREFERRED_HOST_USER) + u64::from(count) <= u64::from(start) + u64::from(length)
    };
    if extents.iter().any(|&(start, length)| holds(start, length)) {
        return Some(PREFERRED_HOST_USER);
    }
    // 65,534 is `nobody` by convention; ids below 10,000 may be somebody's.
    let (start, length) = extents.into_iter().max_by_key(|&(_, length)| length)?;
    let end = start.checked_add(length)?.min(65_534);
    end.checked_sub(count).filter(|&first| first >= start.max(10_000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_gives_the_preferred_range() {
        assert_eq!(free_range("         0          0 4294967295\n"), Some(PREFERRED_HOST_USER));
    }

    #[test]
    fn a_rootless_container_gives_the_end_of_its_range() {
        assert_eq!(free_range("0 1000 1\n1 100000 65536\n"), Some(65_534 - 1025));
    }

    #[test]
    fn a_single_id_gives_none() {
        assert_eq!(free_range("0 1000 1\n"), None);
        assert_eq!(free_range(""), None);
    }

    #[test]
    fn both_capabilities_are_needed() {
        assert!(may_map_users("CapEff:\t00000000000000c0\n"));
        assert!(!may_map_users("CapEff:\t0000000000000080\n"));
        assert!(!may_map_users(""));
    }
}
