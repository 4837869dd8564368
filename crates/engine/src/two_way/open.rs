//! The handshake of a two-way connection: at the root of a domain that takes them, answered by this gateway itself.

use super::Channel;
use crate::backend::{ResponseBody, Switched};
use crate::plugins::Step;
use crate::request::answer::{Kind, Refusal};
use crate::request::{upgrade, Place};
use base64::engine::general_purpose::STANDARD as BASE64;
use base64::Engine as _;
use hyper::header::{HeaderValue, CONNECTION, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, UPGRADE};
use hyper::http::request::Parts;
use hyper::upgrade::OnUpgrade;
use hyper::{Response, StatusCode};
use isthmus_plan::{Scheme, TwoWay};
use ring::digest;

/// RFC 6455 section 1.3.
const SUFFIX: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// The answer that opens a two-way connection, if this request asks for one.
///
/// # Errors
/// `InvalidHeader` for a handshake that is none; `UnsupportedProtocol` over TLS where the domain takes plain ones only.
pub fn open(
    step: &Step<'_, '_>,
    place: &Place<'_>,
    head: &mut Parts,
) -> Result<Option<Response<ResponseBody>>, Refusal> {
    let takes = place.domain.domain.two_way;
    if takes == TwoWay::Closed || head.uri.path() != "/" || !upgrade::is_websocket(head) {
        return Ok(None);
    }
    if step.peer.scheme == Scheme::Https && takes == TwoWay::Plain {
        return Err(Refusal::because(Kind::UnsupportedProtocol, "WebSocket over TLS").by(place
            .domain
            .domain
            .host
            .as_str()));
    }
    if head.headers.get(SEC_WEBSOCKET_VERSION).is_none_or(|version| version != "13") {
        return Err(
            Refusal::because(Kind::InvalidHeader, "`Sec-WebSocket-Version` must be 13").by("Sec-WebSocket-Version")
        );
    }
    let key = head.headers.get(SEC_WEBSOCKET_KEY).filter(|key| BASE64.decode(key).is_ok_and(|key| key.len() == 16));
    let accept = key.and_then(|key| accept(key.as_bytes()));
    let accept = accept.ok_or_else(|| {
        Refusal::because(Kind::InvalidHeader, "`Sec-WebSocket-Key` must be 16 bytes").by("Sec-WebSocket-Key")
    })?;
    let Some(client) = head.extensions.remove::<OnUpgrade>() else { return Ok(None) };
    let channel = Channel::new(step.thread, step.peer, client, &step.entry.domain);
    let mut response = Response::new(ResponseBody::switched(Switched::Channel(Box::new(channel))));
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(SEC_WEBSOCKET_ACCEPT, accept);
    Ok(Some(response))
}

fn accept(key: &[u8]) -> Option<HeaderValue> {
    let mut hash = digest::Context::new(&digest::SHA1_FOR_LEGACY_USE_ONLY);
    hash.update(key);
    hash.update(SUFFIX);
    HeaderValue::from_str(&BASE64.encode(hash.finish())).ok()
}
