use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::LazyLock;

use proptest::prelude::*;

use super::action::{Action, Check, Condition, Rule, Test};
use super::interpreter::{Call, Verdict, run};
use super::{Denial, name, policy, uncounted_worker_filter, worker_filter};

#[cfg(target_arch = "x86_64")]
const ARCHITECTURE: u32 = 0xc000_003e;
#[cfg(target_arch = "aarch64")]
const ARCHITECTURE: u32 = 0xc000_00b7;

fn call(number: u32, arguments: [u64; 6]) -> Call {
    Call { architecture: ARCHITECTURE, number, arguments }
}

/// The policy read plainly, without ranges, trees or jumps.
fn decide(number: u32, arguments: [u64; 6]) -> Action {
    if (0x4000_0000..0x8000_0000).contains(&number) {
        return Action::Kill;
    }
    let rule = policy::groups()
        .find(|group| group.calls.iter().any(|(listed, _)| *listed == i64::from(number)))
        .map_or(policy::ABSENT, |group| group.rule);
    let holds = |condition: &Condition| {
        let argument = arguments[condition.argument as usize] as u32;
        match condition.test {
            Test::AnyBit(bits) => argument & bits != 0,
            Test::OneOf { mask, values } => values.contains(&(argument & mask)),
        }
    };
    match rule {
        Rule::Always(action) => action,
        Rule::Checked { checks, otherwise } => {
            let matching = |check: &&Check| check.conditions.iter().all(holds);
            checks.iter().find(matching).map_or(otherwise, |check| check.action)
        }
    }
}

fn expected(action: Action, denial: Denial) -> u32 {
    match (action, denial) {
        (Action::Allow, _) => libc::SECCOMP_RET_ALLOW,
        (Action::Deny, Denial::Notify) => libc::SECCOMP_RET_USER_NOTIF,
        (Action::Deny, Denial::Errno) => libc::SECCOMP_RET_ERRNO | libc::EPERM as u32,
        (Action::Answer(number), _) => libc::SECCOMP_RET_ERRNO | number as u32,
        (Action::Kill, _) => libc::SECCOMP_RET_KILL_PROCESS,
    }
}

fn describe(value: u32) -> String {
    match value {
        libc::SECCOMP_RET_ALLOW => "allow".to_owned(),
        libc::SECCOMP_RET_USER_NOTIF => "deny".to_owned(),
        libc::SECCOMP_RET_KILL_PROCESS => "kill".to_owned(),
        _ if value & libc::SECCOMP_RET_ACTION_FULL == libc::SECCOMP_RET_ERRNO => {
            match (value & libc::SECCOMP_RET_DATA) as i32 {
                0 => "pretend".to_owned(),
                libc::ENOSYS => "absent".to_owned(),
                number => format!("errno {number}"),
            }
        }
        _ => panic!("no action of ours has the value {value:#x}"),
    }
}

/// Values next to everything that a rule compares the argument with.
fn interesting(rule: Rule) -> BTreeMap<u32, Vec<u32>> {
    let mut values: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    if let Rule::Checked { checks, .. } = rule {
        for condition in checks.iter().flat_map(|check| check.conditions) {
            let known = values.entry(condition.argument).or_default();
            match condition.test {
                Test::AnyBit(bits) => known.extend((0..32).map(|bit| 1 << bit).filter(|bit| bits & bit != 0)),
                Test::OneOf { values, .. } => known.extend(values),
            }
        }
    }
    values
}

/// Every way to choose one value for each argument.
fn combinations(values: BTreeMap<u32, Vec<u32>>) -> Vec<Vec<(u32, u32)>> {
    if values.is_empty() {
        return Vec::new();
    }
    values.into_iter().fold(vec![Vec::new()], |begun, (argument, choices)| {
        let extend = |chosen: &Vec<(u32, u32)>| {
            let chosen = chosen.clone();
            choices.iter().map(move |value| [chosen.as_slice(), &[(argument, *value)]].concat()).collect::<Vec<_>>()
        };
        begun.iter().flat_map(extend).collect()
    })
}

/// The published table: what the compiled program does with every number and no arguments, then with each argument
/// value that a rule names.
#[cfg(target_arch = "x86_64")]
#[test]
fn the_compiled_filter_is_the_published_table() {
    let program = worker_filter(Denial::Notify);
    let mut table = String::new();
    for number in 0..=600 {
        let Verdict { value, by_argument, .. } = run(&program, &call(number, [0; 6]));
        let name = name(number.into()).unwrap_or("-");
        let suffix = if by_argument { ", by arguments" } else { "" };
        writeln!(table, "{number:>3} {name:<24} {}{suffix}", describe(value)).unwrap();
    }
    table.push_str("\nby arguments:\n");
    for group in policy::groups() {
        for arguments in combinations(interesting(group.rule)) {
            for (number, name) in group.calls {
                let mut all = [0; 6];
                arguments.iter().for_each(|(argument, value)| all[*argument as usize] = u64::from(*value));
                let list: Vec<String> = arguments.iter().map(|(index, value)| format!("{index}: {value:#x}")).collect();
                let verdict = run(&program, &call(*number as u32, all));
                writeln!(table, "{name}({}) {}", list.join(", "), describe(verdict.value)).unwrap();
            }
        }
    }
    insta::assert_snapshot!("published_table", table);
}

