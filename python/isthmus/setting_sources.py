"""Where the values of settings come from: flags, the environment and a TOML file, in this order.

`settings.py` calls it with its fields. Invariant: every value is read, and every one that cannot be used is told with
where it came from and what it should be.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import Field
from pathlib import Path
from typing import Any

from isthmus.setting_values import KINDS

# These tell a client (the command line, an SDK) whom to call: they are no settings of a server.
CLIENT_VARIABLES = frozenset({"ISTHMUS_ENDPOINT", "ISTHMUS_ACCESS_KEY_ID", "ISTHMUS_ACCESS_KEY_SECRET"})
_PREFIX = "ISTHMUS_"


def read_settings(
    known: Sequence[Field[Any]], flags: Mapping[str, Any], environ: Mapping[str, str], toml_path: Path | None
) -> tuple[dict[str, Any], list[str]]:
    """The values that somebody gave, by name, and a sentence about each that cannot be used."""
    problems: list[str] = []
    sources = [_flag_values(flags), _environment_values(known, environ), _toml_values(known, toml_path, problems)]
    read: dict[str, Any] = {}
    for one in known:
        for source in sources:
            if one.name in source:
                _read_value(one, *source[one.name], read, problems)
                break
    return read, problems


def flag_name(name: str) -> str:
    return "--" + name.replace("_", "-")


def variable_name(name: str) -> str:
    return _PREFIX + name.upper()


# A source maps a setting's name to (its value, where the value came from).
_Source = dict[str, tuple[Any, str]]


def _flag_values(flags: Mapping[str, Any]) -> _Source:
    return {name: (value, f"the flag {flag_name(name)}") for name, value in flags.items() if value is not None}


def _environment_values(known: Sequence[Field[Any]], environ: Mapping[str, str]) -> _Source:
    names = {variable_name(one.name): one.name for one in known}
    return {names[key]: (value, f"the variable {key}") for key, value in environ.items() if key in names}


def _toml_values(fields: Sequence[Field[Any]], path: Path | None, problems: list[str]) -> _Source:
    if path is None:
        return {}
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        problems.append(f"The configuration file {path} cannot be read: {error.strerror}. Check its path and its mode.")
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        problems.append(f"The configuration file {path} is not TOML: {error}.")
        return {}
    known = [one.name for one in fields]
    for key in document:
        if key not in known:
            problems.append(f"{path}: there is no setting {key}.{_nearest(key, known)}")
    return {key: (value, f"{key} in {path}") for key, value in document.items() if key in known}


def _nearest(name: str, known: list[str]) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    return f" Did you mean {close[0]}?" if close else " The reference page of the settings lists all of them."


def _read_value(one: Field[Any], value: Any, where: str, read: dict[str, Any], problems: list[str]) -> None:
    kind, limits = KINDS[one.metadata["kind"]], one.metadata["limits"]
    if value in ("", None) and limits.get("optional"):
        read[one.name] = None
        return
    try:
        read[one.name] = kind.read(value, limits)
    except ValueError as error:
        why = f" ({error})" if str(error) else ""
        example = f", for example {kind.example}" if kind.example else ""
        # An address of a database can have a password.
        said = re.sub(r"//[^/@]*@", "//***@", repr(value))
        problems.append(f"{where} is {said}{why}, but {one.name} is {kind.form(limits)}{example}.")


def unknown_variables(known: Sequence[Field[Any]], environ: Mapping[str, str]) -> list[str]:
    """A sentence about each variable that looks like a setting and is none."""
    names = {variable_name(one.name) for one in known} | CLIENT_VARIABLES
    unknown = sorted(key for key in environ if key.startswith(_PREFIX) and key not in names)
    return [f"The variable {key} is no setting.{_nearest(key, sorted(names))}" for key in unknown]
