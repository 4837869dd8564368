"""Operations on log configurations: where the vendor's product ships its access log.

They are stored and shown, as Terraform manages them; nothing is shipped. This gateway's access log is a file (the
setting `access_log`), which says the same about each request.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from isthmus import errors
from isthmus.errors import Problem
from isthmus.operations.call import Call
from isthmus.operations.fields import name_problems, raise_problems
from isthmus.store.log_configs import (
    LogConfig,
    add_log_config,
    list_log_configs,
    remove_log_config,
    update_log_config,
)

_TYPES = ("PROVIDER", "CONSUMER")


def create_log_config(call: Call, params: Any) -> Mapping[str, Any]:
    config = _config(params)
    if list_log_configs(call.transaction, config.log_type):
        text = f"There is a log configuration {config.log_type} already; change it with ModifyLogConfig."
        raise errors.repeated("LogConfig", text)
    add_log_config(call.transaction, config)
    return {}


def modify_log_config(call: Call, params: Any) -> Mapping[str, Any]:
    config = _config(params)
    if not list_log_configs(call.transaction, config.log_type):
        raise errors.not_found("LogConfig", f"There is no log configuration {config.log_type}.")
    update_log_config(call.transaction, config)
    return {}


def delete_log_config(call: Call, params: Any) -> Mapping[str, Any]:
    """Succeeds when there is none."""
    remove_log_config(call.transaction, _log_type(params) or _TYPES[0])
    return {}


def describe_log_config(call: Call, params: Any) -> Mapping[str, Any]:
    configs = list_log_configs(call.transaction, _log_type(params))
    rows = [
        {
            "log_type": one.log_type,
            "region_id": call.settings.region,
            "sls_project": one.project,
            "sls_log_store": one.log_store,
        }
        for one in configs
    ]
    return {"log_infos": rows}


def _config(params: Any) -> LogConfig:
    problems = name_problems("SlsProject", params.sls_project, 128)
    raise_problems(problems + name_problems("SlsLogStore", params.sls_log_store, 128))
    return LogConfig(_log_type(params) or _TYPES[0], params.sls_project, params.sls_log_store)


def _log_type(params: Any) -> str | None:
    if params.log_type is None:
        return None
    log_type = str(params.log_type).strip().upper()
    if log_type not in _TYPES:
        text = f"{params.log_type[:40]!r} is not one of {', '.join(_TYPES)}."
        raise errors.invalid([Problem("LogType", text)])
    return log_type
