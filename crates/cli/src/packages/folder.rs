//! Folders with packages.

use std::io;
use std::path::{Path, PathBuf};

use stockade_protocol::Language;
use thiserror::Error;

use crate::failure::Failure;

/// Why a folder has no packages for a task.
#[derive(Debug, Error)]
pub(crate) enum FolderError {
    /// Custom runtimes find their own.
    #[error("`--packages` and `--preload` are for python and javascript, not for {language}")]
    CustomRuntime { language: String },
    /// Missing, not permitted, …
    #[error("cannot read the packages folder `{path}`: {source}")]
    Read { path: PathBuf, source: io::Error },
    /// Some other file.
    #[error("the packages `{path}` are not a folder")]
    NotAFolder { path: PathBuf },
    /// Node.js looks for this name.
    #[error("the packages folder `{path}` has no `node_modules`")]
    NoNodeModules { path: PathBuf },
}

impl FolderError {
    fn hint(&self) -> Option<String> {
        match self {
            Self::NoNodeModules { path } if path.ends_with("node_modules") => {
                Some("give the folder that `node_modules` is in".to_owned())
            }
            Self::NoNodeModules { path } => {
                Some(format!("install packages there with `npm install --prefix {} …`", path.display()))
            }
            Self::CustomRuntime { .. } | Self::Read { .. } | Self::NotAFolder { .. } => None,
        }
    }
}

impl From<FolderError> for Failure {
    fn from(error: FolderError) -> Self {
        Self::validation(&error, error.hint())
    }
}

/// The absolute path of `folder`, which holds packages for `language`.
pub(crate) fn check(folder: &Path, language: &Language) -> Result<PathBuf, FolderError> {
    let path = folder.to_owned();
    let absolute = match folder.canonicalize() {
        Ok(absolute) => absolute,
        Err(source) => return Err(FolderError::Read { path, source }),
    };
    if !absolute.is_dir() {
        return Err(FolderError::NotAFolder { path });
    }
    if *language == Language::JavaScript && !absolute.join("node_modules").is_dir() {
        return Err(FolderError::NoNodeModules { path });
    }
    Ok(absolute)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn node_packages_stand_in_node_modules() {
        let folder = tempfile::tempdir().unwrap();
        let modules = folder.path().join("node_modules");
        let refused = |path: &Path| check(path, &Language::JavaScript).unwrap_err();
        assert!(matches!(refused(folder.path()), FolderError::NoNodeModules { .. }));
        assert!(check(folder.path(), &Language::Python).is_ok());
        fs::create_dir(&modules).unwrap();
        assert!(check(folder.path(), &Language::JavaScript).is_ok());
        assert_eq!(refused(&modules).hint().unwrap(), "give the folder that `node_modules` is in");
    }

    #[test]
    fn other_things_are_refused() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let refused = |path: &Path| check(path, &Language::Python).unwrap_err();
        assert!(matches!(refused(file.path()), FolderError::NotAFolder { .. }));
        assert!(matches!(refused(Path::new("/no/such/folder")), FolderError::Read { .. }));
    }
}
