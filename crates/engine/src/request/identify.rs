//! Stop 5: who calls. An AppCode or a signature leads to an app; an anonymous API asks for nothing.
//!
//! A signature is used when `X-Ca-Signature` is present, else an AppCode. A nonce is remembered only after the
//! signature held, so that nobody can burn the nonces of others.

use super::answer::{Kind, Refusal};
use super::app_code;
use super::body::RequestBody;
use super::mistakes;
use super::route::Matched;
use super::signature::{self, SignedRequest};
use crate::record::{Entry, Stop, Verdict};
use crate::thread::Thread;
use crate::world::{Caller, KeyCredential, World};
use base64::engine::general_purpose::STANDARD as BASE64;
use base64::Engine as _;
use hyper::header::HeaderMap;
use hyper::http::request::Parts;
use isthmus_plan::{Auth, Secret, SignatureMethod};
use md5::{Digest, Md5};

/// A matched request whose caller is known, as far as its API asks for one.
pub struct Identified<'w> {
    pub matched: Matched<'w>,
    pub caller: Option<&'w Caller>,
    /// The group's own AppCode was sent: it stands for no app.
    pub by_group_code: bool,
}

/// What identification needs to know of the engine.
pub struct Rules<'e> {
    /// Unix milliseconds.
    pub now: i64,
    pub signature_window_ms: u64,
    pub thread: &'e Thread,
    pub body_limit: u64,
}

/// May read the body (a form is part of the signature, `Content-MD5` covers it); then it is kept in `body`.
pub async fn caller<'w>(
    world: &'w World,
    matched: Matched<'w>,
    head: &Parts,
    body: &mut RequestBody,
    rules: &Rules<'_>,
    entry: &mut Entry,
) -> Result<Identified<'w>, Refusal> {
    entry.notes.begin(Stop::Identity);
    let Auth::App { app_code, signature_methods, force_nonce } = &matched.edition.edition.auth else {
        entry.notes.verdict(Verdict::Skipped);
        entry.notes.fact("scheme", "none, the API is open to everybody");
        return Ok(Identified { matched, caller: None, by_group_code: false });
    };
    let caller = if head.headers.contains_key("x-ca-signature") {
        entry.notes.fact("scheme", "a signature");
        let method = signature_method(&head.headers, signature_methods)?;
        entry.notes.written("method", format_args!("{method:?}"));
        let credential = credential(world, &head.headers, entry)?;
        entry.notes.fact("AppKey", &credential.app_key);
        verify(credential, method, *force_nonce, head, body, rules).await?;
        credential.caller.as_ref()
    } else {
        entry.notes.fact("scheme", "an AppCode");
        let code = app_code::find(head, *app_code, &matched.group.app_code)?;
        if matched.group.app_code.code.as_ref().is_some_and(|own| *own == Secret::new(code.as_ref())) {
            entry.notes.fact("whose", "the group's own");
            return Ok(Identified { matched, caller: None, by_group_code: true });
        }
        world.code(&code).ok_or_else(unknown_code)?
    };
    entry.caller(caller);
    entry.notes.number("app", caller.app.app_id);
    entry.notes.fact("app name", &caller.app.name);
    Ok(Identified { matched, caller: Some(caller), by_group_code: false })
}

fn unknown_code() -> Refusal {
    Refusal::because(Kind::InvalidAppCode, "`not found`").telling("AppCode", "of no app that this engine knows")
}

fn signature_method(headers: &HeaderMap, allowed: &[SignatureMethod]) -> Result<SignatureMethod, Refusal> {
    let method = match headers.get("x-ca-signature-method").map(|value| value.as_bytes()) {
        None | Some(b"") => SignatureMethod::HmacSHA256,
        Some(name) if name.eq_ignore_ascii_case(b"HmacSHA256") => SignatureMethod::HmacSHA256,
        Some(name) if name.eq_ignore_ascii_case(b"HmacSHA1") => SignatureMethod::HmacSHA1,
        Some(_) => {
            return Err(Refusal::because(Kind::InvalidHeader, "`X-Ca-Signature-Method` unknown method")
                .by("X-Ca-Signature-Method"))
        }
    };
    if !allowed.contains(&method) {
        let refusal = Refusal::because(Kind::InvalidHeader, "`X-Ca-Signature-Method` not allowed for this API");
        let methods: Vec<String> = allowed.iter().map(|method| format!("{method:?}")).collect();
        return Err(refusal.by("X-Ca-Signature-Method").telling("methods of the API", methods.join(", ")));
    }
    Ok(method)
}

