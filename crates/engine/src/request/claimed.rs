//! Headers with which a client says what only a proxy can know: how the call came here, and what this gateway did to it;
//! and the one that could talk a backend into another protocol.
//!
//! They are dropped before a request goes on, in any spelling that an origin would fold into theirs (`x_real_ip`); what
//! the API's own mappings and plug-ins set under these names stays. `X-Forwarded-For` is not here: this gateway appends
//! to it, and its last entry is ours.

use hyper::header::{HeaderMap, HeaderName};

/// `passed` are names that the group wants forwarded all the same, for example behind a load balancer that sets them.
pub fn remove(headers: &mut HeaderMap, passed: &[String]) {
    let claimed = |name: &&HeaderName| is_claimed(name.as_str()) && !passed.iter().any(|kept| kept == name.as_str());
    // Seldom more than none, so nothing is allocated for most requests.
    while let Some(name) = headers.keys().find(claimed).cloned() {
        headers.remove(name);
    }
}

fn is_claimed(name: &str) -> bool {
    const WHOLE: [&str; 9] = [
        "forwarded",
        "http2-settings",
        "x-real-ip",
        "x-client-s-dn",
        "x-ca-routing-name",
        "x-ca-remote-auth-raw-path",
        "x-ca-deviceid",
        "x-ca-api-gateway",
        "x-ca-request-id",
    ];
    const STARTS: [&str; 2] = ["x-forwarded-", "x-ca-proxy-signature"];
    if !name.starts_with(['x', 'f', 'h']) || name == "x-forwarded-for" {
        return false;
    }
    WHOLE.iter().any(|known| folded_eq(name, known)) || STARTS.iter().any(|start| folded_starts(name, start))
}

fn folded_eq(name: &str, known: &str) -> bool {
    name.len() == known.len() && folded_starts(name, known)
}

/// With `_` for `-`.
fn folded_starts(name: &str, start: &str) -> bool {
    name.len() >= start.len()
        && name.bytes().zip(start.bytes()).all(|(one, other)| one == other || (one == b'_' && other == b'-'))
}
