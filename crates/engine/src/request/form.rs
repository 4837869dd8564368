//! Names and values of queries and forms; those of a form in the charset that its content type names.
//!
//! Source: vendor page "Request parameters" (UTF-8 without a charset). Called wherever a form is read, so that the
//! signature, the mappings and the plug-ins see the same texts.

use encoding_rs::{Encoding, UTF_8};
use hyper::header::{HeaderMap, CONTENT_TYPE};
use std::borrow::Cow;

/// Another charset than UTF-8; what is unknown is read as UTF-8.
pub type Charset = Option<&'static Encoding>;

pub type Pair<'t> = (Cow<'t, [u8]>, Cow<'t, [u8]>);

pub fn charset(headers: &HeaderMap) -> Charset {
    let text = headers.get(CONTENT_TYPE)?.to_str().ok()?;
    let named = |part: &'_ str| {
        let (name, value) = part.split_once('=')?;
        name.trim().eq_ignore_ascii_case("charset").then(|| value.trim().trim_matches('"').to_owned())
    };
    let label = text.split(';').skip(1).find_map(named)?;
    Encoding::for_label(label.as_bytes()).filter(|encoding| *encoding != UTF_8)
}

/// Pairs in their order as texts; those without a name are ignored.
pub fn texts(text: &[u8], charset: Charset) -> Vec<(String, String)> {
    let read = |bytes: Cow<'_, [u8]>| match charset {
        Some(charset) => charset.decode_without_bom_handling(&bytes).0.into_owned(),
        None => String::from_utf8_lossy(&bytes).into_owned(),
    };
    each(text, true).map(|(name, value)| (read(name), read(value))).collect()
}

/// As `texts`, with the bytes that a signature is over: UTF-8, whatever the charset.
pub fn signed_pairs(text: &[u8], charset: Charset) -> Vec<Pair<'_>> {
    let Some(charset) = charset else { return pairs(text, true) };
    let read = |bytes: Cow<'_, [u8]>| charset.decode_without_bom_handling(&bytes).0.into_owned().into_bytes();
    each(text, true).map(|(name, value)| (Cow::Owned(read(name)), Cow::Owned(read(value)))).collect()
}

/// Names and values in their order, decoded or as they are; pairs without a name are ignored.
pub fn pairs(text: &[u8], decode: bool) -> Vec<Pair<'_>> {
    each(text, decode).collect()
}

fn each(text: &[u8], decode: bool) -> impl Iterator<Item = Pair<'_>> {
    text.split(|byte| *byte == b'&').filter_map(move |part| {
        let mut sides = part.splitn(2, |byte| *byte == b'=');
        let (name, value) = (sides.next().unwrap_or_default(), sides.next().unwrap_or_default());
        let read = |side| if decode { decode_side(side) } else { Cow::Borrowed(side) };
        (!name.is_empty()).then(|| (read(name), read(value)))
    })
}

/// `+` is a space, `%XX` a byte (WHATWG URL, application/x-www-form-urlencoded).
fn decode_side(text: &[u8]) -> Cow<'_, [u8]> {
    if !text.iter().any(|byte| matches!(byte, b'+' | b'%')) {
        return Cow::Borrowed(text);
    }
    let spaced: Vec<u8> = text.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
    Cow::Owned(percent_encoding::percent_decode(&spaced).collect())
}
