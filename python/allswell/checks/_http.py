"""A check of another service over HTTP, with nothing but the standard library, in a thread of its own."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from .._native import Misuse
from ..check import Check
from ..outcome import Outcome

_BODY_MAX = 65_536


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> None:
        return None


def http(
    url: str, *, name: str | None = None, headers: Mapping[str, str] | None = None, timeout: float = 5.0, **numbers: Any
) -> Check:
    """Asks a URL; an answer below 400 is a success, and what a health document in it says counts too.

    Args:
        url: an ``http`` or ``https`` URL; redirects are answers, not followed.
        name: the check's name; made of the host unless given.
        headers: sent along.
        timeout: the time one asking has.
        numbers: the fields of ``Check``.

    Raises:
        Misuse: the URL is none of these.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise Misuse(f"`{_shown(url)}` cannot be asked; give a URL that begins with http:// or https:// and has a host")
    request = urllib.request.Request(url, headers={"user-agent": "allswell", "accept": "application/json, */*", **(headers or {})})
    # No proxies: the environment's are meant for the world outside.
    opener = urllib.request.build_opener(_NoRedirects, urllib.request.ProxyHandler({}))

    def ask() -> Outcome:
        try:
            with opener.open(request, timeout=timeout) as answer:
                return _judged(answer.status, answer.read(_BODY_MAX))
        except urllib.error.HTTPError as answer:
            with answer:
                if answer.code < 400:
                    return Outcome.ok()
                return Outcome.fail(f"answered {answer.code}", f"{_shown(url)} answered {answer.code}")
        except urllib.error.URLError as error:
            # The reason says what happened; this class only wraps it.
            raise error.reason if isinstance(error.reason, BaseException) else error

    return Check(name=name or parts.hostname, ask=ask, timeout=timeout, **numbers)


def _judged(status: int, body: bytes) -> Outcome:
    try:
        document = json.loads(body)
    except ValueError:
        return Outcome.ok()
    word = document.get("status") if isinstance(document, dict) else None
    if word in ("degraded", "warn", "warning"):
        return Outcome.warn("says it is degraded")
    if word in ("unhealthy", "error", "fail", "DOWN", "down"):
        return Outcome.fail("says it is not well")
    return Outcome.ok()


def _shown(url: str) -> str:
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="").geturl()
