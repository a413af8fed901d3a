//! Files of a task on the command line: read before it starts, written after it has ended.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use stockade_protocol::file::MAXIMUM_FILES;
use stockade_protocol::task::MEBIBYTE;
use stockade_protocol::{FileName, FileNameError, Files};
use thiserror::Error;

use crate::failure::Failure;

/// More than fits into the memory of a task by default; a bound so that something endless is refused.
const MAXIMUM_BYTES: u64 = 512 * MEBIBYTE;

/// Why files cannot go to a task, or cannot come from it.
#[derive(Debug, Error)]
pub(super) enum FilesError {
    /// The task sees names, not paths.
    #[error("`{path}` has no name that a task can see: {source}")]
    Name { path: PathBuf, source: FileNameError },
    /// Two folders may have files of one name; a task has one folder.
    #[error("`--file` names two files `{0}`")]
    Twice(FileName),
    /// More than [`MAXIMUM_FILES`].
    #[error("`--file` names more than {MAXIMUM_FILES} files")]
    TooMany,
    /// Missing, not permitted, a folder, …
    #[error("cannot read the file `{path}`: {source}")]
    Read { path: PathBuf, source: io::Error },
    /// Beyond [`MAXIMUM_BYTES`].
    #[error("the file `{path}` has more than {} MiB", MAXIMUM_BYTES / MEBIBYTE)]
    TooLarge { path: PathBuf },
    /// Somebody else's files are in it.
    #[error("the output folder `{0}` is not empty")]
    NotEmpty(PathBuf),
    /// Missing above it, not permitted, no folder, …
    #[error("cannot use the output folder `{path}`: {source}")]
    Folder { path: PathBuf, source: io::Error },
    /// The disk is full, or somebody else has made a file of this name meanwhile.
    #[error("cannot write `{path}`: {source}")]
    Write { path: PathBuf, source: io::Error },
}

impl FilesError {
    fn hint(&self) -> Option<&'static str> {
        match self {
            Self::NotEmpty(_) => Some("nothing is overwritten: name a folder that is empty or not there"),
            Self::Twice(_) => Some("the task sees files by their names alone: rename one of them"),
            Self::TooMany => Some("pack them into one archive"),
            _ => None,
        }
    }
}

impl From<FilesError> for Failure {
    fn from(error: FilesError) -> Self {
        let hint = error.hint().map(str::to_owned);
        match error {
            FilesError::Write { .. } => Self::setup(&error, hint),
            error => Self::validation(&error, hint),
        }
    }
}

/// Reads the files that a task is given.
pub(super) fn read(paths: &[PathBuf]) -> Result<Files, FilesError> {
    if paths.len() > MAXIMUM_FILES {
        return Err(FilesError::TooMany);
    }
    let mut files = Files::new();
    for path in paths {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let name: FileName = name.try_into().map_err(|source| FilesError::Name { path: path.clone(), source })?;
        let mut contents = Vec::new();
        let read = File::open(path).and_then(|file| file.take(MAXIMUM_BYTES + 1).read_to_end(&mut contents));
        match read {
            Err(source) => return Err(FilesError::Read { path: path.clone(), source }),
            Ok(count) if count as u64 > MAXIMUM_BYTES => return Err(FilesError::TooLarge { path: path.clone() }),
            Ok(_) => {}
        }
        if files.contains_key(&name) {
            return Err(FilesError::Twice(name));
        }
        files.insert(name, contents.into());
    }
    Ok(files)
}

/// An empty folder for the files that a task leaves.
#[derive(Debug)]
pub(super) struct OutputFolder(PathBuf);

impl OutputFolder {
    /// Makes the folder, or takes one that is empty.
    pub(super) fn prepare(path: &Path) -> Result<Self, FilesError> {
        let failed = |source| FilesError::Folder { path: path.to_owned(), source };
        match fs::create_dir(path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                if fs::read_dir(path).map_err(failed)?.next().is_some() {
                    return Err(FilesError::NotEmpty(path.to_owned()));
                }
            }
            made => made.map_err(failed)?,
        }
        Ok(Self(path.to_owned()))
    }

    /// Writes the files. A name is one component of a path, and nothing that is there is written to.
    pub(super) fn write(&self, files: &Files) -> Result<(), FilesError> {
        for (name, contents) in files {
            let path = self.0.join(name.as_str());
            let created = OpenOptions::new().write(true).create_new(true).open(&path);
            created
                .and_then(|mut file| file.write_all(contents))
                .map_err(|source| FilesError::Write { path: path.clone(), source })?;
        }
        Ok(())
    }
}
