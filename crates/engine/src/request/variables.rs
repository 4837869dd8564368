//! Stage variables: what `#Name#` stands for in the backend that a request goes to.
//!
//! Called between the choice of the backend and the mapping; a backend without variables costs one look at a flag.
//! Invariant: what is filled in comes from the plan alone. A request only chooses between the results of a route's rules.

use super::answer::{Kind, Refusal};
use super::chosen::Chosen;
use super::form;
use super::route::Matched;
use crate::plugins::Step;
use crate::record::Stop;
use crate::world::{path_pieces, PathPiece};
use hyper::http::request::Parts;
use isthmus_plan::plugin::routing::RoutedAddress;
use isthmus_plan::{Backend, Location, Source, StageRoute, StageVariables, Target};
use percent_encoding::{utf8_percent_encode, AsciiSet, CONTROLS};

/// What cannot stand in a path as it is.
const PATH: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'#').add(b'<').add(b'>').add(b'?').add(b'\\').add(b'^');

/// A backend after its variables were filled in.
pub struct Filled {
    backend: Backend,
    path: Vec<PathPiece>,
}

impl Filled {
    pub fn chosen(&self) -> Chosen<'_> {
        Chosen { backend: &self.backend, path: &self.path }
    }
}

/// None when there is nothing to fill in.
///
/// # Errors
/// `StageRoute` for a variable that the stage does not have or a route without a fitting rule; `BackendAddress` when
/// the values make no address.
pub fn fill(
    step: &Step<'_, '_>,
    chosen: Chosen<'_>,
    matched: &Matched<'_>,
    head: &Parts,
) -> Result<Option<Filled>, Refusal> {
    let notes = &step.entry.notes;
    notes.begin(Stop::Backend);
    if !chosen.backend.uses_variables {
        chosen.note(notes);
        return Ok(None);
    }
    let edition = &matched.edition.edition;
    let variables = step.world.stage_variables(&edition.group_id, &edition.stage);
    let values = Values { variables, matched, head };
    let mut path = Vec::with_capacity(chosen.path.len() + 1);
    let target = match &chosen.backend.target {
        Target::Address { address, host_header } => {
            let filled = values.replace(address)?;
            let parsed = RoutedAddress::parse(&filled)
                .map_err(|problem| Refusal::new(Kind::BackendAddress).with_detail(problem).by(filled.as_str()))?;
            if !parsed.path.is_empty() {
                path.push(PathPiece::Text(encoded(&parsed.path)));
            }
            let host_header = host_header.clone();
            Target::Http { scheme: parsed.scheme, host: parsed.host, port: parsed.port, host_header }
        }
        Target::Vpc { access, scheme, host } => {
            Target::Vpc { access: values.replace(access)?, scheme: *scheme, host: host.clone() }
        }
        other => other.clone(),
    };
    for piece in chosen.path {
        path.push(match piece {
            PathPiece::Text(text) if text.contains('#') => PathPiece::Text(encoded(&values.replace(text)?)),
            other => other.clone(),
        });
    }
    if path.is_empty() {
        path = path_pieces("/");
    }
    let filled = Filled { backend: Backend { target, ..chosen.backend.clone() }, path };
    notes.fact("filled in", "variables of the stage");
    filled.chosen().note(notes);
    Ok(Some(filled))
}

fn encoded(text: &str) -> Box<str> {
    utf8_percent_encode(text, PATH).to_string().into()
}

struct Values<'r, 'w> {
    variables: Option<&'w StageVariables>,
    matched: &'r Matched<'w>,
    head: &'r Parts,
}

impl Values<'_, '_> {
    /// The text with every `#Name#` replaced; a `#` that belongs to no name stays.
    fn replace(&self, text: &str) -> Result<String, Refusal> {
        let mut filled = String::with_capacity(text.len() + 32);
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('#') {
            filled.push_str(before);
            match after.split_once('#').filter(|(name, _)| is_name(name)) {
                Some((name, behind)) => {
                    filled.push_str(&self.value(name)?);
                    rest = behind;
                }
                None => {
                    filled.push('#');
                    rest = after;
                }
            }
        }
        filled.push_str(rest);
        Ok(filled)
    }

    fn value(&self, name: &str) -> Result<String, Refusal> {
        let missing = |reason: String| Refusal::because(Kind::StageRoute, reason).by(name);
        let stage = &self.matched.edition.edition.stage;
        let found = self.variables.and_then(|variables| variables.find(name));
        let variable = found.ok_or_else(|| missing(format!("{stage} has no variable `{name}`")))?;
        let Some(route) = &variable.route else { return Ok(variable.value.clone()) };
        let given = self.parameter(route);
        let fits = |values: &[String]| given.as_ref().is_some_and(|given| values.contains(given));
        let rule = route.rules.iter().find(|rule| fits(&rule.values));
        rule.map(|rule| rule.result.clone()).ok_or_else(|| missing(format!("no rule of `{name}` fits the request")))
    }

    /// The value that decides a route: what the backend would get under this name, or the request's own.
    fn parameter(&self, route: &StageRoute) -> Option<String> {
        let edition = &self.matched.edition.edition;
        let named = |mapping: &&isthmus_plan::Mapping| {
            mapping.location == route.location && mapping.name.eq_ignore_ascii_case(&route.parameter)
        };
        match edition.mappings.iter().find(named).map(|mapping| &mapping.source) {
            Some(Source::Constant(value)) => Some(value.clone()),
            Some(Source::Request(name)) => {
                let declared = edition.parameters.iter().find(|parameter| parameter.name == *name)?;
                self.read(declared.location, name).or_else(|| declared.default.clone())
            }
            Some(Source::System(_)) => None,
            None => self.read(route.location, &route.parameter),
        }
    }

    fn read(&self, location: Location, name: &str) -> Option<String> {
        match location {
            Location::Head => Some(self.head.headers.get(name)?.to_str().ok()?.to_owned()),
            Location::Query => {
                let query = form::texts(self.head.uri.query()?.as_bytes(), None);
                query.into_iter().find(|(known, _)| known == name).map(|(_, value)| value)
            }
            Location::Path => {
                let position = self.matched.edition.placeholders.iter().position(|known| **known == *name)?;
                self.matched.values.get(position).map(|value| value.to_string())
            }
            Location::Body => None,
        }
    }
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}