#[test]
fn every_call_stands_in_one_group() {
    let mut seen = BTreeMap::new();
    for (number, name) in policy::groups().flat_map(|group| group.calls) {
        assert_eq!(seen.insert(number, name), None, "{name} ({number}) is listed twice");
        assert_eq!(super::name(*number), Some(*name));
    }
    assert_eq!(name(-1), None);
    assert_eq!(name(100_000), None);
}

#[test]
fn a_foreign_architecture_is_killed() {
    for denial in [Denial::Notify, Denial::Errno] {
        let program = worker_filter(denial);
        // AUDIT_ARCH_I386: what `int 0x80` enters on x86_64.
        let foreign = Call { architecture: 0x4000_0003, ..call(libc::SYS_read as u32, [0; 6]) };
        assert_eq!(run(&program, &foreign).value, libc::SECCOMP_RET_KILL_PROCESS);
    }
}

/// Every instruction costs each worker about a third of a microsecond when its filter is installed.
#[test]
fn the_filter_is_small() {
    let program = worker_filter(Denial::Notify);
    let steps: Vec<usize> = (0..512).map(|number| run(&program, &call(number, [0; 6])).steps).collect();
    let mean = steps.iter().sum::<usize>() as f64 / steps.len() as f64;
    println!("{} instructions, {mean:.1} steps on average, at most {}", program.len(), steps.iter().max().unwrap());
    assert!(program.len() <= 175, "{} instructions", program.len());
}

fn any_number() -> impl Strategy<Value = u32> {
    prop_oneof![8 => 0..600u32, 1 => any::<u32>(), 1 => 0x3fff_ff00..0x4000_0200u32, 1 => 0x7fff_ff00..0x8000_0100u32]
}

/// A call whose arguments are near what its rule looks at, which random values would hardly ever be.
fn any_call() -> impl Strategy<Value = (u32, [u64; 6])> {
    any_number().prop_flat_map(|number| {
        let rule = policy::groups()
            .find(|group| group.calls.iter().any(|(listed, _)| *listed == i64::from(number)))
            .map_or(policy::ABSENT, |group| group.rule);
        let known = interesting(rule);
        let argument = move |index: u32| {
            let mut values = known.get(&index).cloned().unwrap_or_default();
            values.push(0);
            prop_oneof![
                3 => (proptest::sample::select(values), any::<u32>(), 0..3u8).prop_map(|(value, noise, kind)| match kind {
                    0 => u64::from(value),
                    1 => u64::from(value) | u64::from(noise) << 32,
                    _ => u64::from(value ^ (1 << (noise % 32))),
                }),
                1 => any::<u64>(),
            ]
        };
        let arguments: [_; 6] = std::array::from_fn(|index| argument(index as u32));
        (Just(number), arguments)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 5_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_compiled_filter_decides_as_the_policy((number, arguments) in any_call()) {
        static FILTERS: LazyLock<[(Denial, Vec<libc::sock_filter>); 2]> =
            LazyLock::new(|| [Denial::Notify, Denial::Errno].map(|denial| (denial, worker_filter(denial))));
        for (denial, filter) in FILTERS.iter() {
            let verdict = run(filter, &call(number, arguments));
            prop_assert_eq!(verdict.value, expected(decide(number, arguments), *denial));
        }
    }
}

#[test]
fn where_memory_is_not_counted_memory_that_outlives_its_mappings_is_denied_beyond_the_policy() {
    for denial in [Denial::Notify, Denial::Errno] {
        let (counted, uncounted) = (worker_filter(denial), uncounted_worker_filter(denial));
        let answers = |call: Call| (run(&counted, &call).value, run(&uncounted, &call).value);
        let is_stricter = |number: &u32| {
            let (usual, strict) = answers(call(*number, [0; 6]));
            usual != strict
        };
        assert_eq!((0..1000).filter(is_stricter).collect::<Vec<_>>(), [libc::SYS_memfd_create as u32]);
        let map = |flags: i32| answers(call(libc::SYS_mmap as u32, [0, 4096, 3, flags as u64, 0, 0]));
        let (allowed, denied) = (expected(Action::Allow, denial), expected(Action::Deny, denial));
        assert_eq!(map(libc::MAP_SHARED | libc::MAP_ANONYMOUS), (allowed, denied));
        assert_eq!(map(libc::MAP_SHARED_VALIDATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE), (allowed, denied));
        assert_eq!(map(libc::MAP_PRIVATE | libc::MAP_ANONYMOUS), (allowed, allowed));
        assert_eq!(map(libc::MAP_SHARED), (allowed, allowed), "of a file, which `/tmp` counts");
        assert_eq!(map(libc::MAP_PRIVATE | libc::MAP_HUGETLB), (denied, denied));
    }
}
