//! The hosts of a task: which it may be given, at the start and while it runs.

use stockade_egress::{EgressConfiguration, Session};
use stockade_protocol::{AllowedHost, ErrorCode, Network, TaskError};
use stockade_sandbox::Wall;

/// What keeps a task with hosts from all others: its own sockets lead nowhere, and the supervisor is asked to connect.
const WALLS_OF_HOSTS: [Wall; 2] = [Wall::NetworkNamespace, Wall::Seccomp];

/// The first wall that was given up and that a task with hosts cannot do without.
pub(crate) fn missing_wall(without_walls: &[Wall]) -> Option<Wall> {
    without_walls.iter().copied().find(|wall| WALLS_OF_HOSTS.contains(wall))
}

/// Whether a task may have these hosts here.
pub(crate) fn check(network: &Network, egress: &EgressConfiguration, missing: Option<Wall>) -> Result<(), TaskError> {
    if network.allowed_hosts.is_empty() {
        return Ok(());
    }
    if let Some(wall) = missing {
        let message = format!("Tasks cannot be given hosts without the wall `{wall}`: they would reach all others too");
        return Err(TaskError::new(ErrorCode::ValidationError, message)
            .with_description("`stockade doctor` says how to build the wall."));
    }
    egress.first_beyond(network).map_or(Ok(()), |host| Err(beyond(host)))
}

fn beyond(host: &AllowedHost) -> TaskError {
    let message = format!("The task may not have `{host}`: it is not among the hosts that tasks may reach here");
    TaskError::new(ErrorCode::PermissionError, message)
        .with_description("The operator allows hosts with `network.allowed_hosts` in the configuration.")
}

/// The network of a task that has one, for whoever may change it while the task waits or runs. Copies share it.
#[derive(Debug, Clone)]
pub struct TaskNetwork(Session);

impl TaskNetwork {
    pub(crate) fn new(session: Session) -> Self {
        Self(session)
    }

    /// Replaces the list of hosts. It holds when this returns; connections that are open stay.
    pub fn change(&self, network: Network) -> Result<(), TaskError> {
        self.0.change(network).map_err(|host| beyond(&host))
    }
}
