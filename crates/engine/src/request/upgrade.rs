//! WebSocket handshakes (RFC 6455 section 4): which request is one, and what of it the backend gets.
//!
//! `guard` asks whether the API takes it; `map` carries it on. Any other upgrade, `h2c` among them, is taken out with
//! the hop-by-hop headers and the request goes on as an ordinary one.

use hyper::header::{HeaderMap, HeaderName, HeaderValue, CONNECTION, UPGRADE};
use hyper::http::request::Parts;
use hyper::upgrade::OnUpgrade;
use hyper::{Method, Version};

/// Headers of the handshake itself, in both directions.
const HANDSHAKE: [&str; 5] = [
    "sec-websocket-key",
    "sec-websocket-version",
    "sec-websocket-protocol",
    "sec-websocket-extensions",
    "sec-websocket-accept",
];

/// A handshake on its way: the client's connection once it is answered, and the headers it has.
pub struct Handshake {
    pub client: OnUpgrade,
    headers: HeaderMap,
}

pub fn is_websocket(head: &Parts) -> bool {
    // An ordinary request costs one look-up.
    head.headers.contains_key(UPGRADE)
        && head.version == Version::HTTP_11
        && head.method == Method::GET
        && names(&head.headers, &CONNECTION, "upgrade")
        && names(&head.headers, &UPGRADE, "websocket")
}

impl Handshake {
    pub fn take(head: &mut Parts) -> Option<Self> {
        if !is_websocket(head) {
            return None;
        }
        let client = head.extensions.remove::<OnUpgrade>()?;
        Some(Self { client, headers: handshake(&head.headers) })
    }

    /// Puts the handshake into a backend's request, whatever mapping left out.
    pub fn put(&self, headers: &mut HeaderMap) {
        for (name, value) in &self.headers {
            headers.insert(name, value.clone());
        }
    }
}

/// Whether an answer switches to WebSocket.
pub fn accepts(headers: &HeaderMap) -> bool {
    names(headers, &UPGRADE, "websocket")
}

/// What of a message belongs to the handshake.
pub fn handshake(headers: &HeaderMap) -> HeaderMap {
    let mut kept = HeaderMap::with_capacity(8);
    kept.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    kept.insert(UPGRADE, HeaderValue::from_static("websocket"));
    for name in HANDSHAKE {
        for value in headers.get_all(name) {
            kept.append(HeaderName::from_static(name), value.clone());
        }
    }
    kept
}

/// Whether a header's list has this word.
fn names(headers: &HeaderMap, name: &HeaderName, word: &str) -> bool {
    let texts = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    texts.flat_map(|text| text.split(',')).any(|part| part.trim().eq_ignore_ascii_case(word))
}
