//! Plug-ins: policies that act on the requests of the APIs they are bound to, at once and without publishing.
//!
//! One file per type. The struct there is the type's only definition: the checks at save, the JSON Schema, the
//! reference page and the console's form come from it, and the engine runs it. Field names are the vendor's; a
//! definition arrives as JSON (the publisher has read YAML before). A type is added with one line in `plugin_types!`.

mod access_control;
mod backend_signature;
mod basic_auth;
mod caching;
mod circuit_breaker;
mod compression;
mod cors;
mod error_mapping;
mod ip_control;
mod json_schema;
mod jwk;
mod jwt_auth;
mod list;
mod log_mask;
mod own_answer;
mod problems;
mod remote_auth;
mod request_validation;
pub mod routing;
pub mod scalar;
mod selector;
mod template;
mod traffic_control;
pub mod transformer;

pub use access_control::{AccessControl, AccessRule, Verdict};
pub use backend_signature::{BackendSignature, SignatureMode};
pub use basic_auth::{BasicAuth, BasicUser};
pub use caching::{Caching, ClientCacheMode, LONGEST as LONGEST_CACHED};
pub use circuit_breaker::CircuitBreaker;
pub use compression::{Algorithm, Compression};
pub use cors::{Cors, OriginPattern};
pub use error_mapping::ErrorMapping;
pub use ip_control::{parse_block, IpControl, IpItem, IpMode};
pub use json_schema::{ValueSchema, Violation};
pub use jwk::{Jwk, KeyMaterial};
pub use jwt_auth::{ClaimParameter, JwtAuth, TokenLocation};
pub use list::CommaList;
pub use log_mask::{LogMask, MaskLocation, MaskPolicy, MaskRule, MatchMode};
pub use own_answer::OwnAnswer;
pub use problems::Problems;
pub use remote_auth::{AuthParameter, RemoteAuth, SourceLocation, TargetLocation};
pub use request_validation::RequestValidation;
pub use routing::Routing;
pub use selector::{Parameters, Selector};
pub use template::Template;
pub use traffic_control::{BlockingMode, CountingScope, LimitRule, SpecialKind, TimeUnit, TrafficControl};
pub use transformer::Transformer;

use crate::error::{not_empty, PlanError};
use serde::{Deserialize, Serialize};
use serde_json::Value;

