"""`bertqa serve`: what the API answers, and what bad requests get."""

import json
import signal
import socket
import subprocess

import runner
from serve_case import ServeCase
from tiny_model import write_tiny_model

RECORDS = [
    {"id": 1, "question": "Who built the tower?", "context": "The tower in the city was built."},
    {"id": "b", "question": "Where?", "context": "\U0001F60A Paris, 東京 and a river. " * 40},
    {"question": "What?", "context": ""},
    {"id": 3, "question": "What?"},
    {"id": 4, "question": " ", "context": "The fox."},
    {"id": 5, "question": "How many?", "context": "Three. " * 300},
]


def jsonl(records):
    return "".join(json.dumps(record) + "\n" for record in records).encode()


class Answers(ServeCase):
    def batch(self, *args, data=None):
        return self.run_tiny("batch", *args, stdin=data or jsonl(RECORDS)).stdout.encode()

    def test_lines_are_those_of_batch(self):
        for args, query in (((), ""), (("-k", 3), "?top_k=3"),
                            (("--offsets", "utf16"), "?offsets=utf16"),
                            (("--keep-fields", "--dedupe", "none"),
                             "?keep_fields=true&dedupe=none"),
                            (("--no-answer", "on", "--null-threshold", "-5"),
                             "?no_answer=true&null_threshold=-5"),
                            (("--decode", "independent"), "?decode=independent"),
                            (("--window-tokens", 64, "--overlap-tokens", 16,
                              "--max-question-tokens", 16, "--max-answer-tokens", 7),
                             "?window_tokens=64&overlap_tokens=16&max_question_tokens=16"
                             "&max_answer_tokens=7")):
            with self.subTest(query=query):
                reply = self.server.post("/v1/answers" + query, jsonl(RECORDS),
                                         "application/x-ndjson")
                self.assertEqual(reply.status, 200)
                self.assertEqual(reply.headers["content-type"], "application/x-ndjson")
                self.assertEqual(reply.body, self.batch(*args))

    def test_blank_and_broken_lines_keep_their_numbers(self):
        data = b"\xef\xbb\xbf" + jsonl(RECORDS[:1]) + b"\r\n\n{]\n\xff\n" + jsonl(RECORDS[1:2])[:-1]
        reply = self.server.post("/v1/answers", data, "application/x-ndjson; charset=utf-8")
        self.assertEqual(reply.body, self.batch(data=data))
        self.assertEqual(len(reply.body.splitlines()), 4)

    def test_more_lines_than_the_queue_takes(self):
        data = jsonl([dict(record, id=i) for i in range(100) for record in RECORDS])
        served = self.serve("--port", "0", "--max-queue", "3")
        self.assertEqual(served.post("/v1/answers", data, "application/x-ndjson").body,
                         self.batch(data=data))

    def test_a_list(self):
        reply = self.server.post("/v1/answers", {"records": RECORDS, "top_k": 2})
        self.assertEqual(reply.status, 200)
        expected = [json.loads(line) for line in self.batch("-k", 2).splitlines()]
        self.assertEqual(reply.json(), {"records": expected})
        self.assertEqual(self.server.post("/v1/answers", {"records": []}).json(), {"records": []})

    def test_one(self):
        for record in RECORDS[:3]:
            reply = self.server.post("/v1/answer", dict(record, top_k=3))
            self.assertEqual(reply.status, 200)
            self.assertEqual(reply.headers["content-type"], "application/json")
            self.assertEqual(reply.body, self.batch("-k", 3, data=jsonl([record])))

    def test_several_documents(self):
        texts = ["The fox and the dog.", "Paris is a city.", ""]
        files = [self.write(f"{i}.txt", text) for i, text in enumerate(texts)]
        expected = self.run_tiny("ask", "-q", "What is it?", "--json", "-k", 3, *files)
        reply = self.server.post("/v1/answer", {
            "question": "What is it?", "top_k": 3,
            "documents": [{"file": str(file), "text": text} for file, text in zip(files, texts)]})
        record = json.loads(expected.stdout)
        del record["question"]
        self.assertEqual(reply.json(), record)
        reply = self.server.post("/v1/answer", {"question": "What is it?", "documents": texts})
        self.assertIn(reply.json()["file"], "012")

    def test_inspect(self):
        expected = self.run_tiny("inspect", "-q", "Where is it?", "-c", "In Paris, é.", "--json",
                                 "--offsets", "byte")
        reply = self.server.post("/v1/inspect", {"question": "Where is it?",
                                                 "context": "In Paris, é.", "offsets": "byte"})
        self.assertEqual(reply.body.decode(), expected.stdout)

    def test_warnings_come_along(self):
        reply = self.server.post("/v1/answer", {"question": "who " * 70, "context": "The fox."})
        self.assertEqual(reply.json()["warnings"], ["question cut to 64 tokens"])

    def test_models(self):
        model = self.server.get("/v1/models").json()["models"][0]
        self.assertEqual((model["name"], model["default"], model["family"]), ("tiny", True, "bert"))

    def test_health(self):
        for path, text in (("/healthz", b"ok\n"), ("/readyz", b"ready\n")):
            reply = self.server.get(path)
            self.assertEqual((reply.status, reply.body), (200, text))

    def test_head_and_options(self):
        reply = self.server.request("HEAD", "/healthz")
        self.assertEqual((reply.status, reply.body), (200, b""))
        reply = self.server.request("OPTIONS", "/v1/answer")
        self.assertEqual((reply.status, reply.headers["allow"]), (204, "POST, OPTIONS"))

    def test_chunked_body(self):
        connection = self.server.connect()
        connection.request("POST", "/v1/answer",
                           iter([b'{"question":"Who?",', b'"context":"It."}']),
                           {"Content-Type": "application/json"}, encode_chunked=True)
        self.assertEqual(connection.getresponse().status, 200)
        connection.close()

    def test_a_connection_is_kept(self):
        connection = self.server.connect()
        for _ in range(3):
            connection.request("POST", "/v1/answer", json.dumps(RECORDS[0]),
                               {"Content-Type": "application/json"})
            response = connection.getresponse()
            self.assertEqual((response.status, response.getheader("Connection")),
                             (200, "keep-alive"))
            response.read()
            connection.request("GET", "/nowhere")
            self.assertEqual(connection.getresponse().read()[:1], b"{")
        connection.close()


