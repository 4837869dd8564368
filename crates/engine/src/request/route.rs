//! Stop 3: host → group → stage → path and method → API.
//!
//! One normal form of the path serves routing, permission and mapping: percent-decoded once, and refused when it holds
//! what two parsers could read differently (encoded slash or dot segments, `//`, a backslash, control characters).

use super::answer::{Kind, Refusal};
use crate::record::{Entry, From, Notes, Stop};
use crate::world::{CompiledEdition, EditionEntry, ReadyDomain, World};
use hyper::header::{HeaderValue, ACCESS_CONTROL_REQUEST_METHOD, ORIGIN};
use hyper::http::request::Parts;
use hyper::http::uri::Uri;
use hyper::Method;
use isthmus_plan::{Domain, Group};
use percent_encoding::percent_decode_str;
use std::borrow::Cow;

/// A request whose API is known.
pub struct Matched<'w> {
    pub edition: &'w CompiledEdition,
    pub domain: &'w ReadyDomain,
    pub group: &'w Group,
    /// Texts at the path's placeholders, decoded, in the order of `edition.placeholders`.
    pub values: Vec<Box<str>>,
    /// A browser asks whether a page may call this API: the API was found by the method that the page wants to use, or
    /// takes any method.
    pub preflight: bool,
}

/// `X-Ca-Stage` when the domain does not say.
const DEFAULT_STAGE: &str = "RELEASE";

/// Where a request is addressed to, before its API is known.
pub struct Place<'w> {
    pub domain: &'w ReadyDomain,
    pub group: &'w Group,
}

/// Host → domain → group.
pub fn place<'w>(world: &'w World, head: &Parts, entry: &mut Entry) -> Result<Place<'w>, Refusal> {
    let notes = &entry.notes;
    notes.begin(Stop::Domain);
    let host = host(head)?;
    notes.fact("host", &host);
    entry.domain.push_str(&host);
    let domain = world.domain(&host).ok_or_else(|| Refusal::because(Kind::InvalidDomain, host.into_owned()))?;
    notes.fact("domain", &domain.domain.host);
    let group = world.group(&domain.domain.group_id).ok_or_else(|| broken_group(&domain.domain))?;
    entry.group(group);
    Ok(Place { domain, group })
}

/// To an engine of one instance (`own`), the domains of other instances' groups are unknown.
pub fn check_instance(own: Option<&str>, place: &Place<'_>, now: i64) -> Result<(), Refusal> {
    let is_served = |own| place.group.is_served_by(own, u64::try_from(now).unwrap_or_default());
    if own.is_none_or(is_served) {
        return Ok(());
    }
    Err(Refusal::because(Kind::InvalidDomain, place.domain.domain.host.clone()))
}

/// Stage, path and method → API.
pub fn find<'w>(world: &'w World, place: Place<'w>, head: &Parts, entry: &mut Entry) -> Result<Matched<'w>, Refusal> {
    let Place { domain, group } = place;
    entry.notes.begin(Stop::Stage);
    let (served_as, why) = stage(head, &domain.domain)?;
    // A debug call tries out a draft under a name that nobody can guess, behind the stage's.
    let stage = served_as.split_once('~').map_or(&*served_as, |(stage, _)| stage);
    entry.notes.fact("stage", stage);
    entry.notes.fact("because", why);
    entry.stage.push_str(stage);
    if !group.stages.iter().any(|known| *known == *stage) {
        entry.notes.open();
        entry.notes.fact("stages of the group", &group.stages.join(", "));
        return Err(Refusal::because(Kind::InvalidStage, served_as.into_owned()));
    }
    entry.notes.begin(Stop::Api);
    let path = normal_path(head.uri.path()).map_err(|refusal| refusal.telling("path", head.uri.path()))?;
    let method = head.method.as_str();
    let routes = world.routes(&group.group_id, &served_as);
    let wanted = preflight_method(head);
    let notes = &entry.notes;
    let found = routes.and_then(|routes| {
        let found = routes.find(method, &path, notes);
        found.or_else(|| wanted.and_then(|wanted| routes.find(wanted, &path, notes)))
    });
    let Some(found) = found else {
        notes.open();
        if routes.is_none() {
            notes.fact("published in this stage", "nothing");
        }
        let refusal = match wanted {
            Some(wanted) => Refusal::because(Kind::CrossOriginNotFound, format!("{wanted} - {}", head.uri.path())),
            None => not_found(method, &head.uri),
        };
        return Err(refusal.telling("looked for in", format!("{}/{served_as}", group.group_id)));
    };
    match found.entry {
        EditionEntry::Served(edition) => {
            entry.api(&edition.edition);
            note_api(&entry.notes, edition, &found.values);
            let values = found.values.into_iter().map(Box::from).collect();
            let preflight = wanted.is_some() && edition.edition.method != "OPTIONS";
            Ok(Matched { edition, domain, group, values, preflight })
        }
        EditionEntry::Broken { key, reason, .. } => {
            let refusal = Refusal::new(Kind::BrokenApi).with_detail(reason.clone());
            Err(refusal.by(key.clone()))
        }
    }
}

fn note_api(notes: &Notes, edition: &CompiledEdition, values: &[&str]) {
    if !notes.write() {
        return;
    }
    notes.rule(&edition.edition.api_id);
    notes.fact("method", &edition.edition.method);
    notes.fact("path", &edition.edition.path);
    notes.fact("edition", &edition.edition.version);
    for (name, value) in edition.placeholders.iter().zip(values) {
        notes.input(From::Path, name, name, value);
    }
}

