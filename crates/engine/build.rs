//! Collects the files of both harnesses, which the binary carries inside itself.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

type Failure = Box<dyn std::error::Error>;

/// Files of npm packages that the JavaScript harness needs: only what `require` loads, no documentation or tests.
const PACKAGES: [(&str, &[&str]); 4] = [
    ("acorn", &["package.json", "dist/acorn.js"]),
    ("acorn-walk", &["package.json", "dist/walk.js"]),
    ("jmespath", &["package.json", "jmespath.js"]),
    ("luxon", &["package.json", "build/node/luxon.js"]),
];

fn main() -> Result<(), Failure> {
    let runtimes = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../runtimes").canonicalize()?;
    let mut text = String::new();
    for (language, extension) in [("python", "py"), ("javascript", "js")] {
        let root = runtimes.join(language);
        println!("cargo::rerun-if-changed={}", root.display());
        let mut files = Vec::new();
        collect(&root, extension, &mut files)?;
        if language == "javascript" {
            add_packages(&root, &mut files)?;
        }
        files.sort();
        writeln!(text, "/// Files of the {language} harness: path inside the walls and contents.")?;
        writeln!(text, "pub(crate) static {}: &[(&str, &[u8])] = &[", language.to_uppercase())?;
        for file in files {
            let inside = format!("/stockade/{language}/{}", file.strip_prefix(&root)?.display());
            writeln!(text, "    ({inside:?}, include_bytes!({:?})),", file.display().to_string())?;
        }
        writeln!(text, "];")?;
    }
    fs::write(PathBuf::from(std::env::var("OUT_DIR")?).join("harness.rs"), text)?;
    Ok(())
}

fn collect(directory: &Path, extension: &str, files: &mut Vec<PathBuf>) -> Result<(), Failure> {
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() {
            if !matches!(name.as_str(), "tests" | "node_modules" | "__pycache__") && !name.starts_with('.') {
                collect(&path, extension, files)?;
            }
        } else if path.extension().is_some_and(|found| found == extension) && !name.contains(".config.") {
            files.push(path);
        }
    }
    Ok(())
}

fn add_packages(root: &Path, files: &mut Vec<PathBuf>) -> Result<(), Failure> {
    let manifest = fs::read_to_string(root.join("package.json"))?;
    for (package, names) in PACKAGES {
        if !manifest.contains(&format!("\"{package}\":")) {
            continue;
        }
        for name in names {
            let path = root.join("node_modules").join(package).join(name);
            if !path.is_file() {
                return Err(format!(
                    "`{}` is missing: run `make dependencies` (npm ci in runtimes/javascript) first",
                    path.display()
                )
                .into());
            }
            files.push(path);
        }
    }
    Ok(())
}
