//! `stockade doctor`: is this machine ready, and if not, what would make it so.

mod arguments;
mod command;
mod table;
mod text;

pub(crate) use arguments::DoctorArguments;
pub(crate) use command::doctor;
