"""Who may do what: five roles, and the one that each operation needs.

Asked by `operations/dispatch.py` for every call, of sessions and access keys alike, and by the store's users. A role
includes the rights of those before it; `caller` stands apart and may only try APIs out. An operation that is not named
here needs `viewer` when it reads and `developer` when it writes. A rule test keeps the names below in the catalogue.
"""

from __future__ import annotations

CALLER, VIEWER, DEVELOPER, PUBLISHER, OWNER = "caller", "viewer", "developer", "publisher", "owner"

# Weakest first.
ROLES = (CALLER, VIEWER, DEVELOPER, PUBLISHER, OWNER)

_READS = ("Describe", "List", "Query", "Compare")

# What acts on callers at once, or opens a way into a network.
_PUBLISHERS = frozenset(
    [
        "DeployApi",
        "AbolishApi",
        "SwitchApi",
        "BatchDeployApis",
        "BatchAbolishApis",
        "SetAppsAuthorities",
        "SetApisAuthorities",
        "RemoveAppsAuthorities",
        "RemoveApisAuthorities",
        "CreatePlugin",
        "ModifyPlugin",
        "DeletePlugin",
        "AttachPlugin",
        "DetachPlugin",
        "AttachGroupPlugin",
        "DetachGroupPlugin",
        "CreateTrafficControl",
        "ModifyTrafficControl",
        "DeleteTrafficControl",
        "AddTrafficSpecialControl",
        "DeleteTrafficSpecialControl",
        "DeleteAllTrafficSpecialControl",
        "SetTrafficControlApis",
        "RemoveTrafficControlApis",
        "CreateIpControl",
        "ModifyIpControl",
        "DeleteIpControl",
        "AddIpControlPolicyItem",
        "ModifyIpControlPolicyItem",
        "RemoveIpControlPolicyItem",
        "SetIpControlApis",
        "RemoveIpControlApis",
        "CreateSignature",
        "ModifySignature",
        "DeleteSignature",
        "SetSignatureApis",
        "RemoveSignatureApis",
        "CreateStageModel",
        "ModifyStageModel",
        "DeleteStageModel",
        "CreateDataset",
        "ModifyDataset",
        "DeleteDataset",
        "CreateDatasetItem",
        "ModifyDatasetItem",
        "DeleteDatasetItem",
        "SetVpcAccess",
        "ModifyVpcAccessAndUpdateApis",
        "RemoveVpcAccess",
        "RemoveVpcAccessAndAbolishApis",
        "SetDomain",
        "DeleteDomain",
        "ReactivateDomain",
        "SetDomainCertificate",
        "DeleteDomainCertificate",
        "SetDomainWebSocketStatus",
        "SetWildcardDomainPatterns",
        "CreateIntranetDomain",
        "ModifyApiGroupNetworkPolicy",
        "ModifyIntranetDomainPolicy",
        "CreateApiStageVariable",
        "DeleteApiStageVariable",
        "ModifyBackendModel",
        "CreateBackendModel",
        "DeleteBackendModel",
    ]
)

# Who did what.
_PUBLISHERS_READ = frozenset({"DescribeAuditEvents"})

# Who uses the gateway, and what it is attached to.
_OWNERS = frozenset(
    [
        "CreateUser",
        "ModifyUser",
        "DeleteUser",
        "DescribeUsers",
        "CreateNetwork",
        "ModifyNetwork",
        "DeleteNetwork",
        "SetNetworkInstances",
        "CreateConnectorToken",
        "RevokeConnector",
        "CreateInstance",
        "DeleteInstance",
        "ModifyInstanceAttribute",
        "ModifyInstanceSpec",
        "ModifyInstanceVpcAttributeForConsole",
        "ModifyApiGroupInstance",
        "CreateAccessControlList",
        "DeleteAccessControlList",
        "SetAccessControlListAttribute",
        "AddAccessControlListEntry",
        "RemoveAccessControlListEntry",
        "EnableInstanceAccessControl",
        "DisableInstanceAccessControl",
        "OpenApiGatewayService",
    ]
)

# Their answers may hold secrets, so each of them is in the audit trail when it does.
SECRET_READS = frozenset(
    [
        "DescribeAppSecurity",
        "DescribeAppSecurities",
        "DescribePlugins",
        "DescribePluginsByApi",
        "DescribePluginsByGroup",
        "DescribeSignatures",
        "DescribeSignaturesByApi",
    ]
)

_CALLERS = frozenset({"DescribeRegions", "DescribeSystem"})

# What everybody may do to themselves, and to nobody else.
OWN = frozenset({"ChangePassword"})

NAMED = OWN | _PUBLISHERS | _PUBLISHERS_READ | _OWNERS | SECRET_READS | _CALLERS


def needed_role(operation: str) -> str:
    """The weakest role that may call an operation."""
    if operation in _CALLERS or operation in OWN:
        return CALLER
    if operation in _OWNERS:
        return OWNER
    if operation in _PUBLISHERS or operation in _PUBLISHERS_READ:
        return PUBLISHER
    if operation in SECRET_READS or not operation.startswith(_READS):
        return DEVELOPER
    return VIEWER


def may(role: str, operation: str) -> bool:
    return role in ROLES and ROLES.index(role) >= ROLES.index(needed_role(operation))
