"""The management errors: one list of everything an operation can refuse, raised where it is known.

Operations and the catalogue raise `ApiError` through the constructors below; `wire/errors.py` alone turns one into
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


class ApiError(Exception):
    """A refusal of the management API: HTTP status, code and message as the vendor's clients expect them."""

    def __init__(self, code: str, message: str, status: int = 400, problems: tuple[Problem, ...] = ()) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status
        self.problems = problems


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


def not_found(subject: str, text: str) -> ApiError:
    """`subject` is the vendor's noun, for example `ApiGroup`; the message names what was looked for."""
    return ApiError(f"NotFound{subject}", text, 404)


def repeated(subject: str, text: str) -> ApiError:
    return ApiError(f"Repeated{subject}", text)


def missing(parameter: str, text: str = "") -> ApiError:
    return ApiError(f"Missing{parameter}", text or f"The parameter {parameter} is required.")


def invalid(problems: list[Problem]) -> ApiError:
    """One error for every problem found; the code names the first parameter, the message lists them all."""
    first = problems[0].parameter.split(".")[0].split("[")[0]
    listed = " ".join(f"{problem.parameter}: {problem.text}" for problem in problems)
    return ApiError(f"Invalid{first}", listed, 400, tuple(problems))


def dependency_violation(subject: str, text: str) -> ApiError:
    return ApiError(f"DependencyViolation{subject}", text)


def exceed_limit(subject: str, text: str) -> ApiError:
    return ApiError(f"ExceedLimit{subject}", text)


def not_implemented(operation: str) -> ApiError:
    # Never 404 (Terraform reads it as "resource gone") and never 5xx (clients retry those).
    return ApiError("NotImplemented", f"The operation {operation} is not implemented by this gateway.")
