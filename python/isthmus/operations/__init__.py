"""The operations of the management API: one function each, one module per resource.

`dispatch.py` finds an operation's function here and runs it in one transaction. The function's name is the operation's
in snake case, so one search finds both. What has no function is not implemented, and answers so.
"""

from __future__ import annotations

import re
from functools import cache
from types import ModuleType

from isthmus.operations import (
    access_lists,
    api_configuration,
    apis,
    apps,
    audit,
    backend_models,
    backends,
    batches,
    certificates,
    connectors,
    credentials,
    datasets,
    debug,
    deploys,
    domain_list,
    domains,
    drift,
    dry_runs,
    exports,
    grants,
    group_domains,
    groups,
    history,
    import_tasks,
    imports,
    instances,
    ip_controls,
    log_configs,
    marketplace,
    models,
    monitoring,
    network_instances,
    networks,
    overview,
    plugin_bindings,
    plugin_templates,
    plugins,
    regions,
    request_logs,
    sdks,
    signatures,
    stage_models,
    stage_variables,
    stages,
    system,
    tags,
    traffic,
    traffic_controls,
    users,
    vpc_access,
    vpc_tests,
)
from isthmus.operations.call import OperationFunction

MODULES: tuple[ModuleType, ...] = (
    groups,
    stages,
    stage_models,
    stage_variables,
    apis,
    api_configuration,
    models,
    deploys,
    drift,
    debug,
    dry_runs,
    backend_models,
    backends,
    batches,
    history,
    imports,
    import_tasks,
    exports,
    sdks,
    apps,
    credentials,
    grants,
    networks,
    network_instances,
    connectors,
    vpc_access,
    vpc_tests,
    plugins,
    plugin_bindings,
    plugin_templates,
    traffic,
    traffic_controls,
    ip_controls,
    signatures,
    datasets,
    domains,
    domain_list,
    group_domains,
    certificates,
    instances,
    access_lists,
    log_configs,
    marketplace,
    regions,
    tags,
    users,
    audit,
    overview,
    system,
    monitoring,
    request_logs,
)


@cache
def function_for(name: str) -> OperationFunction | None:
    """The function of an operation, by the operation's name; None when it is not implemented."""
    function_name = _snake_case(name)
    for module in MODULES:
        function = vars(module).get(function_name)
        # A function that a module only imports belongs to another operation or to none.
        if callable(function) and getattr(function, "__module__", "") == module.__name__:
            found: OperationFunction = function
            return found
    return None


def _snake_case(name: str) -> str:
    name = re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1_\2", name)
    return re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name).lower()
