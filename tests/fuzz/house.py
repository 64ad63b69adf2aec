"""A small town behind the real programs: server, payment sandbox, a mother, an agent with every role, an enrolled tablet."""
import base64, hashlib, hmac, html.parser, http.server, json, os, pathlib, re, shutil, ssl, struct, subprocess, threading, time, urllib.parse

import requests

ROOT = pathlib.Path(__file__).resolve().parents[2]
TOWN = ROOT / "tests/system/data/petite-commune"
# A grey square: the photo that a tablet may ask for.
PHOTO = base64.b64decode(
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDABQODxIPDRQSEBIXFRQYHjIhHhwcHj0sLiQySUBMS0dARkVQWnNiUFVtVkVGZIhlbXd7gYKBTmCNl4x9lnN+gXz/"
    "wAALCAAIAAgBAREA/8QAFAABAAAAAAAAAAAAAAAAAAAAAf/EABQQAQAAAAAAAAAAAAAAAAAAAAD/2gAIAQEAAD8AH//Z"
)
ORGANISATION, SITE, MOTHER = "VLP", "ECOLE", ("R01", "Aubert")
# Children whose arrivals a lost tablet holds.
LOST = ["E01", "E02", "E03", "E04", "E05", "E06"]
# The town's month is billed, and today is the Monday after it.
TODAY, MONTH = "2026-10-05", "2026-09"
PASSWORD = "un-mot-de-passe-de-vitrine"
ROLES = ["direction", "agent", "finances", "emetteur", "regisseur", "controle", "administrateur", "equipe"]
# Where a browser says that it comes from; the server is told to believe it, so that one caller's wrong passwords slow no other's.
NETWORKS = iter(f"203.0.{n // 250}.{n % 250 + 1}" for n in range(60_000))
WAIT_S = 60


class Page(html.parser.HTMLParser):
    """Links and forms of a page."""

    def __init__(self, text):
        super().__init__()
        self.links, self.forms, self.select, self.csrf, self.text = [], [], None, None, text
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        at = dict(attributes)
        if tag == "a" and at.get("href"):
            self.links.append(at["href"])
        elif tag == "form":
            self.forms.append((at.get("method", "get").upper(), at.get("action") or "", {}))
        elif self.forms and tag in ("input", "textarea", "button", "select"):
            self.select = at.get("name") if tag == "select" else None
            if at.get("name"):
                self.forms[-1][2].setdefault(at["name"], []).append(at.get("value") or "")
                if at["name"] == "csrf":
                    self.csrf = at.get("value")
        elif tag == "option" and self.forms and self.select:
            self.forms[-1][2][self.select].append(at.get("value") or "")


