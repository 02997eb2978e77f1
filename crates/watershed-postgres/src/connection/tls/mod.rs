//! TLS by rustls: as libpq's `sslmode` says it, and no weaker.

mod files;
mod stream;
mod verify;

use std::path::PathBuf;
use std::sync::Arc;

use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::ClientConfig;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::ServerName;

use self::files::{client_identity, roots};
use self::stream::Connect;
use self::verify::Nameless;
use super::split::Split;
use crate::error::OpenError;

/// What is demanded of the server before anything is said to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// Nothing, and nothing is encrypted.
    Disable,
    /// Encrypted where the server offers it. Keeps nobody out who stands in between.
    Prefer,
    /// Encrypted, by whoever answers.
    Require,
    /// By somebody whom the CA knows.
    VerifyCa,
    /// By the host that was named.
    VerifyFull,
}

/// How TLS is to be spoken.
#[derive(Debug)]
pub(super) struct Tls {
    pub(super) mode: Mode,
    root: Root,
    /// The client's certificate and key.
    identity: Option<(PathBuf, PathBuf)>,
}

/// Who is trusted to know servers.
#[derive(Debug)]
enum Root {
    System,
    File(PathBuf),
}

impl Tls {
    pub(super) fn of(split: &Split) -> Result<Self, OpenError> {
        let said = |problem: String| Err(OpenError::Settings(problem));
        let root = split.get("sslrootcert");
        let mode = match (split.get("sslmode"), root) {
            (None, None) => Mode::Prefer,
            (None, Some(_)) | (Some("verify-full"), _) => Mode::VerifyFull,
            (Some("verify-ca"), Some("system")) => {
                return said(
                    "sslrootcert=system with sslmode=verify-ca would trust any site's certificate: use sslmode=verify-full"
                        .to_owned(),
                );
            }
            (Some("verify-ca"), _) => Mode::VerifyCa,
            // So it is in libpq: whoever names a CA wants it to be asked.
            (Some("require"), Some(file)) if file != "system" => Mode::VerifyCa,
            (Some(mode @ ("require" | "prefer" | "disable")), Some(_)) => {
                return said(format!(
                    "sslrootcert says whom to trust, and sslmode={mode} does not look: use sslmode=verify-full"
                ));
            }
            (Some("require"), None) => Mode::Require,
            (Some("prefer"), None) => Mode::Prefer,
            (Some("disable"), None) => Mode::Disable,
            (Some(other), _) => {
                return said(format!(
                    "sslmode={other} is not supported: say disable, prefer, require, verify-ca or verify-full"
                ));
            }
        };
        let root = match root {
            None | Some("system") if mode == Mode::VerifyCa => {
                return said(
                    "sslmode=verify-ca needs sslrootcert, the file with the CA's certificate".to_owned(),
                );
            }
            None | Some("system") => Root::System,
            Some(file) => Root::File(file.into()),
        };
        let identity = match (split.get("sslcert"), split.get("sslkey")) {
            (None, None) => None,
            (Some(certificate), Some(key)) => Some((certificate.into(), key.into())),
            _ => return said("sslcert and sslkey belong together: one is missing".to_owned()),
        };
        if identity.is_some() && mode == Mode::Disable {
            return said(
                "a client certificate is shown over TLS only, and sslmode=disable speaks none".to_owned(),
            );
        }
        Ok(Self { mode, root, identity })
    }

    fn client(&self) -> Result<ClientConfig, OpenError> {
        let provider = Arc::new(default_provider());
        let failed = |problem: String| OpenError::Settings(format!("TLS: {problem}"));
        let wants = ClientConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()
            .map_err(|error| failed(error.to_string()))?;
        let nameless = |roots| Arc::new(Nameless { roots, provider });
        let wants = match self.mode {
            Mode::VerifyFull => wants.with_root_certificates(roots(&self.root)?),
            Mode::VerifyCa => {
                wants.dangerous().with_custom_certificate_verifier(nameless(Some(roots(&self.root)?)))
            }
            Mode::Disable | Mode::Prefer | Mode::Require => {
                wants.dangerous().with_custom_certificate_verifier(nameless(None))
            }
        };
        let mut client = match &self.identity {
            None => wants.with_no_client_auth(),
            Some((certificate, key)) => {
                let (chain, key) = client_identity(certificate, key)?;
                wants.with_client_auth_cert(chain, key).map_err(|error| failed(error.to_string()))?
            }
        };
        // So that no other protocol's server can be taken for one of these.
        client.alpn_protocols = vec![b"postgresql".to_vec()];
        Ok(client)
    }
}

/// Makes the driver's connections speak TLS.
pub(super) struct MakeTls(TlsConnector);

impl MakeTls {
    pub(super) fn of(tls: &Tls) -> Result<Self, OpenError> {
        Ok(Self(TlsConnector::from(Arc::new(tls.client()?))))
    }

    /// To the host of that name. Where there is none (a socket of this machine), TLS is not spoken in the end.
    fn to(&self, host: &str) -> Connect {
        Connect { connector: self.0.clone(), name: ServerName::try_from(host.to_owned()).ok() }
    }
}

#[cfg(test)]
mod tests {
    use super::super::split::split;
    use super::*;

    #[test]
    fn a_mode_is_what_libpq_makes_of_it_or_stronger() {
        let mode = |words: &str| Tls::of(&split(&format!("host=db {words}")).unwrap()).map(|tls| tls.mode);
        for (words, meant) in [
            ("", Mode::Prefer),
            ("sslmode=disable", Mode::Disable),
            ("sslmode=require", Mode::Require),
            ("sslmode=require sslrootcert=ca.pem", Mode::VerifyCa),
            ("sslmode=verify-ca sslrootcert=ca.pem", Mode::VerifyCa),
            ("sslmode=verify-full", Mode::VerifyFull),
            ("sslrootcert=ca.pem", Mode::VerifyFull),
            ("sslrootcert=system", Mode::VerifyFull),
        ] {
            assert_eq!(mode(words).unwrap(), meant, "{words}");
        }
        for wrong in [
            "sslmode=allow",
            "sslmode=no",
            "sslmode=verify-ca",
            "sslmode=verify-ca sslrootcert=system",
            "sslmode=require sslrootcert=system",
            "sslmode=prefer sslrootcert=ca.pem",
            "sslmode=disable sslrootcert=ca.pem",
            "sslcert=me.pem",
            "sslmode=disable sslcert=me.pem sslkey=me.key",
        ] {
            assert!(matches!(mode(wrong), Err(OpenError::Settings(_))), "{wrong}");
        }
    }
}
