//! Finding the own group in the text of `/proc/self/cgroup` and `/proc/self/mountinfo`.

use std::path::PathBuf;

use crate::cgroup::membership::{Controller, Membership};

const HYBRID_MOUNTS: &str = "\
22 27 0:21 / /proc rw,relatime - proc proc rw
31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime shared:9 - cgroup cgroup rw,cpu,cpuacct
35 31 0:32 / /sys/fs/cgroup/memory rw,relatime shared:10 master:3 - cgroup cgroup rw,memory
39 31 0:36 / /sys/fs/cgroup/pids rw,relatime - cgroup cgroup rw,pids
41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw
";

const HYBRID_GROUPS: &str = "\
8:pids:/
4:memory:/user.slice/a:b
1:cpu,cpuacct:/
0::/user.slice
";

fn membership<'a>(groups: &'a str, mounts: &'a str) -> Membership<'a> {
    Membership { groups: groups.as_bytes(), mounts: mounts.as_bytes() }
}

fn some(path: &str) -> Option<PathBuf> {
    Some(PathBuf::from(path))
}

#[test]
fn each_controller_has_its_own_hierarchy_and_path() {
    let found = membership(HYBRID_GROUPS, HYBRID_MOUNTS);
    assert_eq!(found.version1(Controller::Memory), some("/sys/fs/cgroup/memory/user.slice/a:b"));
    assert_eq!(found.version1(Controller::Processes), some("/sys/fs/cgroup/pids/"));
    assert_eq!(found.version1(Controller::Processor), some("/sys/fs/cgroup/cpu,cpuacct/"));
    assert_eq!(found.version1(Controller::ProcessorAccounting), some("/sys/fs/cgroup/cpu,cpuacct/"));
    assert_eq!(found.unified(), some("/sys/fs/cgroup/unified/user.slice"));
}

#[test]
fn only_a_part_of_the_hierarchy_may_be_mounted() {
    // Docker without a cgroup namespace: the container's group is the root of the mount.
    let mounts = "1 2 0:3 /docker/12ab /sys/fs/cgroup/memory ro,nosuid - cgroup cgroup rw,memory\n";
    let found = membership("4:memory:/docker/12ab/inner\n", mounts);
    assert_eq!(found.version1(Controller::Memory), some("/sys/fs/cgroup/memory/inner"));
    // The own group lies beside what is mounted, or above the root of the cgroup namespace.
    assert_eq!(membership("4:memory:/docker/34cd\n", mounts).version1(Controller::Memory), None);
    let mounts = "1 2 0:3 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n";
    assert_eq!(membership("0::/../other\n", mounts).unified(), None);
}

#[test]
fn a_writable_mount_is_preferred() {
    let mounts = "\
1 2 0:3 / /sys/fs/cgroup ro - cgroup2 cgroup2 rw
1 2 0:3 / /run/my\\040groups rw - cgroup2 cgroup2 rw
";
    assert_eq!(membership("0::/own\n", mounts).unified(), some("/run/my groups/own"));
}

#[test]
fn nothing_is_found_where_nothing_is() {
    for (groups, mounts) in [("", ""), (HYBRID_GROUPS, ""), ("", HYBRID_MOUNTS), ("nonsense", "1 2 3 4 - x\n\n-\n")] {
        let found = membership(groups, mounts);
        assert_eq!(found.unified(), None);
        assert_eq!(found.version1(Controller::Memory), None);
    }
}
