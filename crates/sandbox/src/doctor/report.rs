//! What was found.

use std::fmt;

use serde::Serialize;

use crate::wall::Wall;

/// Whether a wall can be built.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// It can.
    Up,
    /// It cannot, but something weaker takes its place, which [`WallReport::found`] names.
    Fallback,
    /// It cannot.
    Missing,
    /// The operator does without it.
    GivenUp,
}

impl fmt::Display for State {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Up => "up",
            Self::Fallback => "fallback",
            Self::Missing => "missing",
            Self::GivenUp => "given-up",
        })
    }
}

/// One wall here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WallReport {
    /// Which.
    pub wall: Wall,
    /// Whether it can be built.
    pub state: State,
    /// What was seen, in one line.
    pub found: String,
    /// What the operator can do, in one line; `None` when there is nothing to do.
    pub remedy: Option<String>,
}

/// All walls here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Release of the kernel, such as `6.12.9-amd64`.
    pub kernel: String,
    /// The container that this process seems to be in, such as `Docker`.
    pub container: Option<String>,
    /// Effective user id of this process.
    pub user: u32,
    /// In the order of [`Wall::ALL`].
    pub walls: Vec<WallReport>,
}

impl Report {
    /// Whether tasks can be run: every wall is up, has its fallback or was given up. Landlock is a second wall for what
    /// the mount namespace walls in, and may be missing.
    pub fn ready(&self) -> bool {
        self.walls.iter().all(|report| report.state != State::Missing || report.wall == Wall::Landlock)
    }

    /// What was found about one wall.
    pub fn wall(&self, wall: Wall) -> Option<&WallReport> {
        self.walls.iter().find(|report| report.wall == wall)
    }
}
