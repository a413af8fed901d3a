//! What the launcher and the workers are told to build, decided by the supervisor and written as plain data: the
//! processes inside the walls hold no policy of their own.

use crate::encoding::{Decoder, Encoder};

/// Descriptor of the control socket in launcher and zygote, and of the frame socket in a worker.
pub const SOCKET: i32 = 3;
/// Descriptor of the encoded [`Plan`] in launcher and zygote.
pub const PLAN: i32 = 4;
/// Descriptor of the host's `/proc` in launcher and zygote, opened with `O_PATH`: no procfs is mounted inside the
/// walls, but a zygote must see its own mappings and a worker must write its own identity map.
pub const HOST_PROCESSES: i32 = 5;

/// Where the parent of all task directories is mounted for the zygote; workers see it empty.
pub const TASK_DIRECTORIES: &str = "/tasks";
/// An empty directory of the root, shown in the place of hidden ones.
pub const NOTHING: &str = "/stockade/nothing";
/// Where a worker finds the directory of its task.
pub const TASK_DIRECTORY: &str = "/task";
/// The only place that a worker can write to.
pub const TEMPORARY_DIRECTORY: &str = "/tmp";

/// Everything that a launcher builds before the zygote starts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// Host paths to show inside, in this order.
    pub mounts: Vec<Mount>,
    /// Directories that the mounts bring along and that are to be empty.
    pub hidden: Vec<Vec<u8>>,
    /// Directories to make in the new root, parents first.
    pub directories: Vec<Vec<u8>>,
    /// Files to write into the new root.
    pub files: Vec<File>,
    /// Symbolic links of the new root.
    pub links: Vec<Link>,
    /// User and group id of the zygote inside its user namespace; `None` keeps 0.
    pub zygote_user: Option<u32>,
    /// Program, arguments and environment of the interpreter. Empty arguments: no interpreter, the launcher itself
    /// becomes the zygote and its workers execute [`Plan::command`].
    pub arguments: Vec<Vec<u8>>,
    /// `NAME=value` for the interpreter or the command.
    pub environment: Vec<Vec<u8>>,
    /// A custom runtime's command; `{file}` stands for the path of the code.
    pub command: Vec<Vec<u8>>,
    /// What each worker builds.
    pub worker: WorkerPlan,
}

/// One host path to show inside, read-only, without set-user-ID and, unless `device`, without device files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mount {
    /// Absolute path on the host.
    pub source: Vec<u8>,
    /// Absolute path inside; made when it does not exist.
    pub target: Vec<u8>,
    /// A device file such as `/dev/null`, to which tasks may write.
    pub device: bool,
}

/// One file of the new root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Absolute path inside.
    pub path: Vec<u8>,
    /// Contents.
    pub bytes: Vec<u8>,
}

/// One symbolic link of the new root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Absolute path inside.
    pub path: Vec<u8>,
    /// What it points to.
    pub target: Vec<u8>,
}

/// What each worker builds between its fork and its task.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WorkerPlan {
    /// A user namespace for each worker instead of a user id for each worker; for a supervisor without privilege,
    /// which has a single user id to map.
    pub nested_user_namespace: bool,
    /// The plan mounts the parent of all task directories, which a worker hides.
    pub task_directories: bool,
    /// Limits that are the same for every worker; the zygote takes them on, and its forks inherit them.
    pub limits: Vec<ResourceLimit>,
    /// Descriptors that each process of a worker may have; 0: no such limit. Not set in the zygote, which needs more.
    pub open_files: u64,
    /// Landlock rules; empty when that wall is missing or given up.
    pub landlock: Vec<LandlockRule>,
    /// Classic BPF instructions, eight bytes each; empty when that wall is given up.
    pub filter: Vec<u64>,
    /// The filter asks for a listener, which goes to the supervisor.
    pub listener: bool,
    /// Keep descriptors above the known ones: Node.js has its event loop there.
    pub keep_descriptors: bool,
}

/// One `setrlimit(2)`, soft and hard limit equal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResourceLimit {
    /// `RLIMIT_…`.
    pub resource: u32,
    /// In the unit of the resource.
    pub value: u64,
}

/// What may be done below one path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LandlockRule {
    /// Absolute path inside.
    pub path: Vec<u8>,
    /// `LANDLOCK_ACCESS_FS_…`.
    pub access: u64,
}

fn encode_strings(encoder: &mut Encoder, strings: &[Vec<u8>]) {
    encoder.list(strings, |encoder, string| {
        encoder.string(string);
    });
}

fn decode_strings(decoder: &mut Decoder<'_>) -> Option<Vec<Vec<u8>>> {
    decoder.list(|decoder| decoder.string().map(<[u8]>::to_vec))
}

