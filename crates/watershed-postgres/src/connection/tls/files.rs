use std::path::Path;

use tokio_rustls::rustls::RootCertStore;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::Root;
use crate::error::OpenError;

/// Those who are trusted: the file's, or whom this machine trusts.
pub(super) fn roots(root: &Root) -> Result<RootCertStore, OpenError> {
    let mut store = RootCertStore::empty();
    match root {
        Root::File(file) => {
            for certificate in certificates(file)? {
                store.add(certificate).map_err(|error| unusable(file, error))?;
            }
        }
        Root::System => {
            let found = rustls_native_certs::load_native_certs();
            store.add_parsable_certificates(found.certs);
            if store.is_empty() {
                let why: Vec<String> = found.errors.iter().map(ToString::to_string).collect();
                return Err(OpenError::Settings(format!(
                    "this machine trusts no CA ({}): install its certificates, or name one with sslrootcert",
                    why.join("; ")
                )));
            }
        }
    }
    Ok(store)
}

/// What the client shows of itself.
pub(super) fn client_identity(
    certificate: &Path,
    key: &Path,
) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), OpenError> {
    let chain = certificates(certificate)?;
    let key = PrivateKeyDer::from_pem_file(key).map_err(|error| unusable(key, error))?;
    Ok((chain, key))
}

fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, OpenError> {
    let read = CertificateDer::pem_file_iter(file).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let read = read.map_err(|error| unusable(file, error))?;
    if read.is_empty() {
        return Err(unusable(file, "there is no certificate in it"));
    }
    Ok(read)
}

fn unusable(file: &Path, problem: impl std::fmt::Display) -> OpenError {
    OpenError::Settings(format!("{}: {problem}", file.display()))
}
