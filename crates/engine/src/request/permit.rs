//! Stop 6: may this caller call this API in this stage? Only what comes out of here can reach a backend.

use super::answer::{Kind, Refusal};
use super::identify::Identified;
use super::route::Matched;
use crate::plugins::Step;
use crate::record::{Notes, Stop, Verdict};
use crate::world::{Caller, CompiledEdition};
use isthmus_plan::Auth;

/// A request that may go to the backend.
pub struct Permitted<'w> {
    pub matched: Matched<'w>,
    pub caller: Option<&'w Caller>,
}

pub fn check<'w>(step: &Step<'_, 'w>, identified: Identified<'w>) -> Result<Permitted<'w>, Refusal> {
    let Identified { matched, caller, by_group_code } = identified;
    let (edition, notes) = (matched.edition, &step.entry.notes);
    notes.begin(Stop::Grant);
    if edition.edition.auth == Auth::Anonymous || by_group_code {
        notes.verdict(Verdict::Skipped);
        notes.fact("grant", if by_group_code { "the group's AppCode needs none" } else { "the API needs none" });
    }
    match (&edition.edition.auth, caller) {
        (Auth::Anonymous, caller) => Ok(Permitted { matched, caller }),
        (Auth::App { .. }, None) if by_group_code => Ok(Permitted { matched, caller: None }),
        (Auth::App { .. }, None) => Err(Refusal::new(Kind::AuthorizationNeeded).telling("looked for", "an app")),
        (Auth::App { .. }, Some(caller)) if caller.app.disabled => {
            let refusal = Refusal::new(Kind::Unauthorized).with_detail("the app is disabled");
            Err(refusal.telling("app", caller.app.app_id))
        }
        (Auth::App { .. }, Some(caller)) => {
            let grant = step.world.grant(&edition.key, caller.app.app_id);
            if grant.is_none_or(|end| end.is_some_and(|end| end <= step.now.unix_ms())) {
                notes.open();
            }
            note(notes, grant, caller, edition);
            match grant {
                None => {
                    Err(Refusal::new(Kind::Unauthorized).with_detail("the app has no grant for this API and stage"))
                }
                Some(Some(end)) if end <= step.now.unix_ms() => Err(Refusal::new(Kind::GrantExpired)),
                Some(_) => Ok(Permitted { matched, caller: Some(caller) }),
            }
        }
    }
}

fn note(notes: &Notes, grant: Option<Option<i64>>, caller: &Caller, edition: &CompiledEdition) {
    if !notes.write() {
        return;
    }
    notes.number("app", caller.app.app_id);
    notes.fact("API and stage", &edition.key);
    match grant {
        None => notes.fact("grant", "none"),
        Some(None) => notes.fact("grant", "without an end"),
        Some(Some(end)) => notes.moment("grant ends", end),
    }
}
