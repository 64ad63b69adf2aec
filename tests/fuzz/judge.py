"""What must hold of every answer, whoever asked and whatever was sent."""
import re

from schemathesis.core.failures import FailureGroup
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance, response_headers_conformance, response_schema_conformance, status_code_conformance,
)

from hostile import HEADER, MARK

DESCRIBED = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance, response_headers_conformance]
ALWAYS = {"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "same-origin"}
# Slower than this is on its way to the time-out.
ELAPSED_S_MAX = 20
TURNED = {400, 403, 413}


class Judge:
    def __init__(self, house):
        self.house, self.found, self.answers, self.read = house, {}, {}, 0
        # Routes asked, and those that did what they are for at least once.
        self.asked, self.taken = set(), set()

    def say(self, who, operation, what, request, answer=None):
        """A finding; one of a kind is enough."""
        key = (operation, what)
        if key not in self.found:
            status = f" → {answer.status_code}" if answer is not None else ""
            self.found[key] = f"{who} : {operation}{status}\n    {what}\n    {request[:600]}"

    def headers(self, who, operation, request, answer):
        for name, value in ALWAYS.items():
            if answer.headers.get(name) != value:
                self.say(who, operation, f"en-tête {name} absent", request, answer)
        if "default-src 'none'" not in answer.headers.get("Content-Security-Policy", "") or not answer.headers.get("Cache-Control"):
            self.say(who, operation, "Content-Security-Policy ou Cache-Control absent", request, answer)
        if answer.headers.get(HEADER) is not None:
            self.say(who, operation, "un en-tête a été injecté", request, answer)
        to = answer.headers.get("Location")
        if to is not None and not (re.match(r"/(?![/\\])[^\x00-\x20\\]*$", to) or to.startswith(self.house.elsewhere)):
            self.say(who, operation, f"Location mène ailleurs : {to!r}", request, answer)
        name = answer.headers.get("Content-Disposition")
        if name is not None and not re.fullmatch(r'inline; filename="[A-Za-z0-9-]+\.pdf"', name):
            self.say(who, operation, f"Content-Disposition : {name!r}", request, answer)

    def answer(self, who, operation, request, answer, case=None):
        """One answer; `case` is of the description, where the request is."""
        self.asked.add(operation)
        to_log_in = answer.status_code == 303 and answer.headers.get("Location", "").startswith("/connexion?")
        if answer.status_code < 400 and not to_log_in:
            self.taken.add(operation)
        self.answers[answer.status_code] = self.answers.get(answer.status_code, 0) + 1
        if answer.status_code >= 500:
            self.say(who, operation, f"{answer.status_code} : {answer.text[:300]!r}", request, answer)
        if answer.elapsed.total_seconds() > ELAPSED_S_MAX:
            self.say(who, operation, f"{answer.elapsed.total_seconds():.0f} s", request, answer)
        if MARK in answer.text and "html" in answer.headers.get("Content-Type", ""):
            self.say(who, operation, "ce qui a été envoyé revient comme élément de la page", request, answer)
        self.headers(who, operation, request, answer)
        if case is not None:
            try:
                case.validate_response(answer, checks=DESCRIBED)
            except FailureGroup as failures:
                for failure in failures.exceptions:
                    self.say(who, operation, f"{failure.title} {answer.status_code}: {str(failure)[:300]!r}", request, answer)

    def log(self, who, operation):
        """A panic of the server, as its log tells it."""
        with open(self.house.log, "rb") as log:
            log.seek(self.read)
            said = log.read()
            self.read = log.tell()
        if b"panicked at" in said:
            at = said.find(b"panicked at")
            self.say(who, operation, f"panique : {said[at:at + 400].decode('utf-8', 'replace')}", "voir le journal du serveur")
