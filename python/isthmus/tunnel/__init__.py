"""WireGuard: the way into a network whose edge speaks it, for a connector of this machine.

`peer.py` reads how the other end is described, for the operations and for the command alike; `keys.py` has the key;
`making.py` is the one place that needs root; `program.py` starts and tells the WireGuard program. Called by
`cli/wireguard.py`. Invariant: the private key is in its file and in the WireGuard program, nowhere else.
"""
