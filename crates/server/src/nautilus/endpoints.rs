//! Which hosts the enclave can reach: the part of `/health_check` that is about the machine.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;
use std::time::Duration;

use serde::Deserialize;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::NautilusError;

/// Where a host without a port is tried.
const HTTPS: u16 = 443;
/// How long a host is tried.
const PATIENCE: Duration = Duration::from_secs(5);
/// More would be a port scan.
const MAXIMUM_ENDPOINTS: usize = 64;

#[derive(Debug, Default, Deserialize)]
struct AllowedEndpoints {
    #[serde(default)]
    endpoints: Vec<String>,
}

/// The hosts that a file names; none when it is missing.
pub(super) fn read(path: &Path) -> Result<Vec<String>, NautilusError> {
    let failed = |reason| NautilusError::Endpoints { path: path.to_owned(), reason };
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(failed(error.to_string())),
    };
    let allowed: AllowedEndpoints = serde_saphyr::from_str(&text).map_err(|error| failed(error.to_string()))?;
    if allowed.endpoints.len() > MAXIMUM_ENDPOINTS {
        return Err(failed(format!("it names more than {MAXIMUM_ENDPOINTS} hosts")));
    }
    Ok(allowed.endpoints)
}

/// Whether each host takes a connection.
pub(super) async fn status(endpoints: &[String]) -> BTreeMap<String, bool> {
    let mut trying = JoinSet::new();
    for endpoint in endpoints.iter().cloned() {
        trying.spawn(async move {
            let address = if endpoint.contains(':') { endpoint.clone() } else { format!("{endpoint}:{HTTPS}") };
            let is_reached = timeout(PATIENCE, TcpStream::connect(address)).await.is_ok_and(|stream| stream.is_ok());
            (endpoint, is_reached)
        });
    }
    trying.join_all().await.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn hosts_are_tried() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("allowed_endpoints.yaml");
        assert_eq!(read(&path).unwrap(), Vec::<String>::new());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let open = listener.local_addr().unwrap().to_string();
        let closed = {
            let other = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            other.local_addr().unwrap().to_string()
        };
        fs::write(&path, format!("endpoints:\n  - \"{open}\"\n  - \"{closed}\"\n")).unwrap();
        let expected = BTreeMap::from([(open, true), (closed, false)]);
        assert_eq!(status(&read(&path).unwrap()).await, expected);
        fs::write(&path, "endpoints: 7").unwrap();
        assert!(read(&path).is_err());
    }
}
