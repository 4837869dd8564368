//! Before stop 3: a request that came by HTTP/2 gets the form that HTTP/1.1 gives one, so that no later step, plug-in
//! or backend sees a difference. Called once, by `steps`.

use super::answer::{head_too_large, Refusal};
use crate::connection::HEADER_COUNT_LIMIT;
use hyper::header::{HeaderMap, HeaderValue, COOKIE, HOST};
use hyper::http::request::Parts;
use hyper::Version;

/// # Errors
/// `HeadTooLarge` with more fields than HTTP/1.1 may have; `InvalidHeader` for a Host that differs from `:authority`.
pub fn like_http1(head: &mut Parts) -> Result<(), Refusal> {
    if head.version != Version::HTTP_2 {
        return Ok(());
    }
    if head.headers.len() > HEADER_COUNT_LIMIT {
        return Err(head_too_large());
    }
    join_cookies(&mut head.headers);
    if head.headers.contains_key(HOST) {
        return Ok(());
    }
    if let Some(host) = head.uri.authority().and_then(|authority| HeaderValue::from_str(authority.as_str()).ok()) {
        head.headers.insert(HOST, host);
    }
    Ok(())
}

/// HTTP/2 may send a cookie header in crumbs; others get it whole (RFC 9113 section 8.2.3).
fn join_cookies(headers: &mut HeaderMap) {
    let mut crumbs = headers.get_all(COOKIE).iter();
    let Some(first) = crumbs.next() else { return };
    let mut whole = first.as_bytes().to_vec();
    let mut several = false;
    for crumb in crumbs {
        whole.extend_from_slice(b"; ");
        whole.extend_from_slice(crumb.as_bytes());
        several = true;
    }
    if let Some(value) = HeaderValue::from_bytes(&whole).ok().filter(|_| several) {
        headers.insert(COOKIE, value);
    }
}
