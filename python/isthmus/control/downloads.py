"""The download of clients: one route, whose links `SdkGenerateByGroup` and `SdkGenerateByApp` make.

Mounted by the control plane. A link carries its own proof, so the route asks for no credential. Invariant: what is wrong
with a link is not told.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from isthmus.errors import ApiError
from isthmus.operations.call import Call, NodeReports
from isthmus.operations.sdks import link_is_valid, write_sdk
from isthmus.settings import Settings
from isthmus.store import Store


def download_routes(store: Store, settings: Settings, nodes: NodeReports) -> list[Route]:
    return [Route("/sdk/{kind}/{owner}/{language}", _download(store, settings, nodes), methods=["GET"])]


def _download(store: Store, settings: Settings, nodes: NodeReports) -> Callable[[Request], Awaitable[Response]]:
    def write(request: Request) -> Response:
        path, query = request.path_params, request.query_params
        with store.read() as transaction:
            signature, expires = query.get("signature", ""), query.get("expires", "")
            if not link_is_valid(store.keyring, request.url.path, expires, signature, transaction.now):
                return PlainTextResponse("This link is not valid or no longer valid.\n", status_code=403)
            call = Call(transaction, settings, "", nodes)
            try:
                archive = write_sdk(call, path["kind"], path["owner"], path["language"])
            except ApiError as error:
                return PlainTextResponse(f"{error.message}\n", status_code=error.status)
        name = f"client-{path['language']}.zip"
        headers = {"content-disposition": f'attachment; filename="{name}"', "cache-control": "no-store"}
        return Response(archive, media_type="application/zip", headers=headers)

    async def answer(request: Request) -> Response:
        return await to_thread.run_sync(write, request)

    return answer
