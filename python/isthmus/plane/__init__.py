"""The plane: the plan's records on their way from the store to every engine, and the engines' word that they do serve.

`Plane` is what the control plane holds: `routes()` for its admin listener, `wait_served` for a publish that answers
only when the engines serve it, and the engines' own reports. `ledger` knows the content hash of the plan at each
revision, `sharing` exchanges reports with other control planes of the same
database, `feed` turns the store's changes into batches, `response` sends them, `reports` keeps what engines say,
`questions` asks them something, `isthmus.engine_token` guards all.
Invariant: a batch is read in one transaction, so an engine applies what the store held at one moment or nothing.
"""

from isthmus.engine_token import engine_token
from isthmus.plane.plane import Plane, PlaneTimes
from isthmus.plane.reports import EngineReport, Refusal

__all__ = ["EngineReport", "Plane", "PlaneTimes", "Refusal", "engine_token"]