def totp(secret, at):
    digest = hmac.new(base64.b32decode(secret + "=" * (-len(secret) % 8)), struct.pack(">Q", int(at) // 30), hashlib.sha1).digest()
    start = digest[-1] & 15
    return f"{(int.from_bytes(digest[start:start + 4], 'big') & 0x7FFFFFFF) % 1_000_000:06}"


class SignOn(http.server.BaseHTTPRequestHandler):
    """A sign-on that is reached, and never proves anybody."""

    def do_GET(self):
        at = f"http://127.0.0.1:{self.server.server_port}"
        told = {"issuer": at, "authorization_endpoint": f"{at}/entrer", "token_endpoint": f"{at}/jeton", "jwks_uri": f"{at}/cles",
                "response_types_supported": ["code"], "subject_types_supported": ["public"], "id_token_signing_alg_values_supported": ["RS256"]}
        self.answer(200, {"keys": []} if self.path == "/cles" else told)

    def do_POST(self):
        self.answer(400, {"error": "invalid_grant"})

    def answer(self, status, told):
        text = json.dumps(told).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_):
        pass


class House:
    def __init__(self, programs, folder, database):
        self.programs, self.folder, self.database, self.running = programs, folder, database, []
        shutil.rmtree(folder, ignore_errors=True)
        self.data = folder / "serveur"
        self.data.mkdir(parents=True)
        self.log = folder / "serveur.log"

    # -- programs ------------------------------------------------------------------------------------------------------

    def command(self, *arguments):
        command = [self.programs / "preau-server", "--data", self.data]
        return command + (["--database", self.database] if self.database else []) + list(arguments)

    def environment(self):
        return {**os.environ, "PREAU_TODAY": TODAY, "PREAU_LOG": "warn", "RUST_BACKTRACE": "0"}

    def run(self, *arguments):
        done = subprocess.run(self.command(*arguments), env=self.environment(), capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(f"preau-server {' '.join(map(str, arguments))} : {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout

    def start(self, command, told, log):
        """Starts a program and waits for the address that it prints."""
        with open(log, "ab") as errors:
            running = subprocess.Popen(command, env=self.environment(), stdout=subprocess.PIPE, stderr=errors, text=True)
        self.running.append(running)
        for line in running.stdout:
            if found := re.search(told, line):
                return found.group(1)
        raise SystemExit(f"{command[0]} ne démarre pas : voir {log}")

    def open(self):
        payfip = self.start(
            [self.programs / "preau-payfip-sandbox", "--listen", "127.0.0.1:0", "--client", "279901=Régie|Commune|Essai"],
            r"(http://127\.0\.0\.1:\d+)", self.folder / "payfip.log",
        )
        sign_on = http.server.ThreadingHTTPServer(("127.0.0.1", 0), SignOn)
        threading.Thread(target=sign_on.serve_forever, daemon=True).start()
        at = f"http://127.0.0.1:{sign_on.server_port}"
        self.elsewhere = (payfip, at)
        (self.data / "preau.toml").write_text(
            f'adresse = "http://127.0.0.1:8080"\nmandataires = ["127.0.0.1"]\n[payfip]\nadresse = "{payfip}"\nsaisie = "T"\n'
            f'[[oidc]]\nnom = "territoire"\nemetteur = "{at}"\nclient_id = "p"\nclient_secret = "s"\nbouton = "Territoire"\n'
        )
        self.run("init", "--demo", "--nom", "Villeneuve")
        town = shutil.copytree(TOWN, self.folder / "dossier")
        with open(town / "sites.csv", "a") as sites:
            sites.write("ANNEXE;Annexe;3 place de la Mairie;27999\n")
        (town / "personnel.csv").write_text("code;lieu;nom;prenom;role\nP01;GARD;Roche;Nadia;direction\n", "cp1252")
        # Each family agreed to a photo, and one brought it.
        children = town / "enfants.csv"
        first, *rows = children.read_text("cp1252").splitlines()
        children.write_text("\n".join([f"{first};photo_accord_le", *(f"{row};01/09/2026" for row in rows)]) + "\n", "cp1252")
        (town / "photos/enfants").mkdir(parents=True)
        (town / "photos/enfants/E01.jpg").write_bytes(PHOTO)
        self.run("import", str(town))
        self.secret = self.folder / "mot-de-passe"
        self.secret.write_text(PASSWORD)
        first, *others = ROLES
        self.run("admin", "account", "create", "--login", "agent@exemple.fr", "--name", "Agent", "--role", first, "--password-file", str(self.secret))
        for role in others:
            self.run("admin", "account", "grant", "--login", "agent@exemple.fr", "--role", role)
        self.bill()
        self.url = self.start(self.command("serve", "--listen", "127.0.0.1:0"), r"(http://127\.0\.0\.1:\d+)", self.log)

    def bill(self):
        """Bills the month as an agent does who has made his calls."""
        problems = json.loads(self.run("billing", "draft", "--month", MONTH, "--format", "json"))["problems"]
        decisions = {"journee_non_signee": "emettre_quand_meme", "depart_manquant": "facturer"}
        for kind in {p["kind"] for p in problems} & set(decisions):
            self.run("billing", "decide", "--month", MONTH, "--by", "agent@exemple.fr", "--probleme", kind, "--decision", decisions[kind])
        self.run("billing", "issue", "--month", MONTH, "--by", "agent@exemple.fr")
        for number in (2, 3, 4):
            self.run("ledger", "receive", "--bill", f"F-{TODAY[:4]}-{number:06}", "--means", "cheque", "--amount", "0,10", "--by", "agent@exemple.fr")

    def close(self):
        for running in reversed(self.running):
            running.terminate()
        for running in self.running:
            try:
                running.wait(20)
            except subprocess.TimeoutExpired:
                running.kill()

    # -- people --------------------------------------------------------------------------------------------------------

    def browser(self):
        session = requests.Session()
        session.headers.update({"X-Forwarded-For": next(NETWORKS), "User-Agent": "fuzz"})
        session.trust_env = False
        return session

    def page(self, session, path):
        answer = session.get(self.url + path, timeout=WAIT_S)
        return answer, Page(answer.text)

    def send(self, session, path, fields, at=None):
        _, page = self.page(session, at or path)
        answer = session.post(self.url + path, data={"csrf": page.csrf, **fields}, timeout=WAIT_S)
        return answer, Page(answer.text)

    def mother(self, count):
        """Sessions of a mother who activated her access."""
        code = re.search(r"\b(?:[0-9A-Z]{4}-){2}[0-9A-Z]{4}\b", self.run("admin", "activation-code", "--person", MOTHER[0])).group(0)
        login = {"login": "anne.aubert@example.org", "password": PASSWORD}
        first = self.browser()
        self.send(first, "/activation", {"code": code, "fact": MOTHER[1], **login})
        sessions = [first]
        while len(sessions) < count:
            sessions.append(self.browser())
            self.send(sessions[-1], "/connexion", login)
        return [self.logged_in(session, "/famille") for session in sessions]

    def agent(self, count):
        """Sessions of an agent, each past the second factor: by the application once, then by codes on paper."""
        login = {"login": "agent@exemple.fr", "password": PASSWORD}
        first = self.browser()
        _, page = self.send(first, "/connexion", login)
        secret = re.search(r"\b[A-Z2-7]{4}(?: [A-Z2-7]{4}){4,}\b", page.text).group(0).replace(" ", "")
        _, page = self.send(first, "/connexion/double-facteur", {"code": totp(secret, time.time())})
        codes = re.findall(r"<(?:li|code)[^>]*>\s*(?:<code>)?([0-9A-Z]{4}(?:-[0-9A-Z]{2,4})+)", page.text)
        sessions = [first]
        for code in codes[: count - 1]:
            sessions.append(self.browser())
            self.send(sessions[-1], "/connexion", login)
            self.send(sessions[-1], "/connexion/code", {"code": code})
        return [self.logged_in(session, f"/bureau/{ORGANISATION}") for session in sessions]

    def logged_in(self, session, home):
        answer, page = self.page(session, home)
        if answer.url != self.url + home or answer.status_code != 200:
            raise SystemExit(f"la session n'est pas ouverte : {answer.status_code} {answer.url}\n{page.text}")
        session.csrf = page.csrf
        return session

    def tablet(self):
        """An enrolled tablet: what it knows, and a session that believes the server's own authority and nobody else."""
        code = self.run("admin", "enrolment-code", "--site", SITE).split()[0]
        address = self.url.replace("http://", "https://")
        done = subprocess.run([self.programs / "preau-fuzz-tablet", self.folder / "tablette", address, code], env=self.environment(), capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(f"preau-fuzz-tablet : {done.stderr}")
        told = json.loads(done.stdout)
        authority = self.folder / "autorite.pem"
        authority.write_text(ssl.DER_cert_to_PEM_cert(base64.b64decode(told["authority"])))
        session = self.browser()
        session.verify = str(authority)
        return told, session

    def terminal(self, name, *arguments):
        command = [self.programs / "preau-terminal", "--data", self.folder / name, *arguments]
        done = subprocess.run(command, env=self.environment(), capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(f"preau-terminal {' '.join(map(str, arguments))} : {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout

    def enrol(self, name):
        code = self.run("admin", "enrolment-code", "--site", SITE).split()[0]
        self.terminal(name, "enrol", "--server", self.url.replace("http://", "https://"), "--code", code)

    def acts(self, name, *acts):
        """Plays acts on a real tablet."""
        script = self.folder / f"{name}.jsonl"
        script.write_text("\n".join(json.dumps(act) for act in acts))
        self.terminal(name, "simulate", "--actions", script)

    def other_tablets(self):
        """One that moves, and two that were lost with what they had recorded, revoked, and found again: what the desk decides on. Each
        of these had set a damaged file aside: what the desk is called for."""
        self.enrol("demenage")
        for name in ("perdue", "perdue-aussi"):
            self.enrol(name)
            (self.folder / name / "journal.db.corrompu-2026-10-01T0742").write_bytes(b"")
            arrivals = [{"do": "arrive", "child": child, "moment": "SOIR"} for child in LOST]
            self.acts(name, {"do": "sync", "at": "2026-10-02T16:40:00+02:00"}, {"do": "offline"}, *arrivals)
            device = json.loads(self.terminal(name, "status", "--format", "json"))["device"]
            self.run("admin", "revoke", "--device", device)
            self.acts(name, {"do": "online", "at": "2026-10-05T09:00:00+02:00"}, {"do": "sync"})

    def live(self, mother):
        """What the pages then have to show: a question about a bill, one payment that went through and one under way."""
        _, bills = self.page(mother, "/famille/factures")
        bill = next(link for link in bills.links if link.startswith("/famille/factures/") and not link.endswith(".pdf"))
        self.send(mother, f"{bill}/lignes/1/question", {"jour": "", "texte": "Nous n’étions pas là."}, bill)
        there, sandbox = self.send(mother, f"{bill}/payer", {}, bill)
        back = mother.post(there.url.split("?")[0], data={"idop": sandbox.forms[0][2]["idop"][0], "resultat": "P"}, timeout=WAIT_S, allow_redirects=False)
        # The way back is the address that the settings name; the server of this house listens elsewhere.
        path = urllib.parse.urlsplit(back.headers.get("Location") or Page(back.text).links[0]).path
        answer = mother.get(self.url + path, timeout=WAIT_S)
        if "Paiement reçu" not in answer.text:
            raise SystemExit(f"le paiement n’a pas abouti : {answer.status_code}\n{answer.text}")
        return [path]

    # -- what there is -------------------------------------------------------------------------------------------------

    def walk(self, session, starts, most=150):
        """Links and forms that a caller is shown, from some pages on: those first, for days and months lead on without an end."""
        seen, ahead, links, forms = set(), list(starts), [], []
        while ahead and len(seen) < most:
            path = ahead.pop(0)
            if path in seen or path.startswith("/deconnexion"):
                continue
            seen.add(path)
            answer = session.get(self.url + path, timeout=WAIT_S, allow_redirects=False)
            if not answer.headers.get("Content-Type", "").startswith("text/html"):
                continue
            page = Page(answer.text)
            for href in page.links:
                to = urllib.parse.urljoin(path, href).split("#")[0]
                if to.startswith("/") and not to.startswith("//"):
                    links.append(to)
                    # One page of each kind and day is enough: a link that differs by its query alone is walked once in a while.
                    if to not in seen and (("?" not in to) or len(ahead) < 40):
                        ahead.append(to)
            forms += [(method, urllib.parse.urljoin(path, action or path), fields) for method, action, fields in page.forms]
        return links, forms
