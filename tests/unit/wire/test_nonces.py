"""The memory of nonces: each once per key in its window, however long and however many."""

from __future__ import annotations

import pytest
from isthmus.errors import ApiError
from isthmus.wire.nonces import Nonces


def test_refuses_a_nonce_until_its_call_has_expired() -> None:
    nonces = Nonces()
    assert nonces.first_use("key", "n", until=1000, now=100)
    assert not nonces.first_use("key", "n", until=1000, now=1000)
    assert nonces.first_use("key", "n", until=2000, now=1061)


def test_refuses_a_nonce_that_comes_again_with_another_time() -> None:
    nonces = Nonces()
    assert nonces.first_use("key", "n", until=1000, now=100)
    assert not nonces.first_use("key", "n", until=1300, now=400)


def test_keys_have_nonces_of_their_own() -> None:
    nonces = Nonces()
    assert nonces.first_use("key", "n", until=1000, now=100)
    assert nonces.first_use("other", "n", until=1000, now=100)


def test_full_memory_refuses_new_calls_instead_of_forgetting_old_ones() -> None:
    nonces = Nonces(limit=2)
    assert nonces.first_use("key", "a", until=1000, now=100)
    assert nonces.first_use("key", "b", until=1000, now=100)
    with pytest.raises(ApiError, match=r"Throttling\.User"):
        nonces.first_use("key", "c", until=1000, now=100)
    assert not nonces.first_use("key", "a", until=1000, now=100)
    assert nonces.first_use("key", "c", until=2100, now=1200)
