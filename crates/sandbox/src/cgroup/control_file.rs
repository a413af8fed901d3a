//! The files of a group. Those that each task needs stay open, so that reading or writing one is one system call.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use super::error::CgroupError;

/// More than any file that is read here holds, in bytes.
const LONGEST: usize = 4096;

/// The file through which processes join a group, and in which its members stand.
pub(super) const PROCESSES: &str = "cgroup.procs";

/// The processes in a group; 0 stands for one of another pid namespace.
pub(super) fn processes(group: &Path) -> io::Result<Vec<i32>> {
    let text = fs::read_to_string(group.join(PROCESSES))?;
    Ok(text.lines().filter_map(|line| line.parse().ok()).collect())
}

#[derive(Debug)]
pub(super) struct ControlFile {
    file: File,
    path: PathBuf,
}

impl ControlFile {
    pub(super) fn for_reading(group: &Path, name: &str) -> Result<Self, CgroupError> {
        Self::open(group, name, OpenOptions::new().read(true))
    }

    pub(super) fn for_writing(group: &Path, name: &str) -> Result<Self, CgroupError> {
        Self::open(group, name, OpenOptions::new().write(true))
    }

    pub(super) fn for_both(group: &Path, name: &str) -> Result<Self, CgroupError> {
        Self::open(group, name, OpenOptions::new().read(true).write(true))
    }

    fn open(group: &Path, name: &str, options: &OpenOptions) -> Result<Self, CgroupError> {
        let path = group.join(name);
        match options.open(&path) {
            Ok(file) => Ok(Self { file, path }),
            Err(source) => Err(CgroupError::Open { path, source }),
        }
    }

    /// The open file alone.
    pub(super) fn into_file(self) -> File {
        self.file
    }

    /// Writes a value in one call, as the kernel requires.
    pub(super) fn write(&self, value: &str) -> Result<(), CgroupError> {
        let written = self.file.write_at(value.as_bytes(), 0);
        written.map(drop).map_err(|source| CgroupError::Write {
            path: self.path.clone(),
            value: value.to_owned(),
            source,
        })
    }

    /// The number that is the whole file.
    pub(super) fn number(&self) -> Result<u64, CgroupError> {
        self.parse(|text| text.trim_end().parse().ok())
    }

    /// The number behind the word `key` at the beginning of a line.
    pub(super) fn keyed(&self, key: &str) -> Result<u64, CgroupError> {
        self.parse(|text| text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(' ')?.parse().ok()))
    }

    fn parse(&self, find: impl Fn(&str) -> Option<u64>) -> Result<u64, CgroupError> {
        let mut buffer = [0; LONGEST];
        let count = self.file.read_at(&mut buffer, 0).map_err(|source| self.read_error(source))?;
        let text = std::str::from_utf8(&buffer[..count]).unwrap_or_default();
        find(text).ok_or_else(|| CgroupError::Unexpected {
            path: self.path.clone(),
            text: text.lines().next().unwrap_or_default().to_owned(),
        })
    }

    fn read_error(&self, source: io::Error) -> CgroupError {
        CgroupError::Read { path: self.path.clone(), source }
    }
}
