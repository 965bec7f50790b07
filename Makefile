# The door for people: `make demo` and `make test` are all that is needed after a clone.
.DEFAULT_GOAL := help
.PHONY: help setup demo test check base clean

help: ## Say what there is
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## Make .venv (the other commands do it when needed)
	@tools/setup.sh

demo: setup ## Watch a small model learn: cpt, sft, dpo, grpo, distill, prune, export, chat
	@.venv/bin/workbench demo

test: check ## Run every check and every test
	@.venv/bin/pytest -n 3 --dist worksteal

check: setup ## Lint, formatting, types and layers, without the tests
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@.venv/bin/mypy
	@.venv/bin/lint-imports

base: setup ## Remake the bundled base from its generator and recipe (ten to twenty minutes on two cores)
	@tools/make_base.sh

clean: ## Remove everything that was made here, .venv included; runs are kept
	@rm -rf .venv build dist .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
