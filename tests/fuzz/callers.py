"""Who asks: a session, what it was shown, and how a request is made of a case of the description."""
import copy, json, re, urllib.parse

import requests
from hypothesis import strategies as st
from requests.adapters import HTTPAdapter
from schemathesis import GenerationMode

import hostile
from house import NETWORKS, WAIT_S

FORM = "application/x-www-form-urlencoded"
KINDS = [FORM] * 12 + ["application/json", "text/plain", "multipart/form-data; boundary=x", f"{FORM}; charset=utf-16", "", "\xff"]
# What somebody types where a page leaves the field empty.
USUAL = {
    "heure": "16:35", "arrivee": "16:40", "depart": "17:50", "motif": "vu par l’équipe", "reponse": "C’est corrigé.", "texte": "Nous étions absents.",
    "montant": "20,00", "cherche": "au", "mois": "2026-09", "jour": "2026-10-05", "date": "2026-09-28", "du": "2026-10-12", "au": "2026-10-13",
}
QUERIES = [b"%", b"&&==&", b"a[]=1&a[]=2", b"%FF=%FE", b"mois=1&mois=2", b"page=", b"fait", b"?", b";", b"suite=//evil.example", b"csrf=x"]


class FromElsewhere(HTTPAdapter):
    """Calls from another address of this machine: enrolment counts tries by address."""

    def __init__(self, address):
        self.address = address
        super().__init__()

    def init_poolmanager(self, *arguments, **named):
        super().init_poolmanager(*arguments, source_address=(self.address, 0), **named)


def fits(template, path):
    """The segments of a path that a template names, or nothing."""
    pattern = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(template))
    found = re.fullmatch(pattern, path.split("?")[0])
    return {name: urllib.parse.unquote(value) for name, value in found.groupdict().items()} if found else None


class Known:
    """Real values, from the pages that a caller is shown: by route and name."""

    def __init__(self):
        self.segments, self.fields, self.forms, self.paths = {}, {}, {}, {}

    def add(self, other):
        """What another caller was shown."""
        for mine, theirs in zip((self.segments, self.fields, self.paths), (other.segments, other.fields, other.paths)):
            for key, values in theirs.items():
                mine.setdefault(key, set()).update(values)
        for key, forms in other.forms.items():
            self.forms.setdefault(key, []).extend(forms)

    def learn(self, templates, links, forms):
        for path in links + [action for _, action, _ in forms]:
            for template in templates:
                if fits(template, path):
                    self.paths.setdefault(template, set()).add(path.split("?")[0])
                for name, value in (fits(template, path) or {}).items():
                    self.segments.setdefault(name, set()).add(value)
                    self.segments.setdefault((template, name), set()).add(value)
        for method, action, fields in forms:
            for template in templates:
                if method == "POST" and fits(template, action) is not None:
                    self.forms.setdefault(template, []).append((action, fields))
                    for name, values in fields.items():
                        self.fields.setdefault(name, set()).update(values)

    def segment(self, template, name):
        return sorted(self.segments.get((template, name)) or self.segments.get(name) or [])


