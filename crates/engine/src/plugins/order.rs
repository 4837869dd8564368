//! The one list of when each plug-in acts. `request::serve` calls these five in turn; within each, top to bottom.
//!
//! Source of the order: `docs/reference/compatibility.md` (the vendor documents fragments of it).

use super::{cors, jwt, Routed, Step};
use crate::backend::ResponseBody;
use crate::request::answer::Refusal;
use crate::request::{Matched, Outgoing, Permitted, RequestBody};
use hyper::http::request::Parts;
use hyper::Response;

/// Whether a request goes on, or was answered by a plug-in.
pub enum Flow {
    Continue,
    Answer(Box<Response<ResponseBody>>),
}

/// The API is known, the caller is not.
pub async fn on_arrival(step: &mut Step<'_, '_>, head: &Parts, matched: &Matched<'_>) -> Result<Flow, Refusal> {
    if cors::answers(step, matched) {
        step.entry.plugin = "cors";
        return cors::preflight(step, head).map(|response| Flow::Answer(Box::new(response)));
    }
    let plugins = step.passage.plugins;
    if let Some(cors) = plugins.cors() {
        step.entry.plugin = "cors";
        cors.admit(step, head)?;
    }
    if let Some(ip_control) = plugins.ip_control().filter(|one| !one.is_about_apps()) {
        step.entry.plugin = "ipControl";
        ip_control.check(step, head)?;
    }
    step.go_on()
}

/// The app is known, as far as the API asks for one.
pub async fn on_identified(
    step: &mut Step<'_, '_>,
    head: &mut Parts,
    body: &mut RequestBody,
    matched: &Matched<'_>,
) -> Result<Flow, Refusal> {
    let plugins = step.passage.plugins;
    if let Some(ip_control) = plugins.ip_control().filter(|one| one.is_about_apps()) {
        step.entry.plugin = "ipControl";
        ip_control.check(step, head)?;
    }
    match plugins.jwt_auth() {
        Some(jwt_auth) => {
            step.entry.plugin = "jwtAuth";
            jwt_auth.check(step, head, matched)?;
        }
        None => jwt::check_open_id(step, head, matched)?,
    }
    if let Some(basic_auth) = plugins.basic_auth() {
        step.entry.plugin = "basicAuth";
        basic_auth.check(step, head)?;
    }
    if let Some(remote_auth) = plugins.remote_auth() {
        step.entry.plugin = "remoteAuth";
        remote_auth.check(step, head, body, matched).await?;
    }
    step.go_on()
}

/// The caller may call; nothing was sent yet.
pub async fn on_permitted(
    step: &mut Step<'_, '_>,
    head: &Parts,
    body: &mut RequestBody,
    permitted: &Permitted<'_>,
) -> Result<Flow, Refusal> {
    let plugins = step.passage.plugins;
    if let Some(validation) = plugins.request_validation() {
        validation.check(step, head, body, permitted).await?;
    }
    if let Some(access_control) = plugins.access_control() {
        step.entry.plugin = "accessControl";
        access_control.check(step, head, body, &permitted.matched).await?;
    }
    if let Some(traffic_control) = plugins.traffic_control() {
        step.entry.plugin = "trafficControl";
        traffic_control.check(step, head, body, permitted).await?;
    }
    if let Some(caching) = plugins.caching() {
        step.passage.caching = caching.consider(head, permitted);
    }
    step.go_on()
}

/// Another backend than the API's, when a route says so.
pub async fn route<'w>(
    step: &mut Step<'_, 'w>,
    head: &Parts,
    body: &mut RequestBody,
    matched: &Matched<'_>,
) -> Result<Option<Routed<'w>>, Refusal> {
    match step.passage.plugins.routing() {
        None => Ok(None),
        Some(routing) => {
            step.entry.plugin = "routing";
            let routed = routing.route(step, head, body.collected(), matched)?;
            step.entry.plugin = "";
            Ok(routed)
        }
    }
}

/// The backend request is built.
pub async fn on_mapped(
    step: &mut Step<'_, '_>,
    routed: Option<&Routed<'_>>,
    outgoing: &mut Outgoing,
) -> Result<Flow, Refusal> {
    if let Some(routed) = routed {
        routed.mark(outgoing).await?;
    }
    let plugins = step.passage.plugins;
    if let Some(jwt_auth) = plugins.jwt_auth() {
        jwt_auth.pass_claims(step, outgoing).await?;
    }
    if let Some(transformer) = plugins.transformer() {
        step.entry.plugin = "transformer";
        transformer.change_request(step, outgoing).await?;
    }
    if let Some(caching) = plugins.caching() {
        step.entry.plugin = "caching";
        if let Some(stored) = caching.look_up(step, routed, outgoing)? {
            return Ok(Flow::Answer(Box::new(stored)));
        }
    }
    if let Some(signature) = plugins.backend_signature() {
        step.entry.plugin = "backendSignature";
        signature.sign(step, routed, outgoing).await?;
    }
    step.go_on()
}

/// The answer is known, whoever made it; `refusal` is there when the gateway did.
pub async fn on_answer(
    step: &mut Step<'_, '_>,
    mut response: Response<ResponseBody>,
    refusal: Option<&Refusal>,
) -> Response<ResponseBody> {
    let plugins = step.passage.plugins;
    if let Some(caching) = plugins.caching().filter(|_| refusal.is_none()) {
        response = caching.keep(step, response).await;
    }
    if let Some(error_mapping) = plugins.error_mapping() {
        response = error_mapping.apply(step, response, refusal).await;
    }
    if let Some(transformer) = plugins.transformer() {
        transformer.change_answer(&mut response);
    }
    cors::finish(step, response.headers_mut());
    if let Some(compression) = plugins.compression() {
        compression.apply(step, &mut response);
    }
    response
}
