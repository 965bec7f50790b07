"""Datasets of the hub: an id becomes a folder on this disk.

Owns what is downloaded of a repository and the sentences for what can go wrong. Must not know layouts. It is an errand
of its own process, `python -m workbench.data.hub`, because it needs the network, which nothing else here has: a request
{"id"} on stdin, lines {"file", "done", "total"} in bytes and a last {"paths", "config", "others"} on stdout.
"""

from __future__ import annotations

import contextlib
import fnmatch
import json
import os
import re
import shutil
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from workbench.core.errors import UsageError, WorkbenchError
from workbench.core.text import one_line
from workbench.core.units import size
from workbench.data.readers import kinds

PREFIX = "hf://datasets/"
SUFFIXES = (*kinds.SUFFIXES, *kinds.PACKED)
"""What is downloaded; a program in a repository is not."""
_DESCRIBING = re.compile(r"(?i)(^|/)(readme|license|licence|dataset_infos?|\.[^/]*)(\.\w+)?$")
_PRIVATE = re.compile(r"(?i)(?<=bearer )\S+|\bhf_\w+|(?<=\?)[^\s'\"]+")
"""What an error of the client may quote and nobody else may read: tokens, and the signatures in addresses."""
RESERVE_BYTES = 2 * 2**30
"""Disk left free beside a download."""


def _matches(name: str, patterns: Iterable[str]) -> bool:
    """Return whether a file of the repository is meant by one of the card's patterns."""
    return any(
        fnmatch.fnmatch(name, pattern) or fnmatch.fnmatch(name, pattern.replace("**/", "")) for pattern in patterns
    )


def _patterns(config: dict[str, Any]) -> list[str]:
    """Return the file patterns of one configuration of a dataset card."""
    listed = config.get("data_files")
    entries = listed if isinstance(listed, list) else [listed] if listed else []
    found: list[str] = []
    for entry in entries:
        paths = entry.get("path") if isinstance(entry, dict) else entry
        found += [path for path in (paths if isinstance(paths, list) else [paths]) if isinstance(path, str)]
    return found or ([f"{config['data_dir']}/**"] if isinstance(config.get("data_dir"), str) else [])


def chosen_files(
    names: Sequence[str], inside: str, configs: Sequence[dict[str, Any]]
) -> tuple[list[str], str, list[str]]:
    """Return (files to download, configuration taken, other configurations) of a repository.

    `inside` is a folder, file or configuration the person named, "" for none. A repository whose card describes several
    configurations is several datasets: the default one is taken, or the first.
    """
    data = [name for name in names if Path(name).suffix.lower() in SUFFIXES and not _DESCRIBING.search(name)]
    named = {str(config.get("config_name", "default")): config for config in configs if _patterns(config)}
    if inside and inside not in named:
        return [name for name in data if name == inside or name.startswith(f"{inside}/")], "", []
    if not named:
        return data, "", []
    default = next((name for name, config in named.items() if config.get("default")), "")
    taken = inside or default or ("default" if "default" in named else next(iter(named)))
    files = [name for name in data if _matches(name, _patterns(named[taken]))]
    return files or data, taken, [name for name in named if name != taken]


def sentence(error: Exception, kind: str, repo: str, instead: str) -> str:
    """Return what a failed request for a repository, a "dataset" or a "model", means and what to do.

    `instead` is what else may be done when the hub cannot be reached. No credentials get into it.
    """
    from huggingface_hub import constants, errors

    page = f"{constants.ENDPOINT}/{'datasets/' if kind == 'dataset' else ''}{repo}"
    log_in = "log in with `hf auth login`, or set HF_TOKEN"
    table: tuple[tuple[type[Exception], str], ...] = (
        (errors.GatedRepoError, f"asks you to accept its terms; do so on {page} and {log_in}"),
        (errors.RepositoryNotFoundError, f"does not exist or is private; check the id, or {log_in}"),
        (errors.DisabledRepoError, f"was switched off by the hub; choose another {kind}"),
        (errors.RevisionNotFoundError, "does not have that revision; leave it out"),
        (errors.HFValidationError, "is no valid id; write owner/name"),
        (errors.OfflineModeIsEnabled, "is not asked for, because HF_HUB_OFFLINE is set; unset it"),
    )
    for type_, words in table:
        if isinstance(error, type_):
            return f"The {kind} {repo} {words}."
    if isinstance(error, errors.HfHubHTTPError) and error.response.status_code in (401, 403):
        return f"The hub refuses to give you the {kind} {repo}; {log_in} of somebody who may have it."
    said = _PRIVATE.sub("…", f"{type(error).__name__}: {error}")
    return f"The {kind} {repo} cannot be reached ({one_line(said, 160)}); check the connection, or {instead}."


