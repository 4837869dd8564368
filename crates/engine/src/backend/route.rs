//! Where an exchange goes: a host, or what a VPC access names.
//!
//! Made by `mod.rs` from the plan alone. It knows what `http.rs`, `http2.rs` and `connect.rs` ask of a place: the pool
//! of its connections, the `Host` that it sees and the name that its certificate must have.

use super::discovery;
use super::pool::{TargetKey, TargetPool};
use super::targets::Targets;
use super::turns::{Picked, Running};
use crate::record::{Entry, Notes};
use crate::request::answer::{Kind, Refusal};
use crate::request::Outgoing;
use crate::thread::Thread;
use crate::world::{Access, World};
use bytes::Bytes;
use hyper::header::{HeaderMap, HeaderValue, HOST};
use isthmus_plan::{Attachment, Backend, Discovered, Network, Scheme};
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
    /// Whether the backend is spoken to by HTTP/2, whatever the request.
    http2: bool,
    /// Whether the backend sees its own address as `Host`.
    shows_address: bool,
}

pub enum Place<'w> {
    Host {
        host: &'w str,
        port: u16,
    },
    /// With several targets, the one that was picked.
    Access {
        access: &'w Access,
        network: &'w Arc<Network>,
        picked: Option<Picked<'w>>,
    },
    /// A target that a registry told, under the name by which it was asked.
    Found {
        name: &'w str,
        picked: Picked<'w>,
    },
}

impl<'w> Route<'w> {
    pub fn to_host(scheme: Scheme, host: &'w str, port: u16, host_header: Option<&'w str>) -> Self {
        Self {
            scheme,
            place: Place::Host { host, port },
            host: host_header,
            verifies: true,
            http2: false,
            shows_address: false,
        }
    }

    /// # Errors
    /// `VpcAccess` when the access or its network is not there (any more), `NoHealthyTarget` when it has several targets
    /// and none is well.
    pub fn through_access(
        thread: &Thread,
        world: &'w World,
        name: &str,
        scheme: Scheme,
        headers: &HeaderMap,
    ) -> Result<Self, Refusal> {
        let gone = |what: &str| Refusal::new(Kind::VpcAccess).with_detail(format!("{what} does not exist"));
        let access = world.access(name).ok_or_else(|| gone(&format!("the VPC access {name:?}")))?;
        let network_id = &access.access.network_id;
        let network = world.network(network_id).ok_or_else(|| gone(&format!("the network {network_id:?}")))?;
        let picked = match &access.targets {
            None => None,
            Some(targets) => {
                let now = unix_ms(thread);
                let picked = Picked::first(&thread.turns, targets, headers, now);
                let none = || Refusal::new(Kind::NoHealthyTarget).with_detail(targets.explain(now));
                Some(picked.ok_or_else(none)?)
            }
        };
        let (verifies, http2) = (access.access.verify_tls, access.access.http2);
        let place = Place::Access { access, network, picked };
        Ok(Self { scheme, place, host: None, verifies, http2, shows_address: false })
    }

    /// # Errors
    /// `NoHealthyTarget` when the registry named none.
    pub fn to_found(
        thread: &Thread,
        discovered: &'w Discovered,
        targets: &'w Targets,
        headers: &HeaderMap,
    ) -> Result<Self, Refusal> {
        let (name, now) = (discovery::name_of(&discovered.registry), unix_ms(thread));
        let none = || Refusal::new(Kind::NoHealthyTarget).with_detail(format!("{name}: {}", targets.explain(now)));
        let picked = Picked::first(&thread.turns, targets, headers, now).ok_or_else(none)?;
        let (scheme, host) = (discovered.scheme, discovered.host_header.as_deref());
        let place = Place::Found { name, picked };
        Ok(Self { scheme, place, host, verifies: true, http2: false, shows_address: false })
    }

    /// With `Host` of the backend service.
    pub fn with_host(mut self, host: Option<&'w str>) -> Self {
        self.host = host;
        self
    }

    /// As the backend says: whether certificates are verified and HTTP/2 is spoken, when the access does not say it.
    pub fn like(mut self, backend: &Backend) -> Self {
        self.verifies &= backend.verify_tls;
        self.http2 |= backend.http2;
        self
    }

    pub fn speaks_http2(&self) -> bool {
        self.http2
    }

    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    pub fn verifies(&self) -> bool {
        self.verifies
    }

    pub fn pool(&self, thread: &Thread) -> Rc<TargetPool> {
        let (name, revision) = match &self.place {
            Place::Host { host, .. } => (*host, None),
            Place::Found { name, .. } => (*name, None),
            Place::Access { access, network, .. } => {
                (access.access.name.as_str(), Some(access.revision.max(network.revision)))
            }
        };
        let (target, port) = self.target();
        let key = TargetKey {
            port,
            scheme: self.scheme,
            revision,
            member: self.picked().map(|_| target),
            tls_name: (self.scheme == Scheme::Https).then(|| self.tls_name()),
            verifies: self.verifies,
        };
        thread.pools.target(name, &key)
    }

    /// Host or instance, and port.
    pub fn target(&self) -> (&str, u16) {
        match &self.place {
            Place::Host { host, port } => (host, *port),
            Place::Found { picked, .. } => picked.member().map_or(("", 0), |member| (&member.target, member.port)),
            Place::Access { access, picked, .. } => match picked.as_ref().and_then(Picked::member) {
                Some(member) => (&member.target, member.port),
                None => (&access.access.target, access.access.port),
            },
        }
    }

