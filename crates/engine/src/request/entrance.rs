//! The second half of stop 3: may a call come in through this domain at all?
//!
//! Called by `serve` as soon as domain and group are known, before the API is looked for. Access lists of the instance
//! come first, then certificates of callers, then the way from HTTP to HTTPS. Invariant: a domain that asks callers for
//! a certificate is never served on a connection that did not show one to this very domain.

use super::answer::{Kind, Refusal};
use super::route::{self, Place};
use crate::backend::ResponseBody;
use crate::plugins::Step;
use hyper::header::{HeaderValue, HOST, LOCATION};
use hyper::http::request::Parts;
use hyper::{Method, Response, StatusCode};
use isthmus_plan::Scheme;
use std::net::SocketAddr;

/// The answer that sends the caller to HTTPS, if there is one.
pub fn check(step: &Step<'_, '_>, place: &Place<'_>, head: &Parts) -> Result<Option<Response<ResponseBody>>, Refusal> {
    route::check_instance(step.thread.settings.instance.as_deref(), place, step.now.unix_ms())?;
    let (world, peer, https) = (step.world, step.peer, step.thread.shared.https);
    if world.instance(place.group).is_some_and(|instance| !instance.admits(peer.address.ip())) {
        return Err(refused_by_list(step));
    }
    let domain = &place.domain.domain;
    if domain.https_redirect && peer.scheme == Scheme::Http {
        return Ok(Some(to_https(&step.entry.domain, head, https)));
    }
    if let Some(wanted) = &domain.client_certificate {
        if peer.scheme == Scheme::Http {
            return Err(Refusal::because(Kind::UnsupportedProtocol, "HTTP")
                .by(&*domain.host)
                .telling("because", "the domain asks callers for a certificate"));
        }
        if peer.client.as_ref().is_none_or(|client| *client.certificate_id != **wanted) {
            // A browser that joined two hosts on one connection tries again on another one (RFC 9110 section 15.5.20).
            let shown = peer.client.as_ref().map_or("none", |client| client.certificate_id.as_ref());
            let refusal = Refusal::because(Kind::Misdirected, step.entry.domain.clone());
            return Err(refusal
                .by(&*domain.host)
                .telling("certificate asked", wanted)
                .telling("certificate shown", shown));
        }
    }
    Ok(None)
}

fn refused_by_list(step: &Step<'_, '_>) -> Refusal {
    let refusal = Refusal::new(Kind::IpDenied).with_detail("the instance's access list");
    refusal.by(step.entry.instance_id()).telling("address", step.peer.address.ip())
}

/// `https` is where this engine listens for it. A browser may forget method and body at 301; nobody does at 308.
fn to_https(host: &str, head: &Parts, https: Option<SocketAddr>) -> Response<ResponseBody> {
    let is_plain = matches!(head.method, Method::GET | Method::HEAD);
    let mut response = Response::new(ResponseBody::empty());
    *response.status_mut() = if is_plain { StatusCode::MOVED_PERMANENTLY } else { StatusCode::PERMANENT_REDIRECT };
    let target = head.uri.path_and_query().map_or("/", |target| target.as_str());
    // Who came with a port came without a load balancer that gives this gateway the usual ones.
    let port = https.filter(|_| has_port(head)).map(|address| format!(":{}", address.port())).unwrap_or_default();
    let location = format!("https://{}{port}{target}", host);
    if let Ok(location) = HeaderValue::from_str(&location) {
        response.headers_mut().insert(LOCATION, location);
    }
    response
}

fn has_port(head: &Parts) -> bool {
    let host = head.headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    head.uri.port_u16().is_some() || host.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok())
}
