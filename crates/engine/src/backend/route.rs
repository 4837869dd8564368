//! Where an exchange goes: a host, or what a VPC access names.
//!
//! Made by `mod.rs` from the plan alone. It knows what `http.rs`, `http2.rs` and `connect.rs` ask of a place: the pool
//! of its connections, the `Host` that it sees and the name that its certificate must have.

use super::pool::{TargetKey, TargetPool};
use crate::record::Entry;
use crate::request::answer::{Kind, Refusal};
use crate::request::Outgoing;
use crate::thread::Thread;
use crate::world::{Access, World};
use hyper::header::HeaderValue;
use isthmus_plan::{Network, Scheme};
use std::rc::Rc;
use std::sync::Arc;
use tokio::time::Instant;

/// Where an exchange goes.
pub struct Route<'w> {
    scheme: Scheme,
    pub place: Place<'w>,
    /// `Host` of the backend service, stronger than that of the access.
    host: Option<&'w str>,
    /// Whether a certificate must be good.
    verifies: bool,
}

pub enum Place<'w> {
    Host { host: &'w str, port: u16 },
    Access { access: &'w Access, network: &'w Arc<Network> },
}

impl<'w> Route<'w> {
    pub fn to_host(scheme: Scheme, host: &'w str, port: u16, host_header: Option<&'w str>) -> Self {
        Self { scheme, place: Place::Host { host, port }, host: host_header, verifies: true }
    }

    /// # Errors
    /// `VpcAccess` when the access or its network is not there (any more).
    pub fn through_access(
        world: &'w World,
        name: &str,
        scheme: Scheme,
        host: Option<&'w str>,
    ) -> Result<Self, Refusal> {
        let gone = |what: &str| Refusal::new(Kind::VpcAccess).with_detail(format!("{what} does not exist"));
        let access = world.access(name).ok_or_else(|| gone(&format!("the VPC access {name:?}")))?;
        let network_id = &access.access.network_id;
        let network = world.network(network_id).ok_or_else(|| gone(&format!("the network {network_id:?}")))?;
        let verifies = access.access.verify_tls;
        Ok(Self { scheme, place: Place::Access { access, network }, host, verifies })
    }

    /// Whether certificates are verified, when the access does not say otherwise.
    pub fn verifying(mut self, verifies: bool) -> Self {
        self.verifies &= verifies;
        self
    }

    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    pub fn verifies(&self) -> bool {
        self.verifies
    }

    pub fn pool(&self, thread: &Thread) -> Rc<TargetPool> {
        let (name, port, revision) = match &self.place {
            Place::Host { host, port } => (*host, *port, None),
            Place::Access { access, network } => {
                let revision = access.revision.max(network.revision);
                (access.access.name.as_str(), access.access.port, Some(revision))
            }
        };
        let tls_name = (self.scheme == Scheme::Https).then(|| self.tls_name());
        thread.pools.target(name, &TargetKey { port, scheme: self.scheme, revision, tls_name, verifies: self.verifies })
    }

    /// Priority: backend service, access, the client's (when the group passes it), a constant, the address.
    /// Source: vendor page "Host header of backend requests".
    pub fn host_header(&self, outgoing: &mut Outgoing) -> Option<HeaderValue> {
        let own = match &self.place {
            Place::Access { .. } => self.access_host(),
            Place::Host { .. } => self.host,
        };
        if let Some(value) = own.and_then(|host| HeaderValue::from_str(host).ok()) {
            return Some(value);
        }
        outgoing.client_host.take().or(outgoing.constant_host.take()).or_else(|| self.address_header())
    }

    /// `Host` for a VPC access, if one is set.
    fn access_host(&self) -> Option<&str> {
        let Place::Access { access, .. } = &self.place else { return None };
        self.host.or(access.access.host.as_deref()).filter(|host| !host.is_empty())
    }

    fn address_header(&self) -> Option<HeaderValue> {
        let (host, port) = match &self.place {
            Place::Host { host, port } => (*host, *port),
            Place::Access { access, network } => {
                let target = &access.access.target;
                (network.instances.get(target).unwrap_or(target).as_str(), access.access.port)
            }
        };
        let usual = matches!((self.scheme, port), (Scheme::Http, 80) | (Scheme::Https, 443));
        let bracketed = host.contains(':') && !host.starts_with('[');
        let host = if bracketed { format!("[{host}]") } else { host.to_owned() };
        let text = if usual { host } else { format!("{host}:{port}") };
        HeaderValue::from_str(&text).ok()
    }

    /// Writes down where a request goes.
    pub fn note(&self, entry: &mut Entry, now: Instant) {
        let (name, port) = match &self.place {
            Place::Host { host, port } => (*host, *port),
            Place::Access { access, .. } => (access.access.name.as_str(), access.access.port),
        };
        entry.sent_to(name, port, now.into_std());
    }

    /// The name that is sent as SNI and that a certificate must have: the address's host, or the `Host` of a VPC access
    /// without its port, or the address that an access stands for.
    pub fn tls_name(&self) -> &str {
        match &self.place {
            Place::Host { host, .. } => unbracketed(host),
            Place::Access { access, network } => match self.access_host() {
                Some(host) => without_port(host),
                None => network.instances.get(&access.access.target).unwrap_or(&access.access.target),
            },
        }
    }
}

/// A host without the port that may follow it.
fn without_port(host: &str) -> &str {
    let is_port = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let name = match host.rsplit_once(':') {
        Some((name, port)) if is_port(port) && (name.ends_with(']') || !name.contains(':')) => name,
        _ => host,
    };
    unbracketed(name)
}

fn unbracketed(host: &str) -> &str {
    host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host)
}

#[cfg(test)]
mod tests {
    use super::without_port;

    #[test]
    fn the_name_of_a_certificate_has_no_port() {
        for (host, name) in [
            ("shop.internal", "shop.internal"),
            ("shop.internal:8443", "shop.internal"),
            ("10.0.0.1:443", "10.0.0.1"),
            ("[fd00::1]:443", "fd00::1"),
            ("[fd00::1]", "fd00::1"),
            ("fd00::1", "fd00::1"),
        ] {
            assert_eq!(without_port(host), name, "{host}");
        }
    }
}
