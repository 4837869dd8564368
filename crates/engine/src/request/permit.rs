//! Stop 6: may this caller call this API in this stage? Only what comes out of here can reach a backend.

use super::answer::{Kind, Refusal};
use super::identify::Identified;
use super::route::Matched;
use crate::world::{Caller, World};
use isthmus_plan::Auth;

/// A request that may go to the backend.
pub struct Permitted<'w> {
    pub matched: Matched<'w>,
    pub caller: Option<&'w Caller>,
}

/// `now` in Unix milliseconds.
pub fn check<'w>(world: &World, identified: Identified<'w>, now: i64) -> Result<Permitted<'w>, Refusal> {
    let Identified { matched, caller, by_group_code } = identified;
    let edition = matched.edition;
    match (&edition.edition.auth, caller) {
        (Auth::Anonymous, caller) => Ok(Permitted { matched, caller }),
        (Auth::App { .. }, None) if by_group_code => Ok(Permitted { matched, caller: None }),
        (Auth::App { .. }, None) => Err(Refusal::new(Kind::AuthorizationNeeded)),
        (Auth::App { .. }, Some(caller)) if caller.app.disabled => {
            Err(Refusal::new(Kind::Unauthorized).with_detail("the app is disabled"))
        }
        (Auth::App { .. }, Some(caller)) => match world.grant(&edition.key, caller.app.app_id) {
            None => Err(Refusal::new(Kind::Unauthorized).with_detail("the app has no grant for this API and stage")),
            Some(Some(end)) if end <= now => Err(Refusal::new(Kind::GrantExpired)),
            Some(_) => Ok(Permitted { matched, caller: Some(caller) }),
        },
    }
}