def _sentence(error: Exception, repo: str) -> str:
    """Return what a failed request for a dataset means and what to do."""
    from huggingface_hub import constants

    kept = Path(constants.HF_HUB_CACHE) / f"datasets--{repo.replace('/', '--')}" / "snapshots"
    return sentence(
        error,
        "dataset",
        repo,
        f"give what was downloaded before: {kept}" if kept.is_dir() else "give a local path",
    )


def fetch(name: str, on_line: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    """Download the data files of a dataset into the hub's own cache and return {"paths", "config", "others"}.

    Files that are there already are not downloaded again, and a broken download goes on where it was. Raises
    WorkbenchError with what to do without a network, a permission, or the room.
    """
    from huggingface_hub import HfApi, constants, hf_hub_download

    parts = name.removeprefix(PREFIX).split("/")
    if len(parts) < 2:
        raise UsageError(f"{one_line(name)} is no dataset id; write owner/name.")
    repo, inside = "/".join(parts[:2]), "/".join(parts[2:])
    try:
        info = HfApi().dataset_info(repo, files_metadata=True)
    except Exception as error:  # the client lets errors of three libraries through
        raise WorkbenchError(_sentence(error, repo)) from None
    sizes = {entry.rfilename: entry.size or 0 for entry in info.siblings or []}
    card = info.card_data.to_dict() if info.card_data else {}
    configs = [config for config in card.get("configs") or [] if isinstance(config, dict)]
    files, config, others = chosen_files(sorted(sizes), inside, configs)
    if not files:
        where = f" under {inside}" if inside else ""
        raise UsageError(
            f"The dataset {repo} holds no data file{where} that can be read; known are {' '.join(SUFFIXES)}."
        )
    total = sum(sizes[file] for file in files)
    cache = Path(constants.HF_HUB_CACHE)
    near = next(folder for folder in (cache, *cache.parents) if folder.is_dir())
    if total + RESERVE_BYTES > (free := shutil.disk_usage(near).free):
        raise WorkbenchError(
            f"The dataset {repo} has {size(total)} and {near} has {size(free)} free; "
            f"make room, or name a folder of it: {repo}/FOLDER."
        )
    done, folder = 0, ""
    for file in files:
        on_line({"file": file, "done": done, "total": total})
        try:
            path = hf_hub_download(repo, file, repo_type="dataset", revision=info.sha)
        except Exception as error:
            raise WorkbenchError(_sentence(error, repo)) from None
        done += sizes[file]
        folder = path[: -len(file)].rstrip("/")
    return {"paths": _paths(folder, files, sizes), "config": config, "others": others}


def _paths(folder: str, files: Sequence[str], there: Iterable[str]) -> list[str]:
    """Return the folder that holds just these files of a repository, or the files where there is none.

    A folder tells which files are held out by the names of their neighbours, which a file on its own does not.
    """
    common = os.path.commonpath([os.path.dirname(file) for file in files])
    inside = {name for name in there if name.startswith(f"{common}/" if common else "")}
    data = {name for name in inside if Path(name).suffix.lower() in SUFFIXES and not _DESCRIBING.search(name)}
    if len(files) > 1 and data == set(files):
        return [f"{folder}/{common}".rstrip("/")]
    return [f"{folder}/{file}" for file in files]


def main() -> int:
    """Serve one request and return the exit code."""
    request = json.loads(sys.stdin.buffer.read())
    with contextlib.redirect_stdout(sys.stderr):

        def say(line: dict[str, Any]) -> None:
            sys.__stdout__.write(json.dumps(line) + "\n")  # type: ignore[union-attr]
            sys.__stdout__.flush()  # type: ignore[union-attr]

        try:
            say(fetch(str(request["id"]), say))
        except UsageError as error:
            say({"error": str(error)})
            return 2
        except WorkbenchError as error:
            say({"error": str(error)})
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