macro_rules! plugin_types {
    ($($type:ident = $name:literal;)*) => {
        /// A type of plug-in, spelled as the vendor spells it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize, Serialize)]
        pub enum PluginType { $(#[serde(rename = $name)] $type,)* }

        impl PluginType {
            pub const ALL: &'static [PluginType] = &[$(PluginType::$type,)*];

            pub fn name(self) -> &'static str {
                match self { $(PluginType::$type => $name,)* }
            }

            /// JSON Schema of its definition.
            pub fn schema(self) -> Value {
                match self { $(PluginType::$type => schemars::schema_for!($type).to_value(),)* }
            }
        }

        /// What a plug-in does, after every check.
        #[derive(Debug, Clone)]
        pub enum Definition { $($type(Box<$type>),)* }

        impl Definition {
            /// # Errors
            /// Every problem found, each with its field.
            pub fn decode(plugin_type: PluginType, body: Value) -> Result<Self, Vec<PlanError>> {
                let mut problems = Problems::default();
                let definition = match plugin_type {
                    $(PluginType::$type => {
                        let read: $type = read(body)?;
                        read.check(&mut problems);
                        Definition::$type(Box::new(read))
                    })*
                };
                problems.into_result().map(|()| definition)
            }
        }
    };
}

// In the order in which they act on a request.
plugin_types! {
    Cors = "cors";
    IpControl = "ipControl";
    JwtAuth = "jwtAuth";
    BasicAuth = "basicAuth";
    RemoteAuth = "remoteAuth";
    RequestValidation = "requestValidation";
    AccessControl = "accessControl";
    TrafficControl = "trafficControl";
    Routing = "routing";
    ErrorMapping = "errorMapping";
    Transformer = "transformer";
    Caching = "caching";
    BackendSignature = "backendSignature";
    CircuitBreaker = "circuitBreaker";
    Compression = "compression";
    LogMask = "logMask";
}

impl PluginType {
    pub fn from_name(name: &str) -> Option<PluginType> {
        PluginType::ALL.iter().copied().find(|known| known.name() == name)
    }
}

fn read<T: serde::de::DeserializeOwned>(body: Value) -> Result<T, Vec<PlanError>> {
    serde_path_to_error::deserialize(body).map_err(|error| {
        let path = error.path().to_string();
        let field = if path == "." { String::new() } else { path };
        vec![PlanError::new(field, error.into_inner().to_string())]
    })
}

/// A plug-in. Key of its record: its id.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "StoredPlugin")]
pub struct Plugin {
    pub plugin_id: String,
    pub name: String,
    pub definition: Definition,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredPlugin {
    plugin_id: String,
    name: String,
    #[serde(rename = "type")]
    plugin_type: String,
    definition: Value,
}

impl TryFrom<StoredPlugin> for Plugin {
    type Error = PlanError;

    fn try_from(stored: StoredPlugin) -> Result<Self, PlanError> {
        let plugin_type = PluginType::from_name(&stored.plugin_type).ok_or_else(|| {
            PlanError::new("type", format!("this engine has no plug-ins of the type {:?}", stored.plugin_type))
        })?;
        let definition = Definition::decode(plugin_type, stored.definition).map_err(|problems| {
            problems.into_iter().next().map_or_else(
                || PlanError::new("definition", "is wrong"),
                |first| PlanError::new(format!("definition.{}", first.field), first.problem),
            )
        })?;
        Ok(Self { plugin_id: stored.plugin_id, name: stored.name, definition })
    }
}

impl Plugin {
    pub fn check(&self) -> Result<(), PlanError> {
        not_empty("plugin_id", &self.plugin_id)
    }
}

/// Where a plug-in applies. Key of its record: `<scope>/<target id>/<STAGE>/<plug-in id>`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PluginBinding {
    pub scope: BindingScope,
    /// API id or group id.
    pub target_id: String,
    /// Upper case.
    pub stage: String,
    pub plugin_id: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BindingScope {
    Api,
    Group,
}

impl PluginBinding {
    pub fn key(&self) -> String {
        let scope = match self.scope {
            BindingScope::Api => "api",
            BindingScope::Group => "group",
        };
        format!("{scope}/{}/{}/{}", self.target_id, self.stage, self.plugin_id)
    }

    pub fn check(&self) -> Result<(), PlanError> {
        not_empty("target_id", &self.target_id)?;
        not_empty("stage", &self.stage)?;
        not_empty("plugin_id", &self.plugin_id)
    }
}

/// Values that plug-ins look up, for example blocked tokens. Key of its record: its id.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dataset {
    pub dataset_id: String,
    /// `JWT_BLOCKING`, `IP_WHITELIST_CIDR` or `PARAMETER_ACCESS`.
    #[serde(rename = "type")]
    pub dataset_type: String,
    #[serde(default)]
    pub items: Vec<DatasetItem>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatasetItem {
    pub value: String,
    /// Unix milliseconds; without it the item does not expire.
    #[serde(default)]
    pub expires_at: Option<i64>,
}

impl Dataset {
    pub fn check(&self) -> Result<(), PlanError> {
        not_empty("dataset_id", &self.dataset_id)?;
        let is_block = |item: &DatasetItem| parse_block(&item.value).is_some();
        match self.items.iter().position(|item| self.is_of_blocks() && !is_block(item)) {
            None => Ok(()),
            Some(index) => {
                Err(PlanError::new(format!("items[{index}].value"), "is neither an address nor a CIDR block"))
            }
        }
    }

    /// Whether its values are addresses and CIDR blocks.
    pub fn is_of_blocks(&self) -> bool {
        self.dataset_type == "IP_WHITELIST_CIDR"
    }
}
