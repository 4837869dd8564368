"""The management errors: one list of everything an operation can refuse, raised where it is known.

Operations and the catalogue raise `ApiError` through the constructors below; `wire/answers.py` alone turns one into
bytes. `FAMILIES` and `SINGLES` are what the reference page and the tests walk. Codes and statuses follow the vendor's
error tables ("Common error codes", "API Gateway error codes"); where the table's status would mislead a client, the
entry says why ours differs.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Problem:
    """One thing wrong with a request: the parameter (with the path inside it) and what to do about it."""

    parameter: str
    text: str
    # For the few problems whose code the vendor fixes; otherwise the code is made from the parameter's name.
    code: str = ""


class ApiError(Exception):
    """A refusal of the management API: HTTP status, code and message as the vendor's clients expect them."""

    def __init__(
        self,
        code: str,
        message: str,
        status: int = 400,
        problems: tuple[Problem, ...] = (),
    ) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status
        self.problems = problems


@dataclass(frozen=True)
class Single:
    """A code without a varying part."""

    code: str
    status: int
    meaning: str


@dataclass(frozen=True)
class Family:
    """A code with a varying tail (`NotFoundApi`, `NotFoundApp`, …)."""

    prefix: str
    status: int
    meaning: str
    subjects: tuple[str, ...] = field(default=())


FAMILIES = (
    # The vendor's table says 400; Terraform sees a vanished resource only through 404.
    Family("NotFound", 404, "no such resource"),
    Family("Repeated", 400, "the value is already used"),
    Family("Duplicate", 400, "the value occurs twice in the request"),
    Family("Missing", 400, "a required parameter is missing"),
    Family("Invalid", 400, "a parameter's value is not allowed"),
    Family("DependencyViolation", 400, "the resource still has dependants"),
    Family("ExceedLimit", 400, "a quota is used up"),
    Family("Forbidden", 403, "not allowed"),
)

SINGLES = (
    Single("InvalidApi.NotFound", 404, "no operation has this name"),
    Single(
        "InvalidVersion",
        400,
        "the version does not exist, or does not have this operation",
    ),
    Single("UnsupportedHTTPMethod", 400, "the method is neither GET nor POST"),
    Single("InvalidParameter.Format", 400, "Format is neither JSON nor XML"),
    Single(
        "InvalidParameter.Encoding",
        400,
        "a query or form body is not percent-encoded UTF-8",
    ),
    Single("InvalidParameter.Duplicate", 400, "a query or form body names a parameter twice"),
    Single("InvalidParameter.TagKey", 400, "a tag has no key"),
    Single("ExceedLimitParameters", 400, "the request has too many parameters"),
    # Vendor's older table says 404, which makes Terraform drop existing resources over a mistyped key.
    Single("InvalidAccessKeyId.NotFound", 400, "no such access key"),
    Single("InvalidAccessKeyId.Inactive", 400, "the access key is disabled"),
    Single("InvalidSecurityToken", 400, "temporary credentials are not issued here"),
    Single("SignatureDoesNotMatch", 400, "the signature is not the one calculated here"),
    Single("IncompleteSignature", 400, "a part of the signature is missing"),
    Single("InvalidSignatureMethod", 400, "the signature algorithm is not supported"),
    Single(
        "InvalidTimeStamp.Format",
        400,
        "the time is not of the form YYYY-MM-DDThh:mm:ssZ",
    ),
    Single(
        "InvalidTimeStamp.Expired",
        400,
        "the time differs too much from this gateway's clock",
    ),
    Single("SignatureNonceUsed", 400, "the request was sent before"),
    Single("SignedOut", 401, "nobody is signed in to the console, or no longer"),
    Single("Forbidden.Csrf", 403, "the console's second token is missing or wrong"),
    Single("Forbidden.Role", 403, "the role of the caller does not include the operation"),
    Single("Throttling.User", 400, "the access key has sent too many requests"),
    Single("RequestBodyTooLarge", 413, "the body is larger than the limit"),
    Single(
        "NotImplemented",
        400,
        "the operation exists but this gateway does not implement it",
    ),
    Single("NoEngineHere", 400, "no engine runs beside this control plane, so it cannot send a request into one"),
    Single("NoHubHere", 400, "this gateway takes no connectors of other networks: the setting hub is empty"),
    Single("EngineUnreachable", 400, "the engine beside this control plane does not answer"),
    Single("DomainCertificateNotFound", 400, "the domain has no such certificate"),
    Single("InvokeSlbApiFail", 400, "no such access control list"),
    Single("RefusedByEngine", 400, "an engine cannot serve the change; the message says whether it is stored"),
    Single(
        "ServiceUnavailable",
        503,
        "the store is busy, full or away; nothing was changed, or the message says that it is not known",
    ),
    Single("RepeatedCommit", 400, "another call changed the same resource at the same time; nothing was changed"),
    Single("RevisionConflict", 409, "the draft has changed since the caller read it; nothing was changed"),
    Single("InvalidParameter", 400, "a value that the store cannot hold; nothing was changed"),
    Single("ORDER.OPEND", 400, "the gateway is open already: there is nothing to order"),
    Single("InternalError", 500, "a defect of this gateway"),
)

_SINGLE_BY_CODE = {single.code: single for single in SINGLES}


def single(code: str, text: str) -> ApiError:
    """An error of `SINGLES`; its status comes from the list."""
    return ApiError(code, text, _SINGLE_BY_CODE[code].status)


def not_found(subject: str, text: str) -> ApiError:
    """`subject` is the vendor's noun, for example `ApiGroup`; the message names what was looked for."""
    return ApiError(f"NotFound{subject}", _bounded(text), 404)


def repeated(subject: str, text: str) -> ApiError:
    return ApiError(f"Repeated{subject}", _bounded(text))


def missing(parameter: str, text: str = "") -> ApiError:
    return ApiError(f"Missing{parameter}", text or f"The parameter {parameter} is required.")


def missing_parameter(name: str) -> Problem:
    return Problem(name, "is required.", code=f"Missing{name}")


def refused(problems: list[Problem]) -> ApiError:
    """One error for everything wrong with a request: the first problem decides the code, the message lists them all."""
    listed = problems[:_LISTED_PROBLEMS]
    message = " ".join(f"{problem.parameter}: {problem.text}" for problem in listed)
    if len(problems) > len(listed):
        message += f" And {len(problems) - len(listed)} more."
    first = problems[0]
    stem = first.parameter.split(".")[0].split("[")[0]
    return ApiError(first.code or f"Invalid{stem}", _bounded(message), 400, tuple(problems))


# Enough to correct a request in one go; a hostile one must not get an answer as long as itself.
_LISTED_PROBLEMS = 50
_LONGEST_MESSAGE = 16 * 1024


def _bounded(text: str) -> str:
    return text if len(text) <= _LONGEST_MESSAGE else f"{text[: _LONGEST_MESSAGE - 1]}…"


def invalid(problems: list[Problem]) -> ApiError:
    """Values that are not allowed: the code is `Invalid<Parameter>` of the first."""
    return refused(problems)


def dependency_violation(subject: str, text: str) -> ApiError:
    return ApiError(f"DependencyViolation{subject}", _bounded(text))


def exceed_limit(subject: str, text: str) -> ApiError:
    return ApiError(f"ExceedLimit{subject}", _bounded(text))


def not_implemented(operation: str) -> ApiError:
    # Never 404 (Terraform reads it as "resource gone") and never 5xx (clients retry those).
    return single(
        "NotImplemented",
        f"The operation {operation} is not implemented by this gateway.",
    )
