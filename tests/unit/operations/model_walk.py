"""A random walk over groups, APIs, apps and grants beside a model in a few dictionaries; `wider_walk.py` has the rest.

What the model keeps is what a caller can know: what there is, what runs where, and which codes refuse a call.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from isthmus.errors import ApiError
from workbench import Workbench

STAGES = ("RELEASE", "PRE", "TEST")
NAMES = [f"name_{number}" for number in range(6)]
NOBODY = "f" * 32


class Model:
    """What there should be."""

    def __init__(self) -> None:
        self.groups: dict[str, str] = {}
        # Id to (group, name, path).
        self.apis: dict[str, tuple[str, str, str]] = {}
        # (API, stage) to the path that runs there.
        self.running: dict[tuple[str, str], str] = {}
        self.apps: dict[str, str] = {}
        self.grants: set[tuple[str, str, str]] = set()
        self.models: dict[tuple[str, str], str] = {}


class Walk:
    """One step after the other; each says what it expects and what came."""

    @property
    def actions(self) -> list[Callable[[Any], None]]:
        return list(ACTIONS)

    def __init__(self, workbench: Workbench, seed: int) -> None:
        self.workbench = workbench
        object.__setattr__(workbench.settings, "apis_per_group_limit", 4)
        self.model = Model()
        self.random = random.Random(seed)
        self.log: list[str] = []

    def step(self) -> None:
        action = self.random.choice(self.actions)
        self.log.append(action.__name__)
        action(self)

    def expect(self, code: str | None, name: str, **params: str) -> dict[str, Any] | None:
        """The answer when no error is expected; an error must have the expected code."""
        self.log.append(f"  {name} {params} -> {code or 'success'}")
        try:
            answer = self.workbench.call(name, **params)
        except ApiError as error:
            assert error.code == code, "\n".join([*self.log[-30:], str(error)])
            return None
        assert code is None, "\n".join([*self.log[-30:], f"{answer} came"])
        return answer

    def pick(self, known: Any) -> str:
        """Mostly something that is there, sometimes nothing."""
        listed = sorted(known)
        return NOBODY if not listed or self.random.random() < 0.1 else str(self.random.choice(listed))

    def pick_app(self) -> str:
        listed = sorted(self.model.apps)
        return "1" if not listed or self.random.random() < 0.1 else self.random.choice(listed)

    # Groups

    def create_group(self) -> None:
        name = self.random.choice(NAMES)
        code = "RepeatedGroupName" if name in self.model.groups.values() else None
        answer = self.expect(code, "CreateApiGroup", GroupName=name)
        if answer:
            self.model.groups[answer["GroupId"]] = name

    def rename_group(self) -> None:
        group, name = self.pick(self.model.groups), self.random.choice(NAMES)
        others = {known for key, known in self.model.groups.items() if key != group}
        code = "NotFoundApiGroup" if group not in self.model.groups else "RepeatedGroupName" if name in others else None
        if self.expect(code, "ModifyApiGroup", GroupId=group, GroupName=name) is not None:
            self.model.groups[group] = name

    def delete_group(self) -> None:
        group = self.pick(self.model.groups)
        full = any(api[0] == group for api in self.model.apis.values())
        if self.expect("DependencyViolationApi" if full else None, "DeleteApiGroup", GroupId=group) is not None:
            self.model.groups.pop(group, None)
            self.model.models = {key: value for key, value in self.model.models.items() if key[0] != group}

    # APIs

    def create_api(self) -> None:
        group, name, path = self.pick(self.model.groups), self.random.choice(NAMES), self.random.choice(NAMES)
        mine = [api for api in self.model.apis.values() if api[0] == group]
        code = self._taken(mine, name, path) if len(mine) < 4 else "ExceedLimitApi"
        code = code if group in self.model.groups else "NotFoundApiGroup"
        answer = self.expect(code, "CreateApi", GroupId=group, ApiName=name, **_definition(path))
        if answer:
            self.model.apis[answer["ApiId"]] = (group, name, path)

    def modify_api(self) -> None:
        api, name, path = self.pick(self.model.apis), self.random.choice(NAMES), self.random.choice(NAMES)
        known = self.model.apis.get(api)
        others = [one for key, one in self.model.apis.items() if key != api and known and one[0] == known[0]]
        code = self._taken(others, name, path) if known else "NotFoundApi"
        if self.expect(code, "ModifyApi", ApiId=api, ApiName=name, **_definition(path)) is not None and known:
            self.model.apis[api] = (known[0], name, path)

    def delete_api(self) -> None:
        api = self.pick(self.model.apis)
        runs = any(key[0] == api for key in self.model.running)
        code = "NotFoundApi" if api not in self.model.apis else "DependencyViolationApiDeployed" if runs else None
        if self.expect(code, "DeleteApi", ApiId=api) is not None:
            del self.model.apis[api]
            self.model.grants = {grant for grant in self.model.grants if grant[0] != api}

    def deploy(self) -> None:
        api, stage = self.pick(self.model.apis), self.random.choice(STAGES)
        known = self.model.apis.get(api)
        code = None if known else "NotFoundApi"
        for (other, where), path in self.model.running.items():
            same_group = known and self.model.apis[other][0] == known[0]
            if known and same_group and where == stage and other != api and path == known[2]:
                code = "RepeatedRequestPath"
        if self.expect(code, "DeployApi", ApiId=api, StageName=stage) is not None and known:
            self.model.running[(api, stage)] = known[2]

    def abolish(self) -> None:
        api, stage = self.pick(self.model.apis), self.random.choice(STAGES)
        code = None if api in self.model.apis else "NotFoundApi"
        if self.expect(code, "AbolishApi", ApiId=api, StageName=stage) is not None:
            self.model.running.pop((api, stage), None)

    # Apps and grants

    def create_app(self) -> None:
        name = self.random.choice(NAMES)
        # Apps may share a name.
        answer = self.expect(None, "CreateApp", AppName=name)
        if answer:
            self.model.apps[str(answer["AppId"])] = name

    def delete_app(self) -> None:
        app = self.pick_app()
        if self.expect(None if app in self.model.apps else "NotFoundApp", "DeleteApp", AppId=app) is not None:
            del self.model.apps[app]
            self.model.grants = {grant for grant in self.model.grants if grant[2] != app}

    def grant(self) -> None:
        api, app, stage = self.pick(self.model.apis), self.pick_app(), self.random.choice(STAGES)
        code = "NotFoundApi" if api not in self.model.apis else "NotFoundApp" if app not in self.model.apps else None
        if self.expect(code, "SetAppsAuthorities", ApiId=api, AppIds=app, StageName=stage) is not None:
            self.model.grants.add((api, stage, app))

    def revoke(self) -> None:
        api, app, stage = self.pick(self.model.apis), self.pick_app(), self.random.choice(STAGES)
        code = None if api in self.model.apis else "NotFoundApi"
        if app not in self.model.apps and code is None:
            return
        if self.expect(code, "RemoveAppsAuthorities", ApiId=api, AppIds=app, StageName=stage) is not None:
            self.model.grants.discard((api, stage, app))

    # Models

    def create_model(self) -> None:
        group, name = self.pick(self.model.groups), self.random.choice(NAMES)
        code = "NotFoundApiGroup" if group not in self.model.groups else None
        code = code or ("RepeatedModelName" if (group, name) in self.model.models else None)
        schema = '{"type":"object"}'
        if self.expect(code, "CreateModel", GroupId=group, ModelName=name, Schema=schema) is not None:
            self.model.models[(group, name)] = schema

    # What can be read

    def check(self) -> None:
        """Everything that can be read is as the model says."""
        model, size = self.model, "100"
        listed = self.workbench.call("DescribeApiGroups", PageSize="50")["ApiGroupAttributes"]["ApiGroupAttribute"]
        assert {one["GroupId"]: one["GroupName"] for one in listed} == model.groups, self.log[-30:]
        apis = self.workbench.call("DescribeApis", PageSize=size)["ApiSummarys"]["ApiSummary"]
        found = {one["ApiId"]: (one["GroupId"], one["ApiName"], one["ApiPath"].strip("/")) for one in apis}
        assert found == model.apis, self.log[-30:]
        deployed = self.workbench.call("DescribeDeployedApis", PageSize=size)["DeployedApis"]["DeployedApiItem"]
        running = {(one["ApiId"], one["StageName"]): one["ApiPath"].strip("/") for one in deployed}
        assert running == model.running, self.log[-30:]
        assert set(self.workbench.editions()) == {f"{api}/{stage}" for api, stage in model.running}
        apps = self.workbench.call("DescribeAppAttributes", PageSize=size)["Apps"]["AppAttribute"]
        assert {str(one["AppId"]): one["AppName"] for one in apps} == model.apps, self.log[-30:]
        for app in model.apps:
            answer = self.workbench.call("DescribeAuthorizedApis", AppId=app, PageSize=size)
            granted = {(one["ApiId"], one["StageName"]) for one in answer["AuthorizedApis"]["AuthorizedApi"]}
            assert granted == {grant[:2] for grant in model.grants if grant[2] == app}, self.log[-30:]

    @staticmethod
    def _taken(others: list[tuple[str, str, str]], name: str, path: str) -> str | None:
        if any(other[1] == name for other in others):
            return "RepeatedApiName"
        return "RepeatedRequestPath" if any(other[2] == path for other in others) else None


def _definition(path: str) -> dict[str, Any]:
    return {
        "RequestConfig": {"RequestProtocol": "HTTP", "RequestHttpMethod": "GET", "RequestPath": f"/{path}"},
        "ServiceConfig": {"ServiceProtocol": "HTTP", "Mock": "TRUE", "MockResult": "hello"},
    }


ACTIONS: list[Callable[[Walk], None]] = [
    Walk.create_group,
    Walk.create_group,
    Walk.rename_group,
    Walk.delete_group,
    *[Walk.create_api] * 4,
    Walk.modify_api,
    Walk.modify_api,
    Walk.delete_api,
    *[Walk.deploy] * 3,
    Walk.abolish,
    Walk.abolish,
    Walk.create_app,
    Walk.delete_app,
    *[Walk.grant] * 3,
    Walk.revoke,
    Walk.create_model,
]
