"""`bertqa serve`: what bad requests get, and who may ask."""

import socket

import runner
from serve_case import ServeCase


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