class Metrics(ServeCase):
    def test_metrics(self):
        self.server.post("/v1/answers", jsonl(RECORDS), "application/x-ndjson")
        self.server.post("/v1/answer", {"question": "Who?"})
        text = self.server.get("/metrics").body.decode()
        for line in ('bertqa_requests_total{route="/v1/answers",status="200"} 1',
                     'bertqa_requests_total{route="/v1/answer",status="422"} 1',
                     'bertqa_questions_total{outcome="answer"} 3',
                     'bertqa_questions_total{outcome="no_answer"} 1',
                     'bertqa_questions_total{outcome="missing_field"} 1',
                     'bertqa_questions_total{outcome="empty_question"} 1',
                     'bertqa_stage_duration_seconds_count{stage="decode"}',
                     'bertqa_model_info{family="bert",name="tiny",precision="',
                     "bertqa_queue_length 0", "bertqa_tokens_total "):
            self.assertIn(line, text)


class BadRequests(ServeCase):
    OPTIONS = ("--max-body-bytes", "2000")

    def test_bodies(self):
        text = {"question": "Who?", "context": "The fox."}
        for body, status, code, detail in (
                (b"{", 400, "bad_json", "not valid JSON at byte 1"),
                (b'{"question":"\xff","context":""}', 400, "bad_utf8", "invalid UTF-8 at byte 13"),
                (b'{"question":"\\ud800","context":""}', 400, "bad_utf8", None),
                (b"[]", 422, "wrong_type", "the body is a list, an object is expected"),
                ({"context": "The fox."}, 422, "missing_field", 'no "question"'),
                ({"question": "Who?"}, 422, "missing_field", 'no "context"'),
                ({"question": "Who?", "context": 1}, 422, "wrong_type",
                 '"context" is a number, a string is expected'),
                (dict(text, documents=["x"]), 422, "bad_option",
                 '"context" and "documents": one of them is expected'),
                ({"question": "Who?", "documents": []}, 422, "missing_field", None),
                ({"question": "Who?", "documents": [{}]}, 422, "missing_field",
                 'document 0: no "text"'),
                ({"question": "Who?", "documents": [{"text": "", "name": ""}]}, 422,
                 "unknown_field", None),
                (dict(text, question=" "), 422, "empty_question", None),
                (dict(text, id=[]), 422, "wrong_type",
                 '"id" is a list, a string or a number is expected'),
                (dict(text, topk=1), 422, "unknown_field", None),
                (dict(text, top_k=0), 422, "bad_option",
                 '"top_k": a whole number from 1 to 1000 is expected, not "0"'),
                (dict(text, top_k="3"), 422, "wrong_type",
                 '"top_k" is a string, a number is expected'),
                (dict(text, dedupe="all"), 422, "bad_option",
                 '"dedupe": one of exact, none, overlap is expected, not "all"'),
                (dict(text, top_k=2, decode="independent"), 422, "bad_option",
                 "top_k above 1 and decode independent: that decode has one answer"),
                (dict(text, window_tokens=513), 422, "bad_option",
                 "window_tokens 513: the model takes at most 512"),
                (dict(text, model="other"), 404, "unknown_model",
                 'no model is called "other"; there are tiny'),
                (dict(text, context="x" * 3000), 413, "too_long",
                 "the body is longer than 2000 bytes (--max-body-bytes)")):
            with self.subTest(body=body):
                self.check_problem(self.server.post("/v1/answer", body), status, code, detail)

    def test_addresses(self):
        for query, status, code in (("?topk=1", 422, "unknown_field"),
                                    ("?top_k=x", 422, "bad_option"),
                                    ("?top_k=", 422, "bad_option"),
                                    ("?offsets=%ff", 400, "bad_utf8")):
            with self.subTest(query=query):
                reply = self.server.post("/v1/answers" + query, b"", "application/x-ndjson")
                self.check_problem(reply, status, code)
        self.check_problem(self.server.get("/v1/../etc/passwd"), 404, "not_found")
        self.check_problem(self.server.get("/page.css%00"), 404, "not_found")
        self.check_problem(self.server.get("/" + "x" * 9000), 414, "target_too_long")

    def test_methods_and_types(self):
        reply = self.server.get("/v1/answer")
        self.check_problem(reply, 405, "wrong_method", "this path takes POST")
        self.assertEqual(reply.headers["allow"], "POST, OPTIONS")
        self.check_problem(self.server.request("QUERY", "/v1/answer"), 405, "wrong_method")
        for kind in ("text/plain", "multipart/form-data; boundary=x", "application/x-ndjson"):
            self.check_problem(self.server.post("/v1/answer", b"{}", kind), 415, "wrong_media_type")
        self.check_problem(self.server.post("/v1/answers", b"{}", "text/csv"), 415,
                           "wrong_media_type")

    def raw(self, data):
        with self.server.open_socket() as client:
            client.sendall(data)
            client.shutdown(socket.SHUT_WR)
            received = b""
            while piece := client.recv(65536):
                received += piece
            return received

    def test_what_is_no_clear_request(self):
        head = b"POST /v1/answer HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        for data, status in (
                (b"nonsense\r\n\r\n", b"400"),
                (b"GET / HTTP/2.0\r\n\r\n", b"400"),
                (head + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}", b"400"),
                (head + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}", b"400"),
                (head + b"Transfer-Encoding: gzip\r\n\r\n{}", b"400"),
                (head + b"Content-Length: +2\r\n\r\n{}", b"400"),
                (head + b"Content-Length: 99999999999999999999\r\n\r\n{}", b"400"),
                (head + b"Content-Length: 90\r\n\r\n{}", b"400"),
                (head + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", b"400"),
                (head + b"X: " + b"y" * 40000 + b"\r\n\r\n", b"431"),
                (head + b"X: y\r\n" * 9000 + b"\r\n", b"431")):
            with self.subTest(data=data[-60:]):
                received = self.raw(data + b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
                self.assertEqual(received.split(b" ", 2)[1], status, received)
                self.assertEqual(received.count(b"HTTP/1.1"), 1, received)
                self.assertIn(b"Connection: close", received)

    def test_a_large_chunked_body_ends_at_the_limit(self):
        received = self.raw(b"POST /v1/answer HTTP/1.1\r\nHost: localhost\r\n"
                            b"Content-Type: application/json\r\n"
                            b"Transfer-Encoding: chunked\r\n\r\n" +
                            b"1000\r\n" + b"x" * 4096 + b"\r\n0\r\n\r\n")
        self.assertTrue(received.startswith(b"HTTP/1.1 413"), received)

    def test_expect_continue(self):
        head = (b"POST /v1/answer HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                b"Expect: 100-continue\r\nContent-Length: ")
        body = b'{"question":"Who?","context":"It."}'
        received = self.raw(head + str(len(body)).encode() + b"\r\n\r\n" + body)
        self.assertTrue(received.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200"), received)
        received = self.raw(head + b"3000\r\n\r\n")
        self.assertTrue(received.startswith(b"HTTP/1.1 413"), received)


class Access(ServeCase):
    @classmethod
    def setUpClass(cls):
        keys = runner.shared_folder() / "keys"
        keys.write_text("first-key\nsecond-key\n")
        cls.OPTIONS = ("--api-key-file", keys, "--cors-origin", "https://example.org")
        super().setUpClass()

    def test_keys(self):
        for headers in ({"Authorization": "Bearer second-key"},
                        {"Authorization": "bearer first-key"},
                        {"X_API_Key": "first-key"}):
            self.assertEqual(self.server.get("/v1/models", **headers).status, 200)
        for headers in ({}, {"Authorization": "Bearer first-ke"},
                        {"Authorization": "Basic first-key"},
                        {"Authorization": "Bearer first-key2"}, {"X_API_Key": ""},
                        {"Authorization": "Bearer first-keyfirst-key"}):
            reply = self.server.get("/v1/models", **headers)
            self.check_problem(reply, 401, "unauthorized")
            self.assertIn("Bearer", reply.headers["www-authenticate"])
        self.check_problem(self.server.get("/metrics"), 401, "unauthorized")
        self.assertEqual(self.server.get("/healthz").status, 200)
        self.assertEqual(self.server.get("/").status, 200)

    def test_hosts(self):
        for host in ("localhost", "127.0.0.1:8080", "[::1]:8080", "LOCALHOST."):
            self.assertEqual(self.server.get("/healthz", Host=host).status, 200, host)
        for host in ("example.org", "localhost.example.org", "127.0.0.1.example.org"):
            self.check_problem(self.server.get("/healthz", Host=host), 421, "wrong_host")

    def test_origins(self):
        own = f"http://127.0.0.1:{self.server.port}"
        for origin in (own, "https://example.org"):
            self.assertEqual(self.server.get("/healthz", Origin=origin).status, 200)
        for origin in ("https://example.com", "null", "http://localhost:1", own + "0"):
            self.check_problem(self.server.get("/healthz", Origin=origin), 403, "wrong_origin")
        self.check_problem(self.server.get("/", Sec_Fetch_Site="cross-site"), 403, "wrong_origin")
        visit = {"Sec_Fetch_Mode": "navigate", "Sec_Fetch_Dest": "document"}
        self.assertEqual(self.server.get("/", Sec_Fetch_Site="cross-site", **visit).status, 200)

    def test_preflight(self):
        reply = self.server.request("OPTIONS", "/v1/answer", Origin="https://example.org",
                                    Access_Control_Request_Method="POST")
        self.assertEqual(reply.status, 204)
        self.assertEqual(reply.headers["access-control-allow-origin"], "https://example.org")
        self.assertIn("POST", reply.headers["access-control-allow-methods"])
        reply = self.server.request("OPTIONS", "/v1/answer", Origin="https://example.com")
        self.assertNotIn("access-control-allow-origin", reply.headers)

    def test_request_ids(self):
        reply = self.server.get("/healthz", X_Request_Id="abc-1.x")
        self.assertEqual(reply.headers["x-request-id"], "abc-1.x")
        ids = {self.server.get("/healthz").headers["x-request-id"] for _ in range(5)}
        self.assertEqual(len(ids), 5)
        self.assertRegex(ids.pop(), "^[0-9a-f]{16}$")
        for bad in ("a b", "x" * 65, "é"):
            self.assertNotEqual(self.server.get("/healthz", X_Request_Id=bad.encode())
                                .headers["x-request-id"], bad)


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

    def test_systemd(self):
        notices = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(notices.close)
        notices.bind(str(self.folder / "notify"))
        notices.settimeout(60)
        listener = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(listener.close)
        # As systemd does: the socket is descriptor 3, and LISTEN_PID is the program's own.
        script = 'exec 3<&"$1"; shift; LISTEN_FDS=1 LISTEN_PID=$$ exec "$@"'
        descriptor = listener.fileno()
        process = subprocess.Popen(
            ["bash", "-c", script, "bash", str(descriptor),
             *runner.command_line("serve", "-m", runner.tiny_model())],
            env=runner.environment(NOTIFY_SOCKET=str(self.folder / "notify")),
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
        missing = runner.run("serve", "--port", 0, "-m", self.folder / "nothing")
        self.assertEqual(missing.status, 3)
