//! The attestation document: proof of the Nitro Security Module that the key belongs to this enclave.

use super::refusal::Refusal;

/// The document for a public key.
#[cfg(feature = "nsm")]
pub(super) fn document(public_key: &[u8]) -> Result<Vec<u8>, Refusal> {
    use aws_nitro_enclaves_nsm_api::api::{Request, Response};
    use aws_nitro_enclaves_nsm_api::driver::{nsm_exit, nsm_init, nsm_process_request};

    let module = nsm_init();
    if module < 0 {
        return Err(Refusal::new("Failed to get attestation: there is no /dev/nsm; this is no Nitro enclave"));
    }
    let request = Request::Attestation { user_data: None, nonce: None, public_key: Some(public_key.to_vec().into()) };
    let response = nsm_process_request(module, request);
    nsm_exit(module);
    match response {
        Response::Attestation { document } => Ok(document),
        other => Err(Refusal::new(format!("Failed to get attestation: the security module answered {other:?}"))),
    }
}

/// Without the feature there is no code that could talk to the module.
#[cfg(not(feature = "nsm"))]
pub(super) fn document(_public_key: &[u8]) -> Result<Vec<u8>, Refusal> {
    let reason = if std::path::Path::new("/dev/nsm").exists() {
        "this build does not talk to /dev/nsm; build it with `--features nsm`"
    } else {
        "there is no /dev/nsm; this is no Nitro enclave"
    };
    Err(Refusal::new(format!("Failed to get attestation: {reason}")))
}
