"""Models from the schemas of a document, and the references between drafts and models.

Called by `imports.py` and `exports.py`. In a document, a draft refers to a schema by `#/definitions/Name` (or
`#/components/schemas/Name`); in the store, to a model by its `ModelRef`. Invariant: a reference to what there is no
model of stays as it is.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from isthmus.errors import Problem
from isthmus.model import Draft
from isthmus.openapi.references import referred_name
from isthmus.operations.fields import name_problems
from isthmus.operations.models import model_ref, schema_problems
from isthmus.store import Transaction
from isthmus.store.models import Model, add_model, find_model, update_model


@dataclass(frozen=True)
class SchemaResult:
    """What became of one schema of a document."""

    group_id: str
    name: str
    model_id: str | None = None
    # CREATE or MODIFY.
    done: str | None = None
    error: str | None = None

    @property
    def reference(self) -> str | None:
        return None if self.model_id is None else model_ref(self.group_id, self.model_id)


def import_models(
    transaction: Transaction, group_id: str, document: Mapping[str, Any], overwrite: bool
) -> tuple[list[SchemaResult], list[str]]:
    """Also warnings about schemas that cannot be models."""
    components = document.get("components")
    schemas = document.get("definitions", components.get("schemas") if isinstance(components, Mapping) else None)
    results, warnings = [], []
    for name, schema in schemas.items() if isinstance(schemas, Mapping) else ():
        kind = schema.get("type", "object") if isinstance(schema, Mapping) else None
        if kind != "object":
            warnings.append(f"The schema {name[:64]} describes no object, so it becomes no model.")
            continue
        text = json.dumps(schema, ensure_ascii=False)
        problems = name_problems("ModelName", name, 64) + schema_problems("Schema", text)
        present = None if problems else find_model(transaction, group_id, name)
        results.append(_import_one(transaction, SchemaResult(group_id, name), text, (present, overwrite, problems)))
    return results, warnings


def link_models(draft: Draft, references: Mapping[str, str]) -> Draft:
    """`references`: a schema's name to the `ModelRef` of its model."""
    return _with_references(draft, lambda text: references.get(referred_name(text) or "", text))


def unlink_models(draft: Draft, names: Mapping[str, str], version: str) -> Draft:
    """`names`: a `ModelRef` to the name of its model."""
    prefix = "#/definitions/" if version == "2.0" else "#/components/schemas/"
    return _with_references(draft, lambda text: prefix + _escaped(names[text]) if text in names else text)


def _import_one(
    transaction: Transaction, result: SchemaResult, text: str, found: tuple[Model | None, bool, list[Problem]]
) -> SchemaResult:
    present, overwrite, problems = found
    if problems:
        return replace(result, error=" ".join(f"{problem.parameter}: {problem.text}" for problem in problems[:10]))
    if present is None:
        made = add_model(transaction, result.group_id, result.name, text, "")
        return replace(result, model_id=made.model_id, done="CREATE")
    if json.loads(present.schema) == json.loads(text):
        return replace(result, model_id=present.model_id, done="MODIFY")
    if not overwrite:
        # Drafts of the document may still refer to the model that there is.
        return replace(result, model_id=present.model_id, error="The group has another model of this name already.")
    update_model(transaction, replace(present, schema=text))
    return replace(result, model_id=present.model_id, done="MODIFY")


def _with_references(draft: Draft, change: Callable[[str], str]) -> Draft:
    def changed(text: str | None) -> str | None:
        return None if text is None else change(text)

    return replace(
        draft,
        request_config=replace(draft.request_config, body_model=changed(draft.request_config.body_model)),
        result_body_model=changed(draft.result_body_model),
        error_code_samples=tuple(replace(one, model=changed(one.model)) for one in draft.error_code_samples),
    )


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")
