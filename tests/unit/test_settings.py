"""Settings: precedence, the forms of values, and refusals that name what is wrong and where."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from isthmus.setting_values import KINDS, show
from isthmus.settings import Address, Settings, SettingsError, setting_fields


def test_defaults_need_nothing() -> None:
    settings = Settings.load({}, {})
    assert settings.admin == Address("127.0.0.1", 7080)
    assert settings.signature_window == timedelta(minutes=15)
    assert settings.request_body_limit == 8388608
    assert settings.given == frozenset()
    assert settings.state.is_absolute()


def test_flag_wins_over_variable_over_file_over_default(tmp_path: Path) -> None:
    file = tmp_path / "isthmus.toml"
    file.write_text('http = "127.0.0.1:1"\nhttps = "127.0.0.1:1"\nadmin = "127.0.0.1:1"\n')
    environ = {"ISTHMUS_HTTP": "127.0.0.1:2", "ISTHMUS_HTTPS": "127.0.0.1:2"}
    settings = Settings.load({"http": "127.0.0.1:3", "health": None}, environ, file)
    assert settings.http.port == 3
    assert settings.https == Address("127.0.0.1", 2)
    assert settings.admin.port == 1
    assert settings.health == Address("127.0.0.1", 7081)
    assert settings.given == {"http", "https", "admin"}


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("drain", "0s", timedelta()),
        ("drain", "500ms", timedelta(milliseconds=500)),
        ("drain", "1h30m", timedelta(minutes=90)),
        ("drain", "10d", timedelta(days=10)),
        ("request_body_limit", "8MiB", 8 * 1024**2),
        ("request_body_limit", "512", 512),
        ("admin", "[::1]:0", Address("::1", 0)),
        ("admin", "localhost:80", Address("127.0.0.1", 80)),
        ("https", "", None),
        ("loopback_backends", "true", True),
        ("refusal_body", "json", "json"),
        ("internal_networks", "", ""),
        ("internal_networks", "10.1.2.3/8, fd00::/8,192.0.2.1", "10.0.0.0/8,fd00::/8,192.0.2.1/32"),
        ("automatic_domain_suffix", "Gateway.Example.com.", "gateway.example.com"),
    ],
)
def test_reads_value(name: str, text: str, value: object) -> None:
    settings = Settings.load({}, {f"ISTHMUS_{name.upper()}": text})
    assert getattr(settings, name) == value


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("drain", "15"),
        ("drain", "-1s"),
        ("drain", "1h 30m"),
        ("drain", "99999d"),
        ("drain", "999999999d"),
        ("connect_timeout", "0s"),
        ("request_body_limit", "8MB"),
        ("request_body_limit", "0"),
        ("admin", "7080"),
        ("admin", "127.1:7080"),
        ("admin", "127.0.0.1:65536"),
        ("admin", ""),
        ("loopback_backends", "maybe"),
        ("refusal_body", "xml"),
        ("internal_networks", "10.0.0.0/33"),
        ("internal_networks", "10.0.0.0/8;fd00::/8"),
        ("region", "cn_hangzhou"),
        ("groups_limit", "many"),
        ("automatic_domain_suffix", "a..b"),
        ("state", ""),
    ],
)
def test_refuses_value_naming_its_source(name: str, text: str) -> None:
    variable = f"ISTHMUS_{name.upper()}"
    with pytest.raises(SettingsError) as caught:
        Settings.load({}, {variable: text})
    (problem,) = caught.value.problems
    assert problem.startswith(f"the variable {variable} is {text!r}")
    assert f"but {name} is " in problem


def test_reports_every_problem_at_once(tmp_path: Path) -> None:
    file = tmp_path / "isthmus.toml"
    file.write_text('drian = "1s"\ndrain = 3\n')
    with pytest.raises(SettingsError) as caught:
        Settings.load({"http": "x"}, {"ISTHMUS_REGION": "?"}, file)
    problems = caught.value.problems
    assert len(problems) == 4
    assert problems[0] == f"{file}: there is no setting drian. Did you mean drain?"


@pytest.mark.parametrize("content", [b"= 1", b"\xff", None])
def test_refuses_unreadable_file(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "isthmus.toml"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(SettingsError, match="The configuration file"):
        Settings.load({}, {}, file)


def test_warns_of_unknown_variables_but_not_of_client_variables() -> None:
    environ = {
        "ISTHMUS_ENDPOINT": "http://h",
        "ISTHMUS_ACCESS_KEY_ID": "k",
        "ISTHMUS_DRAIM": "1s",
        "PATH": "/bin",
    }
    assert Settings.load({}, environ).warnings == (
        "The variable ISTHMUS_DRAIM is no setting. Did you mean ISTHMUS_DRAIN?",
    )


def test_state_follows_the_data_home() -> None:
    assert Settings.load({}, {"XDG_DATA_HOME": "/data"}).state == Path("/data/isthmus")


def test_reference_has_every_setting_and_shown_defaults_read_back() -> None:
    rows = {row.name: row for row in Settings.reference()}
    assert len(rows) == len(setting_fields()) >= 25
    for one in setting_fields():
        assert rows[one.name].help.endswith(".")
        if one.default is not None and show(one.default):
            assert KINDS[one.metadata["kind"]].read(show(one.default), one.metadata["limits"]) == one.default
