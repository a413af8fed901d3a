//! What killed supervisors have left behind.

use std::fs;

use super::fake::Fake;

const ALL: &str = "cpu memory pids\n";

#[test]
fn left_overs_are_removed_and_nothing_else() {
    let fake = Fake::new(ALL, &[]);
    let live = fake.detect().unwrap();
    for name in ["stockade-1-2-3", "stockade-1-2-3/worker-0", "stockade-1-2-3/supervisor", "stockade-4-5-6"] {
        fs::create_dir(fake.own().join(name)).unwrap();
        fs::write(fake.own().join(name).join("cgroup.procs"), "").unwrap();
    }
    let others = [
        "stockade",
        "stockade-",
        "stockade-1-2",
        "stockade-1-2-3-4",
        "stockade-1-2-x",
        "stockade--2-3",
        "my-stockade-1-2-3",
    ];
    for name in others {
        fs::create_dir(fake.own().join(name)).unwrap();
    }
    fs::write(fake.own().join("stockade-7-8-9"), "a file").unwrap();

    let own = live.path().file_name().unwrap().to_str().unwrap().to_owned();
    drop(fake.detect().unwrap());
    let mut expected: Vec<&str> = others.iter().copied().chain([own.as_str()]).collect();
    expected.sort_unstable();
    assert_eq!(fake.groups(), expected);
    assert!(fake.own().join("stockade-7-8-9").is_file());
}
