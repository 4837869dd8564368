"""Writes the generated reference pages: `python -m isthmus.reference FOLDER`, or `--check FOLDER`.

Settings, refusals and operations are each defined once, in code or specification; these pages only show them. A rule
test runs the check.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from isthmus import native
from isthmus.catalog import Catalog
from isthmus.operations import function_for
from isthmus.settings import Settings

_NOTE = "This page is generated (`make generate`).\n"


def settings_page() -> str:
    rows = ["| setting | flag | variable | form | default | meaning |", "|---|---|---|---|---|---|"]
    for row in Settings.reference():
        cells = (row.name, row.flag, row.variable, row.form, row.default or "none", row.help)
        rows.append("| " + " | ".join(f"`{cell}`" if cell in cells[:3] else cell for cell in cells) + " |")
    text = "A flag wins over a variable, a variable over a key of the TOML file (`--config`), that over the default."
    return f"# Settings\n\n{_NOTE}\n{text}\n\n" + "\n".join(rows) + "\n"


def refusals_page() -> str:
    rows = ["| code | status | message | whose | try again |", "|---|---|---|---|---|"]
    for one in sorted(native.refusals(), key=lambda listed: str(listed["code"])):
        again = "yes" if one["retryable"] else "no"
        rows.append(f"| {one['code']} | {one['status']} | {one['message']} | {one['fault']} | {again} |")
    text = (
        "Answers the gateway makes itself carry `X-Ca-Error-Code` and `X-Ca-Error-Message`; `{}` stands for the reason."
    )
    return f"# Refusals\n\n{_NOTE}\n{text}\n\n" + "\n".join(rows) + "\n"


def operations_page() -> str:
    operations = sorted(Catalog.load().operations, key=lambda operation: (operation.version, operation.name))
    implemented = [one for one in operations if function_for(one.name) is not None]
    rows = ["| operation | version | tier | implemented |", "|---|---|---|---|"]
    for one in operations:
        rows.append(f"| {one.name} | {one.version} | {one.tier} | {'yes' if one in implemented else 'no'} |")
    text = f"{len(implemented)} of {len(operations)} operations are implemented; the others answer `NotImplemented`."
    return f"# Operations\n\n{_NOTE}\n{text}\n\n" + "\n".join(rows) + "\n"


PAGES: dict[str, Callable[[], str]] = {
    "settings.md": settings_page,
    "refusals.md": refusals_page,
    "operations.md": operations_page,
}


def main() -> None:
    folder = Path(sys.argv[-1])
    folder.mkdir(parents=True, exist_ok=True)
    stale = []
    for name, page in PAGES.items():
        path, text = folder / name, page()
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            stale.append(name)
            if "--check" not in sys.argv:
                path.write_text(text, encoding="utf-8")
    if "--check" in sys.argv and stale:
        sys.exit(f"out of date: {', '.join(stale)}; run `make generate`")


if __name__ == "__main__":
    main()
