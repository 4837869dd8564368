//! System parameters (`Ca…`): what the gateway knows of a request and a mapping may hand to the backend.
//!
//! Source: vendor page "System parameters" and `DescribeSystemParameters`.

use crate::listen::Peer;
use crate::record::Entry;
use crate::thread::Now;
use crate::world::{Caller, CompiledEdition};
use hyper::header::HeaderValue;
use isthmus_plan::{Scheme, TwoWayRole};
use std::borrow::Cow;

pub struct System<'r> {
    pub edition: &'r CompiledEdition,
    pub caller: Option<&'r Caller>,
    pub entry: &'r Entry,
    pub peer: &'r Peer,
    pub now: &'r Now,
    pub user_agent: Option<HeaderValue>,
}

impl System<'_> {
    /// The value of a system parameter; empty for a name that is not one.
    pub fn value(&self, name: &str) -> Cow<'_, str> {
        let app = self.caller.map(|caller| &caller.app);
        match name {
            "CaClientIp" => Cow::Borrowed(self.client_address()),
            "CaDomain" => Cow::Borrowed(&self.entry.domain),
            "CaRequestHandleTime" => Cow::Borrowed(self.now.text()),
            // Anonymous callers have the text `null`, as the vendor's gateway sends it.
            "CaAppId" => app.map_or(Cow::Borrowed("null"), |app| Cow::Owned(app.app_id.to_string())),
            "CaAppExtendInfo" => app.and_then(|app| app.extend.as_deref()).map_or(Cow::Borrowed(""), Cow::Borrowed),
            "CaInstanceId" => Cow::Borrowed(self.entry.instance_id()),
            "CaAppKey" => Cow::Borrowed(&self.entry.app_key),
            "CaRequestId" => Cow::Borrowed(self.entry.request_id()),
            "CaHttpSchema" => Cow::Borrowed(match self.peer.scheme {
                _ if self.peer.device.is_some() => "WS",
                Scheme::Http => "HTTP",
                Scheme::Https => "HTTPS",
            }),
            "CaProxy" => Cow::Borrowed("AliCloudAPIGateway"),
            "CaApiName" => Cow::Borrowed(&self.edition.edition.api_name),
            "CaStage" => Cow::Borrowed(&self.edition.edition.stage),
            "CaClientUa" => {
                let value = self.user_agent.as_ref().map(HeaderValue::as_bytes).unwrap_or_default();
                String::from_utf8_lossy(value)
            }
            _ => Cow::Borrowed(""),
        }
    }

    pub fn client_address(&self) -> &str {
        &self.peer.address_text
    }

    /// Whether the backend gets the id of the device that calls.
    pub fn names_device(&self) -> bool {
        matches!(self.edition.edition.two_way, TwoWayRole::Register | TwoWayRole::Unregister)
    }

    pub fn request_id_header(&self) -> Option<&HeaderValue> {
        self.entry.request_id_header.as_ref()
    }
}
