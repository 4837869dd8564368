//! What a connector keeps between its runs: the key it made, and the certificate that the gateway wrote for it.

use rcgen::{CertificateParams, DnType, KeyPair};
use serde::{Deserialize, Serialize};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

/// The fingerprint in `network.secret.fingerprint`.
///
/// # Errors
/// When it is no token.
pub fn pinned(token: &str) -> Result<[u8; 32], String> {
    let wrong = || "it is not a token of `isthmus vpc connect-command`".to_owned();
    let digits = token.rsplit('.').next().filter(|text| text.len() == 64).ok_or_else(wrong)?;
    let mut bytes = [0; 32];
    for (byte, pair) in bytes.iter_mut().zip(digits.as_bytes().chunks(2)) {
        let text = std::str::from_utf8(pair).map_err(|_| wrong())?;
        *byte = u8::from_str_radix(text, 16).map_err(|_| wrong())?;
    }
    Ok(bytes)
}

/// What is kept between runs.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Kept {
    pub key: String,
    pub certificate: String,
    pub authority: String,
    /// Unix time in seconds.
    pub renew_at: u64,
}

fn kept_file(state: &Path) -> PathBuf {
    state.join("connector.json")
}

pub fn load(state: &Path) -> Option<Kept> {
    serde_json::from_str(&std::fs::read_to_string(kept_file(state)).ok()?).ok()
}

/// # Errors
/// When nothing can be written there.
pub fn try_folder(state: &Path) -> io::Result<()> {
    let probe = state.join("connector.json.new");
    std::fs::write(&probe, b"")?;
    std::fs::remove_file(probe)
}

/// # Errors
/// When the directory cannot be written.
pub fn save(state: &Path, kept: &Kept) -> io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt;
    let text = serde_json::to_vec(kept).map_err(io::Error::other)?;
    let draft = state.join("connector.json.new");
    let mut options = std::fs::OpenOptions::new();
    let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
    io::Write::write_all(&mut file, &text)?;
    file.sync_all()?;
    std::fs::rename(draft, kept_file(state))
}

/// Unix time in seconds.
pub fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// A new key and the request for its certificate, both PEM; the subject is a wish that the gateway overrules.
///
/// # Errors
/// When the system has no randomness.
pub fn request(name: &str) -> Result<(String, String), String> {
    let key = KeyPair::generate().map_err(|error| error.to_string())?;
    let mut parameters = CertificateParams::default();
    parameters.distinguished_name.push(DnType::CommonName, name);
    let request = parameters.serialize_request(&key).and_then(|request| request.pem());
    Ok((key.serialize_pem(), request.map_err(|error| error.to_string())?))
}
