"""A server that behaves as the Hugging Face Hub does, as far as fetching models goes.

Two HTTP servers: the Hub itself (the listing of a repository, `resolve` addresses that answer small
files and redirect to the content of large ones), and the content server ("CDN") it redirects to,
on another port. Faults are injected with `break_next`. Everything that is asked is in `log`.
test_python_client.py has the Hub's own Python client as a witness that it is faithful.
"""

import hashlib
import http.server
import ssl
import threading
from dataclasses import dataclass, field

from hub_handler import Handler, sha256


@dataclass
class Repository:
    revisions: dict = field(default_factory=dict)  # commit -> {path: content}
    refs: dict = field(default_factory=dict)       # "main" -> commit
    token: str = None     # private: who may read it
    gated: bool = False   # the listing is public, the files are not
    extra_siblings: list = field(default_factory=list)
    linked_hash: str = None  # what X-Linked-Etag claims instead of the truth

    def commit_of(self, revision):
        return revision if revision in self.revisions else self.refs.get(revision)


@dataclass
class Fault:
    kind: str
    times: int
    options: dict


class FakeHub:
    def __init__(self, certificate=None, key=None):
        """With a certificate the Hub speaks HTTPS; the content server never does."""
        self.repositories = {}
        self.renamed = {}  # old id -> new id
        self.log = []
        self.ranges = True  # whether the content server knows Range
        self.resolve_cache = False  # small files, too, are behind a redirect: to the Hub itself
        self.redirect_to = None  # sends large files' readers to this address instead
        self._faults = {}
        self._lock = threading.Lock()
        self._servers = {}
        for name in ("hub", "cdn"):
            handler = type(name, (Handler,), {"hub": self, "name": name})
            server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
            server.daemon_threads = True
            if certificate and name == "hub":
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                context.load_cert_chain(certificate, key)
                server.socket = context.wrap_socket(server.socket, server_side=True,
                                                    do_handshake_on_connect=False)
            threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
            self._servers[name] = server
        scheme = "https" if certificate else "http"
        self.url = f"{scheme}://127.0.0.1:{self._servers['hub'].server_port}"
        self.cdn_url = f"http://127.0.0.1:{self._servers['cdn'].server_port}"

    def close(self):
        for server in self._servers.values():
            server.shutdown()
            server.server_close()

    def add(self, name, files, ref="main", **options):
        """A commit of a repository: {path: content}. Returns its name."""
        repository = self.repositories.setdefault(name, Repository())
        for key, value in options.items():
            setattr(repository, key, value)
        text = name + ref + "".join(path + sha256(content) for path, content in files.items())
        commit = hashlib.sha1(text.encode()).hexdigest()
        repository.revisions[commit] = dict(files)
        repository.refs[ref] = commit
        return commit

    def break_next(self, place, kind, times=1, **options):
        """The next `times` requests at `place` ("api", "resolve", "cdn") go wrong. Kinds: status
        (code, headers), cut (after: bytes), stall (after), corrupt, longer, wrong_range."""
        with self._lock:
            self._faults.setdefault(place, []).append(Fault(kind, times, options))

    def take_fault(self, place):
        with self._lock:
            waiting = self._faults.get(place, [])
            if not waiting:
                return None
            fault = waiting[0]
            fault.times -= 1
            if fault.times == 0:
                waiting.pop(0)
            return fault

    def asked(self, server=None, method="GET"):
        with self._lock:
            return [request for request in self.log
                    if request.method == method and server in (None, request.server)]

    def note(self, request):
        with self._lock:
            self.log.append(request)

    def forget(self):
        with self._lock:
            self.log.clear()
