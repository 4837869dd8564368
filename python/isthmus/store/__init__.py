"""Rows in, nouns out: the one place that knows SQL.

Operations open a `Transaction` (`Store.read()` or `Store.write()`); the modules beside this one hold the statements,
one module per resource. A management write and the plan records it causes commit in the same transaction, so there is
no state in which one exists without the other. `isthmus.plane` reads the records.
"""

# Its tables belong to the metadata that migrations are compared with.
from isthmus.store import domain_tables as domain_tables
from isthmus.store import network_tables as network_tables
from isthmus.store import policy_tables as policy_tables
from isthmus.store import stage_tables as stage_tables
from isthmus.store import target_tables as target_tables
from isthmus.store import traffic_tables as traffic_tables
from isthmus.store.database import Store, Transaction

__all__ = ["Store", "Transaction"]
