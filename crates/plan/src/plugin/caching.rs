//! `caching`: answers of a backend that are used again.

use super::{scalar, Problems};
use schemars::JsonSchema;
use serde::Deserialize;

/// Longest time that an answer may be used again, in seconds.
pub const LONGEST: u32 = 172_800;

/// Keeps answers to GET requests; never on a group's automatic domain. Source: vendor page "Caching plug-in".
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Caching {
    /// Whether each app has answers of its own.
    #[serde(default, deserialize_with = "scalar::parsed")]
    #[schemars(with = "bool")]
    pub vary_by_app: bool,
    /// Parameters of the query, by their names at the backend: each combination of values has an answer of its own.
    /// Without this field every query has its own answer; with it, all other parameters make no difference.
    #[serde(default)]
    pub vary_by_parameters: Option<Vec<String>>,
    /// Request headers, as the backend gets them: each combination of values has an answer of its own.
    #[serde(default)]
    pub vary_by_headers: Vec<String>,
    /// Whether callers may ask for a fresh answer with `Cache-Control`.
    #[serde(default)]
    pub client_cache_control: ClientCacheControl,
    /// Headers that are kept besides Content-Type, Content-Encoding and Content-Language.
    #[serde(default)]
    pub cacheable_headers: Vec<String>,
    /// How long an answer is used, in seconds, unless the backend's `Cache-Control` says otherwise; at most 172800.
    #[serde(deserialize_with = "scalar::parsed")]
    #[schemars(with = "u32", range(min = 1, max = 172_800))]
    pub duration: u32,
}

#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct ClientCacheControl {
    /// off: nobody; all: everybody; app: the apps in `apps`.
    #[schemars(with = "ClientCacheMode")]
    pub mode: ClientCacheMode,
    /// Ids of apps.
    pub apps: Vec<u64>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ClientCacheMode {
    #[default]
    #[serde(alias = "OFF")]
    Off,
    #[serde(alias = "ALL")]
    All,
    #[serde(alias = "APP")]
    App,
}

impl Caching {
    pub(super) fn check(&self, problems: &mut Problems) {
        if !(1..=LONGEST).contains(&self.duration) {
            problems.add("duration", format!("must be 1 to {LONGEST} seconds"));
        }
        problems.headers("varyByHeaders", &self.vary_by_headers);
        problems.headers("cacheableHeaders", &self.cacheable_headers);
        if self.cacheable_headers.iter().any(|name| name.eq_ignore_ascii_case("set-cookie")) {
            problems.add("cacheableHeaders", "Set-Cookie belongs to one caller and is never kept");
        }
        if self.client_cache_control.mode == ClientCacheMode::App && self.client_cache_control.apps.is_empty() {
            problems.add("clientCacheControl.apps", "must have at least one app");
        }
    }
}
