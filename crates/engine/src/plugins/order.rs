//! The one list of when each plug-in acts. `request::serve` calls these five in turn; within each, top to bottom.
//!
//! Source of the order: `docs/reference/compatibility.md` (the vendor documents fragments of it).

use super::{cors, jwt, Routed, Step};
use crate::backend::ResponseBody;
use crate::record::Verdict;
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
        let response = cors::preflight(step, head)?;
        return step.answered(response);
    }
    let plugins = step.passage.plugins;
    if let Some(cors) = plugins.cors() {
        step.at(&cors);
        cors.admit(step, head)?;
    }
    if let Some(ip_control) = plugins.ip_control().filter(|one| !one.is_about_apps()) {
        step.at(&ip_control);
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
        step.at(&ip_control);
        ip_control.check(step, head)?;
    }
    match plugins.jwt_auth() {
        Some(jwt_auth) => {
            step.at(&jwt_auth);
            jwt_auth.check(step, head, matched)?;
        }
        None => jwt::check_open_id(step, head, matched)?,
    }
    if let Some(basic_auth) = plugins.basic_auth() {
        step.at(&basic_auth);
        basic_auth.check(step, head)?;
    }
    if let Some(remote_auth) = plugins.remote_auth() {
        step.at(&remote_auth);
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
        step.at(&validation);
        validation.check(step, head, body, permitted).await?;
    }
    if let Some(access_control) = plugins.access_control() {
        step.at(&access_control);
        access_control.check(step, head, body, &permitted.matched).await?;
    }
    if let Some(traffic_control) = plugins.traffic_control() {
        step.at(&traffic_control);
        traffic_control.check(step, head, body, permitted).await?;
    }
    if let Some(caching) = plugins.caching() {
        step.passage.caching = caching.consider(head, permitted);
        if step.passage.caching.is_none() {
            step.entry.notes.plugin(caching.about, caching.by_group);
            step.entry.notes.verdict(Verdict::Skipped);
            step.entry.notes.fact("store", "this request passes by it");
        }
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
            step.at(&routing);
            let routed = routing.ready.route(step, head, body.collected(), matched)?;
            step.no_plugin();
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
        step.at(&jwt_auth);
        jwt_auth.pass_claims(step, outgoing).await?;
    }
    if let Some(transformer) = plugins.transformer() {
        step.at(&transformer);
        transformer.change_request(step, outgoing).await?;
    }
    if let Some(caching) = plugins.caching() {
        step.at(&caching);
        if let Some(stored) = caching.look_up(step, routed, outgoing)? {
            return step.answered(stored);
        }
    }
    if let Some(signature) = plugins.backend_signature() {
        step.at(&signature);
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
        step.entry.notes.plugin(caching.about, caching.by_group);
        response = caching.keep(step, response).await;
    }
    if let Some(error_mapping) = plugins.error_mapping() {
        step.entry.notes.plugin(error_mapping.about, error_mapping.by_group);
        response = error_mapping.apply(step, response, refusal).await;
    }
    if let Some(transformer) = plugins.transformer() {
        step.entry.notes.plugin(transformer.about, transformer.by_group);
        transformer.change_answer(&mut response, &step.entry.notes);
    }
    cors::finish(step, response.headers_mut());
    if let Some(compression) = plugins.compression() {
        step.entry.notes.plugin(compression.about, compression.by_group);
        compression.apply(step, &mut response);
    }
    response
}
