//! The two native programs that this binary carries inside itself.

/// The executable that builds the walls of a zygote.
pub(crate) const LAUNCHER: &[u8] = include_bytes!(env!("STOCKADE_LAUNCHER"));

/// The library that both interpreters load to become zygotes; goes to [`NATIVE_LIBRARY_PATH`] inside the walls.
pub(crate) const NATIVE_LIBRARY: &[u8] = include_bytes!(env!("STOCKADE_NATIVE_LIBRARY"));

/// Where a harness finds the native library.
pub const NATIVE_LIBRARY_PATH: &str = "/stockade/native.so";
