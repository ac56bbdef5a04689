"""`bertqa serve` with slow clients, clients that go away, too many, and the end under load."""

import json
import signal
import threading

import runner
from serve_case import ServeCase
from tiny_model import write_tiny_model

BODY = json.dumps({"question": "Who built it?", "context": "The fox built the tower. " * 5})
SLOW = json.dumps({"question": "Who built it?", "context": "The fox built the tower. " * 1000})


def slow_model():
    """A forward pass of a window takes long enough to be seen at work."""
    folder = runner.shared_folder() / "slow"
    if not folder.exists():
        write_tiny_model(folder, layers=40)
    return folder


# Its body comes a byte at a time.
SLOW_BODY = (b"POST /v1/answer HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
             b"Content-Length: 1000\r\n\r\n")


class SlowClients(ServeCase):
    def test_a_thousand_that_dribble_stop_nobody(self):
        clients = []
        self.addCleanup(lambda: [client.close() for client in clients])
        for number in range(1000):
            client = self.server.open_socket()
            clients.append(client)
            client.sendall(b"P" if number % 2 else SLOW_BODY)
        for step in range(3):
            for client in clients:
                client.sendall(b"OST"[step:step + 1])
            connection = self.server.connect(timeout=runner.DEADLINE_SECONDS)
            connection.request("POST", "/v1/answer", BODY, {"Content-Type": "application/json"})
            self.assertEqual(connection.getresponse().status, 200)
            connection.close()

    def test_a_head_that_does_not_come(self):
        with self.server.open_socket() as client:
            client.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n")
            self.assertTrue(client.recv(1000).startswith(b"HTTP/1.1 408"))


class Limits(ServeCase):
    """With a model whose forward passes take a while; limits that are not to be met are long."""

    def test_a_full_queue(self):
        served = self.serve("--port", "0", "--max-queue", "1", "-t", "1", model=slow_model())
        first = served.connect()
        first.request("POST", "/v1/answer", SLOW, {"Content-Type": "application/json"})
        runner.wait_until(lambda: b"bertqa_queue_length 1" in served.get("/metrics").body,
                          "the queue is full")
        for path, body, kind in (("/v1/answer", BODY.encode(), "application/json"),
                                 ("/v1/answers", BODY.encode() + b"\n", "application/x-ndjson"),
                                 ("/v1/inspect", BODY.encode(), "application/json")):
            reply = served.post(path, body, kind)
            self.check_problem(reply, 429, "queue_full")
            self.assertEqual(reply.headers["retry-after"], "1")
        self.assertEqual(served.get("/healthz").status, 200)
        first.close()
        # Nobody waits for the first any more: its windows are not computed.
        runner.wait_until(lambda: b"bertqa_queue_length 0" in served.get("/metrics").body,
                          "the queue is empty")
        self.assertEqual(served.post("/v1/answer", BODY.encode()).status, 200)
        runner.wait_until(lambda: any(" 499 " in line for line in served.lines), "it is logged")

    def test_time_limits(self):
        served = self.serve("--port", "0", "-t", "1", "--timeout-ms", "50", model=slow_model())
        self.check_problem(served.post("/v1/answer", SLOW.encode()), 504, "timeout")
        self.check_problem(served.post("/v1/answers", {"records": [json.loads(SLOW)]}), 504,
                           "timeout")
        longer = dict(json.loads(BODY), timeout_ms=600000)
        self.assertEqual(served.post("/v1/answer", longer).status, 200)
        reply = served.post("/v1/answers?timeout_ms=600000", SLOW.encode() + b"\n",
                            "application/x-ndjson")
        self.assertIn("answer", reply.json())
        late = served.post("/v1/answers", SLOW.encode() + b"\n", "application/x-ndjson").json()
        self.assertEqual(late["error"], {"code": "internal", "message":
                                         "line 1: no answer in time (timeout_ms)"})

    def test_a_long_text_does_not_hold_up_a_short_one(self):
        served = self.serve("--port", "0", "-t", "1", "--timeout-ms", "600000", model=slow_model())
        done = []

        def ask(name, body):
            done.append((name, served.post("/v1/answer", body.encode()).status))

        long_one = threading.Thread(target=ask, args=("long", SLOW))
        long_one.start()
        runner.wait_until(lambda: b"bertqa_queue_length 1" in served.get("/metrics").body,
                          "the long one is in hand")
        ask("short", BODY)
        long_one.join()
        self.assertEqual(done, [("short", 200), ("long", 200)])


class Ending(ServeCase):
    def test_what_was_asked_is_answered(self):
        served = self.serve("--port", "0", "-t", "1", model=slow_model())
        replies, refused = [], []

        def ask():
            while not refused:
                try:
                    reply = served.post("/v1/answer", BODY.encode())
                    replies.append(reply)
                except ConnectionError:
                    refused.append(True)  # nobody listens any more, or waits for a request

        threads = [threading.Thread(target=ask) for _ in range(8)]
        for thread in threads:
            thread.start()
        runner.wait_until(lambda: len(replies) > 8, "it is at work")
        served.process.send_signal(signal.SIGTERM)
        for thread in threads:
            thread.join()
        self.assertEqual(served.process.wait(timeout=runner.DEADLINE_SECONDS), 0)
        self.assertEqual({reply.status for reply in replies}, {200})
        # None that the server took went without its answer.
        logged = sum(" POST /v1/answer 200 " in line for line in served.lines)
        self.assertEqual(logged, len(replies))

    def test_idle_connections_do_not_hold_it_up(self):
        served = self.serve("--port", "0")
        connection = served.connect()
        connection.request("GET", "/healthz")
        connection.getresponse().read()
        # It is given up after 30 seconds, with another status; an idle connection may stay for 60.
        self.assertEqual(served.end(), 0)
        connection.close()

    def test_interrupt_ends_it_too(self):
        self.assertEqual(self.serve("--port", "0").end(signal.SIGINT), 0)
