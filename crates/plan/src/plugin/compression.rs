//! `compression`: answers made smaller on their way to callers. An addition of this gateway; the vendor has no such type.

use super::{scalar, Problems};
use schemars::JsonSchema;
use serde::Deserialize;

/// Compresses an answer for a caller whose `Accept-Encoding` takes one of the codings, unless it is compressed already.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Compression {
    /// The codings in the order of preference, where a caller takes several equally: br, zstd, gzip.
    pub algorithms: Vec<Algorithm>,
    /// Content types that are compressed; `*` at the end of one stands for any rest. `text/event-stream` only when it
    /// is named in full.
    pub types: Vec<String>,
    /// Answers that are known to be shorter, in bytes, stay as they are.
    #[serde(deserialize_with = "scalar::parsed")]
    #[schemars(with = "u64")]
    pub minimum_size: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Algorithm {
    #[serde(alias = "brotli")]
    Br,
    Zstd,
    Gzip,
}

impl Algorithm {
    /// As `Content-Encoding` has it.
    pub fn name(self) -> &'static str {
        match self {
            Algorithm::Br => "br",
            Algorithm::Zstd => "zstd",
            Algorithm::Gzip => "gzip",
        }
    }
}

/// Types that are text; pictures, films and archives are compressed already.
const USUAL_TYPES: [&str; 9] = [
    "text/*",
    "application/json*",
    "application/javascript",
    "application/xml*",
    "application/problem+json",
    "application/ld+json",
    "application/wasm",
    "application/yaml",
    "image/svg+xml",
];

impl Default for Compression {
    fn default() -> Self {
        Self {
            algorithms: vec![Algorithm::Br, Algorithm::Zstd, Algorithm::Gzip],
            types: USUAL_TYPES.iter().map(|name| (*name).to_owned()).collect(),
            minimum_size: 1024,
        }
    }
}

impl Compression {
    pub(super) fn check(&self, problems: &mut Problems) {
        if self.algorithms.is_empty() {
            problems.add("algorithms", "must have at least one of br, zstd and gzip");
        }
        for (index, algorithm) in self.algorithms.iter().enumerate() {
            if self.algorithms.iter().take(index).any(|before| before == algorithm) {
                problems.add(format!("algorithms[{index}]"), format!("{} is there twice", algorithm.name()));
            }
        }
        if self.types.is_empty() {
            problems.add("types", "must have at least one content type");
        }
        for (index, name) in self.types.iter().enumerate() {
            let is_type = name.split_once('/').is_some_and(|(kind, rest)| !kind.is_empty() && !rest.is_empty());
            let stars = name.strip_suffix('*').unwrap_or(name).contains('*');
            if !is_type || stars || name.contains([';', ' ', ',']) {
                problems.add(format!("types[{index}]"), format!("{name:?} is not a type such as text/html or text/*"));
            }
        }
    }
}
