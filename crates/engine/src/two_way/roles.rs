//! What the three management APIs of two-way connections do besides being APIs.
//!
//! `instead` acts before the backend: it checks who registers which device id, and answers `NOTIFY` calls itself.
//! `answered` acts on the backend's answer: 200 is what registers a device, or ends its registration.

use super::devices::Notice;
use super::{Device, DEVICE_ID};
use crate::backend::ResponseBody;
use crate::plugins::Step;
use crate::record::Stop;
use crate::request::answer::{Kind, Refusal};
use crate::request::{Permitted, RequestBody};
use crate::world::CompiledEdition;
use hyper::http::request::Parts;
use hyper::{Response, StatusCode};
use isthmus_plan::TwoWayRole;
use std::time::Duration;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::oneshot;

/// Bytes of one notice.
const NOTICE_LIMIT: u64 = 128 * 1024;

/// Whether the API is one of the three; for all others nothing more is done here.
#[inline]
pub fn is_management(permitted: &Permitted<'_>) -> bool {
    permitted.matched.edition.edition.two_way != TwoWayRole::Common
}

/// The answer of an API that has no backend.
///
/// # Errors
/// A device without an id, or with that of another app; a notice that the device did not take.
pub async fn instead(
    step: &Step<'_, '_>,
    permitted: &Permitted<'_>,
    head: &Parts,
    body: &mut RequestBody,
) -> Result<Option<Response<ResponseBody>>, Refusal> {
    let edition = permitted.matched.edition;
    match edition.edition.two_way {
        TwoWayRole::Common => Ok(None),
        TwoWayRole::Unregister => device_id(step).map(|_| None),
        TwoWayRole::Register => {
            let id = device_id(step)?;
            // The vendor's clients put their AppKey into the id.
            let owns =
                |key: &str| permitted.caller.is_none_or(|caller| caller.app.keys.iter().any(|own| own.key == key));
            let foreign = id.rsplit_once('@').is_some_and(|(_, key)| !owns(key));
            if foreign || !step.thread.shared.devices.admits(&scope(edition), id, app_id(permitted)) {
                let refusal = Refusal::new(Kind::Unauthorized).with_detail("the device id is another app's");
                return Err(refusal.telling("device", id));
            }
            Ok(None)
        }
        // Nothing is sent to a device.
        TwoWayRole::Notify if step.thread.imagines => Ok(Some(Response::new(ResponseBody::empty()))),
        TwoWayRole::Notify => Box::pin(notify(step, edition, head, body)).await.map(Some),
    }
}

/// What the backend's answer means for the device.
pub fn answered(step: &Step<'_, '_>, permitted: &Permitted<'_>, answer: &Result<Response<ResponseBody>, Refusal>) {
    let is_ok = answer.as_ref().is_ok_and(|response| response.status() == StatusCode::OK);
    let edition = permitted.matched.edition;
    let Some(device) = step.peer.device.as_deref().filter(|_| is_ok) else { return };
    match edition.edition.two_way {
        TwoWayRole::Register => step.thread.shared.devices.register(&scope(edition), device, app_id(permitted)),
        TwoWayRole::Unregister => step.thread.shared.devices.unregister(&scope(edition), device),
        TwoWayRole::Common | TwoWayRole::Notify => {}
    }
}

fn app_id(permitted: &Permitted<'_>) -> Option<u64> {
    permitted.caller.map(|caller| caller.app.app_id)
}

/// Devices of one stage are unknown in the others.
fn scope(edition: &CompiledEdition) -> String {
    format!("{}/{}", edition.edition.group_id, edition.edition.stage)
}

fn device_id<'s>(step: &'s Step<'_, '_>) -> Result<&'s str, Refusal> {
    step.peer.device.as_deref().and_then(Device::id).ok_or_else(|| {
        Refusal::because(Kind::ParameterRequired, "`x-ca-deviceid`")
            .by("x-ca-deviceid")
            .with_detail("no RG came before this call")
    })
}

async fn notify(
    step: &Step<'_, '_>,
    edition: &CompiledEdition,
    head: &Parts,
    body: &mut RequestBody,
) -> Result<Response<ResponseBody>, Refusal> {
    step.entry.notes.begin(Stop::Backend);
    let required = || Refusal::because(Kind::ParameterRequired, "`x-ca-deviceid`").by("x-ca-deviceid");
    let id = head.headers.get(DEVICE_ID).and_then(|value| value.to_str().ok()).ok_or_else(required)?;
    let places = scope(edition);
    let unknown = || Refusal::because(Kind::DeviceNotFound, id.to_owned()).by(id).telling("looked for in", &places);
    let text = body.collect(step.thread.settings.request_body_limit.min(NOTICE_LIMIT)).await?.to_vec();
    let text = String::from_utf8(text)
        .map_err(|_| Refusal::because(Kind::InvalidBody, "a notice must be UTF-8").by("a notice is text"))?;
    let notices = step.thread.shared.devices.find(&places, id).ok_or_else(unknown)?;
    let (taken, wait) = oneshot::channel();
    notices.try_send(Notice { text, taken }).map_err(|error| match error {
        TrySendError::Closed(_) => unknown(),
        TrySendError::Full(_) => Refusal::because(Kind::CallRate, "DEVICE").by(id),
    })?;
    match tokio::time::timeout(Duration::from_millis(edition.edition.backend.timeout_ms), wait).await {
        Ok(Ok(())) => Ok(Response::new(ResponseBody::empty())),
        Ok(Err(_)) => Err(unknown()),
        Err(_) => Err(Refusal::new(Kind::BackendTimeout)
            .with_detail("the device did not take the notice in time")
            .telling("timeout", format!("{} ms", edition.edition.backend.timeout_ms))),
    }
}
