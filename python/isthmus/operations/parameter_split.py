"""Constants and system parameters that a caller wrote among the ordinary parameters, moved into their own lists.

Called by `definition.py`. A service parameter with the catalogue CONSTANT gets its value from the default of the request
parameter that is mapped to it; with SYSTEM, that request parameter's name is the system parameter. Clients expect to
read them back only from their own lists, so their three entries go. Source: the vendor's Terraform provider.
"""

from __future__ import annotations

from dataclasses import replace

from isthmus.errors import Problem
from isthmus.model import ConstantParameter, Draft, ParameterMapping, ServiceParameter, SystemParameter


def split_parameters(draft: Draft) -> tuple[Draft, list[Problem]]:
    mapped = {entry.service_parameter_name: entry for entry in draft.service_parameters_map}
    declared = {parameter.api_parameter_name: parameter for parameter in draft.request_parameters}
    problems: list[Problem] = []
    kept: list[ServiceParameter] = []
    constants, systems = list(draft.constant_parameters), list(draft.system_parameters)
    gone: list[ParameterMapping] = []
    for index, parameter in enumerate(draft.service_parameters):
        catalog = (parameter.parameter_catalog or "").upper()
        if catalog not in ("CONSTANT", "SYSTEM"):
            kept.append(parameter)
            continue
        entry = mapped.get(parameter.service_parameter_name)
        source = declared.get(entry.request_parameter_name) if entry is not None else None
        if entry is None or (source is None and catalog == "CONSTANT"):
            text = f"is {catalog}, but ServiceParametersMap maps no request parameter to it that says which."
            problems.append(Problem(f"ServiceParameters[{index}].ParameterCatalog", text))
            continue
        gone.append(entry)
        name, location = parameter.service_parameter_name, parameter.location
        description = source.description if source is not None else None
        if catalog == "CONSTANT":
            value = source.default_value if source is not None else None
            constants.append(ConstantParameter(name, value or "", location, description))
        else:
            systems.append(SystemParameter(entry.request_parameter_name, name, location, None, description))
    left = tuple(entry for entry in draft.service_parameters_map if entry not in gone)
    # A request parameter that an ordinary service parameter uses as well stays declared.
    removed = {entry.request_parameter_name for entry in gone} - {entry.request_parameter_name for entry in left}
    split = replace(
        draft,
        service_parameters=tuple(kept),
        service_parameters_map=left,
        request_parameters=tuple(one for one in draft.request_parameters if one.api_parameter_name not in removed),
        constant_parameters=tuple(constants),
        system_parameters=tuple(systems),
    )
    return split, problems
