//! The TLS side of the county connection: rustls with ring, and the county's own CA and no other.

use std::path::Path;
use std::sync::Arc;

use rumqttc::TlsConfiguration;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};

use super::trouble::{Trouble, short};

/// Reads the CA file and makes a configuration of it. Read anew for every connection, so that a replaced file counts.
///
/// # Errors
/// [`Trouble::CaFile`] when the file is missing, unreadable, not PEM or without a certificate.
pub async fn configuration(ca_file: Option<&Path>) -> Result<TlsConfiguration, Trouble> {
    let Some(ca_file) = ca_file else { return Err(Trouble::CaFile("none is configured".to_owned())) };
    let unusable = |why: &dyn std::fmt::Display| Trouble::CaFile(short(&format!("{}: {why}", ca_file.display())));
    let pem = tokio::fs::read(ca_file).await.map_err(|error| unusable(&error))?;
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        roots.add(certificate.map_err(|error| unusable(&error))?).map_err(|error| unusable(&error))?;
    }
    if roots.is_empty() {
        return Err(unusable(&"there is no certificate in it"));
    }
    // The provider is named, because a second one anywhere in the tree would make the default a panic.
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| Trouble::Tls(short(&error.to_string())))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(TlsConfiguration::Rustls(Arc::new(config)))
}
