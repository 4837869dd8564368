//! What one serving thread has for itself: its view of the plan, its upstream pools, its recorder. Nothing here is
//! shared, so nothing here needs a lock.

use crate::attach::Attachments;
use crate::backend::discovery::Discovery;
use crate::backend::{BackendTls, Pools, Turns};
use crate::callers::Callers;
use crate::limits::{Counts, Leases};
use crate::live::Live;
use crate::plugins::AnswerStore;
use crate::record::Recorder;
use crate::request::{AutomaticDomains, Nonces};
use crate::settings::EngineSettings;
use crate::two_way::Devices;
use crate::world::{AddressSet, World};
use std::cell::RefCell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};
use time::format_description::well_known::Rfc3339;
use time::OffsetDateTime;

/// What all threads of an engine share.
pub struct Shared {
    pub live: Arc<Live>,
    pub nonces: Nonces,
    pub automatic_domains: AutomaticDomains,
    pub counts: Counts,
    pub devices: Arc<Devices>,
    pub callers: Arc<Callers>,
    /// Callers that are not on the Internet.
    pub internal: AddressSet,
    /// Where the engine takes HTTPS requests.
    pub https: Option<SocketAddr>,
    pub answers: AnswerStore,
    pub backend_tls: Arc<BackendTls>,
    pub discovery: Arc<Discovery>,
}

pub struct Thread {
    pub settings: Arc<EngineSettings>,
    pub shared: Arc<Shared>,
    pub attachments: Attachments,
    pub pools: Pools,
    pub turns: Turns,
    pub recorder: Recorder,
    pub leases: Leases,
    /// Requests here are only imagined: nothing is sent, and nothing that a later request could notice is changed.
    pub imagines: bool,
    view: RefCell<View>,
    /// The current second (Unix time) and its text.
    second: RefCell<(i64, Rc<str>)>,
}

/// A world as one thread holds it: requests count references of the thread's own, not of all threads'.
pub struct CurrentWorld(Arc<World>);

impl std::ops::Deref for CurrentWorld {
    type Target = World;

    fn deref(&self) -> &World {
        &self.0
    }
}

/// A world and the generation at which it was taken.
struct View {
    generation: u64,
    world: Rc<CurrentWorld>,
}

impl Thread {
    pub fn new(
        settings: Arc<EngineSettings>,
        shared: Arc<Shared>,
        attachments: Attachments,
        recorder: Recorder,
    ) -> Self {
        let view = View { generation: shared.live.generation(), world: Rc::new(CurrentWorld(shared.live.world())) };
        Self {
            settings,
            shared,
            attachments,
            pools: Pools::default(),
            turns: Turns::default(),
            recorder,
            leases: Leases::default(),
            imagines: false,
            view: RefCell::new(view),
            second: RefCell::new((i64::MIN, "".into())),
        }
    }

    /// A thread whose requests are only imagined.
    pub fn imagining(
        settings: Arc<EngineSettings>,
        shared: Arc<Shared>,
        attachments: Attachments,
        recorder: Recorder,
    ) -> Self {
        Self { imagines: true, leases: Leases::looking(), ..Self::new(settings, shared, attachments, recorder) }
    }

    /// Whether a text is used for the first time among those of `scope`; then it is remembered.
    pub fn first_use(&self, scope: &str, text: &[u8], now: i64, until: i64) -> bool {
        if self.imagines {
            !self.shared.nonces.knows(scope, text, now)
        } else {
            self.shared.nonces.remember(scope, text, now, until)
        }
    }

    /// The world of a request: taken once, kept until its answer.
    pub fn world(&self) -> Rc<CurrentWorld> {
        let generation = self.shared.live.generation();
        let mut view = self.view.borrow_mut();
        if view.generation != generation {
            *view = View { generation, world: Rc::new(CurrentWorld(self.shared.live.world())) };
        }
        Rc::clone(&view.world)
    }

    /// The wall clock; its text is made once a second.
    pub fn now(&self) -> Now {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let unix_ms = i64::try_from(since.as_millis()).unwrap_or(i64::MAX);
        let second = unix_ms.div_euclid(1000);
        let mut known = self.second.borrow_mut();
        if known.0 != second {
            let text = OffsetDateTime::from_unix_timestamp(second).ok().and_then(|time| time.format(&Rfc3339).ok());
            *known = (second, text.unwrap_or_default().into());
        }
        Now { unix_ms, text: Rc::clone(&known.1) }
    }
}

/// One moment of the wall clock.
pub struct Now {
    unix_ms: i64,
    text: Rc<str>,
}

impl Now {
    pub fn unix_ms(&self) -> i64 {
        self.unix_ms
    }

    /// UTC with whole seconds, `2018-11-15T06:11:33Z`.
    pub fn text(&self) -> &str {
        &self.text
    }
}
