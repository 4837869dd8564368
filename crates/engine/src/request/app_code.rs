//! AppCodes: where a request may have one, and how it is taken out again before a backend sees it.
//!
//! Source: vendor page "Call an API with simple authentication (AppCode)"; a group may name one more place.

use super::answer::{Kind, Refusal};
use hyper::header::{HeaderMap, AUTHORIZATION};
use hyper::http::request::Parts;
use hyper::http::uri::PathAndQuery;
use hyper::Uri;
use isthmus_plan::{AppCodeLocation, AppCodePlace, GroupAppCode};
use std::borrow::Cow;

/// # Errors
/// `AuthorizationNeeded` when there is none, `InvalidAppCode` when the API takes none.
pub fn find<'r>(head: &'r Parts, allowed: AppCodeLocation, group: &'r GroupAppCode) -> Result<Cow<'r, str>, Refusal> {
    let in_query = match allowed {
        AppCodeLocation::Header => false,
        AppCodeLocation::HeaderAndQuery => true,
        AppCodeLocation::Group if group.code.is_some() => false,
        AppCodeLocation::Group | AppCodeLocation::Nowhere => {
            return Err(match in_header(&head.headers) {
                None => Refusal::new(Kind::AuthorizationNeeded).telling("looked for", "X-Ca-Signature"),
                Some(_) => {
                    let why = "`AppCode authentication is not enabled for this API`";
                    Refusal::because(Kind::InvalidAppCode, why).telling("AppCodes of the API", word(allowed))
                }
            });
        }
    };
    let query = head.uri.query().unwrap_or_default();
    let at_place = group.place.as_ref().and_then(|place| match place {
        AppCodePlace::Header(name) => {
            head.headers.get(name.as_str())?.to_str().ok().map(|code| Cow::Borrowed(code.trim()))
        }
        AppCodePlace::Query(name) => named(query, |known| known == name),
    });
    at_place
        .or_else(|| in_header(&head.headers).map(Cow::Borrowed))
        .or_else(|| in_query.then(|| named(query, is_usual_name)).flatten())
        .filter(|code| !code.is_empty())
        .ok_or_else(|| missing(in_query, group.place.as_ref()))
}

/// Where an API takes AppCodes.
fn word(allowed: AppCodeLocation) -> &'static str {
    match allowed {
        AppCodeLocation::Header => "in the header Authorization",
        AppCodeLocation::HeaderAndQuery => "in the header Authorization and the query",
        AppCodeLocation::Group => "as the group says, which has none",
        AppCodeLocation::Nowhere => "nowhere, only signatures",
    }
}

fn missing(in_query: bool, place: Option<&AppCodePlace>) -> Refusal {
    let query = if in_query { ", the parameter AppCode of the query" } else { "" };
    let own = match place {
        Some(AppCodePlace::Header(name)) => format!(", the header {name}"),
        Some(AppCodePlace::Query(name)) => format!(", the parameter {name} of the query"),
        None => String::new(),
    };
    let places = format!("X-Ca-Signature, Authorization: APPCODE{query}{own}");
    Refusal::new(Kind::AuthorizationNeeded).telling("looked for", places)
}

/// Takes every AppCode out of a request.
pub fn hide(head: &mut Parts, group: &GroupAppCode) {
    if in_header(&head.headers).is_some() {
        head.headers.remove(AUTHORIZATION);
    }
    let place = match &group.place {
        Some(AppCodePlace::Header(name)) => {
            head.headers.remove(name.as_str());
            None
        }
        Some(AppCodePlace::Query(name)) => Some(name.as_str()),
        None => None,
    };
    let Some(query) = head.uri.query() else { return };
    let is_code = |pair: &str| {
        let parsed = form_urlencoded::parse(pair.as_bytes()).next();
        parsed.is_some_and(|(name, _)| is_usual_name(&name) || place == Some(&*name))
    };
    let kept: Vec<&str> = query.split('&').filter(|pair| !is_code(pair)).collect();
    if kept.len() < query.split('&').count() {
        let changed = if kept.is_empty() { String::new() } else { format!("?{}", kept.join("&")) };
        replace_query(&mut head.uri, &changed);
    }
}

fn replace_query(uri: &mut Uri, query: &str) {
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = PathAndQuery::try_from(format!("{}{query}", uri.path())).ok();
    if let Ok(changed) = Uri::from_parts(parts) {
        *uri = changed;
    }
}

/// `Authorization: APPCODE <code>`; the word in any case, as clients in the wild send it.
fn in_header(headers: &HeaderMap) -> Option<&str> {
    let text = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (word, code) = text.split_once(' ')?;
    word.eq_ignore_ascii_case("APPCODE").then(|| code.trim())
}

fn is_usual_name(name: &str) -> bool {
    name.eq_ignore_ascii_case("appcode")
}

fn named<'q>(query: &'q str, wanted: impl Fn(&str) -> bool) -> Option<Cow<'q, str>> {
    form_urlencoded::parse(query.as_bytes()).find(|(name, _)| wanted(name)).map(|(_, code)| code)
}
