//! What a caller signed: the documented string, and the three ways in which official clients differ from it.
//!
//! Sources: vendor page "Request signatures"; the vendor's Java SDK signs the decoded path, its Node client joins
//! repeated parameters with commas, its Python demo signs the query undecoded. The documented form is tried first; the
//! message about a mismatch always shows that one.

use super::form::{self, Pair};
use crate::world::KeyCredential;
use base64::engine::general_purpose::STANDARD as BASE64;
use base64::Engine as _;
use hyper::header::{HeaderMap, CONTENT_TYPE};
use hyper::http::request::Parts;
use isthmus_plan::SignatureMethod;
use percent_encoding::percent_decode_str;
use ring::hmac;
use std::borrow::Cow;

/// Whether the body's fields are part of the signature.
pub fn has_form(headers: &HeaderMap) -> bool {
    const FORM: &[u8] = b"application/x-www-form-urlencoded";
    let Some(value) = headers.get(CONTENT_TYPE) else { return false };
    value.as_bytes().get(..FORM.len()).is_some_and(|start| start.eq_ignore_ascii_case(FORM))
}

/// How the last part of the string is made.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Variant {
    decoded_path: bool,
    joined_values: bool,
    decoded_query: bool,
}

const DOCUMENTED: Variant = Variant { decoded_path: false, joined_values: false, decoded_query: true };

const VARIANTS: [Variant; 4] = [
    DOCUMENTED,
    Variant { decoded_path: true, ..DOCUMENTED },
    Variant { joined_values: true, ..DOCUMENTED },
    Variant { decoded_query: false, ..DOCUMENTED },
];

/// A request as the verifier sees it.
pub struct SignedRequest<'r> {
    pub(super) head: &'r Parts,
    pub(super) form: &'r [u8],
}

impl<'r> SignedRequest<'r> {
    /// `form` is the body when it is a form, else empty.
    pub fn new(head: &'r Parts, form: &'r [u8]) -> Self {
        Self { head, form }
    }

    /// Whether `X-Ca-Signature` is this credential's over this request. The comparison takes the same time wherever
    /// the difference is.
    pub fn holds(&self, credential: &KeyCredential, method: SignatureMethod) -> bool {
        let Some(sent) = self.head.headers.get("x-ca-signature") else { return false };
        let Ok(sent) = BASE64.decode(sent.as_bytes()) else { return false };
        let key = match method {
            SignatureMethod::HmacSHA256 => credential.hmac_sha256(),
            SignatureMethod::HmacSHA1 => credential.hmac_sha1(),
        };
        VARIANTS.iter().any(|variant| hmac::verify(key, &self.string_to_sign(*variant), &sent).is_ok())
    }

    /// The documented string with `#` for each line feed, as the error message shows it.
    pub fn shown(&self) -> String {
        String::from_utf8_lossy(&self.string_to_sign(DOCUMENTED)).replace('\n', "#")
    }

    fn string_to_sign(&self, variant: Variant) -> Vec<u8> {
        let headers = &self.head.headers;
        let mut text = Vec::with_capacity(512);
        text.extend_from_slice(self.head.method.as_str().as_bytes());
        text.push(b'\n');
        for name in ["accept", "content-md5", "content-type", "date"] {
            text.extend_from_slice(first_value(headers, name));
            text.push(b'\n');
        }
        self.append_headers(&mut text);
        self.append_resource(&mut text, variant);
        text
    }

    /// Names keep the spelling of the list and are sorted by it, byte by byte; values are found in any case.
    fn append_headers(&self, text: &mut Vec<u8>) {
        let list = String::from_utf8_lossy(first_value(&self.head.headers, "x-ca-signature-headers"));
        for name in signed_names(&list) {
            text.extend_from_slice(name.as_bytes());
            text.push(b':');
            text.extend_from_slice(first_value(&self.head.headers, name));
            text.push(b'\n');
        }
    }

    /// The headers that are signed, in their order.
    pub(super) fn signed_names(&self) -> Vec<String> {
        let list = String::from_utf8_lossy(first_value(&self.head.headers, "x-ca-signature-headers"));
        signed_names(&list).into_iter().map(str::to_owned).collect()
    }

    /// The same in the order of the list.
    pub(super) fn listed_names(&self) -> Vec<String> {
        let list = String::from_utf8_lossy(first_value(&self.head.headers, "x-ca-signature-headers"));
        list.split(',').map(|name| name.trim().to_owned()).collect()
    }

    fn append_resource(&self, text: &mut Vec<u8>, variant: Variant) {
        let path = self.head.uri.path();
        if variant.decoded_path {
            text.extend(percent_decode_str(path));
        } else {
            text.extend_from_slice(path.as_bytes());
        }
        let query = self.head.uri.query().unwrap_or_default().as_bytes();
        let query = form::pairs(query, variant.decoded_query);
        // The form's fields come first in each group of equal names: where both have a name, the form's value counts.
        let mut all = form::signed_pairs(self.form, form::charset(&self.head.headers));
        all.extend(query);
        all.sort_by(|(one, _), (other, _)| one.cmp(other));
        let mut separator = b'?';
        let mut rest = all.as_slice();
        while let Some(((name, value), behind)) = rest.split_first() {
            let same = behind.iter().take_while(|(other, _)| other == name).count();
            let (more, next) = behind.split_at_checked(same).unwrap_or((behind, &[]));
            rest = next;
            text.push(separator);
            separator = b'&';
            text.extend_from_slice(name);
            let joined = if variant.joined_values { join(value, more) } else { Cow::Borrowed(value.as_ref()) };
            if !joined.is_empty() {
                text.push(b'=');
                text.extend_from_slice(&joined);
            }
        }
    }
}

fn signed_names(list: &str) -> Vec<&str> {
    const NEVER: [&str; 6] =
        ["x-ca-signature", "x-ca-signature-headers", "accept", "content-md5", "content-type", "date"];
    let mut names: Vec<&str> = list
        .split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty() && !NEVER.iter().any(|never| name.eq_ignore_ascii_case(never)))
        .collect();
    names.sort_unstable();
    names.dedup();
    names
}

fn join<'v>(first: &'v [u8], more: &[Pair<'_>]) -> Cow<'v, [u8]> {
    if more.is_empty() {
        return Cow::Borrowed(first);
    }
    let mut joined = first.to_vec();
    for (_, value) in more {
        joined.push(b',');
        joined.extend_from_slice(value);
    }
    Cow::Owned(joined)
}

fn first_value<'r>(headers: &'r HeaderMap, name: &str) -> &'r [u8] {
    headers.get(name).map(|value| value.as_bytes()).unwrap_or_default()
}
