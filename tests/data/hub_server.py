"""A server on this machine that speaks the part of the hub's protocol which searches and downloads use."""

from __future__ import annotations

import hashlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlparse

SHA = "0123456789abcdef0123456789abcdef01234567"
LARGE = (".safetensors", ".gguf", ".bin", "tokenizer.json")
"""What the hub keeps as large files, which have a SHA-256."""


def digests(name: str, data: bytes) -> tuple[str, str]:
    """Return git's SHA-1 of a blob, and the SHA-256 of a large file, "" for others."""
    blob = hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()
    return blob, hashlib.sha256(data).hexdigest() if name.endswith(LARGE) else ""


class _Handler(BaseHTTPRequestHandler):
    """One request; `hub` is set by a subclass per server."""

    protocol_version = "HTTP/1.1"
    hub: Hub

    def log_message(self, *_: Any) -> None:
        """Keep quiet."""

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        self._answer(body=True)

    def _answer(self, body: bool) -> None:
        address = urlparse(self.path)
        path = unquote(address.path)
        self.hub.asked.append((self.command, path))
        self.hub.authorizations.append(self.headers.get("Authorization", ""))
        parts = path.strip("/").split("/")
        if parts[:2] == ["api", "models"] and len(parts) == 2:
            self._list(parse_qs(address.query))
        elif parts[0] == "api" and parts[1] in ("datasets", "models"):
            self._info(parts[1], "/".join(parts[2:4]), "/".join(parts[5:]))
        elif parts[0] == "datasets" and parts[3] == "resolve":
            self._file(self.hub.datasets, "/".join(parts[1:3]), "/".join(parts[5:]), body)
        elif len(parts) > 4 and parts[2] == "resolve":
            self._file(self.hub.models, "/".join(parts[:2]), "/".join(parts[4:]), body)
        else:
            self._refuse(404, "EntryNotFound")

    def _refuse(self, code: int, kind: str) -> None:
        self.send_response(code)
        self.send_header("X-Error-Code", kind)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _json(self, answer: Any) -> None:
        raw = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def _list(self, query: dict[str, list[str]]) -> None:
        self.hub.queries.append(query)
        words = query.get("search", [""])[0].lower().split()
        found = [model for model in self.hub.listed if all(word in model["id"].lower() for word in words)]
        self._json(found[: int(query.get("limit", ["1000"])[0])])

    def _info(self, kind: str, repo: str, revision: str) -> None:
        there = {"datasets": self.hub.datasets, "models": self.hub.models}[kind]
        if repo not in there:
            self._refuse(404, "RepoNotFound")
            return
        if revision not in ("", "main", SHA, *self.hub.revisions):
            self._refuse(404, "RevisionNotFound")
            return
        siblings = []
        for name, data in there[repo].items():
            blob, large = digests(name, data)
            lfs = {"lfs": {"size": len(data), "sha256": large, "pointerSize": 130}} if large else {}
            siblings.append({"rfilename": name, "size": len(data), "blobId": blob, **lfs})
        sha = self.hub.revisions.get(revision, SHA)
        answer = {"id": repo, "sha": sha, "private": False, "tags": [], "siblings": siblings}
        self._json(answer | {"cardData": self.hub.cards.get(repo, {}), "downloads": 0, "likes": 0})

    def _file(self, there: dict[str, dict[str, bytes]], repo: str, name: str, body: bool) -> None:
        if repo in self.hub.gated and self.headers.get("Authorization") != self.hub.admits:
            self._refuse(403, "GatedRepo")
            return
        data = there.get(repo, {}).get(name)
        if data is None:
            self._refuse(404, "EntryNotFound")
            return
        if self.hub.elsewhere and name.endswith(LARGE):
            self.send_response(302)
            self.send_header("Location", f"{self.hub.elsewhere}{self.path}")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        wanted = self.headers.get("Range", "bytes=0-") if self.hub.has_ranges else "bytes=0-"
        start = int(wanted.removeprefix("bytes=").split("-")[0] or 0)
        blob, large = digests(name, data)
        self.send_response(206 if start else 200)
        self.send_header("X-Repo-Commit", SHA)
        self.send_header("ETag", f'"{large or blob}"')
        self.send_header("X-Linked-Etag", f'"{large or blob}"')
        self.send_header("X-Linked-Size", str(len(data)))
        self.send_header("Accept-Ranges", "bytes")
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        self.send_header("Content-Length", str(len(data) - start))
        self.end_headers()
        if body:
            self._send(name, self.hub.bad_bytes.get(name, data), start)

    def _send(self, name: str, data: bytes, start: int) -> None:
        """Send a file from a byte on; what it should stop at makes it break off or hang, once."""
        end = len(data)
        if name in self.hub.cuts:
            end = min(end, start + self.hub.cuts.pop(name))
        hangs = self.hub.hangs.pop(name, None)
        if hangs is not None:
            end = min(end, start + hangs)
        self.hub.sent.append((name, start, end - start))
        self.wfile.write(data[start:end])
        self.wfile.flush()
        if hangs is not None:
            self.hub.over.wait()
        if end < len(data):
            self.close_connection = True


class Hub:
    """Repositories of datasets and models, served under `endpoint` while the context is open."""

    def __init__(
        self,
        datasets: dict[str, dict[str, bytes]],
        cards: dict[str, Any] | None = None,
        models: dict[str, dict[str, bytes]] | None = None,
    ) -> None:
        self.datasets = datasets
        self.models = models or {}
        self.cards = cards or {}
        self.listed: list[dict[str, Any]] = []
        """What a search finds: models as the hub describes them in a list."""
        self.revisions: dict[str, str] = {}
        """Branches and tags beside main, with their commits."""
        self.gated: set[str] = set()
        self.admits = "nobody"
        """The Authorization header that opens the gated ones."""
        self.elsewhere = ""
        """Another server, to which requests for large files are sent on."""
        self.bad_bytes: dict[str, bytes] = {}
        """File → what is sent in place of its bytes."""
        self.has_ranges = True
        self.cuts: dict[str, int] = {}
        """File → bytes after which its next download breaks off, once."""
        self.hangs: dict[str, int] = {}
        """File → bytes after which its next download waits for the end of the server, once."""
        self.asked: list[tuple[str, str]] = []
        self.queries: list[dict[str, list[str]]] = []
        self.authorizations: list[str] = []
        self.sent: list[tuple[str, int, int]] = []
        """(file, first byte, bytes) of every answer with a body."""
        self.over = threading.Event()
        handler = type("Handler", (_Handler,), {"hub": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.endpoint = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Hub:
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
