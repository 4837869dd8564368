//! Stop 4: from where, protocol and sizes, before anything is spent on the caller.

use super::answer::{Kind, Refusal};
use super::route::Matched;
use super::upgrade;
use crate::plugins::Step;
use crate::record::Stop;
use hyper::header::CONTENT_LENGTH;
use hyper::http::request::Parts;
use isthmus_plan::{Scheme, TwoWayRole};

/// Source: vendor page "Limits" (URI at most 128 KB).
const URL_LIMIT: usize = 128 * 1024;

pub fn check(step: &Step<'_, '_>, matched: &Matched<'_>, head: &Parts, body_limit: u64) -> Result<(), Refusal> {
    let (peer, notes) = (step.peer, &step.entry.notes);
    notes.begin(Stop::Guard);
    let edition = &matched.edition.edition;
    if edition.internal_only && !step.thread.shared.internal.contains(peer.address.ip(), 0) {
        let hint = format!("{} is in no block of internal_networks", peer.address_text);
        return Err(Refusal::new(Kind::InternetDenied).with_detail(hint));
    }
    let protocols = edition.protocols;
    let by_device = peer.device.is_some();
    // Only a device can register.
    let open = by_device || matches!(edition.two_way, TwoWayRole::Common | TwoWayRole::Notify);
    let (allowed, name) = match peer.scheme {
        _ if by_device || upgrade::is_websocket(head) => (protocols.websocket && open, "WebSocket"),
        Scheme::Http => (protocols.http && open, "HTTP"),
        Scheme::Https => (protocols.https && open, "HTTPS"),
    };
    notes.fact("protocol", name);
    if !allowed {
        notes.open();
        notes.fact("protocol", name);
        let all = [(protocols.http, "HTTP"), (protocols.https, "HTTPS"), (protocols.websocket, "WebSocket")];
        let words: Vec<&str> = all.into_iter().filter(|(is, _)| *is).map(|(_, word)| word).collect();
        notes.fact("protocols of the API", &words.join(", "));
        return Err(Refusal::because(Kind::UnsupportedProtocol, name));
    }
    if head.uri.path().len() + head.uri.query().map_or(0, str::len) > URL_LIMIT {
        return Err(Refusal::new(Kind::UrlTooLarge).telling("bytes allowed", URL_LIMIT));
    }
    let announced = head.headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if let Some(length) = announced {
        notes.number("bytes announced", length);
    }
    if let Some(length) = announced.filter(|length| *length > body_limit) {
        let refusal = Refusal::new(Kind::BodyTooLarge).by("request_body_limit");
        return Err(refusal.telling("bytes announced", length).telling("bytes allowed", body_limit));
    }
    Ok(())
}