/// The method that a page wants to use, when a browser asks first. Source: Fetch standard, "CORS-preflight request".
fn preflight_method(head: &Parts) -> Option<&str> {
    if head.method != Method::OPTIONS || !head.headers.contains_key(ORIGIN) {
        return None;
    }
    head.headers.get(ACCESS_CONTROL_REQUEST_METHOD).and_then(|method| method.to_str().ok())
}

/// The host the request is for, lower case, without port.
fn host(head: &Parts) -> Result<Cow<'_, str>, Refusal> {
    let text = match head.uri.host() {
        Some(host) => {
            // Named twice, in the request's target and as a header: a backend could read either.
            let named = head.uri.authority().map(|authority| authority.as_str().as_bytes());
            let differs = |value: &HeaderValue| !named.is_some_and(|name| name.eq_ignore_ascii_case(value.as_bytes()));
            if head.headers.get_all(hyper::header::HOST).iter().any(differs) {
                return Err(
                    Refusal::because(Kind::InvalidHeader, "`Host` differs from the host of the target").by("Host")
                );
            }
            host
        }
        None => {
            let mut values = head.headers.get_all(hyper::header::HOST).iter();
            let (first, second) = (values.next(), values.next());
            if second.is_some() {
                return Err(Refusal::because(Kind::InvalidHeader, "`Host` occurs more than once").by("Host"));
            }
            let value =
                first.ok_or_else(|| Refusal::because(Kind::InvalidDomain, "no Host header").telling("host", "none"))?;
            let text = value
                .to_str()
                .map_err(|_| Refusal::because(Kind::InvalidHeader, "`Host` is not a host name").by("Host"))?;
            without_port(text)
        }
    };
    let text = text.strip_suffix('.').unwrap_or(text);
    if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Ok(Cow::Owned(text.to_ascii_lowercase()))
    } else {
        Ok(Cow::Borrowed(text))
    }
}

fn without_port(text: &str) -> &str {
    if text.starts_with('[') {
        return text.split_once(']').map_or(text, |(address, _)| address.trim_start_matches('['));
    }
    text.rsplit_once(':').map_or(text, |(host, _)| host)
}

/// A domain bound to a stage serves only that one; otherwise the header chooses, in any case.
fn stage<'r>(head: &'r Parts, domain: &'r Domain) -> Result<(Cow<'r, str>, &'static str), Refusal> {
    if let Some(bound) = &domain.stage {
        return Ok((Cow::Borrowed(bound), "the domain is bound to it"));
    }
    let Some(value) = head.headers.get("x-ca-stage") else {
        return Ok((Cow::Borrowed(DEFAULT_STAGE), "it is the default, without X-Ca-Stage"));
    };
    let why = "the header X-Ca-Stage says so";
    let text =
        value.to_str().map_err(|_| Refusal::because(Kind::InvalidStage, "X-Ca-Stage is not text").by("X-Ca-Stage"))?;
    if text.bytes().any(|byte| byte.is_ascii_lowercase()) {
        Ok((Cow::Owned(text.to_ascii_uppercase()), why))
    } else {
        Ok((Cow::Borrowed(text), why))
    }
}

/// The decoded path, or why it has no single reading.
pub fn normal_path(raw: &str) -> Result<Cow<'_, str>, Refusal> {
    let refuse = |why: &'static str| Err(Refusal::because(Kind::InvalidPath, why));
    if !raw.starts_with('/') {
        return refuse("must start with /");
    }
    let decoded = if raw.contains('%') {
        if !escapes_are_whole(raw) {
            return refuse("% must be followed by two hexadecimal digits");
        }
        if has_encoded_slash(raw) {
            return refuse("an encoded slash or backslash has no single meaning");
        }
        match percent_decode_str(raw).decode_utf8() {
            Ok(decoded) => decoded,
            Err(_) => return refuse("is not UTF-8 after decoding"),
        }
    } else {
        Cow::Borrowed(raw)
    };
    if decoded.bytes().any(|byte| byte < b' ' || byte == 0x7f || byte == b'\\') {
        return refuse("control characters and backslashes are not allowed");
    }
    if decoded.contains("//") {
        return refuse("empty segments are not allowed");
    }
    if decoded.split('/').any(|segment| matches!(segment.split(';').next(), Some("." | ".."))) {
        return refuse("dot segments are not allowed");
    }
    Ok(decoded)
}

fn escapes_are_whole(raw: &str) -> bool {
    raw.split('%').skip(1).all(|behind| {
        let mut digits = behind.bytes();
        matches!((digits.next(), digits.next()), (Some(one), Some(two)) if one.is_ascii_hexdigit() && two.is_ascii_hexdigit())
    })
}

fn has_encoded_slash(raw: &str) -> bool {
    raw.split('%').skip(1).any(|behind| {
        behind.get(..2).is_some_and(|code| code.eq_ignore_ascii_case("2f") || code.eq_ignore_ascii_case("5c"))
    })
}

fn broken_group(domain: &Domain) -> Refusal {
    let refusal = Refusal::because(Kind::BrokenGroup, "the domain's group does not exist");
    refusal.by(domain.host.as_str()).telling("group", &domain.group_id)
}

fn not_found(method: &str, uri: &Uri) -> Refusal {
    Refusal::because(Kind::ApiNotFound, format!("`{method} {}`", uri.path()))
}
