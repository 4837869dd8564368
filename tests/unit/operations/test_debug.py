"""What the debug page may send, and where: one engine of our own, at a person's pace."""

from __future__ import annotations

import dataclasses
import json
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from isthmus.catalog import Catalog
from isthmus.errors import ApiError
from isthmus.masking import masked_parameters
from isthmus.operations import function_for
from isthmus.operations.call import Call
from isthmus.operations.entrance import Entrance
from workbench import NoEngines, Workbench, request, workbench

__all__ = ["workbench"]

CATALOG = Catalog.load()
ANSWER = (
    b"HTTP/1.1 403 Forbidden\r\nX-Ca-Error-Code: I403AA\r\nX-Ca-Error-Message: Unauthorized\r\n"
    b"X-Ca-Request-Id: ID-1\r\nContent-Length: 2\r\n\r\n\xff\x00"
)


class FakeEngine:
    """Answers each connection with the same bytes and keeps what it got."""

    def __init__(self, answer: bytes = ANSWER) -> None:
        self.answer = answer
        self.got: list[bytes] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                channel, _ = self._listener.accept()
            except OSError:
                return
            with channel:
                channel.settimeout(10)
                data = channel.recv(1 << 20)
                self.got.append(data)
                channel.sendall(self.answer)

    def close(self) -> None:
        self._listener.close()


@pytest.fixture
def engine() -> Iterator[FakeEngine]:
    fake = FakeEngine()
    yield fake
    fake.close()


def debug(workbench: Workbench, entrance: Entrance, **params: Any) -> dict[str, Any]:
    operation, function = CATALOG.find("DebugApi", "2026-11-01"), function_for("DebugApi")
    assert operation is not None and function is not None
    raw = {key: value if isinstance(value, str) else json.dumps(value) for key, value in params.items()}
    with workbench.store.read() as transaction:
        call = Call(transaction, workbench.settings, "user:ada", NoEngines(), entrance)
        return operation.render(function(call, operation.check(raw)))


def into(engine: FakeEngine) -> Entrance:
    return Entrance(lambda: {"http": f"http://127.0.0.1:{engine.port}", "https": None})


def refused(workbench: Workbench, entrance: Entrance, **params: Any) -> ApiError:
    with pytest.raises(ApiError) as caught:
        debug(workbench, entrance, **params)
    return caught.value


def test_a_refusal_is_explained_and_the_exact_bytes_are_shown(workbench: Workbench, engine: FakeEngine) -> None:
    api = workbench.api(workbench.group())
    app = workbench.call("CreateApp", AppName="demo_app", AppCode="C0DE" * 8)["AppId"]
    answer = debug(
        workbench, into(engine), ApiId=api, Path="/users/7?q=ü", Authentication="APPCODE", AppId=str(app), Body="hello"
    )
    assert (answer["Status"], answer["AnsweredBy"], answer["GatewayRequestId"]) == (403, "gateway", "ID-1")
    assert answer["Refusal"]["Layer"] == "permit" and answer["Refusal"]["Link"] == "api.authorize"
    assert (answer["Body"], answer["BodyEncoding"]) == ("/wA=", "base64")
    sent = engine.got[0].decode()
    assert sent.startswith("GET /users/7?q=%C3%BC HTTP/1.1\r\n") and sent.endswith("\r\n\r\nhello")
    assert "APPCODE " + "C0DE" * 8 in sent and "x-ca-stage: RELEASE" in sent
    # Every step of the decision is kept for the page.
    assert "x-ca-request-mode: debug" in sent
    assert answer["Sent"] == sent.replace("C0DE" * 8, "***")


def test_a_signed_request_shows_what_was_signed_and_no_secret(workbench: Workbench, engine: FakeEngine) -> None:
    api = workbench.api(workbench.group(), RequestConfig=request(RequestPath="/a"), RequestParameters=[])
    made = workbench.call("CreateApp", AppName="demo_app", AppKey="key12345678", AppSecret="S3CRET" * 6)
    answer = debug(workbench, into(engine), ApiId=api, Authentication="APPKEY", AppId=str(made["AppId"]))
    assert answer["StringToSign"].startswith("GET\n*/*\n") and "x-ca-key:key12345678" in answer["StringToSign"]
    assert "x-ca-signature: " in answer["Sent"] and "S3CRET" not in json.dumps(answer)


def test_it_goes_nowhere_without_an_engine_and_says_what_is_wrong(workbench: Workbench, engine: FakeEngine) -> None:
    api = workbench.api(workbench.group())
    entrance = into(engine)
    assert refused(workbench, Entrance(dict), ApiId=api, Path="/users/1").code == "NoEngineHere"
    assert refused(workbench, entrance, ApiId=api, Path="/users/1", Scheme="HTTPS").code == "NoEngineHere"
    assert "[id]" in refused(workbench, entrance, ApiId=api).message
    for wrong in (
        {"Headers": {"Host": "elsewhere"}},
        {"Headers": {"x y": "1"}},
        {"Headers": {"x": "a\r\nb: c"}},
        {"Host": "a b"},
        {"Host": "a\r\nb"},
        {"Path": "users"},
        {"Path": "/a\r\nb"},
        {"Method": "G T"},
        {"Scheme": "FTP"},
        {"Authentication": "BASIC"},
        {"Authentication": "APPCODE"},
        {"Authentication": "APPCODE", "AppId": "1"},
        {"BodyBase64": "%%%"},
        {"Body": "x" * (512 * 1024 + 1)},
    ):
        error = refused(workbench, entrance, **{"ApiId": api, "Path": "/users/1", **wrong})
        assert 400 <= error.status < 500, wrong
    assert engine.got == []
    debug(workbench, entrance, ApiId=api, Path="/users/1", BodyBase64="eA==")
    assert engine.got[0].endswith(b"\r\n\r\nx")


def test_an_engine_that_does_not_answer_is_told(workbench: Workbench) -> None:
    api = workbench.api(workbench.group())
    for answer in (b"", b"no http\r\n\r\n"):
        fake = FakeEngine(answer)
        assert refused(workbench, into(fake), ApiId=api, Path="/users/1").code == "EngineUnreachable"
        fake.close()
    assert refused(workbench, into(fake), ApiId=api, Path="/users/1").code == "EngineUnreachable"


def test_nobody_sends_more_than_a_person_would() -> None:
    now = [0.0]
    entrance = Entrance(dict, lambda: now[0])
    assert [entrance.admits("ada") for _ in range(61)] == [True] * 60 + [False]
    assert entrance.admits("bob")
    now[0] = 1.0
    assert [entrance.admits("ada"), entrance.admits("ada")] == [True, False]


def test_the_audit_trail_keeps_the_size_of_a_body_and_no_query() -> None:
    kept = masked_parameters({"path": "/a?token=1", "body": "personal", "headers": {"authorization": "x"}})
    assert kept == {"path": "/a", "body": "(8 characters)", "headers": "***"}


def test_a_request_is_not_shown_by_accident() -> None:
    from isthmus.operations.debug import _Request

    fields = {one.name: None for one in dataclasses.fields(_Request)}
    assert "app_code" not in repr(_Request(**{**fields, "app_code": "hidden"}))  # type: ignore[arg-type]
