# The two commands: `make run` builds Stockade and runs the examples, `make test` runs every test.
# Both install what a Debian machine with git, make and Rust lacks.

SHELL := /bin/bash
CARGO ?= cargo
TARGET := $(or $(CARGO_TARGET_DIR),target)
JAVASCRIPT := runtimes/javascript
PYTHON := runtimes/python scripts
FUZZ_SECONDS ?= 60

# Steps that build use the same target directory.
.NOTPARALLEL:

.PHONY: help
help:
	@echo 'make run    build a release and run the examples on real input'
	@echo 'make test   run every test'
	@echo 'make soak   run $(SOAK_TASKS) tasks of each language in a row and compare what is held (SOAK_TASKS)'
	@echo 'make test-node-versions  test JavaScript with several versions of Node.js (NODE_VERSIONS)'
	@echo 'make lint   check formatting and run the linters'
	@echo 'make format format everything'
	@echo 'make bench  measure latency, throughput and memory on this machine'
	@echo 'make bench-n8n  measure beside the runner of n8n, and write it into BENCHMARKS.md (NODE)'
	@echo 'make bench-service  measure the HTTP service, and write it into BENCHMARKS.md (SOAK)'
	@echo 'make fuzz   fuzz what reads bytes from workers, $(FUZZ_SECONDS) s each (FUZZ_SECONDS)'
	@echo 'make build  build a release only: $(TARGET)/release/stockade'

.PHONY: run
run: build
	scripts/run_examples.sh $(TARGET)/release

.PHONY: build
build: dependencies
	$(CARGO) build --release --locked --package stockade-cli

.PHONY: bench
bench: build
	$(TARGET)/release/stockade bench $(if $(wildcard $(TARGET)/test-packages/python/pandas),--packages $(TARGET)/test-packages/python)

# Beside n8n's own JavaScript runner, which npm fetches. NODE names the Node.js of both, 22 or newer.
NODE ?= node
.PHONY: bench-n8n
bench-n8n: build
	$(CARGO) run --release --locked --package stockade-n8n-comparison -- \
	    --stockade $(TARGET)/release/stockade --node $(NODE) --write BENCHMARKS.md

# The HTTP service under load, and what SOAK tasks leave behind (some five minutes for 100,000).
SOAK ?= 0
.PHONY: bench-service
bench-service: build
	$(CARGO) run --release --locked --package stockade-service-load -- \
	    --stockade $(TARGET)/release/stockade --soak $(SOAK) --write BENCHMARKS.md

# What the binary carries and what runs tasks.
.PHONY: dependencies
dependencies: installed-to-run $(JAVASCRIPT)/node_modules/.package-lock.json

# What only the tests need, and what only the linters need.
.PHONY: test-dependencies lint-dependencies
test-dependencies: dependencies installed-to-test .venv/.complete target/test-packages/.complete
lint-dependencies: test-dependencies $(JAVASCRIPT)/node_modules/.with-linter

.PHONY: installed-to-run installed-to-test
installed-to-run:
	@scripts/install_missing.sh run
installed-to-test:
	@scripts/install_missing.sh test

$(JAVASCRIPT)/node_modules/.package-lock.json: $(JAVASCRIPT)/package.json $(JAVASCRIPT)/package-lock.json | installed-to-run
	cd $(JAVASCRIPT) && npm ci --omit=dev --no-audit --no-fund --loglevel=error
	@touch $@

$(JAVASCRIPT)/node_modules/.with-linter: $(JAVASCRIPT)/package.json $(JAVASCRIPT)/package-lock.json | installed-to-test
	cd $(JAVASCRIPT) && npm ci --no-audit --no-fund --loglevel=error
	@touch $(JAVASCRIPT)/node_modules/.package-lock.json $@

.venv/.complete: scripts/python_tools.txt | installed-to-test
	python3 -m venv --clear .venv
	.venv/bin/python -m pip install --quiet --disable-pip-version-check --requirement scripts/python_tools.txt
	@touch $@

