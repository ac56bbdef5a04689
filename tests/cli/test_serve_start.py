"""`bertqa serve`: models, sockets, systemd, the log, and what keeps it from starting."""

import json
import signal
import socket
import subprocess

import runner
from serve_case import ServeCase
from tiny_model import write_tiny_model


class Start(ServeCase):
    OPTIONS = ("--log-format", "json")

    def test_log(self):
        self.server.get("/healthz?a=%0a", X_Request_Id="one")
        self.server.post("/v1/answer", b"{", X_Request_Id="two")
        entries = {}

        def logged():
            for line in self.server.lines[1:]:
                entry = json.loads(line)
                entries[entry["request_id"]] = entry
            return {"one", "two"} <= entries.keys()

        runner.wait_until(logged, "both lines are there")
        self.assertEqual((entries["one"]["method"], entries["one"]["target"],
                          entries["one"]["status"], entries["one"]["client"]),
                         ("GET", "/healthz?a=%0a", 200, "127.0.0.1"))
        self.assertEqual((entries["two"]["status"], entries["two"]["code"]), (400, "bad_json"))

    def test_several_models(self):
        other = self.folder / "other"
        write_tiny_model(other, layers=1)
        served = self.serve("--port", "0", "-m", other)
        names = [model["name"] for model in served.get("/v1/models").json()["models"]]
        self.assertEqual(names, ["tiny", "other"])
        body = {"question": "Who?", "context": "The fox built the tower."}
        first = served.post("/v1/answer", body).json()
        self.assertEqual(served.post("/v1/answer", dict(body, model="tiny")).json(), first)
        self.assertNotEqual(served.post("/v1/answer", dict(body, model="other")).json(), first)
        twice = runner.run("serve", "--port", "0", "-m", other, "-m", other)
        self.check_usage(twice, "--model: two are called other, and requests name one")

    def test_keys_with_ends_of_windows(self):
        served = self.serve("--port", "0", "--api-key-file", self.write("keys", "one\r\n\r\ntwo"))
        for key, status in (("one", 200), ("two", 200), ("onetwo", 401), ("", 401)):
            reply = served.get("/v1/models", Authorization=f"Bearer {key}")
            self.assertEqual(reply.status, status, key)

    def test_socket_file(self):
        path = self.folder / "socket"
        served = self.serve("--unix", path)
        self.assertEqual(served.address, f"unix:{path}")
        self.assertEqual(path.stat().st_mode & 0o777, 0o660)
        self.assertEqual(served.get("/healthz").status, 200)
        second = self.run_tiny("serve", "--unix", path)
        self.check(second, 4, "", f"bertqa: --unix {path}: a server listens there already\n")
        served.process.kill()
        served.process.wait()
        self.assertTrue(path.exists())
        again = self.serve("--unix", path)  # takes the place of what was left behind
        self.assertEqual(again.get("/healthz").status, 200)
        self.assertEqual(again.end(), 0)
        self.assertFalse(path.exists())

    # As systemd does: the socket is descriptor 3, and LISTEN_PID is the program's own.
    AS_SYSTEMD = 'exec 3<&"$1"; shift; LISTEN_FDS=1 LISTEN_PID=$$ exec "$@"'

    def test_systemd(self):
        self.check_systemd(str(self.folder / "notify"), str(self.folder / "notify"))

    def test_systemd_in_the_abstract_name_space(self):
        name = f"bertqa-{self.folder.name}"
        self.check_systemd("\0" + name, "@" + name)

    def check_systemd(self, bound, name):
        notices = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(notices.close)
        notices.bind(bound)
        notices.settimeout(60)
        listener = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(listener.close)
        descriptor = listener.fileno()
        process = subprocess.Popen(
            ["bash", "-c", self.AS_SYSTEMD, "bash", str(descriptor),
             *runner.command_line("serve", "-m", runner.tiny_model())],
            env=runner.environment(NOTIFY_SOCKET=name),
            pass_fds=[descriptor], stderr=subprocess.PIPE, preexec_fn=runner.default_signals)
        self.addCleanup(process.stderr.close)
        self.assertEqual(notices.recv(100), b"READY=1")
        port = listener.getsockname()[1]
        self.assertEqual(process.stderr.readline().decode(),
                         f"bertqa: serving on http://127.0.0.1:{port}\n")
        place = ("127.0.0.1", port)
        with socket.create_connection(place, timeout=runner.DEADLINE_SECONDS) as client:
            client.sendall(b"GET /healthz HTTP/1.0\r\n\r\n")
            self.assertTrue(client.recv(100).startswith(b"HTTP/1.1 200 OK"))
        process.send_signal(signal.SIGTERM)
        self.assertEqual(notices.recv(100), b"STOPPING=1")
        self.assertEqual(process.wait(timeout=runner.DEADLINE_SECONDS), 0)

    def test_what_systemd_gives_must_listen(self):
        client = socket.socket()
        self.addCleanup(client.close)
        result = subprocess.run(
            ["bash", "-c", self.AS_SYSTEMD, "bash", str(client.fileno()),
             *runner.command_line("serve", "-m", runner.tiny_model())],
            env=runner.environment(), pass_fds=[client.fileno()], capture_output=True, check=False,
            timeout=runner.DEADLINE_SECONDS)
        self.assertEqual((result.returncode, result.stderr.decode()),
                         (2, "bertqa: descriptor 3 of systemd: no stream socket that listens\n"))

    def test_bad_starts(self):
        port = self.server.port
        self.check(self.run_tiny("serve", "--port", port), 4, "",
                   f"bertqa: --host 127.0.0.1 --port {port}: cannot listen: "
                   "Address already in use\n")
        empty = self.write("empty", "\n")
        self.check(self.run_tiny("serve", "--port", 0, "--api-key-file", empty), 3, "",
                   f"bertqa: {empty}: no key in it, so nobody could ask\n")
        self.check(self.run_tiny("serve", "--unix", self.write("file", "x")), 2, "",
                   f"bertqa: --unix {self.folder}/file: is there, and no socket\n")
        spaced = self.write("spaced", "a key\n")
        self.check(self.run_tiny("serve", "--port", 0, "--api-key-file", spaced), 3, "",
                   f"bertqa: {spaced}: a key a line is expected, without spaces\n")
        missing = runner.run("serve", "--port", 0, "-m", self.folder / "nothing")
        self.assertEqual(missing.status, 3)
