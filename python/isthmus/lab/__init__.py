"""Private networks on one machine, for the demo and the tests: two VPCs with the same addresses.

`Lab` is how others use it. A keeper process (`keeper.py`) builds and holds everything: namespaces, bridges, real nginx
instances, security groups, metadata services and one unprivileged connector per network. The network namespace of the
caller is never changed.
"""

from isthmus.lab.client import Lab, LabError

__all__ = ["Lab", "LabError"]
