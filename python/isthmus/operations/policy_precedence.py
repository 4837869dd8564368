"""Which of two acts where an API has both a plug-in and an older policy of the same type: the plug-in.

Called by `policies.py` and `plugin_bindings.py` after a binding has changed, and by `apis.py`. Invariant: a policy has a
binding record in the plan exactly where it is bound and no plug-in of its type is bound to the same API and stage.
"""

from __future__ import annotations

from isthmus.publish.bindings import policy_binding_key, policy_binding_record
from isthmus.store import Transaction
from isthmus.store.plugins import Binding, find_binding
from isthmus.store.policies import KINDS, PolicyBinding, find_policy_binding, take_policy_bindings


def settle(transaction: Transaction, bound: PolicyBinding | None, replaced: PolicyBinding | None) -> None:
    """After a policy's binding has come, gone or changed."""
    if replaced is not None:
        transaction.records.remove("plugin_binding", policy_binding_key(replaced))
    if bound is not None and not _has_plugin(transaction, bound):
        transaction.records.put(*policy_binding_record(bound))


def settle_plugin(transaction: Transaction, plugin: Binding) -> None:
    """After a plug-in's binding to an API has come or gone."""
    if plugin.scope != "api" or plugin.plugin_type not in KINDS:
        return
    bound = find_policy_binding(transaction, plugin.plugin_type, plugin.target_id, plugin.stage)
    if bound is None:
        return
    if _has_plugin(transaction, bound):
        transaction.records.remove("plugin_binding", policy_binding_key(bound))
    else:
        transaction.records.put(*policy_binding_record(bound))


def remove_policies_of(transaction: Transaction, api_id: str) -> None:
    """For whoever deletes the API."""
    for binding in take_policy_bindings(transaction, api_id):
        transaction.records.remove("plugin_binding", policy_binding_key(binding))


def _has_plugin(transaction: Transaction, bound: PolicyBinding) -> bool:
    return find_binding(transaction, Binding("api", bound.api_id, bound.stage, "", bound.kind, 0)) is not None
