//! Why a signature does not hold: the usual mistakes of signing clients, each tried on the request at hand.
//!
//! Called by `identify` once a signature was refused, never before. A mistake is named only when the caller's own
//! signature is that of the string it leads to, so what is said is what happened. It goes to the record's detail: the
//! caller is told the documented string alone.

use super::form;
use super::signature::SignedRequest;
use crate::world::KeyCredential;
use base64::engine::general_purpose::STANDARD as BASE64;
use base64::Engine as _;
use isthmus_plan::SignatureMethod;
use percent_encoding::percent_decode_str;
use ring::hmac;

/// The parts of a string to sign, as the documentation puts them together.
#[derive(Clone)]
struct Draft {
    method: String,
    /// Accept, Content-MD5, Content-Type, Date.
    fixed: [Vec<u8>; 4],
    headers: Vec<(String, Vec<u8>)>,
    path: Vec<u8>,
    query: Vec<(Vec<u8>, Vec<u8>)>,
    form: Vec<(Vec<u8>, Vec<u8>)>,
    sorted: bool,
    keeps_empty_lines: bool,
    writes_empty_values: bool,
    colon: &'static str,
    line_end: &'static str,
    end: &'static str,
}

impl Draft {
    fn text(&self) -> Vec<u8> {
        let mut lines: Vec<Vec<u8>> = vec![self.method.clone().into_bytes()];
        lines.extend(self.fixed.iter().filter(|line| self.keeps_empty_lines || !line.is_empty()).cloned());
        lines.extend(self.headers.iter().map(|(name, value)| [name.as_bytes(), self.colon.as_bytes(), value].concat()));
        let mut pairs: Vec<_> = self.form.iter().chain(&self.query).collect();
        if self.sorted {
            pairs.sort_by(|(one, _), (other, _)| one.cmp(other));
            pairs.dedup_by(|(later, _), (first, _)| later == first);
        }
        let pairs: Vec<Vec<u8>> = pairs
            .into_iter()
            .map(|(name, value)| {
                let equals: &[u8] = if value.is_empty() && !self.writes_empty_values { b"" } else { b"=" };
                [name.as_slice(), equals, value].concat()
            })
            .collect();
        let mut resource = self.path.clone();
        if !pairs.is_empty() {
            resource.push(b'?');
            resource.extend(pairs.join(&b'&'));
        }
        lines.push(resource);
        let mut text = lines.join(self.line_end.as_bytes());
        text.extend_from_slice(self.end.as_bytes());
        text
    }

    fn of(signed: &SignedRequest) -> Self {
        let headers = &signed.head.headers;
        let value = |name: &str| headers.get(name).map(|value| value.as_bytes().to_vec()).unwrap_or_default();
        let own = |pairs: Vec<form::Pair<'_>>| {
            pairs.into_iter().map(|(name, value)| (name.into_owned(), value.into_owned())).collect()
        };
        let query = signed.head.uri.query().unwrap_or_default().as_bytes();
        Self {
            method: signed.head.method.as_str().to_owned(),
            fixed: ["accept", "content-md5", "content-type", "date"].map(value),
            headers: signed.signed_names().into_iter().map(|name| (name.clone(), value(&name))).collect(),
            path: signed.head.uri.path().as_bytes().to_vec(),
            query: own(form::pairs(query, true)),
            form: own(form::signed_pairs(signed.form, form::charset(headers))),
            sorted: true,
            keeps_empty_lines: true,
            writes_empty_values: false,
            colon: ":",
            line_end: "\n",
            end: "",
        }
    }
}

type Change = fn(&mut Draft, &SignedRequest);

