"""`ask` and `batch` with `--server`: the same results, from a resident process."""

import http.server
import json
import signal
import subprocess
import threading

import runner
from resume_case import make_records
from serve_case import ServeCase
from tiny_model import write_tiny_model


class SameAsHere(ServeCase):
    """Whatever the options, what is written is what the program writes without a server."""

    def both(self, command, *args, **keywords):
        here = self.run_tiny(command, *args, **keywords)
        there = runner.run(command, "--server", self.server.address, *args, **keywords)
        self.assertEqual((there.status, there.stdout, there.stderr),
                         (here.status, here.stdout, here.stderr))
        return here

    def test_ask(self):
        text = "The old tower in Paris, \U0001F60A built by a fox. " * 30
        files = [self.write(name, content) for name, content in
                 (("a.txt", text), ("b.txt", "東京 is a city."), ("empty.txt", ""))]
        for args in (("-c", text), ("-c", text, "-k", 3), ("-c", text, "--json", "-k", 2),
                     ("-c", text, "--json", "--offsets", "utf16"), (*files, "-k", 3),
                     (*files, "--json", "-k", 5, "--dedupe", "none"), ("-c", ""),
                     ("-c", "", "--json"), ("-c", text, "--decode", "independent", "--json"),
                     ("-c", text, "--no-answer", "on", "--null-threshold", "-100", "--json"),
                     ("-c", text, "--window-tokens", 32, "--overlap-tokens", 8,
                      "--max-question-tokens", 8, "--max-answer-tokens", 3, "--json")):
            with self.subTest(args=args):
                self.both("ask", "-q", "Who built it?", "-q", "Where is it " * 9, *args)
        self.both("ask", "-q", " ", "-c", text)
        self.both("ask", "-q", "who?", stdin=text)

    def test_batch(self):
        records = make_records(700) + [{"id": 1, "question": "a"}, {"question": "", "context": "b"}]
        data = self.write("in.jsonl", records)
        data.write_bytes(data.read_bytes() + b"{]\n\n\xff\n")
        for args in ((), ("-k", 2, "--offsets", "byte"), ("--keep-fields",), ("--shard", "2/3"),
                     ("--max-line-bytes", 80)):
            with self.subTest(args=args):
                self.assertGreater(len(self.both("batch", data, *args).stdout), 1000)

    def test_squad(self):
        paragraphs = [{"context": record["context"], "qas": [
            {"id": str(i), "question": record["question"], "answers": []}]}
            for i, record in enumerate(make_records(50)) if "context" in record]
        data = self.write("dev.json", json.dumps(
            {"version": "1.1", "data": [{"title": "x", "paragraphs": paragraphs}]}))
        self.both("batch", data, "--output-format", "squad")

    def test_a_reader_that_goes_away(self):
        data = self.write("in.jsonl", [record for record in make_records(2000)
                                       if "context" in record])
        process = subprocess.Popen(
            runner.command_line("batch", data, "--server", self.server.address),
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=runner.environment())
        process.stdout.readline()
        process.stdout.close()
        self.assertEqual(process.stderr.read(), b"")
        process.stderr.close()
        self.assertEqual(process.wait(timeout=runner.DEADLINE_SECONDS), 0)

    def test_a_co_process(self):
        process = subprocess.Popen(
            runner.command_line("batch", "--server", self.server.address), stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, env=runner.environment())
        for number in range(3):
            process.stdin.write(json.dumps({"id": number, "question": "who?",
                                            "context": "The fox."}).encode() + b"\n")
            process.stdin.flush()
            self.assertEqual(json.loads(process.stdout.readline())["id"], number)
        process.stdin.close()
        process.stdout.close()
        self.assertEqual(process.wait(timeout=runner.DEADLINE_SECONDS), 0)

    def test_the_environment_names_it(self):
        result = runner.run("ask", "-q", "who?", "-c", "The fox.", "-m", "other",
                            env={"BERTQA_SERVER": self.server.address})
        self.check(result, 3, "", f"bertqa: server {self.server.address}: refuses with 404: "
                                  "no model is called \"other\"; there are tiny\n")


class Failures(ServeCase):
    def ask(self, *args, **keywords):
        return runner.run("ask", "-q", "who?", "-c", "The fox.", *args, **keywords)

    def test_no_server(self):
        path = self.folder / "none"
        result = self.ask("--server", f"unix:{path}")
        self.assertEqual(result.status, 3)
        self.assertTrue(result.stderr.startswith(f"bertqa: server unix:{path}: cannot be asked: "))

    def test_addresses(self):
        for address in ("localhost:1", "ftp://x", "http://", "http://x/y"):
            self.check_usage(self.ask("--server", address),
                             f"server {address}: http://HOST:PORT, https://HOST:PORT or unix:PATH "
                             "is expected")

    def test_what_the_server_decides(self):
        for option, value in (("--threads", "1"), ("--precision", "fp32"),
                              ("--max-batch-tokens", "9")):
            self.check_usage(self.ask("--server", self.server.address, option, value),
                             f"{option} and --server: the server has decided that when it was "
                             "started")
        result = self.ask("--threads", 1, env={"BERTQA_SERVER": self.server.address})
        self.assertIn("--threads and $BERTQA_SERVER", result.stderr)

    def test_keys(self):
        keys = self.write("keys", "secret\n")
        served = self.serve("--port", "0", "--api-key-file", keys)
        self.assertIn("refuses with 401", self.ask("--server", served.address).stderr)
        result = self.ask("--server", served.address, env={"BERTQA_API_KEY": "secret"})
        self.assertEqual(result.status, 0, result.stderr)


