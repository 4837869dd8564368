//! Where a request has its token. One that occurs twice is refused: the backend could read the other.

use crate::request::answer::{Kind, Refusal};
use hyper::header::COOKIE;
use hyper::http::request::Parts;
use std::borrow::Cow;

#[derive(Debug, Clone, Copy)]
pub enum Source {
    Header,
    Query,
    Cookie,
}

/// None when there is no token, or an empty one.
///
/// # Errors
/// `InvalidJwt` when there are two, `JwtUnreadable` for what is no text.
pub fn find<'r>(head: &'r Parts, source: Source, name: &'r str) -> Result<Option<Cow<'r, str>>, Refusal> {
    let found = match source {
        Source::Header => only_one(header(head, name))?,
        Source::Query => only_one(query(head, name).map(Ok))?,
        Source::Cookie => only_one(cookie(head, name))?,
    };
    let Some(text) = found else { return Ok(None) };
    let token = match text {
        Cow::Borrowed(text) => Cow::Borrowed(bare(text)),
        Cow::Owned(text) => Cow::Owned(bare(&text).to_owned()),
    };
    Ok(Some(token).filter(|token| !token.is_empty()))
}

fn only_one<'r>(
    mut values: impl Iterator<Item = Result<Cow<'r, str>, Refusal>>,
) -> Result<Option<Cow<'r, str>>, Refusal> {
    let first = values.next().transpose()?;
    match values.next() {
        None => Ok(first),
        Some(_) => Err(Refusal::because(Kind::InvalidJwt, "`it occurs more than once`")),
    }
}

fn header<'r>(head: &'r Parts, name: &str) -> impl Iterator<Item = Result<Cow<'r, str>, Refusal>> {
    let text = |value: &'r hyper::header::HeaderValue| value.to_str().map(Cow::Borrowed).map_err(|_| unreadable());
    head.headers.get_all(name).iter().map(text)
}

fn query<'r>(head: &'r Parts, name: &'r str) -> impl Iterator<Item = Cow<'r, str>> {
    let pairs = form_urlencoded::parse(head.uri.query().unwrap_or_default().as_bytes());
    pairs.filter(move |(known, _)| known == name).map(|(_, value)| value)
}

fn cookie<'r>(head: &'r Parts, name: &'r str) -> impl Iterator<Item = Result<Cow<'r, str>, Refusal>> {
    let lines = head.headers.get_all(COOKIE).iter();
    let pairs = lines.flat_map(|line| line.as_bytes().split(|byte| *byte == b';'));
    pairs.filter_map(move |pair| {
        let Ok(text) = std::str::from_utf8(pair) else { return None };
        let (known, value) = text.trim().split_once('=')?;
        (known == name).then(|| Ok(Cow::Borrowed(value.trim_matches('"'))))
    })
}

/// Without `Bearer `, in any case.
fn bare(text: &str) -> &str {
    const BEARER: &str = "bearer ";
    let text = text.trim();
    match text.get(..BEARER.len()) {
        Some(word) if word.eq_ignore_ascii_case(BEARER) => text.get(BEARER.len()..).unwrap_or_default().trim(),
        _ if text.eq_ignore_ascii_case(BEARER.trim()) => "",
        _ => text,
    }
}

fn unreadable() -> Refusal {
    Refusal::because(Kind::JwtUnreadable, "`it is not text`")
}
