//! Where the files of packages are kept.
//!
//! Each file stands once in `files`, read-only, under the hash of its contents. A *set* is all that one language's part
//! of a lock file names, composed as a folder of hard links to them, with a manifest. A set appears at once, when it is
//! complete, and never changes.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;

use crate::archive::{self, Bounds};
use crate::error::PackagesError;

const MANIFEST: &str = "manifest.json";
const TREE: &str = "tree";

/// A store at a place of the file system.
#[derive(Debug, Clone)]
pub struct Store {
    root: PathBuf,
}

/// What a set holds: every file by its path.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Manifest {
    files: BTreeMap<String, Kept>,
}

/// One file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Kept {
    sha256: String,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    executable: bool,
}

impl Store {
    /// The store in the folder `root`, which need not be there yet.
    pub fn at(root: PathBuf) -> Self {
        Self { root }
    }

    /// The folder of a set, if it is there: what `--packages` takes.
    pub fn find(&self, set: &str) -> Option<PathBuf> {
        let folder = self.set(set).join(TREE);
        folder.is_dir().then_some(folder)
    }

    /// Keeps other processes from installing at the same time, as long as the file is open.
    pub fn lock(&self) -> Result<File, PackagesError> {
        let path = self.root.join("lock");
        self.folder("")?;
        let lock = || {
            let file = File::create(&path)?;
            file.lock()?;
            Ok(file)
        };
        lock().map_err(PackagesError::file("lock", &path))
    }

    /// Takes in the files of an archive and composes them as the set of this name, in the place of one that is there.
    ///
    /// An error leaves all sets as they were.
    pub fn compose(&self, set: &str, archive: File, bounds: Bounds) -> Result<PathBuf, PackagesError> {
        let staging = self.staging()?;
        let tree = staging.path().join(TREE);
        make_folder(&tree)?;
        let mut manifest = Manifest::default();
        archive::read(archive, bounds, |path, executable, contents| {
            let kept = self.take_in(executable, contents)?;
            let target = tree.join(path);
            if let Some(parent) = target.parent() {
                make_folder(parent)?;
            }
            link(&self.file(&kept), &target)?;
            manifest.files.insert(path.to_owned(), kept);
            Ok(())
        })?;
        let path = staging.path().join(MANIFEST);
        let text = serde_json::to_vec(&manifest).map_err(|error| PackagesError::Answer(error.to_string()))?;
        fs::write(&path, text).map_err(PackagesError::file("write", &path))?;
        self.put(staging, set)
    }

    /// Moves a complete set to its place.
    fn put(&self, staging: tempfile::TempDir, set: &str) -> Result<PathBuf, PackagesError> {
        set_mode(staging.path(), 0o755)?;
        self.folder("sets")?;
        let target = self.set(set);
        if target.exists() {
            // A running zygote goes on with the old one: it holds the folder itself.
            let old = self.staging()?;
            fs::rename(&target, old.path().join("old")).map_err(PackagesError::file("replace", &target))?;
        }
        let source = staging.keep();
        fs::rename(&source, &target).map_err(|error| {
            // What cannot be put in its place is of no use where it is.
            let _ = fs::remove_dir_all(&source);
            PackagesError::file("write", &target)(error)
        })?;
        Ok(target.join(TREE))
    }

    /// Compares every file of a set with what was installed; gives their number.
    pub fn verify(&self, set: &str) -> Result<usize, PackagesError> {
        let path = self.set(set).join(MANIFEST);
        let text = fs::read(&path).map_err(PackagesError::file("read", &path))?;
        let manifest: Manifest = serde_json::from_slice(&text)
            .map_err(|_| PackagesError::Damaged { path: path.clone(), reason: "it is no manifest" })?;
        let tree = self.set(set).join(TREE);
        for (name, kept) in &manifest.files {
            let path = tree.join(name);
            let damaged = |reason: &'static str| PackagesError::Damaged { path: path.clone(), reason };
            let found = fs::symlink_metadata(&path).map_err(|_| damaged("it is missing"))?;
            if !found.is_file() {
                return Err(damaged("it is no file"));
            }
            if (found.permissions().mode() & 0o100 != 0) != kept.executable {
                return Err(damaged("its mode is another"));
            }
            let mut file = File::open(&path).map_err(PackagesError::file("read", &path))?;
            let (hash, _) = copy(&mut file, &mut io::sink()).map_err(PackagesError::file("read", &path))?;
            if hash != kept.sha256 {
                return Err(damaged("its contents are others"));
            }
        }
        let mut found = Vec::new();
        files_below(&tree, &mut found)?;
        let is_known = |path: &PathBuf| {
            let name = path.strip_prefix(&tree).ok().and_then(Path::to_str);
            name.is_some_and(|name| manifest.files.contains_key(name))
        };
        match found.into_iter().find(|path| !is_known(path)) {
            Some(path) => Err(PackagesError::Damaged { path, reason: "it was not there" }),
            None => Ok(manifest.files.len()),
        }
    }

