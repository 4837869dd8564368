"""Files, functions and argument lists stay small; the exception lists may only shrink."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FILE_LINES, FUNCTION_LINES, ARGUMENTS = 400, 60, 6

# Each needs a reason. Tests and generated data are exempt from length.
LONG_FILES: dict[str, str] = {}
LONG_FUNCTIONS: dict[str, str] = {}
MANY_ARGUMENTS: dict[str, str] = {}


def sources(*patterns: str) -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", *patterns],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    paths = [ROOT / line for line in listed.splitlines()]
    return [path for path in paths if path.exists() and "tests" not in path.parts and path.name != "tests.rs"]


def test_files_stay_short() -> None:
    long = {
        str(path.relative_to(ROOT))
        for path in sources("*.py", "*.rs", "*.ts", "*.tsx")
        if len(path.read_text().splitlines()) > FILE_LINES
    }
    assert long == set(LONG_FILES), f"over {FILE_LINES} lines: split the file, or shorten the exception list"


def test_python_functions_stay_short_and_take_few_arguments() -> None:
    long, many = set(), set()
    for path in sources("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                name = f"{path.relative_to(ROOT)}:{node.name}"
                if (node.end_lineno or node.lineno) - node.lineno + 1 > FUNCTION_LINES:
                    long.add(name)
                positional = [one for one in node.args.posonlyargs + node.args.args if one.arg not in ("self", "cls")]
                if len(positional) + len(node.args.kwonlyargs) > ARGUMENTS:
                    many.add(name)
    assert long == set(LONG_FUNCTIONS), f"over {FUNCTION_LINES} lines: {sorted(long)}"
    assert many == set(MANY_ARGUMENTS), f"over {ARGUMENTS} arguments: {sorted(many)}"


def test_rust_functions_stay_short() -> None:
    long = set()
    for path in sources("*.rs"):
        start, indent, name = 0, "", ""
        for number, line in enumerate(path.read_text().splitlines(), 1):
            opened = re.match(r"(\s*)(?:pub(?:\([a-z]+\))? )?(?:async )?(?:unsafe )?fn (\w+)", line)
            if opened and not line.rstrip().endswith(";"):
                start, indent, name = number, opened[1], opened[2]
            elif start and line == f"{indent}}}":
                if number - start + 1 > FUNCTION_LINES:
                    long.add(f"{path.relative_to(ROOT)}:{name}")
                start = 0
    assert long == set(LONG_FUNCTIONS), f"over {FUNCTION_LINES} lines: {sorted(long)}"
