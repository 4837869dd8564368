//! Domains made ready: exact hosts, wildcards, and the parts of a host that a pattern names.

use super::World;
use isthmus_plan::{host_pattern, Domain, HostPiece, PlanError};
use regex::Regex;
use std::sync::Arc;

/// A domain and its compiled patterns, in the order in which they are tried.
pub struct ReadyDomain {
    pub domain: Domain,
    patterns: Vec<Pattern>,
}

struct Pattern {
    expression: Regex,
    /// Names of the expression's groups, in order.
    names: Vec<Box<str>>,
}

impl ReadyDomain {
    fn new(domain: Domain) -> Result<Self, PlanError> {
        let patterns = domain.patterns.iter().map(|text| Pattern::new(text)).collect::<Result<_, _>>()?;
        Ok(Self { domain, patterns })
    }

    /// What a named part of `host` is, by the first pattern that fits the host.
    pub fn part<'h>(&self, host: &'h str, name: &str) -> Option<&'h str> {
        let (pattern, found) =
            self.patterns.iter().find_map(|pattern| Some((pattern, pattern.expression.captures(host)?)))?;
        let position = pattern.names.iter().position(|known| **known == *name)?;
        found.get(position + 1).map(|part| part.as_str())
    }
}

impl Pattern {
    fn new(text: &str) -> Result<Self, PlanError> {
        let (mut source, mut names) = (String::from("^"), Vec::new());
        for piece in host_pattern(text).unwrap_or_default() {
            match piece {
                HostPiece::Text(text) => source.push_str(&regex::escape(&text)),
                HostPiece::Part(name) => {
                    source.push_str("([^.]+?)");
                    names.push(name);
                }
            }
        }
        source.push('$');
        let expression = Regex::new(&source).map_err(|error| PlanError::new("patterns", error.to_string()))?;
        Ok(Self { expression, names })
    }
}

impl World {
    /// The domain of a host: its own, else the one registered as `*.rest` if the host has one label in front of it.
    pub fn domain(&self, host: &str) -> Option<&Arc<ReadyDomain>> {
        self.domains.get(host).or_else(|| {
            let (_, rest) = host.split_once('.')?;
            self.domains.get(format!("*.{rest}").as_str())
        })
    }

    pub(super) fn put_domain(&mut self, domain: Domain) -> Result<(), PlanError> {
        let ready = ReadyDomain::new(domain)?;
        self.domains.insert(ready.domain.host.as_str().into(), Arc::new(ready));
        Ok(())
    }
}
