"""A running `bertqa serve`, for the tests of it."""

import http.client
import json
import re
import signal
import socket
import subprocess
import threading

import runner
from runner import CliTest


class UnixConnection(http.client.HTTPConnection):
    """HTTP on a socket file."""

    def __init__(self, path, timeout=runner.DEADLINE_SECONDS):
        super().__init__("localhost", timeout=timeout)
        self.path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Reply:
    """What a request got."""

    def __init__(self, response):
        self.status = response.status
        self.headers = {name.lower(): value for name, value in response.getheaders()}
        self.body = response.read()

    def json(self):
        return json.loads(self.body)


class Served:
    """A server process; `address` is what it says that it serves on."""

    def __init__(self, *args, model=None, env=None, **keywords):
        models = () if model is False else ("-m", model or runner.tiny_model())
        self.process = subprocess.Popen(
            runner.command_line("serve", *models, *args), env=runner.environment(**(env or {})),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            preexec_fn=keywords.pop("preexec_fn", runner.default_signals), **keywords)
        self.lines = []
        self.address = None
        while self.address is None:
            line = self.process.stderr.readline().decode()
            if not line:
                raise AssertionError(f"no server: {self.lines}, {self.process.wait()}")
            self.lines.append(line)
            found = re.match(r"bertqa: serving on (\S+)", line)
            self.address = found and found.group(1)
        self.reader = threading.Thread(target=self.read_log, daemon=True)
        self.reader.start()

    def read_log(self):
        for line in self.process.stderr:
            self.lines.append(line.decode())

    @property
    def port(self):
        return int(self.address.rsplit(":", 1)[1])

    def connect(self, timeout=runner.DEADLINE_SECONDS):
        if self.address.startswith("unix:"):
            return UnixConnection(self.address[5:], timeout)
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)

    def open_socket(self):
        return socket.create_connection(("127.0.0.1", self.port), timeout=runner.DEADLINE_SECONDS)

    def request(self, method, path, body=None, **headers):
        connection = self.connect()
        try:
            connection.request(method, path, body=body,
                               headers={name.replace("_", "-"): value
                                        for name, value in headers.items()})
            return Reply(connection.getresponse())
        finally:
            connection.close()

    def get(self, path, **headers):
        return self.request("GET", path, **headers)

    def post(self, path, value, content_type="application/json", **headers):
        body = value if isinstance(value, bytes) else json.dumps(value).encode()
        return self.request("POST", path, body, Content_Type=content_type, **headers)

    def end(self, number=signal.SIGTERM):
        """Stops the server; its exit status."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        status = self.process.wait(timeout=runner.DEADLINE_SECONDS)
        self.reader.join(timeout=runner.DEADLINE_SECONDS)
        self.process.stdout.close()
        self.process.stderr.close()
        return status


class ServeCase(CliTest):
    """A server for all tests of a class."""

    OPTIONS = ()

    @classmethod
    def setUpClass(cls):
        cls.server = Served("--port", "0", *cls.OPTIONS)
        cls.addClassCleanup(cls.server.end)

    def serve(self, *args, **keywords):
        """One for this test only."""
        served = Served(*args, **keywords)
        self.addCleanup(served.end)
        return served

    def check_problem(self, reply, status, code, detail=None):
        self.assertEqual(reply.status, status, reply.body)
        self.assertEqual(reply.headers["content-type"], "application/problem+json")
        problem = reply.json()
        self.assertEqual((problem["status"], problem["code"]), (status, code))
        if detail is not None:
            self.assertEqual(problem["detail"], detail)
        return problem
