//! `stockade doctor`: is this machine ready, and if not, what would make it so.

mod arguments;
mod command;
mod interpreters;
mod table;
mod text;
mod version;

pub(crate) use arguments::DoctorArguments;
pub(crate) use command::doctor;
