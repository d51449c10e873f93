#!/usr/bin/python3

"""A mail server that keeps what it gets. Its manners are the words of a file
that is read whenever a mail comes:

    ok                it is taken
    refuse CODE       it is not

A line of JSON for each mail goes to standard output: time, from, to, text,
code, tls: whether it came encrypted, and user: who logged in, or null.

usage: mailbox.py ADDRESS PORT MANNERS-FILE [--tls CERTIFICATE KEY]
                  [--starttls CERTIFICATE KEY] [--login NAME PASSWORD]

With --login nobody else can send, and not before TLS.
"""

import argparse
import json
import ssl
import time

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult


def record(what):
    print(json.dumps(what), flush=True)


class Mailbox:
    def __init__(self, manners):
        self.manners = manners

    async def handle_DATA(self, server, session, envelope):
        with open(self.manners, encoding="utf-8") as file:
            word, *more = file.read().split() or ["ok"]

        code = int(more[0]) if word == "refuse" else 250
        user = session.auth_data.login if session.authenticated else None

        record({"time": time.time(), "from": envelope.mail_from,
                "to": envelope.rcpt_tos, "code": code,
                "text": envelope.content.decode(),
                "tls": session.ssl is not None or server.always_tls,
                "user": user and user.decode()})

        return f"{code} {'taken' if code == 250 else 'not today'}"


def context_of(files):
    if files is None:
        return None

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*files)
    return context


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("address")
    parser.add_argument("port", type=int)
    parser.add_argument("manners")
    parser.add_argument("--tls", nargs=2)
    parser.add_argument("--starttls", nargs=2)
    parser.add_argument("--login", nargs=2)
    options = parser.parse_args()

    def authenticate(server, session, envelope, mechanism, data):
        wanted = [text.encode() for text in options.login]
        right = [data.login, data.password] == wanted

        # who is refused has to be told
        return AuthResult(success=right, handled=right, auth_data=data)

    settings = {}

    if options.starttls:
        settings.update(tls_context=context_of(options.starttls),
                        require_starttls=True)
    if options.login:
        settings.update(authenticator=authenticate, auth_required=True,
                        auth_require_tls=options.tls is None)

    controller = Controller(Mailbox(options.manners), options.address,
                            options.port, ssl_context=context_of(options.tls),
                            **settings)
    make_server = controller.factory

    def factory():
        server = make_server()
        server.always_tls = options.tls is not None
        return server

    controller.factory = factory
    controller.start()
    record({"listening": True})

    while True:
        time.sleep(60)


if __name__ == "__main__":
    main()
