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
        for (from, count) in
            [(From::Header, kept.request_headers.len()), (From::AnswerHeader, kept.answer_headers.len())]
        {
            for index in 0..count {
                let Some(header) = kept.headers_of(from).get(index).copied() else { break };
                if let Some(text) = change(from, kept.text(header.key), kept.text(header.value)) {
                    let value = kept.put(&text);
                    kept.headers_of(from).get_mut(index).into_iter().for_each(|header| header.value = value);
                }
            }
        }
    }
}
