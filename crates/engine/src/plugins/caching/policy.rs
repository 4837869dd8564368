//! What `Cache-Control` and its relatives say (RFC 9111), of a request and of an answer.

use hyper::header::{HeaderMap, HeaderName, ACCEPT_ENCODING, AGE, CACHE_CONTROL, CONTENT_TYPE, SET_COOKIE, VARY};
use isthmus_plan::plugin::LONGEST_CACHED;

/// What a caller asks for.
#[derive(Debug, Default, Clone, Copy)]
pub struct Wish {
    pub no_cache: bool,
    pub no_store: bool,
    pub only_if_cached: bool,
    /// In seconds.
    max_age: Option<i64>,
}

/// How an answer may be kept.
pub struct Terms {
    pub left_ms: i64,
    /// How old it was when it came.
    pub age_ms: i64,
    /// The backend says that all may have it, whatever credentials the request had.
    pub shared: bool,
}

impl Wish {
    pub fn of(headers: &HeaderMap) -> Self {
        let mut wish = Wish::default();
        for (name, value) in directives(headers, &CACHE_CONTROL) {
            match name.as_str() {
                "no-cache" => wish.no_cache = true,
                "no-store" => wish.no_store = true,
                "only-if-cached" => wish.only_if_cached = true,
                "max-age" => wish.max_age = value.and_then(|value| value.parse().ok()),
                _ => {}
            }
        }
        wish
    }

    pub fn accepts(&self, age_ms: i64) -> bool {
        self.max_age.is_none_or(|most| age_ms / 1000 <= most)
    }
}

/// None for an answer that is not kept. `vary` are the headers that the key has.
pub fn terms(headers: &HeaderMap, vary: &[HeaderName], duration: u32) -> Option<Terms> {
    // An answer that goes on and on would wait for its end.
    let streams = headers.get(CONTENT_TYPE).is_some_and(|value| value.as_bytes().starts_with(b"text/event-stream"));
    let known = |name: &str| vary.iter().any(|known| known.as_str() == name) || name == ACCEPT_ENCODING.as_str();
    if streams || headers.contains_key(SET_COOKIE) || directives(headers, &VARY).any(|(name, _)| !known(&name)) {
        return None;
    }
    let (mut max_age, mut shared_age, mut shared) = (None, None, false);
    for (name, value) in directives(headers, &CACHE_CONTROL) {
        let seconds = || value.as_deref().and_then(|value| value.parse::<u32>().ok()).unwrap_or(0);
        match name.as_str() {
            "no-store" | "no-cache" | "private" => return None,
            "public" => shared = true,
            "max-age" => max_age = Some(seconds()),
            "s-maxage" => {
                shared_age = Some(seconds());
                shared = true;
            }
            _ => {}
        }
    }
    let said = shared_age.or(max_age);
    let age = headers.get(AGE).and_then(|value| value.to_str().ok()?.trim().parse::<u32>().ok()).unwrap_or(0);
    let left = said.unwrap_or(duration).min(LONGEST_CACHED).saturating_sub(if said.is_some() { age } else { 0 });
    (left > 0).then(|| Terms { left_ms: i64::from(left) * 1000, age_ms: i64::from(age) * 1000, shared })
}

/// Names in lower case with their values, quotes taken off. What is not text is a name that nobody knows.
fn directives<'h>(headers: &'h HeaderMap, name: &'h HeaderName) -> impl Iterator<Item = (String, Option<String>)> + 'h {
    headers.get_all(name).iter().flat_map(|value| value.to_str().unwrap_or("?").split(',')).filter_map(|part| {
        let (name, value) = match part.split_once('=') {
            Some((name, value)) => (name, Some(value.trim().trim_matches('"').to_owned())),
            None => (part, None),
        };
        let name = name.trim().to_ascii_lowercase();
        (!name.is_empty()).then_some((name, value))
    })
}
