//! Who is trusted.

use std::{path::Path, sync::Arc};

use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};

use crate::Error;

/// Bytes of a CA file, at most.
const MOST: u64 = 16 << 20;

/// The TLS side of an agent.
pub(crate) fn config(
    verify: bool,
    is_https: bool,
    ca_file: Option<&Path>,
) -> Result<TlsConfig, Error> {
    let roots = if verify && is_https {
        roots(ca_file)?
    } else {
        Vec::new()
    };
    Ok(TlsConfig::builder()
        .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
        .root_certs(RootCerts::Specific(Arc::new(roots)))
        .disable_verification(!verify)
        .build())
}

/// The certificates of the system, and those of the file.
fn roots(ca_file: Option<&Path>) -> Result<Vec<Certificate<'static>>, Error> {
    // What of the system's can't be read is left out: a host that needs it is
    // then refused, and says so.
    let mut roots: Vec<_> = rustls_native_certs::load_native_certs()
        .certs
        .iter()
        .map(|der| Certificate::from_der(der).to_owned())
        .collect();
    if let Some(path) = ca_file {
        roots.extend(read(path)?);
    }
    Ok(roots)
}

fn read(path: &Path) -> Result<Vec<Certificate<'static>>, Error> {
    let wrong = |why: String| Error::Options(format!("the CA file {}: {why}", path.display()));
    let bytes = std::fs::File::open(path)
        .and_then(|file| plimsoll_image::bounded::read_all(file, MOST))
        .map_err(|error| wrong(error.to_string()))?;
    let mut found = Vec::new();
    for item in parse_pem(&bytes) {
        if let PemItem::Certificate(certificate) = item.map_err(|error| wrong(error.to_string()))? {
            found.push(certificate);
        }
    }
    if found.is_empty() {
        return Err(wrong("it has no certificate in PEM form".to_owned()));
    }
    Ok(found)
}

/// What the words of an error begin with when the other side has no TLS.
pub(crate) const NO_TLS: &str = "it does not speak TLS";

/// What a person reads of a TLS error.
pub(crate) fn words(error: &rustls::Error) -> String {
    use rustls::{CertificateError as C, Error as E};
    match error {
        E::InvalidCertificate(C::UnknownIssuer) => {
            "its certificate is signed by an authority that is not known here".to_owned()
        }
        E::InvalidCertificate(C::Expired | C::ExpiredContext { .. }) => {
            "its certificate has expired".to_owned()
        }
        E::InvalidCertificate(C::NotValidYet | C::NotValidYetContext { .. }) => {
            "its certificate is not valid yet; is this machine's clock right?".to_owned()
        }
        E::InvalidCertificate(C::NotValidForName | C::NotValidForNameContext { .. }) => {
            "its certificate is for another name".to_owned()
        }
        E::InvalidMessage(_) => format!("{NO_TLS}; is it a plain http registry?"),
        E::InvalidCertificate(other) if format!("{other:?}").contains("CaUsedAsEndEntity") => {
            "its certificate is an authority's own, which no server may use; make it one with \
             `CA:FALSE`"
                .to_owned()
        }
        other => other.to_string(),
    }
}
