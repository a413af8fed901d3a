//! Tests whose tasks are made by Rust, because they need a table, bytes that are no text, or directories.

mod directories;
mod frames;
mod random;
mod sources;
mod table;
mod unread;

use crate::play::Special;

/// Each begins with the row that it belongs to.
pub(crate) const ALL: &[(&str, Special)] = &[
    ("I1 every system call does what the table says", |engine| Box::pin(table::refused(engine))),
    ("I1 allowed system calls with zeros for arguments", |engine| Box::pin(table::allowed(engine))),
    ("E5 bytes on the channel of the result", |engine| Box::pin(frames::each(engine))),
    ("E1 single bytes that nobody reads", |engine| Box::pin(unread::single_bytes(engine))),
    ("E5 endless frames", |engine| Box::pin(frames::endless(engine))),
    ("L13 sources that are none", |engine| Box::pin(sources::each(engine))),
    ("H6 no two tasks share pseudo-random state", |engine| Box::pin(random::each(engine))),
    ("F5 task directories that lead outside", |engine| Box::pin(directories::outside(engine))),
    ("N3 entry points that are none", |engine| Box::pin(directories::entries(engine))),
    ("M13 files beside the code", |engine| Box::pin(directories::beside(engine))),
];
