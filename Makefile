# `make` prints what there is. Everything lands in .venv, target and .cache; `make clean` removes them.
PYTHON ?= python3
BIN := .venv/bin
VENV := .venv/.installed
NATIVE := python/isthmus/_native.abi3.so
NODE := tests/clients/node/node_modules/.package-lock.json
GO_CLIENT := .cache/clients/management-go
H2SPEC := .cache/clients/h2spec
PROMQL := .cache/clients/promql
WIREGUARD := .cache/clients/wireguard-go
JAVA_CLIENT := .cache/clients/java/Management.class
JAVA_CALLS := .cache/clients/java_calls/Calls.class
CONSOLE := python/isthmus/control/static/index.html
CONSOLE_NODE := console/node_modules/.package-lock.json
# A Node that can build the console goes before the machine's own.
WITH_NODE = PATH="$$(PYTHON=$(CURDIR)/$(BIN)/python bash requirements/node.sh):$$PATH" &&
CONSOLE_SOURCES := $(shell find console/src console/public console/scripts -type f) $(wildcard console/*.ts console/*.html console/*.cjs) $(wildcard spec/*.json)
RUST := $(shell find crates -name '*.rs' -o -name Cargo.toml) Cargo.toml Cargo.lock
.DEFAULT_GOAL := help
.PHONY: clients help build screenshots console-dev dev demo demo-stop test check bench fuzz clean generate

help: ## print this help
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | sort | expand -t 12

build: $(NATIVE) $(CONSOLE) ## a .venv with the release engine, the isthmus command and the console

screenshots: build .cache/system ## pictures of every page of the console, in .cache/screenshots
	ISTHMUS_SCREENSHOTS=.cache/screenshots $(BIN)/python -m pytest -q $(addprefix tests/story/test_console_,axe.py pages.py requests.py monitoring.py)

console-dev: $(CONSOLE_NODE) ## the console's sources, reloaded as they change, on a gateway that runs (ISTHMUS_MANAGEMENT)
	$(WITH_NODE) cd console && node scripts/generate-client.mjs && npx vite

dev: build ## build, then run a gateway in this terminal (state in .cache/dev-state)
	$(BIN)/isthmus up --state .cache/dev-state

demo: build .cache/system $(NODE) ## play the walk-through on real private networks; leaves it running
	$(BIN)/python -m isthmus.demo

demo-stop: ## stop what `make demo` left running
	$(BIN)/python -m isthmus.demo --stop

test: build .cache/system $(NODE) clients ## all tests
	cargo test --quiet --workspace
	$(WITH_NODE) cd console && npx vitest run --silent
	$(WITH_NODE) $(BIN)/python -m pytest -n 2 --dist loadfile
	cargo build --quiet --release -p isthmus-engine --example serve && $(BIN)/python bench/counts.py --check
	$(BIN)/python fuzz/run.py --seconds 3

# Where there is no Go, or no JDK and Maven, the tests that need these clients are skipped and say so.
clients:
	@if command -v go >/dev/null; then $(MAKE) --no-print-directory $(GO_CLIENT) $(H2SPEC) $(PROMQL) $(WIREGUARD); fi
	@if command -v javac >/dev/null && command -v mvn >/dev/null; then $(MAKE) --no-print-directory $(JAVA_CLIENT) $(JAVA_CALLS); fi

check: build ## linters, types, formats, repository rules
	$(BIN)/ruff check . && $(BIN)/ruff format --check .
	$(BIN)/mypy
	cargo fmt --all --check && cargo clippy --quiet --workspace --all-targets -- -D warnings
	$(WITH_NODE) cd console && npx tsc --noEmit && npx biome ci src scripts
	$(BIN)/python -m pytest -q tests/rules

bench: $(VENV) .cache/system ## CPU per request beside nginx, counts per request, memory for large bodies
	cargo build --quiet --release -p isthmus-engine --example serve
	$(BIN)/python bench/compare.py && $(BIN)/python bench/counts.py && $(BIN)/python bench/large.py --check

fuzz: $(VENV) ## each parser for ten minutes; what is found joins the corpus
	$(BIN)/python fuzz/run.py --seconds 600 --keep

generate: build ## write the generated reference pages
	$(BIN)/python -m isthmus.reference docs/reference

clean: ## stop the demo and remove everything that was built
	@[ ! -e $(VENV) ] || $(BIN)/python -m isthmus.demo --stop
	rm -rf .venv target .cache python/isthmus/_native*.so tests/clients/node/node_modules console/node_modules python/isthmus/control/static

# Stamps lie in what they stand for: who removes that removes them.
$(VENV): requirements/dev.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=…")'
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.lock && touch $@

$(NATIVE): $(VENV) pyproject.toml $(RUST)
	$(BIN)/maturin develop --release --quiet && touch $@

$(CONSOLE_NODE): console/package-lock.json | $(VENV)
	$(WITH_NODE) cd console && npm ci --silent && touch node_modules/.package-lock.json

$(CONSOLE): $(CONSOLE_NODE) $(CONSOLE_SOURCES)
	$(WITH_NODE) cd console && node scripts/generate-client.mjs && npx vite build --logLevel warn && node scripts/budget.mjs

$(NODE): tests/clients/node/package-lock.json
	$(WITH_NODE) cd tests/clients/node && npm ci --silent && touch node_modules/.package-lock.json

$(GO_CLIENT): $(wildcard tests/clients/go/*)
	cd tests/clients/go && go build -o $(CURDIR)/$@ .

$(H2SPEC): $(wildcard tests/clients/h2spec/*)
	cd tests/clients/h2spec && go build -o $(CURDIR)/$@ github.com/summerwind/h2spec/cmd/h2spec

$(PROMQL): $(wildcard tests/clients/promql/*)
	cd tests/clients/promql && go build -o $(CURDIR)/$@ .

$(WIREGUARD): $(wildcard tests/clients/wireguard/*)
	cd tests/clients/wireguard && go build -o $(CURDIR)/$@ golang.zx2c4.com/wireguard

$(JAVA_CLIENT): $(wildcard tests/clients/java/*) requirements/jars.sh
	rm -rf $(@D) && bash requirements/jars.sh tests/clients/java $(@D)
	javac -Xlint:-options -nowarn -cp '$(@D)/*' -d $(@D) tests/clients/java/Management.java

$(JAVA_CALLS): $(wildcard tests/clients/java_calls/*) requirements/jars.sh
	rm -rf $(@D) && bash requirements/jars.sh tests/clients/java_calls $(@D)
	javac -Xlint:-options -nowarn -cp '$(@D)/*' -d $(@D) tests/clients/java_calls/Calls.java

.cache/system: requirements/system.sh
	mkdir -p .cache && bash requirements/system.sh && touch $@
