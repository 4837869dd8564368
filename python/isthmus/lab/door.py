"""The outer end of a lab's way to a hub: `python -m isthmus.lab.door DIRECTORY HOST:PORT`.

Started by `running.py` on the machine that the lab was started on. What the keeper sends into `uplink.sock` of the lab's
directory goes to the hub at the address and nowhere else.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from pathlib import Path

from isthmus.lab.remote import UPLINK, pump


async def serve(directory: Path, host: str, port: int) -> None:
    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            far_reader, far_writer = await asyncio.open_connection(host, port)
            await asyncio.gather(pump(reader, far_writer), pump(far_reader, writer))
        writer.close()

    path = directory / UPLINK
    server = await asyncio.start_unix_server(pass_on, str(path))
    os.chmod(path, 0o600)
    print("open", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    where, _, number = sys.argv[2].rpartition(":")
    asyncio.run(serve(Path(sys.argv[1]), where.strip("[]"), int(number)))