class Caller:
    def __init__(self, name, house, sessions, known, *, home=None, csrf="juste", base=None):
        self.name, self.house, self.sessions, self.known, self.home, self.csrf = name, house, sessions, known, home, csrf
        self.base = base or house.url
        self.tablet, self.sent = None, 0

    @property
    def session(self):
        return self.sessions[0]

    def is_in(self):
        """Takes a spare session where this one ended: a fuzzer finds the way out."""
        while self.home and self.sessions:
            # The server lets go of a line that was silent for half a minute.
            self.session.close()
            answer = self.session.get(self.base + self.home, timeout=WAIT_S, allow_redirects=False)
            if answer.status_code == 200:
                return True
            self.sessions.pop(0)
        return bool(self.sessions)

    # -- what is sent --------------------------------------------------------------------------------------------------

    def path(self, draw, operation, case):
        """The path: mostly what is there, else what the description allows, else what nobody should send."""
        path, whole = operation.path, sorted(self.known.paths.get(operation.path, []))
        if whole and draw(st.integers(0, 3)) > 1:
            return draw(st.sampled_from(whole))
        for name in re.findall(r"\{(\w+)\}", operation.path):
            real = self.known.segment(operation.path, name)
            which = draw(st.integers(0, 9))
            if real and which < 6:
                value = draw(st.sampled_from(real)).encode()
            elif which < 8:
                value = (str((case.path_parameters or {}).get(name)) or "x").encode("utf-8", "surrogatepass")
            else:
                value = draw(hostile.texts) or b"x"
            path = path.replace("{" + name + "}", urllib.parse.quote(value[:3_000], safe=""))
        return path

    def query(self, draw, case):
        pairs = []
        for name, value in (case.query or {}).items() if isinstance(case.query, dict) else []:
            pairs.append((name, self.value(draw, name, value)))
        # Longer addresses end in the HTTP library, before us.
        text = re.sub("%.?$", "", urllib.parse.urlencode(pairs)[:36_000])
        if draw(st.integers(0, 9)) == 0:
            text += "&" + draw(st.sampled_from(QUERIES)).decode("latin-1")
        return "?" + text if text else ""

    def value(self, draw, name, value):
        which, real = draw(st.integers(0, 5)), sorted(self.known.fields.get(name, set()) | {USUAL.get(name, "")})
        if real and which < 2:
            return draw(st.sampled_from(real)).encode()
        if which < 4:
            return draw(hostile.any_text)
        return str(value).encode("utf-8", "surrogatepass")

    def form(self, draw, operation, case):
        """Fields: a page's own form with some of them changed, or what the description makes up."""
        shown = self.known.forms.get(operation.path, [])
        described = case.body if isinstance(case.body, dict) else {}
        if shown and draw(st.integers(0, 3)) > 0:
            _, fields = draw(st.sampled_from(shown))
            pairs = [(name, draw(st.sampled_from(values)).encode()) for name, values in fields.items()]
            pairs = [(name, self.value(draw, name, value.decode()) if draw(st.integers(0, 2)) == 0 else value) for name, value in pairs]
        else:
            pairs = [(name, self.value(draw, name, value)) for name, value in described.items() if isinstance(name, str)]
        pairs = [(name.encode("utf-8", "surrogatepass"), value) for name, value in pairs if name != "csrf"]
        if draw(st.integers(0, 19)) == 0:
            pairs += pairs + [(draw(hostile.texts), draw(hostile.any_text))]
        return pairs

    def each(self, operation, values):
        """Paths and forms with one part made strange, part by part."""
        usual = {name: (self.known.segment(operation.path, name) or ["x"])[0] for name in re.findall(r"\{(\w+)\}", operation.path)}
        path = lambda changed: re.sub(r"\{(\w+)\}", lambda found: urllib.parse.quote({**usual, **changed}[found.group(1)], safe=""), operation.path)
        shown = self.known.forms.get(operation.path, [])
        at, fields = shown[0] if shown else (path({}), {})
        described = operation.body[0].definition.get("schema", {}).get("properties", {}) if operation.body else {}
        form = {**{name: "" for name in described}, **{name: options[-1] or USUAL.get(name, "") for name, options in fields.items()}, "csrf": getattr(self.session, "csrf", None) or ""}
        body = lambda changed: urllib.parse.urlencode({**form, **changed}).encode() if operation.method.upper() == "POST" else None
        yield at, body({})
        for value in values:
            for name in usual:
                yield path({name: value or b"x"}), body({})
            for parameter in operation.query:
                yield at + "?" + urllib.parse.urlencode({parameter.name: value}), None
            for name in form:
                if name != "csrf" and operation.method.upper() == "POST":
                    yield at, body({name: value})

    def token(self, draw):
        if self.csrf == "juste":
            return getattr(self.session, "csrf", None) or ""
        return draw(st.sampled_from([None, "", "x" * 43, "\0"]))

    def body(self, draw, operation, case):
        """Body and headers of a POST."""
        if operation.path.startswith("/sync/"):
            return self.json(draw, operation, case), {"Content-Type": "application/json"}
        token, pairs = self.token(draw), self.form(draw, operation, case)
        if token is not None:
            pairs.append((b"csrf", token.encode()))
        kind = draw(st.sampled_from(KINDS)) if self.csrf == "juste" else FORM
        return urllib.parse.urlencode(pairs).encode(), {"Content-Type": kind.encode("latin-1")} if kind else {}

    def json(self, draw, operation, case):
        which = draw(st.integers(0, 9))
        good = (self.tablet or {}).get(operation.path)
        if which == 0:
            return draw(st.sampled_from(hostile.JSON))
        if which < 8 and good:
            body = copy.deepcopy(draw(st.sampled_from(good)))
            for _ in range(draw(st.integers(0, 2))):
                body = changed(draw, body)
        else:
            body = case.body
        try:
            return json.dumps(body).encode("utf-8", "surrogatepass")
        except TypeError:
            return repr(body).encode("utf-8", "surrogatepass")

    def headers(self, _draw):
        return {}

    def send(self, method, path, body, headers):
        self.sent += 1
        if "/enrol/" in path and self.sent % 8 == 0:
            # A tablet that tries from somewhere else.
            there = f"127.{self.sent // 60_000 + 1}.{self.sent // 240 % 250}.{self.sent % 240 + 1}"
            self.session.mount(self.base, FromElsewhere(there))
        if path.startswith(("/connexion", "/activation")):
            headers = {"X-Forwarded-For": next(NETWORKS), **headers}
        prepared = self.session.prepare_request(requests.Request(method, self.base + path, data=body, headers=headers))
        try:
            return self.session.send(prepared, timeout=90, allow_redirects=False, verify=self.session.verify)
        except requests.ConnectionError:
            # A line that the server let go of while we chose what to say. A route that ends the line does so on a new one too.
            self.session.close()
            return self.session.send(prepared, timeout=90, allow_redirects=False, verify=self.session.verify)


