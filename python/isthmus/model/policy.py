"""What the older policy objects say: how often, from where, signed with what. Plug-ins of three types do the same.

Made by `operations/traffic_controls.py`, `ip_controls.py` and `signatures.py`, kept by `store/policies.py`, turned into
what an engine runs by `publish/bindings.py`.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class SpecialLimit:
    """Another limit for one caller."""

    # APP or USER.
    special_type: str
    special_key: str
    traffic_value: int


@dataclass(frozen=True)
class TrafficLimits:
    # SECOND, MINUTE, HOUR or DAY.
    unit: str
    api_default: int
    # 0: no limit of this kind.
    user_default: int = 0
    app_default: int = 0
    specials: tuple[SpecialLimit, ...] = ()


@dataclass(frozen=True)
class AddressItem:
    policy_item_id: str
    # Addresses and blocks with `;` between them, as they were given.
    cidr_ip: str
    created_at: int
    modified_at: int
    # Only with ALLOW: the one app that the item is about.
    app_id: int | None = None


@dataclass(frozen=True)
class AddressRules:
    # ALLOW or REFUSE.
    control_type: str
    items: tuple[AddressItem, ...] = ()


@dataclass(frozen=True)
class SigningKey:
    key: str
    secret: str


PolicyContent = TrafficLimits | AddressRules | SigningKey