impl Plan {
    /// The plan as bytes for the launcher.
    pub fn encode(&self) -> Vec<u8> {
        let mut encoder = Encoder::default();
        encoder.list(&self.mounts, |encoder, mount| {
            encoder.string(&mount.source).string(&mount.target).byte(u8::from(mount.device));
        });
        encode_strings(&mut encoder, &self.hidden);
        encode_strings(&mut encoder, &self.directories);
        encoder.list(&self.files, |encoder, file| {
            encoder.string(&file.path).string(&file.bytes);
        });
        encoder.list(&self.links, |encoder, link| {
            encoder.string(&link.path).string(&link.target);
        });
        encoder.byte(u8::from(self.zygote_user.is_some())).number(self.zygote_user.unwrap_or(0));
        encode_strings(&mut encoder, &self.arguments);
        encode_strings(&mut encoder, &self.environment);
        encode_strings(&mut encoder, &self.command);
        self.worker.encode(&mut encoder);
        encoder.finish()
    }

    /// The plan from bytes; `None` when they are not a plan.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let mut decoder = Decoder::new(bytes);
        Some(Self {
            mounts: decoder.list(|decoder| {
                Some(Mount {
                    source: decoder.string()?.to_vec(),
                    target: decoder.string()?.to_vec(),
                    device: decoder.byte()? != 0,
                })
            })?,
            hidden: decode_strings(&mut decoder)?,
            directories: decode_strings(&mut decoder)?,
            files: decoder
                .list(|decoder| Some(File { path: decoder.string()?.to_vec(), bytes: decoder.string()?.to_vec() }))?,
            links: decoder
                .list(|decoder| Some(Link { path: decoder.string()?.to_vec(), target: decoder.string()?.to_vec() }))?,
            zygote_user: {
                let present = decoder.byte()? != 0;
                let user = decoder.number()?;
                present.then_some(user)
            },
            arguments: decode_strings(&mut decoder)?,
            environment: decode_strings(&mut decoder)?,
            command: decode_strings(&mut decoder)?,
            worker: WorkerPlan::decode(&mut decoder)?,
        })
    }
}

impl WorkerPlan {
    fn encode(&self, encoder: &mut Encoder) {
        encoder.byte(u8::from(self.nested_user_namespace)).byte(u8::from(self.task_directories));
        encoder.list(&self.limits, |encoder, limit| {
            encoder.number(limit.resource).long(limit.value);
        });
        encoder.long(self.open_files);
        encoder.list(&self.landlock, |encoder, rule| {
            encoder.string(&rule.path).long(rule.access);
        });
        encoder.list(&self.filter, |encoder, instruction| {
            encoder.long(*instruction);
        });
        encoder.byte(u8::from(self.listener)).byte(u8::from(self.keep_descriptors));
    }

    fn decode(decoder: &mut Decoder<'_>) -> Option<Self> {
        Some(Self {
            nested_user_namespace: decoder.byte()? != 0,
            task_directories: decoder.byte()? != 0,
            limits: decoder
                .list(|decoder| Some(ResourceLimit { resource: decoder.number()?, value: decoder.long()? }))?,
            open_files: decoder.long()?,
            landlock: decoder
                .list(|decoder| Some(LandlockRule { path: decoder.string()?.to_vec(), access: decoder.long()? }))?,
            filter: decoder.list(Decoder::long)?,
            listener: decoder.byte()? != 0,
            keep_descriptors: decoder.byte()? != 0,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_plan_survives_its_encoding() {
        let plan = Plan {
            mounts: vec![Mount { source: b"/usr".to_vec(), target: b"/usr".to_vec(), device: false }],
            hidden: vec![b"/usr/local".to_vec()],
            directories: vec![b"/tmp".to_vec()],
            files: vec![File { path: b"/etc/passwd".to_vec(), bytes: b"x".to_vec() }],
            links: vec![Link { path: b"/lib".to_vec(), target: b"usr/lib".to_vec() }],
            zygote_user: Some(999),
            arguments: vec![b"/usr/bin/python3".to_vec()],
            environment: vec![b"PATH=/usr/bin".to_vec()],
            command: vec![],
            worker: WorkerPlan {
                nested_user_namespace: true,
                task_directories: true,
                limits: vec![ResourceLimit { resource: 7, value: 1024 }],
                open_files: 256,
                landlock: vec![LandlockRule { path: b"/usr".to_vec(), access: 13 }],
                filter: vec![6, u64::MAX],
                listener: true,
                keep_descriptors: true,
            },
        };
        assert_eq!(Plan::decode(&plan.encode()), Some(plan));
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_plan_or_none(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Plan::decode(&bytes);
        }
    }
}
