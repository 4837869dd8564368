"""Private networks on this machine, for the demo and for tests: two VPCs that use the same addresses.

`running.py` (class `Lab`) is what callers use; it starts one keeper process (`keeper.py`) in namespaces of its own,
and everything else lives and dies with that process. The caller's own network is never changed.
"""

from isthmus.lab import topology
from isthmus.lab.client import ConnectorClient, ConnectorRefusal
from isthmus.lab.modes import LabError
from isthmus.lab.running import Lab

__all__ = ["ConnectorClient", "ConnectorRefusal", "Lab", "LabError", "topology"]
