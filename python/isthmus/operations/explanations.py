"""What each refusal of an engine means to the person who got it: the layer, what happened, what to do, and where.

Used by `DebugApi`; the console words the texts in its own languages by the code. A rule test keeps one row for every code
that an engine can answer with. `link` names a place, not a page: `api`, `api.request`, `api.backend`, `api.publish`,
`api.authorize`, `api.plugins`, `app`, `group`, `variables`, `domains`, `instance`, `vpc`, `plugins`, `request` (the form of
the debug page itself), `log` (what decided about the request).
"""

from __future__ import annotations

from typing import NamedTuple


class Explanation(NamedTuple):
    """`layer` is the step of a request's life (docs/concepts/life-of-a-request.md)."""

    layer: str
    title: str
    fix: str
    link: str


_AGAIN = "Send the request again; when it stays so, look into the engine's log."
_TOKEN = "Get a new token from the service that issues them, and send it where the JWT plug-in reads it."

EXPLANATIONS: dict[str, Explanation] = {
    "I400HD": Explanation("guard", "A header is not allowed", "Correct or remove the header that is named.", "request"),
    "I400BD": Explanation(
        "guard", "The body cannot be read", "Send the body in the form that its Content-Type says.", "request"
    ),
    "I400PA": Explanation(
        "guard", "The path is not allowed", "Write the path without broken escapes and dot segments.", "request"
    ),
    "I403PT": Explanation(
        "route",
        "The API does not take this protocol",
        "Call it over its protocol, or allow this one in the API and publish it.",
        "api.request",
    ),
    "I413RL": Explanation(
        "guard", "The body is too large", "Send less, or let the operator raise the limit of bodies.", "request"
    ),
    "I431HD": Explanation(
        "guard",
        "The header fields are too many or too large",
        "Send at most 100 of them; put long values into the body.",
        "request",
    ),
    "I421MD": Explanation(
        "route",
        "The connection was opened for another domain",
        "Open a connection for this domain and show the caller's certificate on it.",
        "domains",
    ),
    "I413UL": Explanation(
        "guard", "The URL is too long", "Shorten path and query; send long values in the body.", "request"
    ),
    "I404DO": Explanation(
        "route",
        "No group has this domain",
        "Use the group's automatic domain, or bind this one to the group.",
        "domains",
    ),
    "I400SG": Explanation(
        "route",
        "The group has no such stage",
        "Send X-Ca-Stage with RELEASE, PRE, TEST or a stage of the group.",
        "group",
    ),
    "I404NF": Explanation(
        "route",
        "No API matches method and path in this stage",
        "Publish the API to this stage, or correct method and path.",
        "api.publish",
    ),
    "I404CO": Explanation(
        "route",
        "No API takes this preflight",
        "Publish an API for the path, and bind a CORS plug-in to it.",
        "api.plugins",
    ),
    "I404DD": Explanation(
        "route",
        "No such device is registered in this group and stage",
        "Register the device by a REGISTER API of the same group and stage, and keep its connection open.",
        "api",
    ),
    "X500AM": Explanation(
        "route", "The published definition cannot be served", "Publish the API again.", "api.publish"
    ),
    "X400PM": Explanation(
        "plug-in", "A plug-in bound here cannot be used", "Correct the plug-in that is named.", "plugins"
    ),
    "X403DG": Explanation(
        "route", "Domain or group cannot be used", "Check that the domain's group is there and enabled.", "domains"
    ),
    "A400MA": Explanation(
        "identify",
        "The request has no credentials",
        "Send an AppCode or a signature, or open the API to everybody.",
        "request",
    ),
    "A400AC": Explanation(
        "identify", "No app has this AppCode", "Copy the AppCode of an app again; one that was reset is gone.", "app"
    ),
    "A400IK": Explanation("identify", "No app has this AppKey", "Copy the AppKey of an app again.", "app"),
    "A403IS": Explanation(
        "identify",
        "The signature is not the one calculated here",
        "Compare the two strings to sign, line by line; when they are equal, the secret is wrong.",
        "request",
    ),
    "A403EP": Explanation(
        "permit",
        "The app's authorization has expired",
        "Authorize the app again, with a later end or without one.",
        "api.authorize",
    ),
    "I403AA": Explanation(
        "permit",
        "The app is not authorized for this API in this stage",
        "Authorize the app for the API in this stage.",
        "api.authorize",
    ),
    "A403CO": Explanation(
        "plug-in",
        "The CORS plug-in refuses this origin",
        "Add the origin to the CORS plug-in, or call from another.",
        "api.plugins",
    ),
    "I400JR": Explanation("plug-in", "The request has no token", "Send a JWT where the plug-in reads it.", "request"),
    "I400JD": Explanation("plug-in", "The token is no JWT", _TOKEN, "request"),
    "I400JP": Explanation(
        "plug-in", "The JWT plug-in cannot be used", "Correct the plug-in: its key or its parameter.", "api.plugins"
    ),
    "A403JT": Explanation("plug-in", "The token is not accepted", _TOKEN, "request"),
    "A403JK": Explanation(
        "plug-in",
        "No key of the plug-in fits the token",
        "Add the key with the token's kid to the JWT plug-in.",
        "api.plugins",
    ),
    "A403JE": Explanation("plug-in", "The token has expired", _TOKEN, "request"),
    "S403JI": Explanation(
        "plug-in",
        "The token has no id",
        "Issue tokens with a claim jti, or turn the replay check of the plug-in off.",
        "api.plugins",
    ),
    "S403JU": Explanation("plug-in", "The token was used before", _TOKEN, "request"),
    "A403PR": Explanation(
        "plug-in",
        "A plug-in asks for authorization",
        "Send what the plug-in asks for: a user and a password, or what its service expects.",
        "request",
    ),
    "A403IP": Explanation(
        "plug-in",
        "The caller's address is not allowed",
        "Add the address to the IP access plug-in, or call from another.",
        "api.plugins",
    ),
    "A403IN": Explanation(
        "route",
        "The API is closed to the Internet",
        "Call from a network that the setting internal_networks names, or open the API to the Internet.",
        "api",
    ),
    "A403AC": Explanation(
        "plug-in",
        "A rule of the access plug-in refuses the request",
        "Change the rule that is named, or the request.",
        "api.plugins",
    ),
    "I400I5": Explanation(
        "guard",
        "Content-MD5 does not fit the body",
        "Calculate it from the bytes that are sent, or leave it out.",
        "request",
    ),
    "I400NC": Explanation(
        "identify", "The API asks for a nonce", "Send X-Ca-Nonce with a new value in each request.", "request"
    ),
    "S403NU": Explanation(
        "identify", "The nonce was used before", "Send X-Ca-Nonce with a new value in each request.", "request"
    ),
    "S403TE": Explanation(
        "identify", "The timestamp is too old", "Set the caller's clock; X-Ca-Timestamp is in milliseconds.", "request"
    ),
    "I400MP": Explanation(
        "map",
        "A required parameter is missing",
        "Send the parameter that is named, or make it optional and publish.",
        "request",
    ),
    "I400IP": Explanation(
        "map",
        "A parameter does not fit its definition",
        "Correct the value, or the parameter's definition and publish.",
        "request",
    ),
    "T429ID": Explanation(
        "throttle",
        "The automatic domain's requests of the day are used up",
        "Bind a domain of your own to the group.",
        "domains",
    ),
    "T429IN": Explanation(
        "throttle",
        "The instance has had its calls of this second",
        "Call less often, or give the instance a larger specification.",
        "instance",
    ),
    "T429GR": Explanation(
        "throttle",
        "The group has had its calls of this second",
        "Call less often, or raise RpsLimitForServerless of the group.",
        "group",
    ),
    "I404CH": Explanation(
        "plug-in",
        "No stored answer, and the caller wanted nothing else",
        "Call without Cache-Control: only-if-cached.",
        "request",
    ),
    "T429PA": Explanation(
        "plug-in",
        "The API, an account or an app was called too often",
        "Raise the limit in the trafficControl plug-in, or call less often.",
        "api.plugins",
    ),
    "T429PR": Explanation(
        "plug-in",
        "A limit by parameters is reached",
        "Raise the limit of the rule that is named, in the trafficControl plug-in, or call less often.",
        "api.plugins",
    ),
    "I404SR": Explanation(
        "map",
        "A stage variable of the backend has no value here",
        "Give the stage this variable (CreateApiStageVariable), or its route a rule that fits.",
        "variables",
    ),
    "I504RB": Explanation(
        "backend",
        "After routing the backend is not complete",
        "Complete the backend in the routing plug-in.",
        "api.plugins",
    ),
    "D504RE": Explanation(
        "backend",
        "The backend's name cannot be resolved",
        "Correct the backend address, or the name service of the network.",
        "api.backend",
    ),
    "D504IL": Explanation(
        "backend",
        "The backend's name leads to an address that is not allowed",
        "Use a VPC access for what is inside a network.",
        "vpc",
    ),
    "D504CO": Explanation(
        "backend",
        "The backend takes no connection",
        "Check that it listens, and that its firewall lets the gateway's egress addresses in.",
        "vpc",
    ),
    "D504CS": Explanation(
        "backend",
        "No TLS with the backend",
        "Check its certificate, its name and who signed it (`backend_ca_file`).",
        "api.backend",
    ),
    "D504TO": Explanation(
        "backend",
        "The backend did not answer in time",
        "Raise the timeout of the API and publish, or make the backend faster.",
        "api.backend",
    ),
    "D503CB": Explanation(
        "backend",
        "The backend failed too often and is left alone for a while",
        "Look at why the backend failed; the breaker tries it again by itself.",
        "log",
    ),
    "D503BB": Explanation(
        "backend",
        "The backend failed too often, and one request is trying it again",
        "Wait for that request; the breaker closes when the backend answers.",
        "log",
    ),
    "D503NH": Explanation(
        "backend",
        "No target of the VPC access is well",
        "Look at what the log says of each target, or let requests go on with WhenAllDown SERVE.",
        "vpc",
    ),
    "A403FC": Explanation(
        "backend",
        "The function's endpoint does not let the gateway call it",
        "Let the endpoint know the gateway, by its address or its certificate.",
        "api.backend",
    ),
    "D502FC": Explanation(
        "backend",
        "The function could not be called, or returned something else than an answer",
        "Let it return statusCode, headers, body and isBase64Encoded; the message says what is wrong.",
        "api.backend",
    ),
    "X504VE": Explanation(
        "backend",
        "The VPC access or its instance is not valid",
        "Check the VPC access that the API names: its network, instance and port.",
        "vpc",
    ),
    "N502RE": Explanation(
        "backend", "The backend's answer broke off", "Look into the backend's log at this time.", "log"
    ),
    "X500ER": Explanation("gateway", "A defect of the gateway", _AGAIN, "log"),
}
