//! The installed files, as they come out of the walls: an archive that was written by code of the packages' client and,
//! where scripts are allowed, of the packages themselves. Nothing in it is trusted.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Component, Path};

use tar::{Archive, EntryType};

use crate::error::PackagesError;

/// What an archive may hold at most.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Bytes of all files together.
    pub bytes: u64,
    /// Files.
    pub files: u64,
    /// Bytes of one path.
    pub path: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { bytes: 4 << 30, files: 500_000, path: 1024 }
    }
}

/// Gives each file to `take`: its path below the archive's root, whether it may be executed, and its contents.
///
/// Refused are absolute paths, `..`, links, devices, and more than `bounds`. Symbolic links in `node_modules/.bin`, which
/// npm makes for shells, are left out.
pub fn read(
    archive: File,
    bounds: Bounds,
    mut take: impl FnMut(&str, bool, &mut dyn Read) -> Result<(), PackagesError>,
) -> Result<(), PackagesError> {
    let mut archive = Archive::new(io::BufReader::with_capacity(1 << 18, archive));
    let (mut bytes, mut files) = (0_u64, 0_u64);
    for entry in archive.entries().map_err(PackagesError::NotAnArchive)? {
        let mut entry = entry.map_err(PackagesError::NotAnArchive)?;
        let path = entry.path_bytes().into_owned();
        let shown = String::from_utf8_lossy(&path).into_owned();
        let refused = |reason: &'static str| PackagesError::Archive { path: shown.clone(), reason };
        let text = String::from_utf8(path).map_err(|_| refused("is not UTF-8"))?;
        if text.len() > bounds.path {
            return Err(refused("is too long"));
        }
        let kind = entry.header().entry_type();
        if kind == EntryType::Directory {
            continue;
        }
        let path = relative(&text).ok_or_else(|| refused("does not stay below its folder"))?;
        match kind {
            EntryType::Regular => {}
            EntryType::Symlink if path.contains("node_modules/.bin/") => continue,
            EntryType::Symlink | EntryType::Link => return Err(refused("is a link")),
            _ => return Err(refused("is no file")),
        }
        files += 1;
        bytes = bytes.saturating_add(entry.size());
        if files > bounds.files {
            return Err(refused("is one file too many"));
        }
        if bytes > bounds.bytes {
            return Err(refused("is too large"));
        }
        let executable = entry.header().mode().map_err(PackagesError::NotAnArchive)? & 0o100 != 0;
        take(&path, executable, &mut entry)?;
    }
    Ok(())
}

/// The path without `.`; `None` if it leads elsewhere or has characters that no package needs.
fn relative(path: &str) -> Option<String> {
    if path.chars().any(char::is_control) {
        return None;
    }
    let mut parts = Vec::new();
    for component in Path::new(path).components() {
        match component {
            Component::CurDir => {}
            Component::Normal(part) => parts.push(part.to_str()?),
            Component::RootDir | Component::ParentDir | Component::Prefix(_) => return None,
        }
    }
    (!parts.is_empty()).then(|| parts.join("/"))
}

#[cfg(test)]
mod tests {
    use std::io::{Seek, Write};

    use proptest::prelude::*;
    use tar::{Builder, Header};

    use super::*;

    fn archive(entries: &[(&str, EntryType, &[u8])]) -> File {
        let mut builder = Builder::new(tempfile::tempfile().unwrap());
        for (path, kind, contents) in entries {
            let mut header = Header::new_gnu();
            // As somebody with bad intentions writes it: the builder refuses such paths.
            header.as_mut_bytes()[..path.len()].copy_from_slice(path.as_bytes());
            header.set_entry_type(*kind);
            header.set_mode(0o4755);
            header.set_size(contents.len() as u64);
            if matches!(kind, EntryType::Symlink | EntryType::Link) {
                header.set_link_name("elsewhere").unwrap();
            }
            header.set_cksum();
            builder.append(&header, *contents).unwrap();
        }
        let mut file = builder.into_inner().unwrap();
        file.rewind().unwrap();
        file
    }

    fn taken(entries: &[(&str, EntryType, &[u8])], bounds: Bounds) -> Result<Vec<String>, String> {
        let mut paths = Vec::new();
        let read = read(archive(entries), bounds, |path, _, contents| {
            paths.push(path.to_owned());
            io::copy(contents, &mut io::sink()).map(|_| ()).map_err(PackagesError::NotAnArchive)
        });
        read.map(|()| paths).map_err(|error| error.to_string())
    }

    #[test]
    fn files_come_out_with_their_paths() {
        let entries: [(&str, EntryType, &[u8]); 4] = [
            ("./", EntryType::Directory, b""),
            ("./numpy/core.py", EntryType::Regular, b"1"),
            ("a/../../b", EntryType::Directory, b""),
            ("node_modules/.bin/tool", EntryType::Symlink, b""),
        ];
        assert_eq!(taken(&entries, Bounds::default()).unwrap(), ["numpy/core.py"]);
    }

    #[test]
    fn what_leads_elsewhere_is_refused() {
        for path in ["/etc/passwd", "../a", "a/../../b", "a/..", "..", "./", "a\nb"] {
            taken(&[(path, EntryType::Regular, b"x")], Bounds::default()).unwrap_err();
        }
        for kind in [EntryType::Symlink, EntryType::Link, EntryType::Block, EntryType::Char, EntryType::Fifo] {
            taken(&[("a/b", kind, b"")], Bounds::default()).unwrap_err();
        }
    }

    #[test]
    fn bounds_hold() {
        let entries: [(&str, EntryType, &[u8]); 2] =
            [("a", EntryType::Regular, b"12345"), ("b", EntryType::Regular, b"12345")];
        let bounds = Bounds { bytes: 10, files: 2, path: 1 };
        taken(&entries, bounds).unwrap();
        taken(&entries, Bounds { bytes: 9, ..bounds }).unwrap_err();
        taken(&entries, Bounds { files: 1, ..bounds }).unwrap_err();
        taken(&entries, Bounds { path: 0, ..bounds }).unwrap_err();
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..2048)) {
            let mut file = tempfile::tempfile().unwrap();
            file.write_all(&bytes).unwrap();
            file.rewind().unwrap();
            let _ = read(file, Bounds::default(), |path, _, _| {
                assert!(!path.starts_with('/') && !path.contains(".."));
                Ok(())
            });
        }
    }
}
