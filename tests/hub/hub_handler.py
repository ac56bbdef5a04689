"""How fake_hub.py answers a request, by either of its two servers."""

import hashlib
import http.server
import json
import ssl
import time
import urllib.parse
from dataclasses import dataclass

LARGE_ENDINGS = (".safetensors", ".bin", ".model", ".pt")


def git_sha1(content):
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


def sha256(content):
    return hashlib.sha256(content).hexdigest()


def is_large(path):
    """Whether the repository keeps the file with Git LFS."""
    return path.endswith(LARGE_ENDINGS)


@dataclass
class Request:
    server: str  # "hub" or "cdn"
    method: str
    path: str
    headers: dict


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def handle(self):
        try:
            super().handle()
        except (ConnectionError, ssl.SSLError):
            pass  # the program was killed, or wanted no more

    def do_HEAD(self):
        self._answer()

    def do_GET(self):
        self._answer()

    def _answer(self):
        self.hub.note(Request(self.name, self.command, self.path,
                              {key.lower(): value for key, value in self.headers.items()}))
        try:
            if self.name == "cdn":
                self._answer_content()
            else:
                self._answer_hub()
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    # What both servers do.

    def _send(self, status, body=b"", headers=None, type_="application/json"):
        self.send_response(status)
        self.send_header("Content-Type", type_)
        self.send_header("Content-Length", str(len(body)))
        for key, value in (headers or {}).items():
            self.send_header(key, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _fail(self, status, code, message):
        headers = {"X-Error-Message": message}
        if code:
            headers["X-Error-Code"] = code
        self._send(status, json.dumps({"error": message}).encode(), headers)

    def _broken(self, place):
        """Answers with a status, if that is the fault; else returns the fault for later."""
        fault = self.hub.take_fault(place) if self.command == "GET" else None
        if fault and fault.kind == "status":
            self._send(fault.options["code"], b"{}", fault.options.get("headers"))
            return fault, True
        return fault, False

    def _send_content(self, content, etag, fault, headers=None):
        """With Range and If-Range, and whatever goes wrong."""
        begin = 0
        wanted = self.headers.get("Range")
        condition = self.headers.get("If-Range")
        if wanted and self.hub.ranges and condition in (None, etag):
            begin = int(wanted.removeprefix("bytes=").split("-")[0])
            if begin >= len(content):
                self._send(416, b"", {"Content-Range": f"bytes */{len(content)}"})
                return
        kind = fault.kind if fault else None
        body = content[begin:]
        if kind == "corrupt":
            body = body[:-1] + bytes([body[-1] ^ 1])
        if kind == "longer":
            body += b"more"
        told = begin + 1 if kind == "wrong_range" else begin
        self.send_response(206 if begin else 200)
        if begin:
            self.send_header("Content-Range",
                             f"bytes {told}-{len(content) - 1}/{len(content)}")
        self.send_header("Content-Type", "application/octet-stream")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Accept-Ranges", "bytes" if self.hub.ranges else "none")
        self.send_header("ETag", etag)
        for key, value in (headers or {}).items():
            self.send_header(key, value)
        self.end_headers()
        if self.command == "HEAD":
            return
        if kind in ("cut", "stall"):
            self.wfile.write(body[:fault.options["after"]])
            self.wfile.flush()
            if kind == "stall":
                time.sleep(fault.options.get("seconds", 5))
            self.close_connection = True
            self.connection.shutdown(2)
            return
        if kind == "slow":
            for piece in range(0, len(body), fault.options["piece"]):
                self.wfile.write(body[piece:piece + fault.options["piece"]])
                self.wfile.flush()
                time.sleep(fault.options["pause"])
            return
        self.wfile.write(body)

    # The Hub.

    def _answer_hub(self):
        path, _, query = self.path.partition("?")
        parts = path.strip("/").split("/")
        if parts[:3] == ["api", "resolve-cache", "models"]:
            self._answer_cached(parts[3:])
        elif parts[:2] == ["api", "models"]:
            fault, done = self._broken("api")
            if not done:
                self._answer_listing(parts[2:], query, fault)
        elif "resolve" in parts:
            fault, done = self._broken("resolve")
            if not done:
                self._answer_file(parts, fault)
        else:
            self._fail(404, None, "Not Found")

    def _repository(self, name):
        """The repository, if it is there and may be seen; else answers."""
        if name in self.hub.renamed:
            target = self.path.replace(name, self.hub.renamed[name], 1)
            self._send(307, b"", {"Location": target})
            return None
        repository = self.hub.repositories.get(name)
        token = (self.headers.get("Authorization") or "").removeprefix("Bearer ")
        if token == "bad":
            self._fail(401, None, "Invalid credentials in Authorization header")
        elif repository is None and token:
            self._fail(404, "RepoNotFound", "Repository not found")
        elif repository is None or (repository.token and repository.token != token):
            self._fail(404 if token else 401, "RepoNotFound", "Repository not found")
        else:
            return repository
        return None

    def _answer_listing(self, parts, query, fault):
        split = parts.index("revision") if "revision" in parts else len(parts)
        name = "/".join(parts[:split])
        revision = urllib.parse.unquote("/".join(parts[split + 1:])) or "main"
        repository = self._repository(name)
        if repository is None:
            return
        commit = repository.commit_of(revision)
        if commit is None:
            self._fail(404, "RevisionNotFound", f"Invalid rev id: {revision}")
            return
        siblings = []
        for path, content in repository.revisions[commit].items():
            sibling = {"rfilename": path}
            if "blobs=true" in query.lower():
                sibling |= {"size": len(content), "blobId": git_sha1(content)}
                if is_large(path):
                    pointer = (b"version https://git-lfs.github.com/spec/v1\noid sha256:%s\n"
                               b"size %d\n" % (sha256(content).encode(), len(content)))
                    sibling["blobId"] = git_sha1(pointer)
                    sibling["lfs"] = {"sha256": sha256(content), "size": len(content),
                                      "pointerSize": len(pointer)}
            siblings.append(sibling)
        body = json.dumps({"_id": "0" * 24, "id": name, "modelId": name, "sha": commit,
                           "private": repository.token is not None,
                           "gated": "auto" if repository.gated else False, "disabled": False,
                           "tags": [], "downloads": 0, "likes": 0,
                           "siblings": siblings + repository.extra_siblings}).encode()
        if fault and fault.kind == "garbage":
            body = b"<html>"
        self._send(200, body)

    def _answer_file(self, parts, fault):
        split = parts.index("resolve")
        name = "/".join(parts[:split])
        revision = urllib.parse.unquote(parts[split + 1])
        file = urllib.parse.unquote("/".join(parts[split + 2:]))
        repository = self._repository(name)
        if repository is None:
            return
        if repository.gated:
            self._fail(401 if "Authorization" not in self.headers else 403, "GatedRepo",
                       f"Access to model {name} is restricted")
            return
        commit = repository.commit_of(revision)
        if commit is None:
            self._fail(404, "RevisionNotFound", f"Invalid rev id: {revision}")
            return
        content = repository.revisions[commit].get(file)
        if content is None:
            self._fail(404, "EntryNotFound", "Entry not found")
            return
        headers = {"X-Repo-Commit": commit}
        if not is_large(file):
            etag = f'"{git_sha1(content)}"'
            if self.hub.resolve_cache:
                self._send(307, b"", {
                    **headers, "X-Linked-Etag": etag, "X-Linked-Size": str(len(content)),
                    "Location": f"/api/resolve-cache/models/{name}/{commit}/{file}?etag=x"})
            else:
                self._send_content(content, etag, fault, headers)
            return
        linked = repository.linked_hash or sha256(content)
        where = self.hub.redirect_to or self.hub.cdn_url
        location = f"{where}/repos/{name}/{commit}/{urllib.parse.quote(file)}?Signature=secret"
        self._send(302, b"Found. Redirecting", {
            **headers, "Location": location, "X-Linked-Etag": f'"{linked}"',
            "X-Linked-Size": str(len(content)), "ETag": f'"{linked}"', "Accept-Ranges": "bytes"},
            "text/plain")

    def _answer_cached(self, parts):
        name, commit, file = "/".join(parts[:-2]), parts[-2], urllib.parse.unquote(parts[-1])
        if self._repository(name) is not None:
            content = self.hub.repositories[name].revisions[commit][file]
            self._send_content(content, f'"{git_sha1(content)}"', None, {"X-Repo-Commit": commit})

    # The content server.

    def _answer_content(self):
        if "Authorization" in self.headers:  # the address is signed: as S3 says
            self._fail(400, None, "Only one auth mechanism allowed")
            return
        fault, done = self._broken("cdn")
        if done:
            return
        parts = self.path.partition("?")[0].strip("/").split("/")
        name, commit, file = "/".join(parts[1:-2]), parts[-2], urllib.parse.unquote(parts[-1])
        content = self.hub.repositories[name].revisions[commit][file]
        self._send_content(content, f'"{hashlib.md5(content).hexdigest()}"', fault)
