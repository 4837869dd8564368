"""Builds the fuzz targets with coverage counters and runs each for some seconds; called by `make fuzz` and `make test`.

The counters come from options that stable rustc has, so no nightly compiler is needed. What a run finds new stays in
`.cache/fuzz/`; `--keep` merges it into the committed corpus, smallest inputs first. A crash leaves its input there too,
and the exit code is 1."""

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FOUND = ROOT / ".cache" / "fuzz"
TARGETS = ("path", "query", "signature", "expression", "plugin", "plan")
COUNTERS = (
    "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 -Cllvm-args=-sanitizer-coverage-trace-compares "
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table --cfg fuzzing"
)
LONGEST = 4096


def host() -> str:
    """The compiler's own target; named, so that build scripts and macros are built without counters."""
    lines = subprocess.run(["rustc", "-vV"], check=True, capture_output=True, text=True).stdout.splitlines()
    return next(line.removeprefix("host: ") for line in lines if line.startswith("host: "))


def build() -> Path:
    target = host()
    # The project's own versions; cargo adds only what the targets need beside them.
    shutil.copyfile(ROOT / "Cargo.lock", ROOT / "fuzz" / "Cargo.lock")
    command = ["cargo", "build", "--quiet", "--release", "--target", target, "--target-dir", "target/fuzz"]
    environment = {**os.environ, "RUSTFLAGS": COUNTERS}
    subprocess.run([*command, "--manifest-path", "fuzz/Cargo.toml"], cwd=ROOT, check=True, env=environment)
    return ROOT / "target" / "fuzz" / target / "release"


def run(program: Path, seconds: int) -> bool:
    found = FOUND / program.name
    found.mkdir(parents=True, exist_ok=True)
    limits = [f"-max_total_time={seconds}", f"-max_len={LONGEST}", "-timeout=10", "-rss_limit_mb=2048"]
    places = [f"-artifact_prefix={found}-crash-", str(found), str(ROOT / "fuzz" / "corpus" / program.name)]
    done = subprocess.run([str(program), *limits, *places], capture_output=True, text=True, check=False)
    lines = done.stderr.splitlines()
    print(f"{program.name}: " + (lines[-1] if done.returncode == 0 and lines else "FAILED"), flush=True)
    if done.returncode:
        print("\n".join(lines[-40:]), file=sys.stderr)
    return done.returncode == 0


def keep(program: Path) -> None:
    corpus = ROOT / "fuzz" / "corpus" / program.name
    subprocess.run([str(program), "-merge=1", str(corpus), str(FOUND / program.name)], check=True, capture_output=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=60, help="for each target")
    parser.add_argument("--keep", action="store_true", help="merge what was found into the corpus")
    parser.add_argument("targets", nargs="*", default=TARGETS)
    given = parser.parse_args()
    folder = build()
    fine = [run(folder / name, given.seconds) for name in given.targets]
    if given.keep:
        for name in given.targets:
            keep(folder / name)
    return 0 if all(fine) else 1


if __name__ == "__main__":
    sys.exit(main())
