//! What is noted, changed before it is kept: `logMask` has the last word on every value.

use super::Notes;
use crate::record::From;

impl Notes {
    /// Puts other texts in place of values that somebody else wrote; `change` gets where a value is from, and its name.
    pub(in crate::record) fn rewrite(&mut self, change: &dyn Fn(From, &str, &str) -> Option<String>) {
        let kept = self.kept.get_mut();
        for index in 0..kept.facts.len() {
            let Some(fact) = kept.facts.get(index).copied() else { break };
            if let Some(text) = change(fact.from, kept.text(fact.key), kept.text(fact.value)) {
                let value = kept.put(&text);
                kept.facts.get_mut(index).into_iter().for_each(|fact| fact.value = value);
            }
        }
        kept.headers.rewrite(change);
    }
}