# Packages that tests use inside the walls.
target/test-packages/.complete: tests/packages/requirements.txt tests/packages/package-lock.json .venv/.complete
	rm -rf $(@D) && mkdir -p $(@D)/javascript
	.venv/bin/python -m pip install --quiet --disable-pip-version-check --only-binary :all: --target $(@D)/python \
	    --requirement tests/packages/requirements.txt
	cp tests/packages/package.json tests/packages/package-lock.json $(@D)/javascript
	cd $(@D)/javascript && npm ci --no-audit --no-fund --loglevel=error --ignore-scripts
	@touch $@

.PHONY: test
test: test-dependencies test-rust test-python test-javascript test-documentation

# `cargo nextest` runs each test in a process of its own and shows slow ones; without it the same tests run. The end to
# end tests look at what is left on the machine: those that need it run one after the other, in one process.
.PHONY: test-rust
test-rust: test-dependencies
	@if $(CARGO) nextest --version >/dev/null 2>&1; then \
	    set -x; status=0; \
	    $(CARGO) nextest run --workspace --exclude stockade-tests --locked --no-fail-fast || status=$$?; \
	    $(CARGO) test --package stockade-tests --locked --no-fail-fast || status=$$?; \
	    exit $$status; \
	else \
	    set -ex; $(CARGO) test --workspace --locked --no-fail-fast; \
	fi

# Thousands of tasks in a row: nothing of the supervisor or a zygote may grow.
SOAK_TASKS ?= 10000
.PHONY: soak
soak: dependencies
	STOCKADE_SOAK_TASKS=$(SOAK_TASKS) $(CARGO) test --package stockade-tests --locked --test survival -- soak:: \
	    --ignored --nocapture --test-threads 1

# The tests in scripts/ use the binary that the Rust tests have built.
.PHONY: test-python
test-python: test-dependencies
	cd runtimes/python && ../../.venv/bin/python -m pytest --quiet
	@$(CARGO) build --package stockade-cli --locked --quiet
	.venv/bin/python -m pytest --quiet -p no:cacheprovider scripts

.PHONY: test-javascript
test-javascript: test-dependencies
	cd $(JAVASCRIPT) && npm test

# The JavaScript harness and n8n's cases with several versions of Node.js, which npm fetches.
NODE_VERSIONS ?= 20 22 24 26
.PHONY: test-node-versions
test-node-versions: test-dependencies
	scripts/test_node_versions.sh $(NODE_VERSIONS)

# Every command that the documentation shows, with the binary that the Rust tests have built.
.PHONY: test-documentation
test-documentation: test-dependencies
	@$(CARGO) test --workspace --locked --no-run --quiet
	scripts/check_documentation.py --binary $(TARGET)/debug/stockade

.PHONY: lint
lint: lint-dependencies
	$(CARGO) fmt --all --check
	$(CARGO) fmt --check --manifest-path fuzz/Cargo.toml
	$(CARGO) clippy --workspace --all-targets --features stockade-native/placement --locked -- --deny warnings
	$(CARGO) clippy --locked --manifest-path fuzz/Cargo.toml --target-dir $(TARGET)/fuzz --no-default-features \
	    -- --deny warnings
	cd runtimes/python && ../../.venv/bin/ruff check . && ../../.venv/bin/ruff format --check .
	.venv/bin/ruff check --config runtimes/python/pyproject.toml scripts
	.venv/bin/ruff format --check --config runtimes/python/pyproject.toml scripts
	cd $(JAVASCRIPT) && npm run lint

.PHONY: format
format: lint-dependencies
	$(CARGO) fmt --all
	$(CARGO) fmt --manifest-path fuzz/Cargo.toml
	.venv/bin/ruff check --fix --config runtimes/python/pyproject.toml $(PYTHON)
	.venv/bin/ruff format --config runtimes/python/pyproject.toml $(PYTHON)
	cd $(JAVASCRIPT) && npm run lint -- --fix

.PHONY: fuzz
fuzz: dependencies
	scripts/fuzz.sh $(FUZZ_SECONDS)
