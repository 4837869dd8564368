"""The rest of what is managed, for the random walk of `model_walk.py`: plug-ins and policies and where they are bound, domains,
VPC accesses, stage variables, models, access lists, backends and data sets."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from model_walk import NAMES, NOBODY, STAGES, Walk
from workbench import Workbench

SHARED = "api-shared-vpc-001"
HOSTS = [f"host{number}.example.com" for number in range(5)]
ADDRESSES = [f"10.1.0.{number}" for number in range(1, 5)]
TYPES = {
    "trafficControl": {"unit": "SECOND", "apiDefault": 10},
    "ipControl": {"type": "ALLOW", "items": [{"blocks": ["10.0.0.0/8"]}]},
}
# Kind to its operations' noun and what creating one needs.
POLICIES: dict[str, dict[str, str]] = {
    "TrafficControl": {"TrafficControlUnit": "DAY", "ApiDefault": "7"},
    "IpControl": {"IpControlType": "ALLOW"},
    "Signature": {"SignatureKey": "key_of_it", "SignatureSecret": "secret_of_it"},
}
LISTS = {
    "TrafficControl": ("DescribeTrafficControls", "TrafficControls", "TrafficControl"),
    "IpControl": ("DescribeIpControls", "IpControlInfos", "IpControlInfo"),
    "Signature": ("DescribeSignatures", "SignatureInfos", "SignatureInfo"),
}


class WiderWalk(Walk):
    @property
    def actions(self) -> list[Callable[[Any], None]]:
        return [*(getattr(WiderWalk, one.__name__) for one in super().actions), *WIDER]

    def __init__(self, workbench: Workbench, seed: int) -> None:
        super().__init__(workbench, seed)
        # Where an API was ever published.
        self.published: set[tuple[str, str]] = set()
        self.stages: dict[str, dict[str, str]] = {}
        self.plugins: dict[str, tuple[str, str]] = {}
        # (scope, target, stage, type) to the plug-in.
        self.bound: dict[tuple[str, str, str, str], str] = {}
        self.policies: dict[str, tuple[str, str]] = {}
        # (kind, API, stage) to the policy.
        self.governed: dict[tuple[str, str, str], str] = {}
        self.domains: dict[str, str] = {}
        self.accesses: dict[str, str] = {}
        self.variables: dict[tuple[str, str], dict[str, str]] = {}
        self.lists: dict[str, dict[str, str]] = {}
        self.enabled: str | None = None
        self.backends: dict[str, str] = {}
        self.backend_models: dict[str, tuple[str, str]] = {}
        self.datasets: dict[str, str] = {}
        # Item to (data set, value).
        self.items: dict[str, tuple[str, str]] = {}

    def stage(self) -> str:
        return self.random.choice(STAGES)

    def name(self) -> str:
        return self.random.choice(NAMES)

    # What follows from steps of the other walk

    def create_group(self) -> None:
        before = set(self.model.groups)
        super().create_group()
        for group in set(self.model.groups) - before:
            shown = self.workbench.call("DescribeApiGroup", GroupId=group)["StageItems"]["StageInfo"]
            self.stages[group] = {one["StageName"]: one["StageId"] for one in shown}

    def delete_group(self) -> None:
        super().delete_group()
        groups = self.model.groups
        self.bound = {key: value for key, value in self.bound.items() if key[0] != "group" or key[1] in groups}
        self.domains = {name: group for name, group in self.domains.items() if group in groups}
        self.variables = {key: value for key, value in self.variables.items() if key[0] in groups}

    def delete_api(self) -> None:
        super().delete_api()
        apis = self.model.apis
        self.bound = {key: value for key, value in self.bound.items() if key[0] != "api" or key[1] in apis}
        self.governed = {key: value for key, value in self.governed.items() if key[1] in apis}

    def deploy(self) -> None:
        super().deploy()
        self.published |= set(self.model.running)

    # Plug-ins

    def create_plugin(self) -> None:
        name, kind = self.name(), self.random.choice(list(TYPES))
        taken = any(one[0] == name for one in self.plugins.values())
        given = {"PluginName": name, "PluginType": kind, "PluginData": json.dumps(TYPES[kind])}
        answer = self.expect("RepeatedPluginName" if taken else None, "CreatePlugin", **given)
        if answer:
            self.plugins[answer["PluginId"]] = (name, kind)

    def rename_plugin(self) -> None:
        plugin, name = self.pick(self.plugins), self.name()
        taken = any(one[0] == name for key, one in self.plugins.items() if key != plugin)
        code = "NotFoundPlugin" if plugin not in self.plugins else "RepeatedPluginName" if taken else None
        if self.expect(code, "ModifyPlugin", PluginId=plugin, PluginName=name) is not None:
            self.plugins[plugin] = (name, self.plugins[plugin][1])

    def delete_plugin(self) -> None:
        plugin = self.pick(self.plugins)
        code = "DependencyViolationPlugin" if plugin in self.bound.values() else None
        code = code if plugin in self.plugins else "NotFoundPlugin"
        if self.expect(code, "DeletePlugin", PluginId=plugin) is not None:
            del self.plugins[plugin]

    def attach(self) -> None:
        plugin, api, stage = self.pick(self.plugins), self.pick(self.model.apis), self.stage()
        code = "NotFoundPlugin" if plugin not in self.plugins else "NotFoundApi" if api not in self.model.apis else None
        code = code or ("NotFoundDeployedApi" if (api, stage) not in self.published else None)
        if self.expect(code, "AttachPlugin", PluginId=plugin, ApiId=api, StageName=stage) is not None:
            self.bound["api", api, stage, self.plugins[plugin][1]] = plugin

    def detach(self) -> None:
        plugin, api, stage = self.pick(self.plugins), self.pick(self.model.apis), self.stage()
        code = "NotFoundPlugin" if plugin not in self.plugins else "NotFoundApi" if api not in self.model.apis else None
        if self.expect(code, "DetachPlugin", PluginId=plugin, ApiId=api, StageName=stage) is not None:
            self._loosen("api", api, stage, plugin)

    def attach_to_group(self) -> None:
        plugin, group, stage = self.pick(self.plugins), self.pick(self.model.groups), self.stage()
        code = None if group in self.model.groups else "NotFoundApiGroup"
        code = code if plugin in self.plugins else "NotFoundPlugin"
        if self.expect(code, "AttachGroupPlugin", PluginId=plugin, GroupId=group, StageName=stage) is not None:
            self.bound["group", group, stage, self.plugins[plugin][1]] = plugin

    def detach_from_group(self) -> None:
        plugin, group, stage = self.pick(self.plugins), self.pick(self.model.groups), self.stage()
        code = None if group in self.model.groups else "NotFoundApiGroup"
        code = code if plugin in self.plugins else "NotFoundPlugin"
        if self.expect(code, "DetachGroupPlugin", PluginId=plugin, GroupId=group, StageName=stage) is not None:
            self._loosen("group", group, stage, plugin)

    def _loosen(self, scope: str, target: str, stage: str, plugin: str) -> None:
        place = (scope, target, stage, self.plugins[plugin][1])
        if self.bound.get(place) == plugin:
            del self.bound[place]

    # Traffic control, IP control, signature

    def create_policy(self) -> None:
        kind, name = self.random.choice(list(POLICIES)), self.name()
        code = f"Repeated{kind}Name" if (kind, name) in self.policies.values() else None
        answer = self.expect(code, f"Create{kind}", **{f"{kind}Name": name}, **POLICIES[kind])
        if answer:
            self.policies[answer[f"{kind}Id"]] = (kind, name)

    def rename_policy(self) -> None:
        kind, policy = self._policy()
        name = self.name()
        taken = any(one == (kind, name) for key, one in self.policies.items() if key != policy)
        code = f"NotFound{kind}" if policy not in self.policies else f"Repeated{kind}Name" if taken else None
        # A signature has no parameter that may be left out.
        more = POLICIES[kind] if kind == "Signature" else {}
        named = {f"{kind}Id": policy, f"{kind}Name": name}
        if self.expect(code, f"Modify{kind}", **named, **more) is not None:
            self.policies[policy] = (kind, name)

    def delete_policy(self) -> None:
        kind, policy = self._policy()
        code = f"DependencyViolation{kind}" if policy in self.governed.values() else None
        if policy not in self.policies:
            code = None if kind == "IpControl" else f"NotFound{kind}"
        if self.expect(code, f"Delete{kind}", **{f"{kind}Id": policy}) is not None:
            self.policies.pop(policy, None)

    def govern(self) -> None:
        kind, policy, place, code = self._place()
        if self.expect(code, f"Set{kind}Apis", **place) is not None:
            self.governed[kind, place["ApiIds"], place["StageName"]] = policy

    def release(self) -> None:
        kind, policy, place, code = self._place()
        # What is not there is not bound.
        code = None if code == "NotFoundApi" else code
        if self.expect(code, f"Remove{kind}Apis", **place) is not None:
            where = (kind, place["ApiIds"], place["StageName"])
            if self.governed.get(where) == policy:
                del self.governed[where]

    def _policy(self) -> tuple[str, str]:
        kind = self.random.choice(list(POLICIES))
        return kind, self.pick({key: one for key, one in self.policies.items() if one[0] == kind})

    def _place(self) -> tuple[str, str, dict[str, str], str | None]:
        kind, policy = self._policy()
        api = self.pick(self.model.apis)
        group = self.model.apis[api][0] if api in self.model.apis else self.pick(self.model.groups)
        code = "NotFoundApiGroup" if group not in self.model.groups else None
        code = code or ("NotFoundApi" if api not in self.model.apis else None)
        code = code if policy in self.policies else f"NotFound{kind}"
        return kind, policy, {f"{kind}Id": policy, "GroupId": group, "ApiIds": api, "StageName": self.stage()}, code

    # Domains and VPC accesses

    def bind_domain(self) -> None:
        host, group, is_force = self.random.choice(HOSTS), self.pick(self.model.groups), self.random.random() < 0.3
        code = "RepeatedDomain" if self.domains.get(host, group) != group and not is_force else None
        code = code if group in self.model.groups else "NotFoundApiGroup"
        given = {"DomainName": host, "GroupId": group, "IsForce": str(is_force)}
        if self.expect(code, "SetDomain", **given) is not None:
            self.domains[host] = group

    def unbind_domain(self) -> None:
        host, group = self.random.choice(HOSTS), self.pick(self.model.groups)
        self.expect(None, "DeleteDomain", DomainName=host, GroupId=group)
        if self.domains.get(host) == group:
            del self.domains[host]

    def set_access(self) -> None:
        name, address = self.name(), self.random.choice(ADDRESSES)
        code = "RepeatedVpcAccess" if address in self.accesses.values() else None
        code = "RepeatedVpcAccessName" if name in self.accesses else code
        target = {"VpcId": "vpc-walk", "InstanceId": address, "Port": "80"}
        if self.expect(code, "SetVpcAccess", Name=name, **target) is not None:
            self.accesses[name] = address

    def move_access(self) -> None:
        name, address = self.name(), self.random.choice(ADDRESSES)
        taken = any(one == address for key, one in self.accesses.items() if key != name)
        code = "NotFoundVpcAccess" if name not in self.accesses else "RepeatedVpcAccess" if taken else None
        if self.expect(code, "ModifyVpcAccessAndUpdateApis", Name=name, InstanceId=address) is not None:
            self.accesses[name] = address

    def remove_access(self) -> None:
        address = self.random.choice(ADDRESSES)
        code = None if address in self.accesses.values() else "NotFoundVpcAccess"
        target = {"VpcId": "vpc-walk", "InstanceId": address, "Port": "80"}
        if self.expect(code, "RemoveVpcAccess", **target) is not None:
            self.accesses = {name: one for name, one in self.accesses.items() if one != address}

    # Stage variables and models

    def set_variable(self) -> None:
        group, stage, name, value = self.pick(self.model.groups), self.stage(), self.name(), self.name()
        stage_id = self.stages.get(group, {}).get(stage, NOBODY)
        code = None if group in self.model.groups else "NotFoundApiGroup"
        given = {"GroupId": group, "StageId": stage_id, "VariableName": name, "VariableValue": value}
        if self.expect(code, "CreateApiStageVariable", **given) is not None:
            self.variables.setdefault((group, stage), {})[name] = value

    def delete_variable(self) -> None:
        group, stage, name = self.pick(self.model.groups), self.stage(), self.name()
        stage_id = self.stages.get(group, {}).get(stage, NOBODY)
        known = self.variables.get((group, stage), {})
        code = None if name in known else "NotFoundStageVariable"
        code = code if group in self.model.groups else "NotFoundApiGroup"
        if self.expect(code, "DeleteApiStageVariable", GroupId=group, StageId=stage_id, VariableName=name) is not None:
            del known[name]

    def rename_model(self) -> None:
        group, name, new = self.pick(self.model.groups), self.name(), self.name()
        models = self.model.models
        code = "NotFoundModel" if (group, name) not in models else None
        code = code or ("RepeatedModelName" if new != name and (group, new) in models else None)
        code = code if group in self.model.groups else "NotFoundApiGroup"
        if self.expect(code, "ModifyModel", GroupId=group, ModelName=name, NewModelName=new) is not None:
            models[group, new] = models.pop((group, name))

    def delete_model(self) -> None:
        group, name = self.pick(self.model.groups), self.name()
        code = None if (group, name) in self.model.models else "NotFoundModel"
        code = code if group in self.model.groups else "NotFoundApiGroup"
        if self.expect(code, "DeleteModel", GroupId=group, ModelName=name) is not None:
            del self.model.models[group, name]

    # Access lists

    def create_list(self) -> None:
        answer = self.expect(None, "CreateAccessControlList", AclName=self.name())
        assert answer is not None
        self.lists[answer["AclId"]] = {}

    def add_entry(self) -> None:
        acl, entry, comment = self.pick(self.lists), self.random.choice(ADDRESSES), self.name()
        code = None if acl in self.lists else "NotFoundAccessControlList"
        text = json.dumps([{"entry": entry, "comment": comment}])
        if self.expect(code, "AddAccessControlListEntry", AclId=acl, AclEntrys=text) is not None:
            self.lists[acl][entry] = comment

    def remove_entry(self) -> None:
        acl, entry = self.pick(self.lists), self.random.choice(ADDRESSES)
        code = None if acl in self.lists else "NotFoundAccessControlList"
        text = json.dumps([{"Entry": entry}])
        if self.expect(code, "RemoveAccessControlListEntry", AclId=acl, AclEntrys=text) is not None:
            self.lists[acl].pop(entry, None)

    def enable_list(self) -> None:
        acl = self.pick(self.lists)
        code = None if acl in self.lists else "NotFoundAccessControlList"
        given = {"InstanceId": SHARED, "AclId": acl, "AclType": "black"}
        if self.expect(code, "EnableInstanceAccessControl", **given) is not None:
            self.enabled = acl

    def disable_list(self) -> None:
        acl = self.pick(self.lists)
        self.expect(None, "DisableInstanceAccessControl", InstanceId=SHARED, AclId=acl)
        self.enabled = None if self.enabled == acl else self.enabled

    def delete_list(self) -> None:
        acl = self.pick(self.lists)
        code = "DependencyViolationAccessControlList" if acl == self.enabled else None
        code = code if acl in self.lists else "NotFoundAccessControlList"
        if self.expect(code, "DeleteAccessControlList", AclId=acl) is not None:
            del self.lists[acl]

    # Backends

    def create_backend(self) -> None:
        name = self.name()
        code = "RepeatedBackendName" if name in self.backends.values() else None
        answer = self.expect(code, "CreateBackend", BackendName=name, BackendType="HTTP")
        if answer:
            self.backends[answer["BackendId"]] = name

    def delete_backend(self) -> None:
        backend = self.pick(self.backends)
        code = None if backend in self.backends else "NotFoundBackend"
        if self.expect(code, "DeleteBackend", BackendId=backend) is not None:
            del self.backends[backend]
            self.backend_models = {key: one for key, one in self.backend_models.items() if one[0] != backend}

    def create_backend_model(self) -> None:
        backend, stage = self.pick(self.backends), self.stage()
        code = "RepeatedBackendModel" if (backend, stage) in self.backend_models.values() else None
        code = code if backend in self.backends else "NotFoundBackend"
        data = json.dumps({"ServiceAddress": "http://10.0.0.1"})
        given = {"BackendId": backend, "StageName": stage, "BackendModelData": data}
        answer = self.expect(code, "CreateBackendModel", **given)
        if answer:
            self.backend_models[answer["BackendModelId"]] = (backend, stage)

    def delete_backend_model(self) -> None:
        model = self.pick(self.backend_models)
        backend = self.backend_models[model][0] if model in self.backend_models else self.pick(self.backends)
        code = None if model in self.backend_models else "NotFoundBackendModel"
        code = code if backend in self.backends else "NotFoundBackend"
        if self.expect(code, "DeleteBackendModel", BackendId=backend, BackendModelId=model) is not None:
            del self.backend_models[model]

    # Data sets

    def create_dataset(self) -> None:
        name = self.name()
        code = "RepeatedDatasetName" if name in self.datasets.values() else None
        answer = self.expect(code, "CreateDataset", DatasetName=name, DatasetType="JWT_BLOCKING")
        if answer:
            self.datasets[answer["DatasetId"]] = name

    def delete_dataset(self) -> None:
        dataset = self.pick(self.datasets)
        code = None if dataset in self.datasets else "NotFoundDataset"
        if self.expect(code, "DeleteDataset", DatasetId=dataset) is not None:
            del self.datasets[dataset]
            self.items = {key: one for key, one in self.items.items() if one[0] != dataset}

    def add_item(self) -> None:
        dataset, value = self.pick(self.datasets), self.name()
        code = "RepeatedValue" if (dataset, value) in self.items.values() else None
        code = code if dataset in self.datasets else "NotFoundDataset"
        answer = self.expect(code, "CreateDatasetItem", DatasetId=dataset, Value=value)
        if answer:
            self.items[answer["DatasetItemId"]] = (dataset, value)

    def delete_item(self) -> None:
        item = self.pick(self.items)
        dataset = self.items[item][0] if item in self.items else self.pick(self.datasets)
        code = None if item in self.items else "NotFoundDatasetItem"
        code = code if dataset in self.datasets else "NotFoundDataset"
        if self.expect(code, "DeleteDatasetItem", DatasetId=dataset, DatasetItemId=item) is not None:
            del self.items[item]

    # What can be read

    def read(self, name: str, outer: str, inner: str = "", **params: str) -> list[dict[str, Any]]:
        """Every row of a list."""
        answer = self.workbench.call(name, PageSize="100", **params)
        rows: list[dict[str, Any]] = answer[outer][inner] if inner else answer[outer]
        assert answer["TotalCount"] == len(rows)
        return rows

    def check(self) -> None:
        super().check()
        self._check_bindings()
        self._check_groups()
        accesses = self.read("DescribeVpcAccesses", "VpcAccessAttributes", "VpcAccessAttribute")
        assert {one["Name"]: one["InstanceId"] for one in accesses} == self.accesses, self.log[-30:]
        backends = self.read("DescribeBackendList", "BackendInfoList")
        assert {one["BackendId"]: one["BackendName"] for one in backends} == self.backends, self.log[-30:]
        for backend in self.backends:
            shown = self.workbench.call("DescribeBackendInfo", BackendId=backend)["BackendInfo"]["BackendModels"]
            found = {one["BackendModelId"]: (backend, one["StageName"]) for one in shown}
            assert found == {k: v for k, v in self.backend_models.items() if v[0] == backend}, self.log[-30:]
        datasets = self.read("DescribeDatasetList", "DatasetInfoList")
        assert {one["DatasetId"]: one["DatasetName"] for one in datasets} == self.datasets, self.log[-30:]
        for dataset in self.datasets:
            rows = self.read("DescribeDatasetItemList", "DatasetItemInfoList", DatasetId=dataset)
            found = {one["DatasetItemId"]: (dataset, one["Value"]) for one in rows}
            assert found == {k: v for k, v in self.items.items() if v[0] == dataset}, self.log[-30:]
        for acl, entries in self.lists.items():
            shown = self.workbench.call("DescribeAccessControlListAttribute", AclId=acl)["AclEntrys"]["AclEntry"]
            assert {one["AclEntryIp"]: one["AclEntryComment"] for one in shown} == entries, self.log[-30:]
        (instance,) = self.workbench.call("DescribeInstances")["Instances"]["InstanceAttribute"]
        assert instance.get("AclId") == self.enabled, self.log[-30:]

    def _check_bindings(self) -> None:
        plugins = self.read("DescribePlugins", "Plugins", "PluginAttribute")
        found = {one["PluginId"]: (one["PluginName"], one["PluginType"]) for one in plugins}
        assert found == self.plugins, self.log[-30:]
        for plugin, (_, kind) in self.plugins.items():
            apis = self.read("DescribePluginApis", "ApiSummarys", "ApiPluginSummary", PluginId=plugin)
            groups = self.read("DescribePluginGroups", "GroupSummarys", "GroupPluginSummary", PluginId=plugin)
            targets = {("api", one["ApiId"], one["StageName"], kind) for one in apis}
            targets |= {("group", one["GroupId"], one["StageName"], kind) for one in groups}
            assert targets == {place for place, one in self.bound.items() if one == plugin}, self.log[-30:]
        for kind, (operation, outer, inner) in LISTS.items():
            rows = self.read(operation, outer, inner)
            listed = {one[f"{kind}Id"]: (kind, one[f"{kind}Name"]) for one in rows}
            assert listed == {key: one for key, one in self.policies.items() if one[0] == kind}, self.log[-30:]
        for policy, (kind, _) in self.policies.items():
            rows = self.read(f"DescribeApisBy{kind}", "ApiInfos", "ApiInfo", **{f"{kind}Id": policy})
            places = {(kind, one["ApiId"], one["StageName"]) for one in rows}
            assert places == {place for place, one in self.governed.items() if one == policy}, self.log[-30:]

    def _check_groups(self) -> None:
        domains, models = {}, set()
        for group in self.model.groups:
            shown = self.workbench.call("DescribeApiGroup", GroupId=group)["CustomDomains"]["DomainItem"]
            domains.update({one["DomainName"]: group for one in shown})
            rows = self.read("DescribeModels", "ModelDetails", "ModelDetail", GroupId=group)
            models |= {(group, one["ModelName"]) for one in rows}
            for stage, stage_id in self.stages[group].items():
                answer = self.workbench.call("DescribeApiStage", GroupId=group, StageId=stage_id)
                found = {one["VariableName"]: one["VariableValue"] for one in answer["Variables"]["VariableItem"]}
                assert found == self.variables.get((group, stage), {}), self.log[-30:]
        assert domains == self.domains and models == set(self.model.models), self.log[-30:]


WIDER: list[Callable[[WiderWalk], None]] = [
    WiderWalk.create_plugin,
    WiderWalk.rename_plugin,
    WiderWalk.delete_plugin,
    *[WiderWalk.attach] * 3,
    WiderWalk.detach,
    WiderWalk.attach_to_group,
    WiderWalk.detach_from_group,
    WiderWalk.create_policy,
    WiderWalk.rename_policy,
    WiderWalk.delete_policy,
    *[WiderWalk.govern] * 2,
    WiderWalk.release,
    *[WiderWalk.bind_domain] * 2,
    WiderWalk.unbind_domain,
    *[WiderWalk.set_access] * 2,
    WiderWalk.move_access,
    WiderWalk.remove_access,
    *[WiderWalk.set_variable] * 2,
    WiderWalk.delete_variable,
    WiderWalk.rename_model,
    WiderWalk.delete_model,
    WiderWalk.create_list,
    *[WiderWalk.add_entry] * 2,
    WiderWalk.remove_entry,
    WiderWalk.enable_list,
    WiderWalk.disable_list,
    WiderWalk.delete_list,
    WiderWalk.create_backend,
    WiderWalk.delete_backend,
    *[WiderWalk.create_backend_model] * 2,
    WiderWalk.delete_backend_model,
    WiderWalk.create_dataset,
    WiderWalk.delete_dataset,
    *[WiderWalk.add_item] * 2,
    WiderWalk.delete_item,
]
