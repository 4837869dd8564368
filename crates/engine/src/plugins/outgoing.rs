//! Changes to a backend request that is already built: headers, query, form.

use crate::request::answer::Refusal;
use crate::request::{has_form, Outgoing, RequestBody};
use bytes::Bytes;
use hyper::header::{HeaderName, HeaderValue, CONTENT_LENGTH, HOST};
use isthmus_plan::plugin::transformer::Place;
use std::borrow::Cow;

/// What becomes of one parameter.
#[derive(Clone, Copy)]
pub enum Change<'c> {
    AddIfAbsent(&'c str),
    Put(&'c str),
    Remove,
}

impl Outgoing {
    /// A form is changed only when the body is one; it is read for that, up to `limit` bytes.
    ///
    /// # Errors
    /// `BodyTooLarge`, `InvalidBody` while reading the form.
    pub async fn change(&mut self, place: Place, name: &str, change: Change<'_>, limit: u64) -> Result<(), Refusal> {
        match place {
            Place::Header => self.change_header(name, change),
            Place::Query => {
                let (path, query) = self.target.split_once('?').unwrap_or((&self.target, ""));
                if let Some(changed) = changed_pairs(query, name, change) {
                    let mark = if changed.is_empty() { "" } else { "?" };
                    self.target = format!("{path}{mark}{changed}");
                }
            }
            Place::Form if has_form(&self.headers) => {
                let read = self.body.collect(limit).await?;
                if let Some(changed) = changed_pairs(&String::from_utf8_lossy(read), name, change) {
                    self.headers.remove(CONTENT_LENGTH);
                    self.body = RequestBody::from_bytes(Bytes::from(changed));
                }
            }
            Place::Form => {}
        }
        Ok(())
    }

    /// Takes out headers that an origin which folds `_` to `-` would read as this one.
    pub fn remove_twins(&mut self, name: &str) {
        let folded = |text: &str| text.to_ascii_lowercase().replace('_', "-");
        let own = name.to_ascii_lowercase();
        let is_twin = |known: &&HeaderName| known.as_str() != own && folded(known.as_str()) == folded(&own);
        let twins: Vec<HeaderName> = self.headers.keys().filter(is_twin).cloned().collect();
        for twin in twins {
            self.headers.remove(twin);
        }
    }

    fn change_header(&mut self, name: &str, change: Change<'_>) {
        let Ok(name) = HeaderName::from_bytes(name.as_bytes()) else { return };
        let value = match change {
            Change::Remove => {
                self.headers.remove(name);
                return;
            }
            Change::AddIfAbsent(_) if self.headers.contains_key(&name) => return,
            Change::AddIfAbsent(value) | Change::Put(value) => value,
        };
        if let Ok(value) = HeaderValue::from_bytes(value.as_bytes()) {
            if name == HOST {
                self.constant_host = Some(value);
            } else {
                self.headers.insert(name, value);
            }
        }
    }
}

/// The new text of a query or a form; None when nothing changes. What is not touched stays byte for byte.
fn changed_pairs(text: &str, name: &str, change: Change<'_>) -> Option<String> {
    let is_it = |pair: &&str| {
        let raw = pair.split('=').next().unwrap_or_default();
        form_urlencoded::parse(raw.as_bytes()).next().map(|(found, _)| found) == Some(Cow::Borrowed(name))
    };
    let present = text.split('&').filter(|pair| !pair.is_empty()).any(|pair| is_it(&pair));
    let value = match change {
        Change::AddIfAbsent(_) if present => return None,
        Change::Remove if !present => return None,
        Change::Remove => None,
        Change::AddIfAbsent(value) | Change::Put(value) => Some(value),
    };
    let mut kept: Vec<Cow<'_, str>> =
        text.split('&').filter(|pair| !pair.is_empty() && !is_it(pair)).map(Cow::Borrowed).collect();
    if let Some(value) = value {
        kept.push(Cow::Owned(form_urlencoded::Serializer::new(String::new()).append_pair(name, value).finish()));
    }
    Some(kept.join("&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_change_and_the_others_stay_as_they_are() {
        for (text, change, expected) in [
            ("a=1&b=%7E&a=2", Change::Put("x y"), Some("b=%7E&a=x+y")),
            ("a=1", Change::AddIfAbsent("2"), None),
            ("b", Change::AddIfAbsent("2"), Some("b&a=2")),
            ("", Change::Put(""), Some("a=")),
            ("a&%61=1&b=1", Change::Remove, Some("b=1")),
            ("b=1", Change::Remove, None),
        ] {
            assert_eq!(changed_pairs(text, "a", change).as_deref(), expected, "{text}");
        }
    }
}
