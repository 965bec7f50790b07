"""Takes llama.cpp's converter out of the source release of llama-cpp-python: `converter.py RELEASE SHA256 FOLDER`.

Owns which of its files are wanted and the check that the release is the one this version was written against. Must not
know the workbench: it runs before that is installed. FOLDER is there whole or not at all.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import sys
import tarfile
import tempfile
from pathlib import Path

WANTED = re.compile(
    r"[^/]+/vendor/llama\.cpp/("
    r"LICENSE|convert_hf_to_gguf\.py|convert_lora_to_gguf\.py|conversion/\w+\.py|gguf-py/LICENSE|gguf-py/gguf/\w+\.py)"
)
"""Members of the release, and where they go inside FOLDER."""
MAX_BYTES = 8 << 20
"""More than the few hundred kilobytes any of the files has."""


def unpack(release: Path, sha256: str, folder: Path) -> int:
    """Put the wanted files of `release` into `folder` and return how many; raise ValueError for another release."""
    with release.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != sha256:
        raise ValueError(f"{release.name} has the SHA-256 {found} where {sha256} is expected")
    folder.parent.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(prefix=".converter.", dir=folder.parent))
    try:
        count = 0
        with tarfile.open(release, "r:gz") as archive:
            for member in archive:
                inside = WANTED.fullmatch(member.name)
                if inside is None or not member.isfile() or member.size > MAX_BYTES:
                    continue
                stream = archive.extractfile(member)
                assert stream is not None
                target = made / inside[1]
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(stream.read())
                count += 1
        if not (made / "conversion" / "base.py").is_file() or not (made / "gguf-py" / "gguf" / "__init__.py").is_file():
            raise ValueError(f"{release.name} holds no converter")
        made.chmod(0o755)
        shutil.rmtree(folder, ignore_errors=True)
        os.replace(made, folder)
        return count
    finally:
        shutil.rmtree(made, ignore_errors=True)


def main() -> int:
    """Unpack as the arguments say; an error is one line."""
    release, sha256, folder = sys.argv[1:]
    try:
        unpack(Path(release), sha256, Path(folder))
        return 0
    except (OSError, ValueError, tarfile.TarError) as error:
        sys.stderr.write(f"setup: {error}\n")
        return 1


if __name__ == "__main__":
    raise SystemExit(main())
