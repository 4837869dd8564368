//! What a record never shows: AppCodes, tokens, signatures and passwords, wherever a caller put them.
//!
//! Names are judged by what they contain, values by the look of a JSON Web Token. Used when a request is written down,
//! after its answer was sent; the places of a group's own AppCode and of tokens come with the entry.

use percent_encoding::percent_decode_str;
use std::borrow::Cow;

/// What stands for a value that is not shown.
pub const MASK: &str = "***";

const SECRET_PARTS: [&str; 14] = [
    "appcode",
    "authorization",
    "cookie",
    "credential",
    "jwt",
    "passwd",
    "password",
    "secret",
    "session",
    "signature",
    "token",
    "apikey",
    "api-key",
    "api_key",
];

/// Names that hold a secret beside those that everybody knows, or empty: where the group takes an AppCode.
#[derive(Debug, Clone, Copy, Default)]
pub struct Also<'e> {
    pub header: &'e str,
    pub parameter: &'e str,
}

/// Whether a header or parameter of this name is shown without its value.
pub fn is_secret_name(name: &str) -> bool {
    if name.eq_ignore_ascii_case("x-ca-signature-headers") || name.eq_ignore_ascii_case("x-ca-signature-method") {
        return false;
    }
    let name = name.to_ascii_lowercase();
    SECRET_PARTS.iter().any(|part| name.contains(part))
}

/// A JSON Web Token, or what begins like one: `{"` in base64.
fn is_secret_value(value: &str) -> bool {
    value.contains("eyJ")
}

/// A query with the values of secrets taken out; `also` is one more name that holds one, or empty.
#[inline]
pub fn query<'q>(text: &'q str, also: &str) -> Cow<'q, str> {
    // Most requests have no query, and the look at a pair is not free.
    if text.is_empty() {
        return Cow::Borrowed(text);
    }
    pairs(text, also)
}

fn pairs<'q>(text: &'q str, also: &str) -> Cow<'q, str> {
    let secret = |pair: &str| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let name = percent_decode_str(name).decode_utf8_lossy();
        is_secret_name(&name) || is_secret_value(value) || (!also.is_empty() && *name == *also)
    };
    if !text.split('&').any(secret) {
        return Cow::Borrowed(text);
    }
    let mut masked = String::with_capacity(text.len());
    for pair in text.split('&') {
        if !masked.is_empty() {
            masked.push('&');
        }
        match pair.split_once('=') {
            Some((name, _)) if secret(pair) => masked.extend([name, "=", MASK]),
            _ => masked.push_str(pair),
        }
    }
    Cow::Owned(masked)
}

/// A message that may quote a string to sign: lines of `name:value` with `#` between them, then a path with a query.
#[inline]
pub fn message<'m>(text: &'m str, also: Also<'_>) -> Cow<'m, str> {
    // Most requests have no message, and the search for a token is not free.
    if text.is_empty() {
        return Cow::Borrowed(text);
    }
    lines(text, also)
}

fn lines<'m>(text: &'m str, also: Also<'_>) -> Cow<'m, str> {
    if !text.contains('#') && !text.contains('=') && !is_secret_value(text) {
        return Cow::Borrowed(text);
    }
    let lines: Vec<Cow<'_, str>> = text.split('#').map(|line| message_line(line, also)).collect();
    Cow::Owned(lines.join("#"))
}

fn message_line<'l>(line: &'l str, also: Also<'_>) -> Cow<'l, str> {
    if let Some((name, value)) = line.split_once(':').filter(|(name, _)| !name.contains(['/', ' '])) {
        let own = !also.header.is_empty() && name.eq_ignore_ascii_case(also.header);
        if own || is_secret_name(name) || is_secret_value(value) {
            return Cow::Owned(format!("{name}:{MASK}"));
        }
    }
    match line.split_once('?') {
        Some((path, parameters)) => Cow::Owned(format!("{path}?{}", query(parameters, also.parameter))),
        None if is_secret_value(line) => Cow::Borrowed(MASK),
        None => Cow::Borrowed(line),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_in_a_query_are_masked_and_the_rest_is_shown() {
        let shown = query("a=1&AppCode=c0de&x%2Dtoken=t&own=o&j=eyJhbGciOi.x.y&b", "own");
        assert_eq!(shown, "a=1&AppCode=***&x%2Dtoken=***&own=***&j=***&b");
        assert!(matches!(query("a=1&b=2", ""), Cow::Borrowed("a=1&b=2")));
    }

    #[test]
    fn a_string_to_sign_is_shown_without_secrets() {
        let said = "Invalid Signature, Server StringToSign:`GET#*/*####Authorization:APPCODE c0de#X-Ca-Key:1#x-mine:own#/p?access_token=t&a=1`";
        let shown = message(said, Also { header: "X-Mine", ..Also::default() });
        assert!(!shown.contains("c0de") && !shown.contains("=t&"), "{shown}");
        assert!(shown.contains("X-Ca-Key:1#x-mine:***#/p?access_token=***&a=1"), "{shown}");
    }
}
