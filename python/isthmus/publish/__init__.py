"""From a draft to what the engines get: freeze, resolve, check, compile, in `release.py`, and `bindings.py` beside it.

Called by `operations`, which fetch the rows that these steps need and put the result into the transaction. Pure: no
statement, no clock, no randomness. Invariant: a draft becomes a whole edition, or one error that lists every problem.
"""
