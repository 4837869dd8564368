#!/usr/bin/env bash
# Fetches the jars that FOLDER/pom.xml names, with all that they need, into TO, and checks each against FOLDER/jars.sha256.
# `--write` instead writes that list: after a version in the pom has changed, and the new jars are known to be the right ones.
set -euo pipefail
[ $# -ge 2 ] || { echo "usage: jars.sh FOLDER TO [--write]" >&2; exit 2; }
mkdir -p "$2"
from=$(realpath "$1") to=$(realpath "$2")
mvn --quiet --batch-mode -Dstyle.color=never -f "$from/pom.xml" dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory="$to"
cd "$to"
if [ "${3:-}" = --write ]; then sha256sum -- *.jar >"$from/jars.sha256"; else sha256sum --quiet --check "$from/jars.sha256"; fi