    fn picked(&self) -> Option<&Picked<'w>> {
        match &self.place {
            Place::Access { picked, .. } => picked.as_ref(),
            Place::Found { picked, .. } => Some(picked),
            Place::Host { .. } => None,
        }
    }

    fn picked_mut(&mut self) -> Option<&mut Picked<'w>> {
        match &mut self.place {
            Place::Access { picked, .. } => picked.as_mut(),
            Place::Found { picked, .. } => Some(picked),
            Place::Host { .. } => None,
        }
    }

    /// Whether there may be another target to try.
    pub fn has_others(&self) -> bool {
        self.picked().is_some()
    }

    /// Whether what carries its connections may be lost while the target is well.
    pub fn is_carried(&self) -> bool {
        matches!(&self.place, Place::Access { network, .. } if matches!(network.attachment, Attachment::Connector { .. }))
    }

    /// The target did not answer, and is to blame unless it only closed a connection that was idle; whether the request
    /// may go to another one now.
    pub fn failed(&mut self, thread: &Thread, is_to_blame: bool) -> bool {
        let now = unix_ms(thread);
        let Some(picked) = self.picked_mut() else { return false };
        if let Some(member) = picked.member().filter(|_| is_to_blame) {
            member.health.failed(now);
        }
        picked.another(now)
    }

    /// The target answered; what ends with its answer.
    pub fn worked(&mut self) -> Option<Running> {
        let picked = self.picked_mut()?;
        if let Some(member) = picked.member() {
            member.health.worked();
        }
        picked.take_running()
    }

    /// `Host` after the request went on to another target.
    pub fn readdress(&self, headers: &mut HeaderMap) {
        if let Some(host) = self.shows_address.then(|| self.address_header()).flatten() {
            headers.insert(HOST, host);
        }
    }

    /// Priority: backend service, access, the client's (when the group passes it), a constant, the address.
    /// Source: vendor page "Host header of backend requests".
    pub fn host_header(&mut self, outgoing: &mut Outgoing) -> Option<HeaderValue> {
        let own = match &self.place {
            Place::Access { .. } => self.access_host(),
            Place::Host { .. } | Place::Found { .. } => self.host,
        };
        if let Some(value) = own.and_then(|host| HeaderValue::from_str(host).ok()) {
            return Some(value);
        }
        let given = outgoing.client_host.take().or(outgoing.constant_host.take());
        self.shows_address = given.is_none();
        given.or_else(|| self.address_header())
    }

    /// `Host` for a VPC access, if one is set.
    fn access_host(&self) -> Option<&str> {
        let Place::Access { access, .. } = &self.place else { return None };
        self.host.or(access.access.host.as_deref()).filter(|host| !host.is_empty())
    }

    fn address_header(&self) -> Option<HeaderValue> {
        let (target, port) = self.target();
        let host = self.address_of(target);
        let usual = matches!((self.scheme, port), (Scheme::Http, 80) | (Scheme::Https, 443));
        let bracketed = host.contains(':') && !host.starts_with('[');
        let mut text = String::with_capacity(host.len() + 8);
        text.push_str(if bracketed { "[" } else { "" });
        text.push_str(host);
        text.push_str(if bracketed { "]" } else { "" });
        if !usual {
            text.push(':');
            text.push_str(itoa::Buffer::new().format(port));
        }
        HeaderValue::from_maybe_shared(Bytes::from(text)).ok()
    }

    /// Where one attempt goes.
    pub fn note_target(&self, notes: &Notes, reused: Option<bool>) {
        if !notes.write() {
            return;
        }
        let (target, port) = self.target();
        notes.written("target", format_args!("{:?} {target}:{port}", self.scheme));
        if let Place::Access { access, network, .. } = &self.place {
            notes.fact("VPC access", &access.access.name);
            notes.fact("network", &network.network_id);
        }
        if let Some(reused) = reused {
            notes.fact("connection", if reused { "one that was open" } else { "a new one" });
        }
    }

    /// Writes down where a request goes.
    pub fn note(&self, entry: &mut Entry, now: Instant) {
        let name = match &self.place {
            Place::Host { host, .. } => host,
            Place::Found { name, .. } => name,
            Place::Access { access, .. } => access.access.name.as_str(),
        };
        entry.sent_to(name, self.target().1, now.into_std());
    }

    /// The name that is sent as SNI and that a certificate must have: the address's host, or the `Host` of a VPC access
    /// without its port, or the address that an access stands for.
    pub fn tls_name(&self) -> &str {
        match &self.place {
            Place::Host { host, .. } => unbracketed(host),
            // All instances of a service show the same certificate, or each one of its address.
            Place::Found { .. } => self.host.map_or_else(|| self.target().0, without_port),
            Place::Access { .. } => match self.access_host() {
                Some(host) => without_port(host),
                None => self.address_of(self.target().0),
            },
        }
    }

    /// The address that an instance of the network has; anything else stands for itself.
    fn address_of<'t>(&'t self, target: &'t str) -> &'t str {
        match &self.place {
            Place::Access { network, .. } => network.instances.get(target).map_or(target, String::as_str),
            Place::Host { .. } | Place::Found { .. } => target,
        }
    }
}

fn unix_ms(thread: &Thread) -> u64 {
    u64::try_from(thread.now().unix_ms()).unwrap_or_default()
}

/// A host without the port that may follow it.
pub fn without_port(host: &str) -> &str {
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
