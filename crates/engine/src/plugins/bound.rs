//! Which plug-ins an API has in a stage: its own, and of each type that it has none of, its group's.

use super::{
    AccessControl, BackendSignature, BasicAuth, Caching, CircuitBreaker, Compression, Cors, ErrorMapping, IpControl,
    JwtAuth, LogMask, RemoteAuth, RequestValidation, Routing,
};
use super::{TrafficControl, Transformer};
use isthmus_plan::{Definition, PlanError, Plugin};
use std::sync::Arc;

macro_rules! plugins {
    ($($field:ident: $type:ident;)*) => {
        /// A plug-in made ready.
        #[derive(Clone)]
        pub enum Compiled { $($type(Arc<$type>),)* }

        impl Compiled {
            /// # Errors
            /// `PlanError` names what cannot be made ready.
            pub fn new(plugin: &Plugin) -> Result<Self, PlanError> {
                match &plugin.definition {
                    $(Definition::$type(definition) => {
                        $type::compile(plugin, definition).map(|ready| Compiled::$type(Arc::new(ready)))
                    })*
                }
            }
        }

        /// What is bound to one API or one group in one stage, at most one of each type.
        #[derive(Default)]
        pub struct Bound {
            $($field: Option<Arc<$type>>,)*
            /// Name or id of one that cannot be run.
            pub broken: Option<Box<str>>,
        }

        impl Bound {
            pub fn add(&mut self, plugin: &Compiled) {
                match plugin { $(Compiled::$type(ready) => self.$field = Some(Arc::clone(ready)),)* }
            }
        }

        impl<'w> Plugins<'w> {
            $(pub fn $field(&self) -> Option<&'w $type> {
                let own = self.api.and_then(|bound| bound.$field.as_deref());
                own.or_else(|| self.group.and_then(|bound| bound.$field.as_deref()))
            })*
        }
    };
}

plugins! {
    cors: Cors;
    ip_control: IpControl;
    jwt_auth: JwtAuth;
    basic_auth: BasicAuth;
    remote_auth: RemoteAuth;
    request_validation: RequestValidation;
    access_control: AccessControl;
    traffic_control: TrafficControl;
    routing: Routing;
    transformer: Transformer;
    caching: Caching;
    backend_signature: BackendSignature;
    circuit_breaker: CircuitBreaker;
    error_mapping: ErrorMapping;
    compression: Compression;
    log_mask: LogMask;
}

/// What acts on the requests of one API in one stage.
#[derive(Default, Clone, Copy)]
pub struct Plugins<'w> {
    pub api: Option<&'w Bound>,
    pub group: Option<&'w Bound>,
}

impl<'w> Plugins<'w> {
    pub fn is_empty(&self) -> bool {
        self.api.is_none() && self.group.is_none()
    }

    /// Whether a request must carry more than its app.
    pub fn ask_who_calls(&self) -> bool {
        self.jwt_auth().is_some() || self.basic_auth().is_some() || self.remote_auth().is_some()
    }

    /// One that cannot be run; then no request may pass.
    pub fn broken(&self) -> Option<&'w str> {
        let of = |bound: Option<&'w Bound>| bound.and_then(|bound| bound.broken.as_deref());
        of(self.api).or_else(|| of(self.group))
    }
}
