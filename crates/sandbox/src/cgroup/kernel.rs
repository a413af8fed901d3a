//! The calls that change the tree of groups, behind a trait so that tests can play a kernel.

use std::fs;
use std::io;
use std::path::Path;

/// Makes and removes groups, and writes the files that shape their tree.
pub(super) trait Kernel: std::fmt::Debug + Send + Sync {
    /// `mkdir(2)`
    fn make(&self, group: &Path) -> io::Result<()>;
    /// `rmdir(2)`: the kernel refuses with `EBUSY` while the group has processes, `EBUSY` or `ENOTEMPTY` while it has
    /// groups of its own.
    fn remove(&self, group: &Path) -> io::Result<()>;
    /// One `write(2)` to a file of a group.
    fn write(&self, file: &Path, value: &str) -> io::Result<()>;
}

/// The real one.
#[derive(Debug)]
pub(super) struct Linux;

impl Kernel for Linux {
    fn make(&self, group: &Path) -> io::Result<()> {
        fs::create_dir(group)
    }

    fn remove(&self, group: &Path) -> io::Result<()> {
        fs::remove_dir(group)
    }

    fn write(&self, file: &Path, value: &str) -> io::Result<()> {
        // Never creates a file: without the group there is nothing to write to.
        let mut file = fs::OpenOptions::new().write(true).open(file)?;
        io::Write::write_all(&mut file, value.as_bytes())
    }
}
