"""The database's history: one module per revision in `versions/`, applied by `isthmus.store.migrate`.

A revision that was released is never edited; a change of `schema.py` comes with a new one.
"""