    /// Forgets the contents that a damaged set points to, so that its next installation writes them anew.
    pub fn forget(&self, set: &str) -> Result<(), PackagesError> {
        let path = self.set(set).join(MANIFEST);
        let manifest: Option<Manifest> = fs::read(&path).ok().and_then(|text| serde_json::from_slice(&text).ok());
        for kept in manifest.into_iter().flat_map(|manifest| manifest.files.into_values()) {
            // Only a hash names a file here, whatever somebody wrote into the manifest.
            if kept.sha256.len() == 64 && kept.sha256.bytes().all(|byte| byte.is_ascii_hexdigit()) {
                let _ = fs::remove_file(self.file(&kept));
            }
        }
        Ok(())
    }

    /// Writes contents under their hash, unless they are there.
    fn take_in(&self, executable: bool, contents: &mut dyn Read) -> Result<Kept, PackagesError> {
        let folder = self.folder("staging")?;
        let mut file = NamedTempFile::new_in(&folder).map_err(PackagesError::file("write a file in", &folder))?;
        let (sha256, _) = copy(contents, file.as_file_mut()).map_err(PackagesError::file("write", file.path()))?;
        let kept = Kept { sha256, executable };
        let target = self.file(&kept);
        if target.exists() {
            return Ok(kept);
        }
        if let Some(parent) = target.parent() {
            make_folder(parent)?;
        }
        set_mode(file.path(), if executable { 0o555 } else { 0o444 })?;
        file.persist(&target).map_err(|error| PackagesError::file("write", &target)(error.error))?;
        Ok(kept)
    }

    fn file(&self, kept: &Kept) -> PathBuf {
        let (first, rest) = kept.sha256.split_at(kept.sha256.len().min(2));
        self.root.join("files").join(first).join(format!("{rest}{}", if kept.executable { "-x" } else { "" }))
    }

    fn set(&self, name: &str) -> PathBuf {
        self.root.join("sets").join(name)
    }

    fn staging(&self) -> Result<tempfile::TempDir, PackagesError> {
        let folder = self.folder("staging")?;
        tempfile::tempdir_in(&folder).map_err(PackagesError::file("write a folder in", &folder))
    }

    /// A file without a name in the store, for an archive that is not read yet.
    pub fn scratch(&self) -> Result<File, PackagesError> {
        let folder = self.folder("staging")?;
        tempfile::tempfile_in(&folder).map_err(PackagesError::file("write a file in", &folder))
    }

    fn folder(&self, name: &str) -> Result<PathBuf, PackagesError> {
        let path = self.root.join(name);
        make_folder(&path)?;
        Ok(path)
    }
}

/// Makes a folder that everybody may read, whatever the mask of this process: tasks have other user ids.
fn make_folder(path: &Path) -> Result<(), PackagesError> {
    if path.is_dir() {
        return Ok(());
    }
    if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        make_folder(parent)?;
    }
    match fs::create_dir(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(PackagesError::file("make", path)(error)),
        _ => set_mode(path, 0o755),
    }
}

fn set_mode(path: &Path, mode: u32) -> Result<(), PackagesError> {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).map_err(PackagesError::file("set the mode of", path))
}

/// A second name for a file, or a copy where the file system has no more names for it.
fn link(source: &Path, target: &Path) -> Result<(), PackagesError> {
    match fs::hard_link(source, target) {
        Ok(()) => Ok(()),
        Err(_) => fs::copy(source, target).map(|_| ()).map_err(PackagesError::file("write", target)),
    }
}

/// Copies and gives the hash and the number of bytes.
fn copy(source: &mut (impl Read + ?Sized), target: &mut impl Write) -> io::Result<(String, u64)> {
    let (mut hasher, mut total) = (Sha256::new(), 0);
    let mut buffer = vec![0; 1 << 16];
    loop {
        let read = source.read(&mut buffer)?;
        if read == 0 {
            return Ok((hexadecimal(&hasher.finalize()), total));
        }
        let bytes = buffer.get(..read).unwrap_or_default();
        hasher.update(bytes);
        target.write_all(bytes)?;
        total += read as u64;
    }
}

pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn files_below(folder: &Path, found: &mut Vec<PathBuf>) -> Result<(), PackagesError> {
    for entry in fs::read_dir(folder).map_err(PackagesError::file("read", folder))?.flatten() {
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => files_below(&entry.path(), found)?,
            _ => found.push(entry.path()),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::Seek;

    use super::*;

    fn archive(files: &[(&str, &str, u32)]) -> File {
        let mut builder = tar::Builder::new(tempfile::tempfile().unwrap());
        for (path, contents, mode) in files {
            let mut header = tar::Header::new_gnu();
            header.set_size(contents.len() as u64);
            header.set_mode(*mode);
            builder.append_data(&mut header, path, contents.as_bytes()).unwrap();
        }
        let mut file = builder.into_inner().unwrap();
        file.rewind().unwrap();
        file
    }

    fn store() -> (tempfile::TempDir, Store) {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::at(folder.path().join("store"));
        (folder, store)
    }

    const FILES: [(&str, &str, u32); 3] =
        [("a/__init__.py", "one", 0o644), ("a/copy.py", "one", 0o600), ("bin/tool", "two", 0o4777)];

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o7777
    }

    #[test]
    fn equal_contents_are_one_file() {
        use std::os::unix::fs::MetadataExt;
        let (_folder, store) = store();
        let tree = store.compose("set", archive(&FILES), Bounds::default()).unwrap();
        let inode = |name: &str| fs::metadata(tree.join(name)).unwrap().ino();
        assert_eq!(inode("a/__init__.py"), inode("a/copy.py"));
        assert_eq!((mode(&tree.join("a/copy.py")), mode(&tree.join("bin/tool")), mode(&tree)), (0o444, 0o555, 0o755));
        assert_eq!(store.find("set"), Some(tree));
        assert_eq!(store.verify("set").unwrap(), 3);
    }

    #[test]
    fn what_fails_changes_nothing() {
        let (_folder, store) = store();
        store.compose("set", archive(&FILES), Bounds::default()).unwrap();
        let bounds = Bounds { files: 1, ..Bounds::default() };
        store.compose("set", archive(&[("b", "", 0), ("c", "", 0)]), bounds).unwrap_err();
        store.compose("other", archive(&[("b", "", 0), ("c", "", 0)]), bounds).unwrap_err();
        assert_eq!(store.verify("set").unwrap(), 3);
        assert_eq!(store.find("other"), None);
        assert_eq!(fs::read_dir(store.root.join("staging")).unwrap().count(), 0);
    }

    #[test]
    fn a_set_takes_the_place_of_another() {
        let (_folder, store) = store();
        store.compose("set", archive(&FILES), Bounds::default()).unwrap();
        let tree = store.compose("set", archive(&[("b", "", 0o644)]), Bounds::default()).unwrap();
        assert!(tree.join("b").is_file() && !tree.join("a").exists());
        assert_eq!(store.verify("set").unwrap(), 1);
    }

    #[test]
    fn every_change_is_seen() {
        let changes: [fn(&Path); 5] = [
            |tree| fs::remove_file(tree.join("bin/tool")).unwrap(),
            |tree| fs::write(tree.join("a/new.py"), "x").unwrap(),
            |tree| set_mode(&tree.join("bin/tool"), 0o444).unwrap(),
            |tree| {
                fs::remove_file(tree.join("a/copy.py")).unwrap();
                fs::write(tree.join("a/copy.py"), "0ne").unwrap();
            },
            |tree| {
                fs::remove_file(tree.join("a/copy.py")).unwrap();
                std::os::unix::fs::symlink("__init__.py", tree.join("a/copy.py")).unwrap();
            },
        ];
        for change in changes {
            let (_folder, store) = store();
            let tree = store.compose("set", archive(&FILES), Bounds::default()).unwrap();
            change(&tree);
            assert!(matches!(store.verify("set"), Err(PackagesError::Damaged { .. })));
            store.forget("set").unwrap();
            store.compose("set", archive(&FILES), Bounds::default()).unwrap();
            assert_eq!(store.verify("set").unwrap(), 3);
        }
    }
}
