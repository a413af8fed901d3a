//! The fork loop and the walls of a worker.
//!
//! One small library that both zygotes load (a Node-API addon, a `ctypes` library), and the launcher that starts them.
//! It holds no policy: the supervisor writes a [`plan::Plan`], and these processes carry it out. It depends on libc
//! alone, so that what a zygote maps stays small.
//!
//! - [`plan`]: what to build, as plain data.
//! - [`launcher`]: the first process of a zygote's pid namespace; builds what all workers share.
//! - [`zygote`]: forks workers on request and reports their ends.
//! - `worker`: builds what is a worker's own, between its fork and its task.
//! - `inheritance`: what a worker must not share with its zygote and others.
//! - `residence`: what a zygote need not keep in memory.
//! - `command`: the zygote of custom runtimes.
//! - `interpreters`: how CPython and Node.js call this library.
//! - [`control`]: messages between supervisor and zygote.

#![expect(unsafe_code, reason = "system calls and the C interfaces of the interpreters; see the SAFETY notes")]

mod capabilities;
mod command;
pub mod control;
mod encoding;
pub mod frames;
mod inheritance;
mod interpreters;
pub mod landlock;
mod large_pages;
pub mod launcher;
#[cfg(feature = "placement")]
mod placement;
pub mod plan;
mod residence;
mod root;
mod system;
mod worker;
pub mod zygote;
