//! The mount namespace wall: a new root of nothing but what the plan shows, read-only.

use std::ffi::CStr;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{OpenOptionsExt, symlink};
use std::path::{Path, PathBuf};

use crate::control::Failure;
use crate::plan::{Mount, NOTHING, Plan};
use crate::system::{self, NO_DEVICES, NO_EXECUTION, NO_SET_USER_ID, READ_ONLY};

const WALL: &str = "mount-namespace";
/// Where the new root is put together: a directory that every host has.
const STAGE: &CStr = c"/tmp";
const OLD_ROOT: &str = "/old-root";

/// Builds the new root in this process's fresh mount namespace, enters it and lets go of the host's root.
pub(crate) fn build(plan: &Plan) -> Result<(), Failure> {
    let failed = |step: &str| {
        let step = step.to_owned();
        move |error: io::Error| Failure::new(WALL, step, &error)
    };
    system::mount(None, c"/", None, libc::MS_REC | libc::MS_PRIVATE, None)
        .map_err(failed("make all mounts private"))?;
    // One mebibyte is far more than the directories, links and files of the root take, harness included.
    system::mount(Some(c"root"), STAGE, Some(c"tmpfs"), 0, Some(c"mode=0755,size=16m,nr_inodes=4096"))
        .map_err(failed("mount the new root"))?;
    fs::create_dir(Path::new("/tmp").join(&OLD_ROOT[1..])).map_err(failed("make the place of the old root"))?;
    system::pivot_root(c"/tmp", c"/tmp/old-root").map_err(failed("pivot to the new root"))?;
    std::env::set_current_dir("/").map_err(failed("enter the new root"))?;

    for directory in &plan.directories {
        let path = path_of(directory);
        fs::create_dir_all(&path).map_err(|error| Failure::new(WALL, format!("make `{}`", path.display()), &error))?;
    }
    for mount in &plan.mounts {
        show(mount).map_err(|error| {
            Failure::new(WALL, format!("show `{}` inside", String::from_utf8_lossy(&mount.source)), &error)
        })?;
    }
    for hidden in &plan.hidden {
        hide(hidden)
            .map_err(|error| Failure::new(WALL, format!("hide `{}`", String::from_utf8_lossy(hidden)), &error))?;
    }
    for link in &plan.links {
        let path = path_of(&link.path);
        make_parent(&path)
            .and_then(|()| symlink(path_of(&link.target), &path))
            .map_err(|error| Failure::new(WALL, format!("link `{}`", path.display()), &error))?;
    }
    for file in &plan.files {
        let path = path_of(&file.path);
        make_parent(&path)
            .and_then(|()| fs::write(&path, &file.bytes))
            .map_err(|error| Failure::new(WALL, format!("write `{}`", path.display()), &error))?;
    }

    system::unmount(c"/old-root", libc::MNT_DETACH).map_err(failed("let go of the old root"))?;
    fs::remove_dir(OLD_ROOT).map_err(failed("remove the place of the old root"))?;
    system::add_mount_attributes(c"/", READ_ONLY | NO_SET_USER_ID | NO_DEVICES, false)
        .map_err(failed("make the new root read-only"))
}

fn path_of(bytes: &[u8]) -> PathBuf {
    PathBuf::from(std::ffi::OsStr::from_bytes(bytes))
}

fn make_parent(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), fs::create_dir_all)
}

fn hide(directory: &[u8]) -> io::Result<()> {
    fs::create_dir_all(NOTHING)?;
    let target = system::text(directory)?;
    system::mount(Some(system::text(NOTHING.as_bytes())?.as_c_str()), &target, None, libc::MS_BIND, None)?;
    system::add_mount_attributes(&target, READ_ONLY | NO_SET_USER_ID | NO_DEVICES, false)
}

fn show(mount: &Mount) -> io::Result<()> {
    let source = Path::new(OLD_ROOT).join(path_of(&mount.source).strip_prefix("/").unwrap_or(Path::new("")));
    let target = path_of(&mount.target);
    make_parent(&target)?;
    if fs::metadata(&source)?.is_dir() {
        fs::create_dir_all(&target)?;
    } else {
        fs::OpenOptions::new().create(true).append(true).mode(0o644).open(&target)?;
    }
    let source = system::text(source.as_os_str().as_bytes())?;
    let target = system::text(&mount.target)?;
    system::mount(Some(&source), &target, None, libc::MS_BIND | libc::MS_REC, None)?;
    // A device file on a read-only mount can be written to all the same; its times and its mode, which the host and all
    // tasks share, cannot be changed.
    let own = if mount.device { NO_EXECUTION } else { NO_DEVICES };
    system::add_mount_attributes(&target, READ_ONLY | NO_SET_USER_ID | own, true)
}