/// What went wrong, and how to sign as the client did then.
const MISTAKES: &[(&str, Change)] = &[
    ("the method is signed in lower case; it must be in upper case", |draft, _| draft.method.make_ascii_lowercase()),
    ("Accept was sent but its line is empty in the signed string", |draft, _| draft.fixed[0].clear()),
    ("Content-MD5 was sent but its line is empty in the signed string", |draft, _| draft.fixed[1].clear()),
    ("Content-Type was sent but its line is empty in the signed string", |draft, _| draft.fixed[2].clear()),
    ("Date was sent but its line is empty in the signed string", |draft, _| draft.fixed[3].clear()),
    ("Accept, Content-MD5, Content-Type and Date were sent but are not signed", |draft, _| {
        draft.fixed = Default::default();
    }),
    ("the client signed `Accept: */*` but sent another or none", |draft, _| draft.fixed[0] = b"*/*".to_vec()),
    ("the client signed `Accept: application/json` but sent another or none", |draft, _| {
        draft.fixed[0] = b"application/json".to_vec();
    }),
    ("the client signed `Accept: application/json; charset=utf-8` but sent another or none", |draft, _| {
        draft.fixed[0] = b"application/json; charset=utf-8".to_vec();
    }),
    ("the client signed the Content-Type without its parameters", |draft, _| {
        let end = draft.fixed[2].iter().position(|byte| *byte == b';').unwrap_or(draft.fixed[2].len());
        draft.fixed[2].truncate(end);
    }),
    ("the client signed `Content-Type: application/json` but sent another or none", |draft, _| {
        draft.fixed[2] = b"application/json".to_vec();
    }),
    ("the client signed `Content-Type: application/json; charset=utf-8` but sent another or none", |draft, _| {
        draft.fixed[2] = b"application/json; charset=utf-8".to_vec();
    }),
    ("the client signed `Content-Type: application/x-www-form-urlencoded` but sent another or none", |draft, _| {
        draft.fixed[2] = b"application/x-www-form-urlencoded".to_vec();
    }),
    (
        "the client signed `Content-Type: application/x-www-form-urlencoded; charset=utf-8` but sent another",
        |draft, _| {
            draft.fixed[2] = b"application/x-www-form-urlencoded; charset=utf-8".to_vec();
        },
    ),
    (
        "the client signed `Content-Type: application/octet-stream; charset=utf-8` but sent another or none",
        |draft, _| {
            draft.fixed[2] = b"application/octet-stream; charset=utf-8".to_vec();
        },
    ),
    ("lines of headers that were not sent are left out; each needs its empty line", |draft, _| {
        draft.keeps_empty_lines = false;
    }),
    ("the signed headers are not sorted by name", |draft, signed| {
        let listed = signed.listed_names();
        draft.headers.sort_by_key(|(name, _)| listed.iter().position(|one| one == name));
    }),
    ("names of headers are signed in lower case but listed otherwise in X-Ca-Signature-Headers", |draft, _| {
        draft.headers.iter_mut().for_each(|(name, _)| name.make_ascii_lowercase());
        draft.headers.sort();
    }),
    ("the signed headers are sorted without regard to case", |draft, _| {
        draft.headers.sort_by_key(|(name, _)| name.to_ascii_lowercase());
    }),
    ("a space stands behind the colon of signed headers", |draft, _| draft.colon = ": "),
    ("headers are listed in X-Ca-Signature-Headers but not signed", |draft, _| draft.headers.clear()),
    ("X-Ca-Stage is listed in X-Ca-Signature-Headers but not signed", |draft, _| without(draft, "x-ca-stage")),
    ("X-Ca-Timestamp is listed in X-Ca-Signature-Headers but not signed", |draft, _| without(draft, "x-ca-timestamp")),
    ("X-Ca-Nonce is listed in X-Ca-Signature-Headers but not signed", |draft, _| without(draft, "x-ca-nonce")),
    ("X-Ca-Key is signed but not listed in X-Ca-Signature-Headers", |draft, signed| with(draft, signed, "X-Ca-Key")),
    ("X-Ca-Stage is signed but not listed in X-Ca-Signature-Headers", |draft, signed| {
        with(draft, signed, "X-Ca-Stage")
    }),
    ("X-Ca-Nonce is signed but not listed in X-Ca-Signature-Headers", |draft, signed| {
        with(draft, signed, "X-Ca-Nonce")
    }),
    ("X-Ca-Timestamp is signed but not listed in X-Ca-Signature-Headers", |draft, signed| {
        with(draft, signed, "X-Ca-Timestamp");
    }),
    ("the parameters are not sorted by name", |draft, _| draft.sorted = false),
    ("the query is not signed", |draft, _| draft.query.clear()),
    ("the form's fields are not signed", |draft, _| draft.form.clear()),
    ("query and form are not signed", |draft, _| {
        draft.query.clear();
        draft.form.clear();
    }),
    ("an empty value is signed with `=`; its name stands alone", |draft, _| draft.writes_empty_values = true),
    ("a plus in the query is signed as a plus; it means a space", |draft, signed| {
        let text = signed.head.uri.query().unwrap_or_default().replace('+', "%2B");
        let pairs = form::pairs(text.as_bytes(), true).into_iter();
        draft.query = pairs.map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
    }),
    ("the whole URL is signed; only path and parameters are", |draft, signed| whole_url(draft, signed, "http")),
    ("the whole URL is signed; only path and parameters are", |draft, signed| whole_url(draft, signed, "https")),
    ("the path is signed with its host", |draft, signed| whole_url(draft, signed, "")),
    ("the path is signed without its leading slash", |draft, _| {
        draft.path = draft.path.strip_prefix(b"/").unwrap_or_default().to_vec();
    }),
    ("the path is signed with a slash at its end", |draft, _| draft.path.push(b'/')),
    ("the path is signed in decoded form with a plus as a space", |draft, signed| {
        draft.path = percent_decode_str(&signed.head.uri.path().replace('+', " ")).collect();
    }),
    ("the path is not signed, only the parameters", |draft, _| draft.path.clear()),
    ("lines end with CR LF; they end with LF", |draft, _| draft.line_end = "\r\n"),
    ("the signed string ends with a line feed", |draft, _| draft.end = "\n"),
    ("the signed lines are joined without line feeds", |draft, _| draft.line_end = ""),
];