fn credential<'w>(world: &'w World, headers: &HeaderMap, entry: &mut Entry) -> Result<&'w KeyCredential, Refusal> {
    let key = headers
        .get("x-ca-key")
        .ok_or_else(|| Refusal::new(Kind::AuthorizationNeeded).telling("looked for", "X-Ca-Key"))?;
    let key = key.to_str().map_err(|_| Refusal::new(Kind::InvalidAppKey).telling("AppKey", "not a text"))?;
    entry.app_key.push_str(key);
    world.key(key).map(AsRef::as_ref).ok_or_else(|| Refusal::new(Kind::InvalidAppKey).telling("AppKey", key))
}

async fn verify(
    credential: &KeyCredential,
    method: SignatureMethod,
    force_nonce: bool,
    head: &Parts,
    body: &mut RequestBody,
    rules: &Rules<'_>,
) -> Result<(), Refusal> {
    check_timestamp(&head.headers, rules)?;
    let nonce = head.headers.get("x-ca-nonce").map(|value| value.as_bytes()).filter(|nonce| !nonce.is_empty());
    if force_nonce && nonce.is_none() {
        return Err(Refusal::new(Kind::NonceRequired).by("X-Ca-Nonce"));
    }
    let form = signature::has_form(&head.headers);
    let announced = head.headers.get("content-md5").filter(|value| !value.is_empty());
    if form || announced.is_some() {
        let bytes = body.collect(rules.body_limit).await?;
        if let Some(announced) = announced {
            check_md5(announced.as_bytes(), bytes)?;
        }
    }
    let signed = SignedRequest::new(head, if form { body.collected() } else { b"" });
    if !signed.holds(credential, method) {
        let cause = mistakes::likely(&signed, credential, method);
        return Err(Refusal::because(Kind::InvalidSignature, signed.shown())
            .with_detail(cause)
            .by(format!("{method:?}")));
    }
    if let Some(nonce) = nonce {
        let until = rules.thread.shared.nonces.until(rules.now);
        if until.is_some_and(|until| !rules.thread.first_use(&credential.app_key, nonce, rules.now, until)) {
            return Err(Refusal::new(Kind::NonceUsed)
                .by("X-Ca-Nonce")
                .telling("nonce", String::from_utf8_lossy(nonce)));
        }
    }
    Ok(())
}

/// Milliseconds since 1970; not sending it is allowed. Source: vendor page "Request signatures".
fn check_timestamp(headers: &HeaderMap, rules: &Rules<'_>) -> Result<(), Refusal> {
    let Some(value) = headers.get("x-ca-timestamp") else { return Ok(()) };
    let sent: Option<i64> = value.to_str().ok().and_then(|text| text.trim().parse().ok());
    match sent {
        Some(sent) if rules.now.abs_diff(sent) <= rules.signature_window_ms => Ok(()),
        sent => {
            let refusal = Refusal::new(Kind::TimestampExpired).with_detail(mistakes::clock(sent, rules.now));
            Err(refusal.by("X-Ca-Timestamp").telling("milliseconds allowed", rules.signature_window_ms))
        }
    }
}

fn check_md5(announced: &[u8], bytes: &[u8]) -> Result<(), Refusal> {
    if bytes.is_empty() {
        return Err(Refusal::because(Kind::InvalidContentMd5, "`sent without a body`").by("Content-MD5"));
    }
    let own = BASE64.encode(Md5::digest(bytes));
    if own.as_bytes() != announced {
        let refusal = Refusal::because(Kind::InvalidContentMd5, "`does not match the body`").by("Content-MD5");
        return Err(refusal.telling("sent", String::from_utf8_lossy(announced)).telling("of the body", own));
    }
    Ok(())
}
