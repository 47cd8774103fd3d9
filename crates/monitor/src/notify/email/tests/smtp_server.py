"""A mail server for tests: python -c THIS FOLDER [starttls|tls] [login]. Prints its port, then each mail as JSON."""

import asyncio
import email
import email.policy
import json
import ssl
import sys

import trustme
from aiosmtpd.smtp import SMTP, AuthResult


class Printer:
    async def handle_DATA(self, server, session, envelope):
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        parts = list(mail.iter_parts())
        tls = session.ssl["cipher"][1] if session.ssl and isinstance(session.ssl, dict) else None
        if tls is None:
            connection = server.transport.get_extra_info("ssl_object")
            tls = connection.version() if connection else None
        taken = {
            "to": envelope.rcpt_tos,
            "subject": mail["subject"],
            "types": [part.get_content_type() for part in parts],
            "defects": [repr(defect) for defect in mail.defects],
            "tls": tls,
            "login": session.auth_data.login.decode() if session.auth_data else None,
        }
        print(json.dumps(taken), flush=True)
        return "250 2.0.0 taken"


def authenticator(server, session, envelope, mechanism, data):
    return AuthResult(success=(data.login, data.password) == (b"watch", b"s3c ret"), handled=False, auth_data=data)


async def main(folder, options):
    authority = trustme.CA()
    authority.cert_pem.write_to_path(f"{folder}/ca.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    loop = asyncio.get_running_loop()
    starttls = "starttls" in options
    login = "login" in options

    def session():
        return SMTP(
            Printer(),
            loop=loop,
            tls_context=context if starttls else None,
            require_starttls=starttls,
            auth_required=login,
            authenticator=authenticator if login else None,
        )

    server = await loop.create_server(session, "127.0.0.1", 0, ssl=context if "tls" in options else None)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(main(sys.argv[1], sys.argv[2:]))
