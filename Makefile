# One line each; every target sets the project up first. EDITION=zh for Chinese.
EDITION ?= en
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/ready

.PHONY: setup report check test test-all lab notebooks messages lock clean
setup: $(READY)

$(READY): requirements.lock pyproject.toml
	@sh .ci/setup "$(PYTHON)"

report: $(READY)
	@$(BIN)/kam report --data data/maven_crm --data data/demo

check: $(READY)
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .

test: $(READY) check
	@$(BIN)/python -m pytest -q -m "not slow" -n 2 tests && $(BIN)/python -m pytest -q --nbval-lax -n 2 --dist loadfile notebooks

test-all: $(READY) check
	@$(BIN)/python -m pytest -q -n 2 tests && $(BIN)/python -m pytest -q --nbval-lax -n 2 --dist loadfile notebooks

lab: $(READY)
	@$(BIN)/kam lab --lang $(EDITION)

notebooks: $(READY)
	@$(BIN)/python -m kamlib.stored notebooks/[0-9][0-9]_*.ipynb

messages: $(READY)
	@$(BIN)/python -m kamlib.catalogues update

lock:
	@$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate --group dev pyproject.toml -o requirements.lock

clean:
	@rm -rf .venv build
