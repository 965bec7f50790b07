"""A server on this machine that speaks the part of the hub's protocol which downloads use."""

from __future__ import annotations

import hashlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlparse

SHA = "0123456789abcdef0123456789abcdef01234567"


class Hub:
    """Repositories of datasets, served under `endpoint` while the context is open."""

    def __init__(self, datasets: dict[str, dict[str, bytes]], cards: dict[str, Any] | None = None) -> None:
        self.datasets = datasets
        self.cards = cards or {}
        self.gated: set[str] = set()
        self.asked: list[tuple[str, str]] = []
        self.cut_after: int | None = None
        """Bytes after which the next download breaks off, once."""
        hub = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: Any) -> None:
                """Keep quiet."""

            def do_HEAD(self) -> None:
                self._answer(body=False)

            def do_GET(self) -> None:
                self._answer(body=True)

            def _answer(self, body: bool) -> None:
                path = unquote(urlparse(self.path).path)
                hub.asked.append((self.command, path))
                parts = path.strip("/").split("/")
                if parts[:2] == ["api", "datasets"]:
                    self._info("/".join(parts[2:4]))
                elif parts[0] == "datasets" and parts[3] == "resolve":
                    self._file("/".join(parts[1:3]), "/".join(parts[5:]), body)
                else:
                    self._refuse(404, "EntryNotFound")

            def _refuse(self, code: int, kind: str) -> None:
                self.send_response(code)
                self.send_header("X-Error-Code", kind)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def _info(self, repo: str) -> None:
                if repo not in hub.datasets:
                    self._refuse(404, "RepoNotFound")
                    return
                siblings = [
                    {
                        "rfilename": name,
                        "size": len(data),
                        "blobId": hashlib.sha1(data, usedforsecurity=False).hexdigest(),
                    }
                    for name, data in hub.datasets[repo].items()
                ]
                answer = {"id": repo, "sha": SHA, "private": False, "tags": [], "siblings": siblings}
                raw = json.dumps(answer | {"cardData": hub.cards.get(repo, {}), "downloads": 0, "likes": 0}).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(raw)))
                self.end_headers()
                self.wfile.write(raw)

            def _file(self, repo: str, name: str, body: bool) -> None:
                if repo in hub.gated:
                    self._refuse(403, "GatedRepo")
                    return
                data = hub.datasets.get(repo, {}).get(name)
                if data is None:
                    self._refuse(404, "EntryNotFound")
                    return
                start = int(self.headers.get("Range", "bytes=0-").removeprefix("bytes=").split("-")[0] or 0)
                self.send_response(206 if start else 200)
                self.send_header("X-Repo-Commit", SHA)
                self.send_header("ETag", f'"{hashlib.sha1(data, usedforsecurity=False).hexdigest()}"')
                self.send_header("Accept-Ranges", "bytes")
                if start:
                    self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
                self.send_header("Content-Length", str(len(data) - start))
                self.end_headers()
                if not body:
                    return
                if hub.cut_after is not None:
                    cut, hub.cut_after = hub.cut_after, None
                    self.wfile.write(data[start : start + cut])
                    self.wfile.flush()
                    self.close_connection = True
                    return
                self.wfile.write(data[start:])

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.endpoint = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Hub:
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
