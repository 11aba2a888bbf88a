//! The simulated App's RSA key.
//!
//! Invariant: made once in a process and never written into the repository. It cannot be seeded: what depends on it (JWTs)
//! stays out of comparisons of bytes.

use std::sync::LazyLock;

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::KeyPair as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::SecretString;

use crate::sim::SimError;

/// Where the PKCS#1 key begins in the PKCS#8 form of an RSA-2048 key: behind version, algorithm and the header of the octet
/// string.
const PKCS1_OFFSET: usize = 26;
/// Characters a line of PEM.
const PEM_LINE: usize = 64;

/// A key pair as GitHub hands it out.
#[derive(Clone, Debug)]
pub(in crate::sim) struct AppKey {
    /// PKCS#1 PEM.
    pub(in crate::sim) private_pem: SecretString,
    /// PKCS#1 DER.
    pub(in crate::sim) public_der: Vec<u8>,
}

static KEY: LazyLock<Result<AppKey, String>> = LazyLock::new(make);

/// This process's key.
pub(in crate::sim) fn app_key() -> Result<AppKey, SimError> {
    KEY.clone().map_err(SimError::Key)
}

fn make() -> Result<AppKey, String> {
    let pair = KeyPair::generate(KeySize::Rsa2048).map_err(|error| error.to_string())?;
    let pkcs8 = AsDer::<Pkcs8V1Der<'_>>::as_der(&pair).map_err(|error| error.to_string())?;
    let pkcs1 = pkcs8
        .as_ref()
        .get(PKCS1_OFFSET..)
        .filter(|der| der.starts_with(&[0x30, 0x82]))
        .ok_or("an RSA key of an unknown form")?;
    let text = STANDARD.encode(pkcs1);
    let mut pem = String::from("-----BEGIN RSA PRIVATE KEY-----\n");
    for line in text.as_bytes().chunks(PEM_LINE) {
        pem.push_str(&String::from_utf8_lossy(line));
        pem.push('\n');
    }
    pem.push_str("-----END RSA PRIVATE KEY-----\n");
    Ok(AppKey {
        private_pem: SecretString::from(pem),
        public_der: pair.public_key().as_ref().to_vec(),
    })
}
