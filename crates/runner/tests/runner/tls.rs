//! A broker behind https.

use std::sync::Arc;

use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

use crate::stage::Runner;
use stockade_broker_player::Broker;

/// A broker with a certificate for `localhost` that nobody trusts, and the certificate.
async fn broker() -> (Broker, String) {
    let certified = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let key = PrivateKeyDer::try_from(certified.signing_key.serialize_der()).unwrap();
    let configuration = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certified.cert.der().clone()], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(configuration));
    (Broker::start_at("127.0.0.1:0", Some(acceptor)).await, certified.cert.pem())
}

#[tokio::test]
async fn the_token_and_all_else_go_through_tls() {
    let (mut broker, certificate) = broker().await;
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), certificate).unwrap();
    let uri = format!("https://localhost:{}", broker.address.port());
    let _runner = Runner::authorized(&uri, &[("SSL_CERT_FILE", file.path().to_str().unwrap())]);
    let mut socket = broker.registered().await;
    assert_eq!(socket.run("t1", "return").await["type"], "runner:taskdone");
}

#[tokio::test]
async fn a_certificate_that_nobody_vouches_for_is_refused_with_the_remedy() {
    let (broker, _) = broker().await;
    let (_, other) = self::broker().await;
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), other).unwrap();
    let uri = format!("https://localhost:{}", broker.address.port());
    let runner = Runner::authorized(&uri, &[("SSL_CERT_FILE", file.path().to_str().unwrap())]);
    let log = runner.logs("failed to agree on TLS with localhost:").await;
    assert!(log.contains("hint: for a certificate of your own authority set NODE_EXTRA_CA_CERTS to its file\n"));
    assert!(broker.requests.lock().unwrap().is_empty());
}