class Hostile(Caller):
    """Cookies and tokens of nobody."""

    def headers(self, draw):
        # Control characters end in the HTTP library, before us: it answers them alone.
        value = bytes(byte for byte in draw(hostile.tokens) if byte >= 32 and byte != 127).strip()
        return {"Cookie": b"preau=" + value + b"; preau-formulaire=" + value, "Authorization": b"Bearer " + value}


def changed(draw, body):
    """A JSON value with one part of it made strange."""
    if isinstance(body, dict) and body and draw(st.integers(0, 5)) > 0:
        name = draw(st.sampled_from(sorted(body)))
        if draw(st.integers(0, 9)) == 0:
            return {other: value for other, value in body.items() if other != name}
        return {**body, name: changed(draw, body[name])}
    if isinstance(body, list) and body and draw(st.integers(0, 3)) > 0:
        at = draw(st.integers(0, len(body) - 1))
        return body[:at] + [changed(draw, body[at])] + body[at + 1:]
    return draw(hostile.json_values)


@st.composite
def requests_of(draw, caller, operation, strategies):
    """A request of an operation, and the case that it is of."""
    mode = draw(st.sampled_from([GenerationMode.POSITIVE, GenerationMode.POSITIVE, GenerationMode.NEGATIVE]))
    case = draw(strategies.get(mode, strategies[GenerationMode.POSITIVE]))
    path = caller.path(draw, operation, case) + caller.query(draw, case)
    body, headers = caller.body(draw, operation, case) if operation.method.upper() == "POST" else (None, {})
    return case, path, body, {**headers, **caller.headers(draw)}