fn without(draft: &mut Draft, unsigned: &str) {
    draft.headers.retain(|(name, _)| !name.eq_ignore_ascii_case(unsigned));
}

fn with(draft: &mut Draft, signed: &SignedRequest, name: &str) {
    let value = signed.head.headers.get(name).map(|value| value.as_bytes().to_vec()).unwrap_or_default();
    let lower = draft.headers.iter().all(|(name, _)| !name.bytes().any(|byte| byte.is_ascii_uppercase()));
    let name = if lower && !draft.headers.is_empty() { name.to_ascii_lowercase() } else { name.to_owned() };
    draft.headers.push((name, value));
    draft.headers.sort();
}

fn whole_url(draft: &mut Draft, signed: &SignedRequest, scheme: &str) {
    let host = signed.head.headers.get("host").map(|value| value.as_bytes()).unwrap_or_default();
    let begin = if scheme.is_empty() { String::new() } else { format!("{scheme}://") };
    draft.path = [begin.as_bytes(), host, &draft.path].concat();
}

/// What the client did, for whoever looks at the request's record.
pub fn likely(signed: &SignedRequest, credential: &KeyCredential, method: SignatureMethod) -> String {
    let sent = signed.head.headers.get("x-ca-signature").map(|value| value.as_bytes()).unwrap_or_default();
    let (key, other) = match method {
        SignatureMethod::HmacSHA256 => (credential.hmac_sha256(), credential.hmac_sha1()),
        SignatureMethod::HmacSHA1 => (credential.hmac_sha1(), credential.hmac_sha256()),
    };
    let documented = Draft::of(signed).text();
    let Ok(decoded) = BASE64.decode(sent) else {
        let hexadecimal = sent.len() == hmac::sign(key, &documented).as_ref().len() * 2;
        let form = if hexadecimal { "in hexadecimal digits" } else { "not in base64" };
        return format!("likely cause: the signature is {form}; base64 is expected");
    };
    if hmac::verify(other, &documented, &decoded).is_ok() {
        return "likely cause: signed with the other algorithm than X-Ca-Signature-Method says".to_owned();
    }
    for (mistake, change) in MISTAKES {
        let mut draft = Draft::of(signed);
        change(&mut draft, signed);
        let text = draft.text();
        if hmac::verify(key, &text, &decoded).is_ok() {
            return told(mistake, &documented, &text);
        }
    }
    "no known mistake leads to this signature: the AppSecret is another one, or something on the way changed the request"
        .to_owned()
}

