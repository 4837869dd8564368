//! The plan: everything an instance needs to serve, as keyed records with one revision number.
//!
//! This crate is the contract between the two stories. The publisher (Python) writes records as JSON, the engine
//! (Rust) reads them with the types below; nothing else crosses. It does no I/O and starts no task.
//!
//! Invariant: a record that `Record::decode` returns has passed every check its type has; a record that fails is
//! refused whole with the field named, and never takes another record with it.

#![forbid(unsafe_code)]

mod access;
mod app;
mod backend;
mod digest;
mod discovery;
mod domain;
mod edition;
mod error;
pub mod expression;
mod group;
mod instance;
mod network;
pub mod plugin;
mod record;
mod secret;
mod stage_variables;
mod targets;

pub use access::VpcAccess;
pub use app::{App, AppKey, Grant};
pub use backend::{Backend, ContentType, Function, MockHeader, Scheme, Target};
pub use digest::{record_digest, SetDigest};
pub use discovery::{Discovered, Dns, Nacos, Registry};
pub use domain::{host_pattern, Certificate, ClientAuthority, Domain, HostPiece, TwoWay};
pub use edition::{
    AppCodeLocation, Auth, BodyFormat, Constraint, Edition, Location, Mapping, OpenId, Parameter, ParameterType,
    PathSegment, Protocols, RequestMode, SignatureMethod, Source, TwoWayRole,
};
pub use error::PlanError;
pub use group::{AppCodePlace, Group, GroupAppCode, RecordedNames, RecordedParts};
pub use instance::{AccessList, AccessMode, Instance, IpVersion, TlsVersion};
pub use network::{Attachment, Bastion, Network};
pub use plugin::{BindingScope, Dataset, DatasetItem, Definition, Plugin, PluginBinding, PluginType};
pub use record::{Kind, Record, RecordKey};
pub use secret::Secret;
pub use stage_variables::{StageRoute, StageRouteRule, StageVariable, StageVariables};
pub use targets::{Balance, CheckKind, HealthCheck, TargetSet, WeightedTarget, WhenAllDown};
