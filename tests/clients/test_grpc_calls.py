"""grpcio on both sides of the gateway: unary calls, streams each way and both, trailers, statuses and deadlines."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import pytest
from called import Called

from running import DEADLINE, Running

HOST = "grpc.example.com"
SERVICE = "demo.Echo"
CANCELLED = threading.Event()


def _unary(request: bytes, context: Any) -> bytes:
    sent = dict(context.invocation_metadata())
    context.set_trailing_metadata((("x-trailer", "last"), ("x-seen", sent.get("x-own", ""))))
    return request[::-1]


def _refuse(request: bytes, context: Any) -> bytes:
    context.abort(grpc.StatusCode.NOT_FOUND, "no such thing: größer")
    raise AssertionError


def _slow(request: bytes, context: Any) -> bytes:
    context.add_callback(CANCELLED.set)
    CANCELLED.wait(DEADLINE)
    return b""


def _count(request: bytes, context: Any) -> Iterator[bytes]:
    for number in range(int(request)):
        yield str(number).encode()


def _join(requests: Iterator[bytes], context: Any) -> bytes:
    return b",".join(requests)


def _talk(requests: Iterator[bytes], context: Any) -> Iterator[bytes]:
    for request in requests:
        yield request.upper()


@pytest.fixture(scope="module")
def channel(gateway: Running) -> Iterator[grpc.Channel]:
    methods = {
        "Unary": grpc.unary_unary_rpc_method_handler(_unary),
        "Refuse": grpc.unary_unary_rpc_method_handler(_refuse),
        "Slow": grpc.unary_unary_rpc_method_handler(_slow),
        "Count": grpc.unary_stream_rpc_method_handler(_count),
        "Join": grpc.stream_unary_rpc_method_handler(_join),
        "Talk": grpc.stream_stream_rpc_method_handler(_talk),
    }
    server = grpc.server(ThreadPoolExecutor(8))
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, methods),))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    called = Called(gateway, HOST)
    called.api(f"/{SERVICE}/*", f"http://127.0.0.1:{port}", "POST", auth_type="ANONYMOUS")
    options = [("grpc.default_authority", HOST), ("grpc.enable_retries", 0)]
    try:
        with grpc.insecure_channel(gateway.ready["http"].removeprefix("http://"), options=options) as opened:
            yield opened
    finally:
        server.stop(None)


def test_a_unary_call_with_metadata_and_trailers(channel: grpc.Channel) -> None:
    answer, call = channel.unary_unary(f"/{SERVICE}/Unary").with_call(
        b"abc", metadata=(("x-own", "value"),), timeout=DEADLINE
    )
    assert (answer, call.code()) == (b"cba", grpc.StatusCode.OK)
    trailers = dict(call.trailing_metadata())
    assert (trailers["x-trailer"], trailers["x-seen"]) == ("last", "value")
    assert len(dict(call.initial_metadata())["x-ca-request-id"]) == 36


def test_a_status_keeps_its_code_and_its_text(channel: grpc.Channel) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        channel.unary_unary(f"/{SERVICE}/Refuse")(b"", timeout=DEADLINE)
    assert (caught.value.code(), caught.value.details()) == (grpc.StatusCode.NOT_FOUND, "no such thing: größer")


def test_streams_in_each_direction(channel: grpc.Channel) -> None:
    counted = channel.unary_stream(f"/{SERVICE}/Count")(b"1000", timeout=DEADLINE)
    assert [int(number) for number in counted] == list(range(1000))
    pieces = [str(number).encode() * 100 for number in range(300)]
    assert channel.stream_unary(f"/{SERVICE}/Join")(iter(pieces), timeout=DEADLINE) == b",".join(pieces)


def test_a_conversation_in_which_each_side_waits_for_the_other(channel: grpc.Channel) -> None:
    answered = threading.Semaphore(0)

    def words() -> Iterator[bytes]:
        for number in range(20):
            yield f"word {number}".encode()
            assert answered.acquire(timeout=DEADLINE)

    heard = []
    for word in channel.stream_stream(f"/{SERVICE}/Talk")(words(), timeout=DEADLINE):
        heard.append(word)
        answered.release()
    assert heard == [f"WORD {number}".encode() for number in range(20)]


def test_a_deadline_ends_the_call_on_both_sides(channel: grpc.Channel) -> None:
    CANCELLED.clear()
    with pytest.raises(grpc.RpcError) as caught:
        channel.unary_unary(f"/{SERVICE}/Slow")(b"", timeout=0.3)
    assert caught.value.code() == grpc.StatusCode.DEADLINE_EXCEEDED
    assert CANCELLED.wait(DEADLINE), "the server learns that nobody waits any more"


def test_a_service_that_no_api_has_is_unimplemented(channel: grpc.Channel) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        channel.unary_unary("/other.Service/Unary")(b"", timeout=DEADLINE)
    assert caught.value.code() == grpc.StatusCode.UNIMPLEMENTED
