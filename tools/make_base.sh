#!/usr/bin/env bash
# Remakes assets/base from nothing: the generator writes the corpus, the workbench trains on it by its own pretrain
# method, and the result takes the place of the bundled base. Must know no setting: they are in the preset.
set -euo pipefail
cd -P "$(dirname "${BASH_SOURCE[0]}")/.."
world=build/world
rm -rf "$world"
mkdir -p "$world"
.venv/bin/python assets/world/generate.py "$world"
.venv/bin/workbench train assets/world/base.toml --data "$world/corpus.jsonl"
.venv/bin/python - <<'PYTHON'
import shutil
from pathlib import Path

from workbench.runs import bases, store

run = next(found for found in store.list_runs() if found.meta()["title"] == "bundled base" and found.status() == "done")
result, target = bases.of_run(run).model_dir, Path("assets/base")
shutil.rmtree(target, ignore_errors=True)
shutil.copytree(result, target, ignore=shutil.ignore_patterns("manifest.json", "README.md"))
for path in target.iterdir():
    path.chmod(0o644)
print(f"assets/base is now the result of {run.id}.")
PYTHON
