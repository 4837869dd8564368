# `make` prints what there is. Everything lands in .venv, target and .cache; `make clean` removes them.
SHELL := /bin/bash
PYTHON ?= python3
BIN := .venv/bin
RUST := $(shell find crates -name '*.rs' -o -name Cargo.toml) Cargo.toml Cargo.lock

.DEFAULT_GOAL := help
.PHONY: help build dev demo demo-stop test check bench counts clean generate

help: ## print this help
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | sort | expand -t 12

build: .cache/built ## a .venv with the release engine and the isthmus command

dev: build .cache/dev ## build, then run a gateway in this terminal (state in .cache/dev-state)
	$(BIN)/isthmus up --state .cache/dev-state

demo: build .cache/dev .cache/system .cache/node ## play the walk-through on real private networks; leaves it running
	$(BIN)/python -m isthmus.demo

demo-stop: ## stop what `make demo` left running
	$(BIN)/python -m isthmus.demo --stop

test: build .cache/dev .cache/system .cache/node ## all tests
	cargo test --quiet --workspace
	$(BIN)/python -m pytest -n 2 --dist loadfile
	cargo build --quiet --release -p isthmus-engine --example serve && $(BIN)/python bench/counts.py --check

check: .cache/dev build ## linters, types, formats, repository rules
	$(BIN)/ruff check . && $(BIN)/ruff format --check .
	$(BIN)/mypy
	cargo fmt --all --check && cargo clippy --quiet --workspace --all-targets -- -D warnings
	$(BIN)/python -m pytest -q tests/rules

bench: .cache/dev .cache/system ## CPU per request beside nginx, then counts per request
	cargo build --quiet --release -p isthmus-engine --example serve
	$(BIN)/python bench/compare.py && $(BIN)/python bench/counts.py

generate: build ## write the generated reference pages
	$(BIN)/python -m isthmus.reference docs/reference

clean: ## remove everything that was built
	rm -rf .venv target .cache python/isthmus/_native*.so tests/clients/node/node_modules

.cache/venv: requirements/dev.lock
	mkdir -p .cache && $(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.lock
	touch $@

.cache/dev: .cache/venv
	touch $@

.cache/built: .cache/venv pyproject.toml $(RUST)
	$(BIN)/maturin develop --release --quiet
	touch $@

.cache/system: requirements/system.sh
	mkdir -p .cache && bash requirements/system.sh && touch $@

.cache/node: tests/clients/node/package-lock.json
	mkdir -p .cache && cd tests/clients/node && npm ci --silent && touch ../../../$@
