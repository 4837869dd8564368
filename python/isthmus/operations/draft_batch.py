"""Drafts that an import makes in a group, decided one by one and written together.

Called by `imports.py`. Each draft meets the rules of creating or modifying an API, in the light of those before it.
Invariant: until `write` nothing is written, so a dry run is a batch that nobody writes.
"""

from __future__ import annotations

import uuid

from isthmus import errors
from isthmus.model import Draft
from isthmus.operations.apis import change_of
from isthmus.operations.call import Call
from isthmus.store.apis import ApiChange
from isthmus.store.draft_batches import Place, add_apis, places_of_group, update_apis


class DraftBatch:
    """Drafts for one group."""

    def __init__(self, call: Call, group_id: str) -> None:
        self._transaction = call.transaction
        self._group_id = group_id
        self._limit = call.settings.apis_per_group_limit
        places = places_of_group(call.transaction, group_id)
        self._by_name = {place.name: place for place in places}
        self._by_route = {(place.method, place.path): place for place in places}
        self._added: dict[str, ApiChange] = {}
        self._changed: dict[str, ApiChange] = {}

    def find(self, draft: Draft) -> Place | None:
        """What the group has under the method and path of the draft."""
        return self._by_route.get((draft.method, draft.path))

    def add(self, draft: Draft) -> str:
        """The id that it gets. Raises: ApiError when the group is full, or has an API of this name or this path."""
        if len(self._by_route) >= self._limit:
            text = f"The group has {self._limit} APIs already, the limit that apis_per_group_limit sets."
            raise errors.exceed_limit("Api", text)
        self._check_name(draft, None)
        if self.find(draft) is not None:
            text = f"The group has {draft.method} {draft.path} already; choose another path."
            raise errors.repeated("RequestPath", text)
        api_id = uuid.uuid4().hex
        self._place(Place(api_id, draft.api_name, draft.method, draft.path))
        self._added[api_id] = change_of(draft)
        return api_id

    def change(self, place: Place, draft: Draft) -> None:
        """`place` has the method and path of the draft. Raises: ApiError when another API has its name."""
        self._check_name(draft, place.api_id)
        del self._by_name[place.name]
        self._place(place._replace(name=draft.api_name))
        target = self._added if place.api_id in self._added else self._changed
        target[place.api_id] = change_of(draft)

    def write(self) -> None:
        # Names that changes give up may be taken by what is added.
        update_apis(self._transaction, self._changed)
        add_apis(self._transaction, self._group_id, self._added)

    def _check_name(self, draft: Draft, api_id: str | None) -> None:
        same = self._by_name.get(draft.api_name)
        if same is not None and same.api_id != api_id:
            text = f"The group has an API {draft.api_name} already ({same.api_id}); choose another ApiName."
            raise errors.repeated("ApiName", text)

    def _place(self, place: Place) -> None:
        self._by_name[place.name] = place
        self._by_route[place.method, place.path] = place
