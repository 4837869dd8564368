//! The addresses of host names, as one thread knows them.
//!
//! A name is looked up when it is first dialled. Later its known addresses are taken at once, and asked for again in the
//! background when they are no longer fresh; while that fails, the last good ones stay. What is dialled is checked by the
//! address policy all the same, so a name that comes to lead somewhere else gains nothing. Called by `mod.rs`.

use super::ADDRESS_LIMIT;
use std::cell::RefCell;
use std::collections::HashMap;
use std::io;
use std::net::IpAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};
use tokio::net::lookup_host;

/// How long addresses are taken without asking again. The system's resolver does not tell how long they are good.
const FRESH: Duration = Duration::from_secs(30);
/// How long the last good ones stay while a name cannot be looked up.
const LAST_GOOD: Duration = Duration::from_secs(3600);
/// Names that are kept.
const NAME_LIMIT: usize = 4096;

#[derive(Default)]
pub struct Names {
    known: RefCell<HashMap<Box<str>, Known, foldhash::fast::RandomState>>,
}

struct Known {
    addresses: Rc<[IpAddr]>,
    /// When they were found.
    found: Instant,
    /// When they were last asked for.
    asked: Instant,
}

impl Names {
    /// The addresses of a name, perhaps none.
    ///
    /// # Errors
    /// What the resolver says when nothing is known of the name.
    pub async fn addresses(self: &Rc<Self>, name: &str) -> io::Result<Rc<[IpAddr]>> {
        if let Some(addresses) = self.known(name) {
            return Ok(addresses);
        }
        let addresses = look_up(name).await?;
        self.learn(name, &addresses);
        Ok(addresses)
    }

    /// What is known of it; asks again when that is old.
    fn known(self: &Rc<Self>, name: &str) -> Option<Rc<[IpAddr]>> {
        let mut all = self.known.borrow_mut();
        let known = all.get_mut(name).filter(|known| known.found.elapsed() < LAST_GOOD)?;
        if known.asked.elapsed() >= FRESH {
            known.asked = Instant::now();
            let (names, name) = (Rc::clone(self), name.to_owned());
            tokio::task::spawn_local(async move {
                if let Ok(addresses) = look_up(&name).await {
                    names.learn(&name, &addresses);
                }
            });
        }
        Some(Rc::clone(&known.addresses))
    }

    /// No address at all is no news: the last good ones stay.
    fn learn(&self, name: &str, addresses: &Rc<[IpAddr]>) {
        if addresses.is_empty() {
            return;
        }
        let mut all = self.known.borrow_mut();
        if all.len() >= NAME_LIMIT {
            all.retain(|_, known| known.found.elapsed() < FRESH * 2);
        }
        if all.len() < NAME_LIMIT || all.contains_key(name) {
            let now = Instant::now();
            all.insert(name.into(), Known { addresses: Rc::clone(addresses), found: now, asked: now });
        }
    }
}

async fn look_up(name: &str) -> io::Result<Rc<[IpAddr]>> {
    let found = lookup_host((name, 0)).await?;
    Ok(found.map(|address| address.ip()).take(ADDRESS_LIMIT).collect())
}

#[cfg(test)]
mod tests {
    use super::{Known, Names, FRESH, LAST_GOOD};
    use crate::attach::{AddressPolicy, Attachments, FailureKind};
    use isthmus_plan::Network;
    use std::net::IpAddr;
    use std::rc::Rc;
    use std::time::{Duration, Instant};
    use tokio::task::LocalSet;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn old(names: &Names, name: &str, age: Duration) {
        let then = Instant::now().checked_sub(age).unwrap();
        let known = Known { addresses: Rc::new([address("10.255.0.1")]), found: then, asked: then };
        names.known.borrow_mut().insert(name.into(), known);
    }

    #[tokio::test]
    async fn takes_what_is_known_at_once_and_learns_behind_it() {
        let steps = async {
            let names = Rc::new(Names::default());
            old(&names, "localhost", FRESH);
            assert_eq!(*names.addresses("localhost").await.unwrap(), [address("10.255.0.1")], "nobody waits");
            let deadline = Instant::now() + Duration::from_secs(10);
            while names.addresses("localhost").await.unwrap().contains(&address("10.255.0.1")) {
                assert!(Instant::now() < deadline, "it is looked up again");
                tokio::task::yield_now().await;
            }
        };
        LocalSet::new().run_until(steps).await;
    }

    #[tokio::test]
    async fn keeps_the_last_good_addresses_while_a_name_does_not_resolve() {
        let steps = async {
            let names = Rc::new(Names::default());
            old(&names, "no-such-host.invalid", LAST_GOOD - Duration::from_secs(60));
            for _ in 0..3 {
                assert_eq!(*names.addresses("no-such-host.invalid").await.unwrap(), [address("10.255.0.1")]);
            }
            old(&names, "no-such-host.invalid", LAST_GOOD);
            assert!(names.addresses("no-such-host.invalid").await.is_err(), "not for ever");
        };
        LocalSet::new().run_until(steps).await;
    }

    /// R61: the policy is asked about each address that is dialled, not about the name.
    #[tokio::test]
    async fn a_name_that_comes_to_lead_to_a_refused_address_is_refused() {
        let steps = async {
            let attachments = Attachments::new(AddressPolicy::default().into());
            let network = Network::of_engine();
            let limit = Duration::from_secs(5);
            let reach = || attachments.reach(&network, "localhost", 9, limit);
            assert_eq!(reach().await.unwrap_err().kind, FailureKind::AddressRefused);
            let metadata = Known {
                addresses: Rc::new([address("169.254.169.254")]),
                found: Instant::now(),
                asked: Instant::now(),
            };
            attachments.names.known.borrow_mut().insert("shop.example.com".into(), metadata);
            let failure = attachments.reach(&network, "shop.example.com", 80, limit).await.unwrap_err();
            assert_eq!(failure.kind, FailureKind::AddressRefused, "{}", failure.detail);
        };
        LocalSet::new().run_until(steps).await;
    }
}
