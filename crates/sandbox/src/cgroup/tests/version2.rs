//! Version 2, played by [`Fake`].

use std::fs;

use super::fake::Fake;
use crate::cgroup::{CgroupError, Controller, SlotLimits, SlotUsage, Version};

const ALL: &str = "cpuset cpu io memory pids\n";
const LIMITS: SlotLimits = SlotLimits { memory_bytes: 64 << 20, processes: 16, cpu_percent: 50 };

#[test]
fn an_empty_group_hands_its_controllers_on() {
    let fake = Fake::new(ALL, &[]);
    let cgroups = fake.detect().unwrap();
    assert_eq!(cgroups.version(), Version::Two);
    assert_eq!(cgroups.missing(), []);
    let slot = cgroups.create_slot("worker-0").unwrap();
    drop(cgroups);
    assert_eq!(fake.groups().len(), 1, "the slot keeps the supervisor's group");
    drop(slot);
    assert_eq!(fake.groups(), [""; 0]);
    insta::assert_snapshot!(fake.calls.lock().unwrap().join("\n"), @r"
    make GROUP
    write `+memory +pids +cpu` cgroup.subtree_control
    write `+memory +pids +cpu` GROUP/cgroup.subtree_control
    make GROUP/worker-0
    remove GROUP/worker-0
    write `-memory -pids -cpu` GROUP/cgroup.subtree_control
    write `-memory -pids -cpu` cgroup.subtree_control
    remove GROUP
    ");
}

#[test]
fn this_process_makes_room_and_comes_back() {
    let fake = Fake::new(ALL, &[std::process::id()]);
    let cgroups = fake.detect().unwrap();
    assert_eq!(fake.read(&fake.own().join("cgroup.procs")), "");
    drop(cgroups);
    assert_eq!(fake.read(&fake.own().join("cgroup.procs")), format!("{}\n", std::process::id()));
    assert_eq!(fake.groups(), [""; 0]);
    insta::assert_snapshot!(fake.calls.lock().unwrap().join("\n"), @r"
    make GROUP
    write `+memory +pids +cpu` cgroup.subtree_control
    make GROUP/supervisor
    write `0` GROUP/supervisor/cgroup.procs
    write `+memory +pids +cpu` cgroup.subtree_control
    write `+memory +pids +cpu` GROUP/cgroup.subtree_control
    write `-memory -pids -cpu` GROUP/cgroup.subtree_control
    write `-memory -pids -cpu` cgroup.subtree_control
    write `0` cgroup.procs
    remove GROUP/supervisor
    remove GROUP
    ");
}

#[test]
fn other_processes_are_not_moved() {
    let fake = Fake::new(ALL, &[std::process::id(), 1, 0]);
    let error = fake.detect().unwrap_err();
    assert!(matches!(&error, CgroupError::Crowded { processes, .. } if *processes == [1, 0]), "{error:?}");
    assert!(error.remedy().contains("Delegate=yes"));
    assert_eq!(fake.groups(), [""; 0]);
}

#[test]
fn controllers_that_are_handed_on_already_stay_so() {
    let fake = Fake::new(ALL, &[]);
    fs::write(fake.own().join("cgroup.subtree_control"), "cpu memory pids\n").unwrap();
    drop(fake.detect().unwrap());
    assert_eq!(fake.read(&fake.own().join("cgroup.subtree_control")), "cpu memory pids\n");
}

#[test]
fn memory_and_pids_are_needed_and_cpu_is_not() {
    assert_eq!(Fake::new("memory pids\n", &[]).detect().unwrap().missing(), [Controller::Processor]);
    for (delegated, missing) in
        [("cpu pids\n", Controller::Memory), ("cpu memory\n", Controller::Processes), ("\n", Controller::Memory)]
    {
        let error = Fake::new(delegated, &[]).detect().unwrap_err();
        assert!(matches!(error, CgroupError::NotDelegated { controller, .. } if controller == missing), "{error:?}");
    }
}

/// A write replaces the beginning of an ordinary file, so that the fake's old text shows behind a shorter value.
#[test]
fn limits_are_written_once() {
    let fake = Fake::new(ALL, &[]);
    let cgroups = fake.detect().unwrap();
    let slot = cgroups.create_slot("worker-0").unwrap();
    let group = cgroups.path().join("worker-0");
    let read = |name: &str| fake.read(&group.join(name)).lines().next().unwrap().to_owned();
    assert_eq!([read("memory.oom.group"), read("memory.swap.max")], ["1", "0ax"]);

    slot.set_limits(&LIMITS).unwrap();
    assert_eq!([read("memory.max"), read("pids.max"), read("cpu.max")], ["67108864", "16x", "50000 100000"]);
    fs::write(group.join("memory.max"), "untouched").unwrap();
    slot.set_limits(&SlotLimits { processes: 9999, ..LIMITS }).unwrap();
    assert_eq!([read("memory.max"), read("pids.max")], ["untouched", "9999"]);
    slot.set_limits(&SlotLimits { memory_bytes: 1 << 40, ..LIMITS }).unwrap();
    assert_eq!(read("memory.max"), "1099511627776");
}

#[test]
fn usage_counts_from_the_reset() {
    let fake = Fake::new(ALL, &[]);
    let cgroups = fake.detect().unwrap();
    let slot = cgroups.create_slot("worker-0").unwrap();
    let set = |name: &str, text: &str| fs::write(cgroups.path().join("worker-0").join(name), text).unwrap();
    set("cpu.stat", "usage_usec 1000\nuser_usec 1\n");
    set("memory.events", "oom 9\noom_kill 2\noom_group_kill 1\n");
    set("pids.events", "max 5\n");
    slot.reset().unwrap();
    set("memory.peak", "4096\n");
    assert_eq!(slot.usage().unwrap(), SlotUsage { peak_memory_bytes: 4096, ..SlotUsage::default() });
    set("cpu.stat", "usage_usec 1500\nuser_usec 1\n");
    set("memory.events", "oom 10\noom_kill 3\noom_group_kill 1\n");
    set("pids.events", "max 12\n");
    let expected = SlotUsage {
        cpu_microseconds: 500,
        peak_memory_bytes: 4096,
        memory_limit_hits: 1,
        killed_for_others: 0,
        process_limit_hits: 7,
    };
    assert_eq!(slot.usage().unwrap(), expected);
    set("memory.events", "oom 9\noom_kill 3\noom_group_kill 1\n");
    assert_eq!(slot.usage().unwrap(), SlotUsage { memory_limit_hits: 0, killed_for_others: 1, ..expected });
}

#[test]
fn a_file_that_holds_nonsense_is_named() {
    let fake = Fake::new(ALL, &[]);
    let cgroups = fake.detect().unwrap();
    let slot = cgroups.create_slot("worker-0").unwrap();
    fs::write(cgroups.path().join("worker-0/pids.events"), "perhaps\n").unwrap();
    let error = slot.usage().unwrap_err();
    assert!(error.to_string().ends_with("worker-0/pids.events` holds `perhaps`, which is not understood"), "{error}");
}
