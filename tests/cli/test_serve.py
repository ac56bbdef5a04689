"""`bertqa serve`: what the API answers, against `batch`, `ask` and `inspect`."""

import json

from serve_case import ServeCase

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

    def test_a_question_without_a_token(self):
        for path in ("/v1/answer", "/v1/inspect"):
            reply = self.server.post(path, {"question": "\u200b", "context": "Paris"})
            self.check_problem(reply, 422, "empty_question", "the question is empty")

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
