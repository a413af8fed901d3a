//! Who may do what.
//!
//! - `key`: what a key looks like, and its hash; `key_file`: the keys that there are.
//! - `caller`: what one caller may do, and what it does now; `rate`: how many requests.
//! - `identify`: from a request to its caller.

mod caller;
mod identify;
mod key;
mod key_file;
mod rate;

pub(crate) use caller::{Caller, Place};
pub use caller::{Ceilings, Policy};
pub(crate) use identify::Callers;
pub use key::Key;
pub(crate) use key::hex;
pub use key_file::{KeyEntry, KeyFile, KeyFileError};
pub use rate::Rate;
