#!/usr/bin/python3
"""model.py PORT: a language model for one: answers every chat completion alike, and says to standard output what it was asked. Also a collector of spans: says which attributes come."""
import json
import re
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer


class Model(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/v1/traces":
            print(*sorted(set(re.findall(rb"gen_ai[a-z._]+|two and two", body))), flush=True)
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        asked = json.loads(body)
        print(asked["messages"][-1]["content"], flush=True)
        body = json.dumps({"id": "c", "object": "chat.completion", "created": 1, "model": asked["model"], "choices": [{"index": 0, "message": {"role": "assistant", "content": "four"}, "finish_reason": "stop"}],
                           "usage": {"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12}}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


HTTPServer(("127.0.0.1", int(sys.argv[1])), Model).serve_forever()
