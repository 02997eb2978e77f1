use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};

/// A certificate authority that nobody else believes.
#[derive(Debug)]
pub struct Authority(CertifiedIssuer<'static, KeyPair>);

/// A certificate with its key, as PEM.
#[derive(Debug, Clone)]
pub struct Issued {
    /// The certificate.
    pub certificate: String,
    /// Its key.
    pub key: String,
}

impl Authority {
    /// A new one, with a key of its own.
    ///
    /// # Panics
    /// Where no key can be made.
    #[must_use]
    pub fn new(name: &str) -> Self {
        let mut params = named(&[], name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let made = KeyPair::generate().and_then(|key| CertifiedIssuer::self_signed(params, key));
        Self(made.unwrap_or_else(|error| crate::fail(error)))
    }

    /// Its own certificate: who has it, believes it.
    #[must_use]
    pub fn pem(&self) -> String {
        self.0.pem()
    }

    /// A certificate for whoever answers, or asks, under one of these names; `common` is what servers take for a user's name.
    ///
    /// # Panics
    /// Where no key can be made.
    #[must_use]
    pub fn issue(&self, common: &str, names: &[&str]) -> Issued {
        self.sign(&named(names, common))
    }

    /// One that was good until yesterday's century.
    ///
    /// # Panics
    /// Where no key can be made.
    #[must_use]
    pub fn issue_expired(&self, names: &[&str]) -> Issued {
        let mut params = named(names, "late");
        params.not_before = rcgen::date_time_ymd(1998, 1, 1);
        params.not_after = rcgen::date_time_ymd(1999, 12, 31);
        self.sign(&params)
    }

    fn sign(&self, params: &CertificateParams) -> Issued {
        let made = KeyPair::generate().and_then(|key| Ok((params.signed_by(&key, &self.0)?, key)));
        let (certificate, key) = made.unwrap_or_else(|error| crate::fail(error));
        Issued { certificate: certificate.pem(), key: key.serialize_pem() }
    }
}

fn named(names: &[&str], common: &str) -> CertificateParams {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut params = CertificateParams::new(names).unwrap_or_else(|error| crate::fail(error));
    params.distinguished_name.push(DnType::CommonName, common);
    params
}
