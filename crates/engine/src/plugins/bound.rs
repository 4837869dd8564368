//! Which plug-ins an API has in a stage: its own, and of each type that it has none of, its group's.

use super::{
    AccessControl, BackendSignature, BasicAuth, Caching, CircuitBreaker, Compression, Cors, ErrorMapping, IpControl,
    JwtAuth, LogMask, RemoteAuth, RequestValidation, Routing,
};
use super::{TrafficControl, Transformer};
use crate::record::About;
use isthmus_plan::plugin::PluginType;
use isthmus_plan::{Definition, PlanError, Plugin};
use std::ops::Deref;
use std::sync::Arc;

macro_rules! plugins {
    ($($field:ident: $type:ident;)*) => {
        /// A plug-in made ready.
        #[derive(Clone)]
        pub enum Compiled { $($type(Arc<Ready<$type>>),)* }

        impl Compiled {
            /// # Errors
            /// `PlanError` names what cannot be made ready.
            pub fn new(plugin: &Plugin) -> Result<Self, PlanError> {
                match &plugin.definition {
                    $(Definition::$type(definition) => {
                        let about = About {
                            plugin_id: plugin.plugin_id.as_str().into(),
                            name: plugin.name.as_str().into(),
                            kind: PluginType::$type.name(),
                        };
                        let ready = $type::compile(plugin, definition)?;
                        Ok(Compiled::$type(Arc::new(Ready { about, ready })))
                    })*
                }
            }
        }

        /// What is bound to one API or one group in one stage, at most one of each type.
        #[derive(Default)]
        pub struct Bound {
            $($field: Option<Arc<Ready<$type>>>,)*
            /// One that cannot be run.
            pub broken: Option<About>,
        }

        impl Bound {
            pub fn add(&mut self, plugin: &Compiled) {
                match plugin { $(Compiled::$type(ready) => self.$field = Some(Arc::clone(ready)),)* }
            }
        }

        impl<'w> Plugins<'w> {
            $(pub fn $field(&self) -> Option<Acting<'w, $type>> {
                let of = |bound: Option<&'w Bound>, by_group| {
                    let Ready { about, ready } = bound?.$field.as_deref()?;
                    Some(Acting { about, by_group, ready })
                };
                of(self.api, false).or_else(|| of(self.group, true))
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

/// A plug-in and what it is called.
pub struct Ready<T> {
    about: About,
    ready: T,
}

/// A plug-in at work on a request: what it is called, and whether it came by way of the group.
pub struct Acting<'w, T> {
    pub about: &'w About,
    pub by_group: bool,
    pub ready: &'w T,
}

impl<T> Clone for Acting<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Acting<'_, T> {}

impl<T> Deref for Acting<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.ready
    }
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
    pub fn broken(&self) -> Option<Acting<'w, ()>> {
        let of = |bound: Option<&'w Bound>, by_group| {
            bound?.broken.as_ref().map(|about| Acting { about, by_group, ready: &() })
        };
        of(self.api, false).or_else(|| of(self.group, true))
    }
}
