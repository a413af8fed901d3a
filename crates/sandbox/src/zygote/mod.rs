//! Zygotes: what is shown inside their walls, and how they are started.

mod root;
mod spawn;
mod specification;

pub use spawn::{Zygote, start};
pub use specification::{Program, ZygoteSpecification};