/// Both strings, one below the other, and where they part.
fn told(mistake: &str, server: &[u8], client: &[u8]) -> String {
    let same = server.iter().zip(client).take_while(|(one, other)| one == other).count();
    let line = server.iter().take(same).filter(|byte| **byte == b'\n').count() + 1;
    let shown = |text: &[u8]| String::from_utf8_lossy(text).replace('\r', "\\r").replace('\n', "#");
    let (server, client) = (shown(server), shown(client));
    format!(
        "likely cause: {mistake}\nthey differ in line {line}, at character {same}:\nserver {server}\nclient {client}"
    )
}

/// How far a caller's timestamp (milliseconds) is from now.
pub fn clock(sent: Option<i64>, now: i64) -> String {
    let Some(sent) = sent else { return "X-Ca-Timestamp is no number of milliseconds since 1970".to_owned() };
    let near = |milliseconds: i64| milliseconds.abs_diff(now) < 366 * 24 * 3_600_000;
    if sent.checked_mul(1000).is_some_and(near) {
        return "X-Ca-Timestamp is in seconds since 1970; milliseconds are expected".to_owned();
    }
    let side = if sent < now { "behind" } else { "ahead of" };
    format!("X-Ca-Timestamp is {} s {side} the engine's clock", sent.abs_diff(now) / 1000)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use super::*;
    use crate::world::Caller;
    use isthmus_plan::{App, Secret};
    use std::sync::Arc;

    const FORM: &[u8] = b"f=1&c=%2B&g=";

    /// In which every mistake leads to another string.
    fn request() -> hyper::http::request::Parts {
        let request = hyper::Request::builder()
            .method("POST")
            .uri("/a+b/c%20d?z=1&b=2+3&e=&a=4")
            .header("host", "api.example.com")
            .header("accept", "text/plain")
            .header("content-md5", "bWQ1")
            .header("content-type", "application/x-www-form-urlencoded; charset=UTF-8")
            .header("x-ca-key", "k")
            .header("x-ca-stage", "TEST")
            .header("x-ca-nonce", "n")
            .header("x-ca-timestamp", "1")
            .header("a-first", "1");
        request.body(()).unwrap().into_parts().0
    }

    #[test]
    fn each_mistake_is_told_by_the_signature_it_leads_to() {
        let app = App {
            app_id: 1,
            name: "n".into(),
            user_id: None,
            extend: None,
            disabled: false,
            keys: vec![],
            codes: vec![],
        };
        let caller = Arc::new(Caller { app });
        let credential = KeyCredential::new("k", Secret::new("secret"), caller);
        for (mistake, change) in MISTAKES {
            for (date, list) in
                [("", "X-Ca-Stage,X-Ca-Timestamp,X-Ca-Nonce,X-Ca-Key,a-first"), ("d", "a-first"), ("d", "")]
            {
                let mut head = request();
                head.headers.insert("x-ca-signature-headers", list.parse().unwrap());
                head.headers.insert("date", date.parse().unwrap());
                let mut draft = Draft::of(&SignedRequest::new(&head, FORM));
                let documented = draft.text();
                change(&mut draft, &SignedRequest::new(&head, FORM));
                let text = draft.text();
                if text == documented {
                    continue;
                }
                let signature = BASE64.encode(hmac::sign(credential.hmac_sha256(), &text));
                head.headers.insert("x-ca-signature", signature.parse().unwrap());
                let told = likely(&SignedRequest::new(&head, FORM), &credential, SignatureMethod::HmacSHA256);
                assert!(told.contains("likely cause: "), "{mistake}: {told}");
            }
        }
        assert!(MISTAKES.len() >= 40);
    }

    #[test]
    fn the_documented_draft_is_the_documented_string() {
        let mut head = request();
        head.headers.insert("x-ca-signature-headers", "X-Ca-Key,a-first".parse().unwrap());
        let signed = SignedRequest::new(&head, FORM);
        let shown = String::from_utf8_lossy(&Draft::of(&signed).text()).replace('\n', "#");
        assert_eq!(shown, signed.shown());
    }
}
