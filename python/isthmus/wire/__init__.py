"""Stop 1 of a publish: a call arrives. Parameters are read, the signature is verified, errors become the envelope.

`app.py` is the ASGI application, `request.py` reads a call, `signature.py` with `acs3.py` and `rpc.py` verifies who
sent it, `answers.py` writes results and errors. What leaves here towards the operations has been authenticated and
checked against the catalogue.
"""
