//! Builds the launcher and the native library, which the `stockade` binary carries inside itself.
//!
//! Cargo cannot yet make one package's binary an input of another in one build (artifact dependencies are unstable),
//! so this script runs cargo on `runtimes/native` with a target directory of its own.

use std::path::{Path, PathBuf};
use std::process::Command;

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let native = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../runtimes/native");
    let target = PathBuf::from(std::env::var("OUT_DIR")?).join("native");
    println!("cargo::rerun-if-changed={}", native.join("src").display());
    println!("cargo::rerun-if-changed={}", native.join("Cargo.toml").display());

    let mut cargo = Command::new(std::env::var("CARGO")?);
    cargo
        .args(["build", "--release", "--locked", "--lib", "--bins", "--features", "placement", "--manifest-path"])
        .arg(native.join("Cargo.toml"))
        .arg("--target-dir")
        .arg(&target);
    // Flags for the crate that is being built, such as those of coverage or sanitizers, do not fit code that runs
    // inside another program.
    for variable in ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "RUSTC_WRAPPER", "RUSTC_WORKSPACE_WRAPPER"] {
        cargo.env_remove(variable);
    }
    let status = cargo.status()?;
    if !status.success() {
        return Err(format!("building `runtimes/native` failed: {status}").into());
    }
    let built = target.join("release");
    println!("cargo::rustc-env=STOCKADE_LAUNCHER={}", built.join("stockade-launcher").display());
    println!("cargo::rustc-env=STOCKADE_NATIVE_LIBRARY={}", built.join("libstockade_native.so").display());
    Ok(())
}
