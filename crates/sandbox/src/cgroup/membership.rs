//! Which group this process is in, and where that group lies in the file system: `/proc/self/cgroup`
//! (`cgroups(7)`) and `/proc/self/mountinfo` (`proc_pid_mountinfo(5)`).

use std::ffi::OsString;
use std::fmt;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use serde::Serialize;

/// What a group limits or counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Controller {
    /// Memory, of the kernel and `tmpfs` too.
    Memory,
    /// Processes and threads.
    Processes,
    /// Processor time, limited.
    Processor,
    /// Processor time, counted; in version 2 every group counts it.
    ProcessorAccounting,
}

impl Controller {
    /// The kernel's name of it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Processes => "pids",
            Self::Processor => "cpu",
            Self::ProcessorAccounting => "cpuacct",
        }
    }
}

impl fmt::Display for Controller {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// One of the kernel's two interfaces to groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Version {
    /// A hierarchy for each controller.
    One,
    /// One hierarchy for all.
    Two,
}

impl fmt::Display for Version {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::One => "version 1",
            Self::Two => "version 2",
        })
    }
}

/// The groups and mounts of this process, from the text of both files.
#[derive(Debug, Clone, Copy)]
pub(super) struct Membership<'a> {
    pub(super) groups: &'a [u8],
    pub(super) mounts: &'a [u8],
}

impl Membership<'_> {
    /// The directory of the own group in the version 2 hierarchy.
    pub(super) fn unified(&self) -> Option<PathBuf> {
        self.directory("", |mount| mount.kind == b"cgroup2")
    }

    /// The directory of the own group in the version 1 hierarchy that has the controller.
    pub(super) fn version1(&self, controller: Controller) -> Option<PathBuf> {
        let name = controller.name();
        self.directory(name, |mount| mount.kind == b"cgroup" && has_word(mount.options, name))
    }

    fn directory(&self, controller: &str, wanted: impl Fn(&Mount<'_>) -> bool) -> Option<PathBuf> {
        let own = self.path(controller)?;
        let mounts = lines(self.mounts).filter_map(Mount::parse).filter(wanted);
        let found: Vec<(bool, PathBuf)> =
            mounts.filter_map(|mount| Some((mount.read_only, mount.place(&own)?))).collect();
        // The same hierarchy may be mounted more than once; one that can be written is worth more.
        let best = found.iter().find(|(read_only, _)| !read_only).or_else(|| found.first());
        best.map(|(_, directory)| directory.clone())
    }

    /// The own group in the hierarchy that has the controller; the empty name stands for version 2.
    fn path(&self, controller: &str) -> Option<PathBuf> {
        lines(self.groups).find_map(|line| {
            let mut fields = line.splitn(3, |byte| *byte == b':').skip(1);
            let (controllers, path) = (fields.next()?, fields.next()?);
            let listed = if controller.is_empty() { controllers.is_empty() } else { has_word(controllers, controller) };
            listed.then(|| PathBuf::from(OsString::from_vec(path.to_vec())))
        })
    }
}

/// One line of `mountinfo`.
struct Mount<'a> {
    /// What of the file system is mounted.
    root: PathBuf,
    /// Where it is mounted.
    point: PathBuf,
    read_only: bool,
    kind: &'a [u8],
    /// Options of the file system, among them the controllers of a version 1 hierarchy.
    options: &'a [u8],
}

impl<'a> Mount<'a> {
    fn parse(line: &'a [u8]) -> Option<Self> {
        let mut fields = line.split(|byte| *byte == b' ').skip(3);
        let (root, point, mount_options) = (fields.next()?, fields.next()?, fields.next()?);
        // Optional fields end with a single hyphen.
        let mut fields = fields.skip_while(|field| *field != b"-").skip(1);
        let (kind, _source, options) = (fields.next()?, fields.next()?, fields.next()?);
        let read_only = has_word(mount_options, "ro") || has_word(options, "ro");
        Some(Self { root: unescape(root), point: unescape(point), read_only, kind, options })
    }

    /// Where a group of this hierarchy appears; `None` if it lies outside of what is mounted.
    fn place(&self, group: &Path) -> Option<PathBuf> {
        let below = group.strip_prefix(&self.root).ok()?;
        let outside = below.components().any(|component| component.as_os_str() == "..");
        (!outside).then(|| self.point.join(below))
    }
}

fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|byte| *byte == b'\n')
}

fn has_word(list: &[u8], word: &str) -> bool {
    list.split(|byte| *byte == b',').any(|listed| listed == word.as_bytes())
}

/// Spaces, tabs, newlines and backslashes stand as a backslash and three octal digits.
fn unescape(field: &[u8]) -> PathBuf {
    let mut bytes = Vec::with_capacity(field.len());
    let mut rest = field;
    while let [first, later @ ..] = rest {
        let escaped = match later {
            [a @ b'0'..=b'3', b @ b'0'..=b'7', c @ b'0'..=b'7', ..] if *first == b'\\' => {
                Some((a - b'0') << 6 | (b - b'0') << 3 | (c - b'0'))
            }
            _ => None,
        };
        bytes.push(escaped.unwrap_or(*first));
        rest = if escaped.is_some() { &later[3..] } else { later };
    }
    PathBuf::from(OsString::from_vec(bytes))
}
