#!/usr/bin/env python3
"""Serves the page with the answers of the `bertqa` program, a process a question.

To work on the page (src/serve/page) without building anything: what is changed there is served at
once. It takes the options of `bertqa serve` that the page's tests use. No test needs it.

    tests/serve/mock_server.py --bertqa build/release/bin/bertqa --port 8080
"""

import argparse
import hmac
import http.server
import json
import pathlib
import subprocess
import sys

PAGE = pathlib.Path(__file__).resolve().parents[2] / "src/serve/page"
FILES = {
    "/": ("index.html", "text/html; charset=utf-8"),
    "/docs": ("docs.html", "text/html; charset=utf-8"),
    "/page.css": ("page.css", "text/css; charset=utf-8"),
    "/page.js": ("page.js", "text/javascript; charset=utf-8"),
    "/docs.js": ("docs.js", "text/javascript; charset=utf-8"),
    "/openapi.json": ("openapi.json", "application/json"),
}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
OPTIONS = {"top_k": "--top-k", "max_answer_tokens": "--max-answer-tokens", "offsets": "--offsets"}
TITLES = {400: "Bad Request", 401: "Unauthorized", 404: "Not Found", 413: "Content Too Large"}


class Refused(Exception):
    def __init__(self, status, code, detail):
        super().__init__(detail)
        self.status, self.code, self.detail = status, code, detail


def options_of(body):
    options = [
        word for key, name in OPTIONS.items() if key in body for word in (name, str(body[key]))
    ]
    if "no_answer" in body:
        options += ["--no-answer", "on" if body["no_answer"] else "off"]
    return options


def run(bertqa, arguments, text):
    done = subprocess.run(
        [bertqa, *arguments], input=text.encode(), capture_output=True, check=False
    )
    if done.returncode > 1:
        raise Refused(400, "bad_request", done.stderr.decode().strip())
    return json.loads(done.stdout)


def answer(bertqa, body):
    line = json.dumps({"question": body["question"], "context": body["context"]})
    record = run(bertqa, ["batch", "--quiet", *options_of(body)], line)
    if "error" in record:
        raise Refused(400, record["error"]["code"], record["error"]["message"])
    return record


def inspect(bertqa, body):
    question = ["-q", body["question"]]
    return run(bertqa, ["inspect", "--json", *question, *options_of(body), "-"], body["context"])


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.path in FILES:
            name, media_type = FILES[self.path]
            self.reply(200, (PAGE / name).read_bytes(), media_type)
            return
        self.attempt(self.models)

    def do_POST(self):
        self.attempt(self.post)

    def models(self):
        self.check_key()
        if self.path != "/v1/models":
            raise Refused(404, "not_found", f"there is no {self.path}")
        return {
            "models": [
                {
                    "name": "minilm-l6-squad",
                    "default": True,
                    "family": "bert",
                    "precision": "int8",
                    "no_answer": False,
                    "window_tokens": 384,
                }
            ]
        }

    def post(self):
        size = int(self.headers["Content-Length"])
        content = self.rfile.read(size)
        self.check_key()
        if size > self.server.options.max_body_bytes:
            raise Refused(
                413,
                "too_large",
                f"the body has {size} bytes, " f"{self.server.options.max_body_bytes} are allowed",
            )
        work = {"/v1/answer": answer, "/v1/inspect": inspect}[self.path]
        return work(self.server.options.bertqa, json.loads(content))

    def check_key(self):
        key = self.server.key
        given = self.headers.get("Authorization", "").removeprefix("Bearer ")
        if key and not hmac.compare_digest(key, given):
            raise Refused(401, "unauthorized", "this server wants an API key")

    def attempt(self, work):
        try:
            self.reply(200, json.dumps(work()).encode(), "application/json")
        except Refused as refused:
            problem = {
                "type": "about:blank",
                "title": TITLES[refused.status],
                "status": refused.status,
                "detail": refused.detail,
                "code": refused.code,
            }
            self.reply(refused.status, json.dumps(problem).encode(), "application/problem+json")

    def reply(self, status, content, media_type):
        self.send_response(status)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Content-Security-Policy", POLICY)
        self.send_header("X-Content-Type-Options", "nosniff")
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        pass


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--bertqa", required=True)
    parser.add_argument("--port", type=int, default=8080)
    parser.add_argument("--api-key-file", type=pathlib.Path)
    parser.add_argument("--max-body-bytes", type=int, default=16 << 20)
    options = parser.parse_args()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", options.port), Handler)
    server.options = options
    server.key = options.api_key_file.read_text().strip() if options.api_key_file else None
    print(f"bertqa: serving on http://127.0.0.1:{server.server_port}", file=sys.stderr, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
