#!/usr/bin/python3

"""A receiver of webhooks, as its service would be: it checks signatures, and
can misbehave. Its manners are the words of a file that is read whenever a
request comes:

    ok                200, and what the service says when all is well
    status CODE       that status
    slow SECONDS      the right answer, late
    errcode CODE      200, and a body with that number: DingTalk and Feishu
    deaf              reads, and never answers

A line of JSON for each request goes to standard output: time, path, headers,
body, status, and valid: whether the signature is right, null if there is no
secret.

usage: receiver.py FORMAT ADDRESS PORT MANNERS-FILE [--secret TEXT]
                   [--tls CERTIFICATE KEY]
"""

import argparse
import base64
import hashlib
import hmac
import json
import ssl
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

# What DingTalk and Feishu answer to a signature that is wrong.
BAD_SIGNATURE = {"dingtalk": 310000, "feishu": 19021}

CODE = {"dingtalk": "errcode", "feishu": "code"}

HOUR = 3600


def hmac_of(key, message):
    return hmac.new(key.encode(), message, hashlib.sha256)


def generic_is_valid(request, secret):
    wanted = "sha256=" + hmac_of(secret, request["raw"]).hexdigest()
    return request["headers"].get("x-ngx-vrrp-signature") == wanted


# The key is the secret; milliseconds.
def dingtalk_is_valid(request, secret):
    query = parse_qs(urlsplit(request["path"]).query)
    stamp = query.get("timestamp", ["0"])[0]
    message = f"{stamp}\n{secret}".encode()
    wanted = base64.b64encode(hmac_of(secret, message).digest()).decode()
    return (query.get("sign") == [wanted]
            and abs(time.time() - int(stamp) / 1000) < HOUR)


# The key is made of both, and the message empty; seconds.
def feishu_is_valid(request, secret):
    body = json.loads(request["raw"])
    stamp = body.get("timestamp", "0")
    key = f"{stamp}\n{secret}"
    wanted = base64.b64encode(hmac_of(key, b"").digest()).decode()
    return (body.get("sign") == wanted
            and abs(time.time() - int(stamp)) < HOUR)


VALID = {"generic": generic_is_valid, "dingtalk": dingtalk_is_valid,
         "feishu": feishu_is_valid}


def answer_of(service, code):
    if service in CODE:
        return json.dumps({CODE[service]: code,
                           "errmsg": "ok" if code == 0 else "not so"})
    return "ok" if service == "slack" else "{}"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        options = self.server.options
        raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        request = {"time": time.time(), "path": self.path, "raw": raw,
                   "headers": {name.lower(): value
                               for name, value in self.headers.items()}}
        valid = None

        if options.secret is not None:
            valid = VALID[options.format](request, options.secret)

        status, body = self.decide(valid)
        self.server.record({**request, "raw": None, "status": status,
                            "valid": valid, "body": raw.decode()})

        if status is not None:
            self.respond(status, body)

    # The status, or None for no answer, and the body.
    def decide(self, valid):
        service = self.server.options.format
        word, *more = self.server.manners()

        if word == "deaf":
            time.sleep(HOUR)
        if word == "slow":
            time.sleep(float(more[0]))
        if word == "status":
            return int(more[0]), "not now"
        if word == "errcode":
            return 200, answer_of(service, int(more[0]))
        if valid is False and service in BAD_SIGNATURE:
            return 200, answer_of(service, BAD_SIGNATURE[service])
        if valid is False:
            return 403, "bad signature"
        return 200, answer_of(service, 0)

    def respond(self, status, body):
        text = body.encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *arguments):
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self, options):
        super().__init__((options.address, options.port), Handler)
        self.options = options
        self.lock = threading.Lock()

        if options.tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*options.tls)
            self.socket = context.wrap_socket(self.socket, server_side=True)

    def manners(self):
        with open(self.options.manners, encoding="utf-8") as file:
            return file.read().split() or ["ok"]

    def record(self, what):
        with self.lock:
            print(json.dumps(what), flush=True)

    # A handshake that fails is the business of who began it.
    def handle_error(self, request, client_address):
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("format")
    parser.add_argument("address")
    parser.add_argument("port", type=int)
    parser.add_argument("manners")
    parser.add_argument("--secret")
    parser.add_argument("--tls", nargs=2)

    server = Server(parser.parse_args())
    server.record({"listening": True})
    server.serve_forever()


if __name__ == "__main__":
    main()
