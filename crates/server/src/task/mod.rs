//! Tasks over HTTP.
//!
//! - `request`, `files`, `bounded`: from a body to a task; `preferences`: what the headers ask for.
//! - `submission`: from a task to its record, and what drives it to its end.
//! - `record`, `output`, `registry`: what is known of a task while it runs and after; `shares`: how much of that.
//! - `report`: what a caller is told; `events`: the same, live.
//! - `handlers`: the routes.

mod bounded;
mod events;
mod files;
mod handlers;
mod output;
mod preferences;
mod record;
mod registry;
mod report;
mod request;
mod shares;
mod submission;

pub(crate) use handlers::{cancel, change_network, create, follow, read};
pub(crate) use preferences::check_media_type;
pub(crate) use record::CancelOnDrop;
pub(crate) use registry::Registry;
pub(crate) use report::{TaskReport, TaskView};
pub(crate) use request::printable;
pub(crate) use submission::{Order, submit};