class NoBertqa(runner.CliTest):
    """A server that speaks HTTP, and says what bertqa does not."""

    def listen(self, *replies):
        """Gives these (status, body), in turn, and the last one from then on. Its address."""
        waiting = list(replies)

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                status, body = waiting.pop(0) if len(waiting) > 1 else waiting[0]
                self.send_response(status)
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST

            def log_message(self, *args):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.addCleanup(server.server_close)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.shutdown)
        return f"http://127.0.0.1:{server.server_port}"

    def ask(self, *replies):
        """What `ask` says of the server."""
        address = self.listen(*replies)
        result = runner.run("ask", "-q", "who?", "-c", "The fox.", "--server", address)
        self.assertEqual((result.status, result.stdout), (3, ""))
        self.assertTrue(result.stderr.startswith(f"bertqa: server {address}: "), result.stderr)
        return result.stderr.split(": ", 2)[2]

    @staticmethod
    def answer(begin, end, text="fox", **more):
        """A record with one answer."""
        answer = {"answer": text, "start": begin, "end": end, "probability": 1.0, "logit": 1.0,
                  **more}
        return json.dumps({**answer, "null_probability": 0.0, "null_logit": 0.0,
                           "answers": [answer]}).encode() + b"\n"

    def test_answers(self):
        self.assertEqual(self.ask((200, b"nonsense\n")), "a record: not valid JSON at byte 1\n")
        self.assertEqual(self.ask((200, b"")), "0 results for 1 records\n")
        self.assertEqual(self.ask((200, b'{"answers": [{"text": "fox"}]}')),
                         "0 results for 1 records\n")
        for record in (self.answer(4, 9), self.answer(7, 4), self.answer(4, 7, "cat"),
                       self.answer(4, 7, file="1")):
            self.assertEqual(self.ask((200, record)), "an answer is not in its text\n")

        address = self.listen((200, self.answer(4, 7)))
        self.check(runner.run("ask", "-q", "who?", "-c", "The fox.", "--server", address), 0,
                   "fox\n")

    def test_refusals(self):
        self.assertEqual(self.ask((500, b"oh")), "refuses with 500: no reason is given\n")
        self.assertEqual(self.ask((503, b'{"detail": 5}')), "refuses with 503: no reason is given\n")
        self.assertEqual(self.ask((503, b'{"detail": "later"}')), "refuses with 503: later\n")

    def test_a_busy_server_is_asked_again(self):
        self.assertEqual(self.ask((429, b"{}"), (429, b""), (500, b'{"detail": "third"}')),
                         "refuses with 500: third\n")

    def test_an_interrupt_while_the_server_is_busy(self):
        data = self.write("in.jsonl", make_records(5))
        process = subprocess.Popen(
            runner.command_line("batch", data, "--server", self.listen((429, b"{}"))),
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=runner.environment(),
            preexec_fn=runner.default_signals)
        with self.assertRaises(subprocess.TimeoutExpired):
            process.wait(timeout=1)
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=runner.DEADLINE_SECONDS)
        self.assertEqual((process.returncode, output), (130, b""))

    def test_models(self):
        data = self.write("in.jsonl", make_records(5))
        for body in (b"[]", b"{", b'{"models": 5}', b'{"models": [5]}', b"{}"):
            with self.subTest(body=body):
                address = self.listen((200, body))
                result = runner.run("batch", data, "-o", self.folder / "out", "--server", address)
                self.check(result, 3, "", f"bertqa: server {address}: its list of models is none\n")
        address = self.listen((200, b'{"models": [{"name": "a"}]}'))
        result = runner.run("batch", data, "-o", self.folder / "out", "--server", address, "-m", "b")
        self.check(result, 3, "", f"bertqa: server {address}: no model is called b\n")
        address = self.listen((200, b'{"models": []}'))
        result = runner.run("batch", data, "-o", self.folder / "out", "--server", address)
        self.check(result, 3, "", f"bertqa: server {address}: it has no model\n")


class Resume(ServeCase):
    """A server that dies in the middle of a batch."""

    def test_goes_on(self):
        data = self.write("in.jsonl", make_records(3000))
        output = self.folder / "out.jsonl"
        whole = self.run_tiny("batch", data).stdout.encode()
        socket = self.folder / "socket"
        served = self.serve("--unix", socket)
        arguments = ("batch", data, "-o", output, "--server", served.address)
        process = subprocess.Popen(runner.command_line(*arguments), stderr=subprocess.PIPE,
                                   env=runner.environment())
        runner.wait_until(lambda: output.exists() and output.stat().st_size > 0, "it writes")
        served.end(signal.SIGKILL)
        errors = process.communicate(timeout=runner.DEADLINE_SECONDS)[1].decode()
        self.assertEqual(process.returncode, 3, errors)
        self.assertTrue(output.read_bytes().endswith(b"\n"))
        self.assertTrue(whole.startswith(output.read_bytes()))

        other = self.folder / "other"
        write_tiny_model(other, layers=1)
        wrong = self.serve("--unix", socket, model=other)
        refused = runner.run(*arguments, "--resume")
        self.assertIn("--resume: model is not the same", refused.stderr)
        wrong.end()
        self.serve("--unix", socket)
        result = runner.run(*arguments, "--resume")
        self.assertEqual(result.status, 1, result.stderr)
        self.assertEqual(output.read_bytes(), whole)
