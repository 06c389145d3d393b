# The kiosk's tasks. A bare Debian 12 or 13 or Raspberry Pi OS with git, make and python3 is enough: `make run`, `make test`.
.DEFAULT_GOAL := help
PYTHON ?= python3
ARGS ?=
bin := .venv/bin
from_lock = PYTHON="$(PYTHON)" requirements/venv.sh
pin = $(bin)/uv pip compile --quiet --upgrade --python-version 3.11 --generate-hashes --no-header --no-emit-index-url --no-emit-find-links

.PHONY: help
help:  ## this list
	@sed -n 's/^\([a-z0-9-]*\):.*##  */\1\t/p' Makefile | awk -F '\t' '{ printf "make %-20s %s\n", $$1, $$2 }'

# --- set-up: each stamp is as new as the lock it was made from

.venv/run.stamp: requirements/run.lock requirements/venv.sh pyproject.toml
	@$(from_lock) .venv $<
	@$(bin)/python -m pip install --quiet --disable-pip-version-check --no-index --no-deps --no-build-isolation -e .
	@touch $@

.venv/dev.stamp: requirements/dev.lock .venv/run.stamp
	@$(from_lock) .venv $<
	@touch $@

.PHONY: setup
setup: .venv/run.stamp  ## what the kiosk needs to run, into .venv

.PHONY: tflite-runtime-env
tflite-runtime-env:  ## the older runtime in .venv-tflite-runtime (Python 3.11 only)
	@if $(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))'; \
	then $(from_lock) .venv-tflite-runtime requirements/tflite-runtime.lock; \
	else echo "tflite-runtime has wheels up to Python 3.11 only: its tests are skipped" >&2; fi

# --- use and development

.PHONY: run
run: .venv/run.stamp  ## the kiosk on the camera that is there, else on simulated pictures (ARGS="--camera phantom")
	@exec $(bin)/dermakiosk run --camera demo $(ARGS)

# a program that may not be installed is named, and the tests that need it skip themselves, by name
test_programs := chromium:chromium /usr/share/fonts/truetype/dejavu/DejaVuSans.ttf:fonts-dejavu-core \
  cc:gcc /usr/include/stdio.h:libc6-dev systemd-analyze:systemd shellcheck:shellcheck

.PHONY: test
test: .venv/dev.stamp tflite-runtime-env  ## every test that takes seconds to a few minutes (ARGS="-k station")
	@missing=$$(mktemp); trap 'rm -f "$$missing"' EXIT; \
	requirements/system.sh $(test_programs) 2>&1 | tee "$$missing" >&2; \
	tests/run.sh $(bin)/python $(ARGS); passed=$$?; grep '^Missing' "$$missing" >&2; exit $$passed

.PHONY: screenshots
screenshots: .venv/dev.stamp  ## every state of the screen in every size, language and theme, and contact sheets (ARGS="--languages de")
	@$(bin)/python -m tests.ui.gallery $(ARGS)

.PHONY: test-picamera2
test-picamera2:  ## the camera adapter on the real picamera2 (builds a tree of 1.7 GB; root)
	@tests/picamera2/run.sh

.PHONY: test-boot
test-boot:  ## a Debian that boots into the kiosk, which is then stopped and killed (builds a tree; root)
	@tests/box/boot.sh

.PHONY: test-bare
test-bare:  ## make run and make test as a new user, in a bare Debian 12 (builds a tree; root)
	@tests/bare/run.sh

.PHONY: lint
lint: .venv/dev.stamp  ## style, types, shell scripts
	@$(bin)/ruff check .
	@$(bin)/ruff format --check .
	@$(bin)/mypy
	@if command -v shellcheck >/dev/null; then shellcheck --severity=warning -x systemd/*.sh requirements/*.sh tests/*.sh tests/*/*.sh benchmarks/arm64/*.sh .ci/run; fi

.PHONY: bench
bench: .venv/dev.stamp  ## the benchmark suites
	@$(bin)/python -m pytest benchmarks -o addopts="--import-mode=importlib" --benchmark-only $(ARGS)

# a member whose weights are committed (training/weights/) is not trained again; one that is needs PyTorch:
# .venv/bin/pip install torch. `python -m training --help` has what more there is
MEMBERS ?= mobilenet_v2_o mobilenet_v2_n mobilenet_v2_l
CROPS ?= 1:neutral
ORIENTATIONS ?= 4
MODEL ?= $(lastword $(MEMBERS))-bundle
member_runs = $(addprefix runs/,$(MEMBERS))

.PHONY: train
train: .venv/dev.stamp  ## the whole training chain (DERMAKIOSK_DATA, DERMAKIOSK_WEIGHTS; MEMBERS= configs, CROPS=, ORIENTATIONS=, MODEL= the new bundle's id)
	@for member in $(MEMBERS); do \
	  $(bin)/python -m training train training/configs/$$member.toml && $(bin)/python -m training quantize runs/$$member || exit 1; \
	done
	@$(bin)/python -m benchmarks painted runs/painted
	@$(bin)/python -m training calibrate $(member_runs) --id $(MODEL) --crops $(CROPS) --orientations $(ORIENTATIONS) --painted runs/painted
	@$(bin)/python -m training evaluate runs/$(MODEL) --runs $(member_runs)
	@$(bin)/python -m training report runs/$(MODEL) --runs $(member_runs)
	@$(bin)/python -m training publish runs/$(MODEL)

.PHONY: lock
lock: .venv/dev.stamp  ## resolve the locks anew from pyproject.toml and requirements/*.in
	@$(pin) --universal pyproject.toml requirements/run.in -o requirements/run.lock
	@$(pin) --universal --constraint requirements/run.lock --extra dev --extra training --extra bench pyproject.toml -o requirements/dev.lock
	@$(pin) --constraint requirements/run.lock requirements/tflite-runtime.in -o requirements/tflite-runtime.lock

.PHONY: sbom
sbom: .venv/dev.stamp  ## the device's bill of materials (CycloneDX) into dist/sbom.json, C libraries inside wheels among it
	@mkdir -p dist
	@$(bin)/cyclonedx-py requirements --output-reproducible --of JSON --short-PURLs requirements/run.lock | $(bin)/python requirements/sbom.py > dist/sbom.json.part
	@mv dist/sbom.json.part dist/sbom.json

# --- the box

.PHONY: install uninstall
install:  ## make this box boot into the kiosk (sudo; ARGS=--dry-run shows what would be done)
	@systemd/install.sh install $(ARGS)

uninstall:  ## undo it, keep configuration and state (sudo; ARGS="--dry-run --purge")
	@systemd/install.sh uninstall $(ARGS)

.PHONY: clean
clean:  ## remove the environments and caches
	@rm -rf .venv .venv-tflite-runtime .pytest_cache .mypy_cache .ruff_cache .hypothesis .benchmarks build dist
