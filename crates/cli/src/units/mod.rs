//! Amounts as people write them: `30s`, `256M`.

mod decimal;
mod duration;
mod size;

pub(crate) use decimal::UnitError;
pub(crate) use duration::{DurationText, parse_duration};
pub(crate) use size::{SizeText, parse_size};
