//! `routing` at work: the first route whose condition holds puts its parts over the API's backend.

use super::outgoing::Change;
use super::{RequestFacts, Scoped, Step};
use crate::request::answer::{Kind, Refusal};
use crate::request::{Chosen, Matched, Outgoing};
use crate::world::{path_pieces, PathPiece};
use hyper::header::{HeaderName, HeaderValue};
use hyper::http::request::Parts;
use isthmus_plan::plugin::routing::{Route, RoutedAddress, RoutedBackend, Routing as Definition};
use isthmus_plan::plugin::transformer::Place;
use isthmus_plan::plugin::Parameters;
use isthmus_plan::{Backend, Edition, PlanError, Plugin, Target};

const ROUTING_NAME_TEXT: &str = "x-ca-routing-name";
const ROUTING_NAME: HeaderName = HeaderName::from_static(ROUTING_NAME_TEXT);

pub struct Routing {
    routes: Vec<Route>,
    undeclared: Parameters,
}

/// The backend of one request after a route was taken.
pub struct Routed<'w> {
    route: &'w Route,
    backend: Backend,
    path: Vec<PathPiece>,
}

impl Routing {
    pub fn compile(_: &Plugin, definition: &Definition) -> Result<Self, PlanError> {
        Ok(Self { routes: definition.routes.clone(), undeclared: Parameters::default() })
    }

    /// # Errors
    /// `IncompleteBackend` when the route and the API together lack a part.
    pub fn route(
        &self,
        step: &Step<'_, '_>,
        head: &Parts,
        body: &[u8],
        matched: &Matched<'_>,
    ) -> Result<Option<Routed<'_>>, Refusal> {
        let facts = RequestFacts::new(step, head, body, matched);
        let scope = Scoped::new(&self.undeclared, &facts);
        let Some(route) = self.routes.iter().find(|route| route.condition.holds(&scope)) else {
            step.entry.notes.fact("route", "none fits, so the backend is the API's own");
            return Ok(None);
        };
        step.entry.notes.rule(&route.name);
        let incomplete = || Refusal::new(Kind::IncompleteBackend).with_detail(format!("route {:?}", route.name));
        let backend = overlay(&route.backend, &matched.edition.edition).ok_or_else(incomplete)?;
        let path = path_pieces(&backend.path);
        Ok(Some(Routed { route, backend, path }))
    }
}

/// An API's backend with these parts put over it; None when both together lack a part.
pub fn overlay(parts: &RoutedBackend, edition: &Edition) -> Option<Backend> {
    let own = &edition.backend;
    let mut target = parts.target(&own.target)?;
    if let (Target::Http { host_header, .. } | Target::Address { host_header, .. }, Some(host)) =
        (&mut target, &parts.http_target_host_name)
    {
        *host_header = Some(host.clone());
    }
    let mut backend = Backend { target, ..own.clone() };
    if let Some(timeout) = parts.timeout {
        backend.timeout_ms = timeout;
    }
    if let Some(method) = &parts.method {
        backend.method = (!method.eq_ignore_ascii_case("ANY")).then(|| method.to_ascii_uppercase());
    }
    if let Some(path) = &parts.path {
        backend.path.clone_from(path);
    }
    if let Some(Ok(address)) = parts.address.as_deref().map(RoutedAddress::parse) {
        backend.path.insert_str(0, &address.path);
    }
    if backend.path.is_empty() && !matches!(backend.target, Target::Mock { .. }) {
        // A mock has no path of its own, so one that is routed elsewhere keeps the caller's.
        backend.path.push_str(&edition.path);
    }
    Some(backend)
}

impl Routed<'_> {
    pub fn chosen(&self) -> Chosen<'_> {
        Chosen { backend: &self.backend, path: &self.path }
    }

    pub fn name(&self) -> &str {
        &self.route.name
    }

    /// Names of the headers that the route sets.
    pub fn constant_headers(&self) -> impl Iterator<Item = &str> {
        let headers = self.route.constant_parameters.iter().filter(|constant| constant.location == Place::Header);
        headers.map(|constant| constant.name.as_str()).chain([ROUTING_NAME_TEXT])
    }

    /// The route's constants, and its name for the backend.
    ///
    /// # Errors
    /// None in practice: neither headers nor the query need the body.
    pub async fn mark(&self, outgoing: &mut Outgoing) -> Result<(), Refusal> {
        for constant in &self.route.constant_parameters {
            outgoing.change(constant.location, &constant.name, Change::Put(&constant.value), 0).await?;
        }
        if let Ok(name) = HeaderValue::from_str(&self.route.name) {
            outgoing.headers.insert(ROUTING_NAME, name);
        }
        Ok(())
    }
}
