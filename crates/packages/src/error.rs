//! What can go wrong with packages.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

/// Why packages cannot be installed, found or used. The texts are lower-case fragments.
#[derive(Debug, Error)]
pub enum PackagesError {
    /// Packages are of Python or JavaScript.
    #[error("packages are for python and javascript, not for {0}")]
    Language(String),
    /// A path, an address, an option.
    #[error("`{0}` is not the name of a package: give NAME or a name with a version, and no address, path or option")]
    Name(String),
    /// Letters that look like others.
    #[error("`{0}` has letters beyond ASCII, which may look like those of another package")]
    NotAscii(String),
    /// A range, a tag.
    #[error("`{version}` is not one version of `{name}`: give it in full, such as {example}")]
    Version {
        /// The package.
        name: String,
        /// What was given as its version.
        version: String,
        /// How it is written.
        example: &'static str,
    },
    /// Nobody asked for it.
    #[error("`{name}` is not among the {language} packages that were added")]
    NotAdded {
        /// The package.
        name: String,
        /// `python` or `javascript`.
        language: &'static str,
    },
    /// Reading or writing a file.
    #[error("cannot {action} `{path}`: {source}")]
    File {
        /// What was tried, such as `read`.
        action: &'static str,
        /// Which file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// Not a lock file.
    #[error("`{path}` is not a lock file of packages: {message}")]
    Lock {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        message: String,
    },
    /// What came out of the walls.
    #[error("the installed packages are refused: `{path}` {reason}")]
    Archive {
        /// Within the archive.
        path: String,
        /// Why.
        reason: &'static str,
    },
    /// Not an archive at all.
    #[error("the installed packages are refused: the archive cannot be read: {0}")]
    NotAnArchive(io::Error),
    /// The client's own answer.
    #[error("the answer of the installation is refused: {0}")]
    Answer(String),
    /// A package that is not from the index.
    #[error("`{name}` does not come from the index but from {from}, and is refused")]
    Foreign {
        /// The package.
        name: String,
        /// `git`, a path, an address.
        from: String,
    },
    /// The index has another file under the same version.
    #[error("the index has `{name}` {version} with other contents than the lock file says")]
    Changed {
        /// The package.
        name: String,
        /// Its version.
        version: String,
    },
    /// A set that the lock file names and the store lacks.
    #[error("the {language} packages of `{lock}` are not installed")]
    NotInstalled {
        /// `python` or `javascript`.
        language: &'static str,
        /// The lock file.
        lock: PathBuf,
        /// Of which package set; `None`: of the one without a name.
        package_set: Option<String>,
    },
    /// A file of the store that is not what was installed.
    #[error("`{path}` is not what was installed: {reason}")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is different.
        reason: &'static str,
    },
}

impl PackagesError {
    /// What the reader can do.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NotInstalled { package_set: None, .. } => {
                Some("install them with `stockade packages install`".to_owned())
            }
            Self::NotInstalled { package_set: Some(name), .. } => {
                Some(format!("install them with `stockade packages install --package-set {name}`"))
            }
            Self::Damaged { .. } => Some(
                "install it anew: `stockade packages verify --repair`; somebody has changed files of the store"
                    .to_owned(),
            ),
            Self::NotAdded { language, .. } => Some(format!("`stockade packages list {language}` shows them")),
            Self::Changed { name, .. } => {
                Some(format!("ask why; only if that is right, `stockade packages remove` `{name}` and add it again"))
            }
            Self::NotAscii(_) => Some("type the name instead of copying it".to_owned()),
            Self::Lock { .. } => {
                Some("take it from version control, or delete it and add the packages again".to_owned())
            }
            _ => None,
        }
    }

    pub(crate) fn file(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::File { action, path, source }
    }
}
