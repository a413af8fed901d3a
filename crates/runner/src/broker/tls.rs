//! TLS towards a broker with `https://`.

use std::path::Path;
use std::sync::Arc;

use rustls_native_certs::{CertificateResult, load_certs_from_paths, load_native_certs};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use crate::error::RunnerError;
use crate::settings::Certificates;

/// Trusts the system's authorities (or those of `SSL_CERT_FILE`) and those of `NODE_EXTRA_CA_CERTS`, which n8n's
/// users know from Node.js.
pub(crate) fn connector(certificates: &Certificates) -> Result<TlsConnector, RunnerError> {
    let mut roots = RootCertStore::empty();
    let mut problems = Vec::new();
    let mut add = |result: CertificateResult| {
        problems.extend(result.errors.iter().map(ToString::to_string));
        let (_, refused) = roots.add_parsable_certificates(result.certs);
        if refused > 0 {
            problems.push(format!("{refused} certificates cannot be read"));
        }
    };
    let read = |path: &Path| load_certs_from_paths(Some(path), None);
    add(certificates.roots.as_deref().map_or_else(load_native_certs, read));
    if let Some(extra) = &certificates.extra {
        add(read(extra));
    }
    if roots.is_empty() {
        return Err(RunnerError::RootCertificates(problems.join("; ")));
    }
    let configuration = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| RunnerError::RootCertificates(error.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(configuration)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_certificates_is_no_trust() {
        let certificates = Certificates { roots: Some("/nonexistent/roots.pem".into()), extra: None };
        let error = connector(&certificates).map(drop).unwrap_err().to_string();
        assert!(error.starts_with("no trusted root certificates were found for a broker address with https: "));
        assert!(error.contains("/nonexistent/roots.pem"), "{error}");
    }
}
