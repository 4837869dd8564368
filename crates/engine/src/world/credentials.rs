//! Who calls: apps, and the keys prepared for their signatures.

use isthmus_plan::{App, Secret};
use ring::hmac;
use std::sync::{Arc, OnceLock};

/// An app as a request sees it.
#[derive(Debug)]
pub struct Caller {
    pub app: App,
}

/// An AppKey with its app. The HMAC keys are prepared when the first signature arrives, once: most of a million
/// apps may never sign.
pub struct KeyCredential {
    pub app_key: Box<str>,
    pub caller: Arc<Caller>,
    secret: Secret,
    sha256: OnceLock<Box<hmac::Key>>,
    sha1: OnceLock<Box<hmac::Key>>,
}

impl KeyCredential {
    pub fn new(app_key: &str, secret: Secret, caller: Arc<Caller>) -> Self {
        Self { app_key: app_key.into(), caller, secret, sha256: OnceLock::new(), sha1: OnceLock::new() }
    }

    pub fn hmac_sha256(&self) -> &hmac::Key {
        self.sha256.get_or_init(|| Box::new(hmac::Key::new(hmac::HMAC_SHA256, self.secret.reveal().as_bytes())))
    }

    /// Weak, but the vendor's API option `AllowSignatureMethod` offers it.
    pub fn hmac_sha1(&self) -> &hmac::Key {
        let algorithm = hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY;
        self.sha1.get_or_init(|| Box::new(hmac::Key::new(algorithm, self.secret.reveal().as_bytes())))
    }
}
