"""Fuzzes every route that the OpenAPI description tells of, as each kind of caller. `run` prepares what it needs; see docs/api.md."""
import argparse, json, pathlib, subprocess, sys, time

import hypothesis
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, Verbosity, given, settings
from schemathesis import GenerationMode

import hostile
from callers import FORM, Caller, Hostile, Known, requests_of
from house import MONTH, ORGANISATION, ROOT, WAIT_S, House
from judge import TURNED, Judge

QUIET = settings(
    database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck), deadline=None, verbosity=Verbosity.quiet, print_blob=False
)
SHOWN_MAX = 60
UNREAD_BYTES_MIN = 16_000
METHODS = ["HEAD", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND"]
# What needs a proof that no fuzzer finds (a living code, a password, a nonce that was just signed, a sign-on that proves somebody, a
# bill that isn't paid yet). All but the sign-on are done once by the house itself.
NEVER = {
    "POST /sync/v1/enrol/hello", "POST /sync/v1/enrol/confirm", "POST /sync/v1/session", "POST /sync/v1/epoch",
    "POST /activation", "POST /connexion", "POST /connexion/code", "POST /famille/factures/{id}/payer", "GET /connexion/sso/{name}/retour",
}
# These end sessions, or count wrong tries of an account: asked last.
LAST = ["/connexion", "/activation", "/deconnexion", "/famille/compte/sessions"]


def arguments():
    told = argparse.ArgumentParser(prog="tests/fuzz/run", description="Cherche une réponse 5xx, une panique ou un écart avec docs/openapi.json.")
    told.add_argument("--examples", type=int, default=1, metavar="N", help="combien de fois plus de demandes (par défaut 1 : environ deux minutes)")
    told.add_argument("--seed", type=int, default=20261126, metavar="N", help="la même graine rejoue les mêmes demandes")
    told.add_argument("--data", type=pathlib.Path, default=ROOT / "target/fuzz", metavar="DOSSIER")
    told.add_argument("--programs", type=pathlib.Path, default=ROOT / "target/debug", metavar="DOSSIER")
    told.add_argument("--database", metavar="URL", help="une base PostgreSQL vide ; sinon SQLite")
    told.add_argument("--caller", metavar="NOM", help="un seul appelant : personne, mere, agent, tablette, hostile, sans-jeton")
    told.add_argument("--route", metavar="TEXTE", help="seulement les routes qui contiennent ce texte")
    return told.parse_args()


class Fuzz:
    def __init__(self, options, house):
        self.options, self.house, self.judge = options, house, Judge(house)
        printed = subprocess.run(house.command("openapi"), capture_output=True, text=True, check=True).stdout
        document = json.loads(printed)
        self.schema = schemathesis.openapi.from_dict(document)
        self.operations = [found.ok() for found in self.schema.get_all_operations()]
        ends = lambda path: (path.startswith(tuple(LAST)), LAST.index(path) if path in LAST else 0)
        # A tablet that is revoked neither moves nor gets another name; of a bill paid or withdrawn nothing is forgiven.
        closes = lambda path: path.endswith(("/revocation", "/encaissement", "/annulation"))
        self.operations.sort(key=lambda operation: (*ends(operation.path), closes(operation.path)))
        self.templates = [operation.path for operation in self.operations]
        self.strategies = {}

    def strategy(self, operation):
        key = (operation.method, operation.path)
        if key not in self.strategies:
            self.strategies[key] = {mode: operation.as_strategy(generation_mode=mode) for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)}
            try:
                given(case=self.strategies[key][GenerationMode.NEGATIVE])(settings(QUIET, max_examples=1)(lambda case: None))()
            except Exception:
                # Nothing of it can be said wrongly: a route without a parameter.
                del self.strategies[key][GenerationMode.NEGATIVE]
        return self.strategies[key]

    def play(self, caller, wanted, count):
        """Some requests of each operation that a caller is meant to ask."""
        if self.options.caller not in (None, caller.name):
            return
        started, before = time.monotonic(), caller.sent
        for operation in self.operations:
            name = f"{operation.method.upper()} {operation.path}"
            if not wanted(operation) or (self.options.route and self.options.route not in name):
                continue
            if not caller.is_in():
                self.judge.say(caller.name, name, "plus aucune session", "avant cette route")
                return
            self.probe(caller, operation, name, count * self.options.examples)
            self.judge.log(caller.name, name)
        print(f"   {caller.name:<11} {caller.sent - before:>6} demandes en {time.monotonic() - started:.0f} s", flush=True)

    def probe(self, caller, operation, name, count):
        @hypothesis.seed(self.options.seed)
        @settings(QUIET, max_examples=count)
        @given(asked=requests_of(caller, operation, self.strategy(operation)))
        def ask(asked):
            self.ask(caller, operation, name, *asked)

        ask()

    def ask(self, caller, operation, name, case, path, body, headers):
        said = f"{operation.method.upper()} {path[:300]} {headers} {(body or b'')[:400]!r}"
        try:
            answer = caller.send(operation.method.upper(), path, body, headers)
        except (requests.RequestException, UnicodeError, ValueError) as error:
            # Refused before its body was read, a long request may lose its answer with the line.
            if len(body or b"") < UNREAD_BYTES_MIN:
                self.judge.say(caller.name, name, f"aucune réponse : {type(error).__name__} {str(error)[:200]}", said)
            return
        self.judge.answer(caller.name, name, said, answer, case)
        if caller.csrf != "juste" and answer.status_code not in TURNED:
            self.judge.say(caller.name, name, "un formulaire sans jeton a été pris", said, answer)

    def one_by_one(self, caller, wanted):
        """Each field of each route once with each sharp value, all else as the pages say it."""
        if self.options.caller not in (None, caller.name):
            return
        started, before = time.monotonic(), caller.sent
        for operation in self.operations:
            name = f"{operation.method.upper()} {operation.path}"
            if wanted(operation) and (not self.options.route or self.options.route in name) and caller.is_in():
                for path, body in caller.each(operation, hostile.SHARP):
                    kind = {"Content-Type": FORM} if body is not None else {}
                    self.ask(caller, operation, name, operation.Case(path_parameters={part.name: "x" for part in operation.path_parameters}), path, body, kind)
                self.judge.log(caller.name, name)
        print(f"   {caller.name:<11} {caller.sent - before:>6} demandes, champ par champ, en {time.monotonic() - started:.0f} s", flush=True)

    def strange(self, caller):
        """Methods that no route has, and addresses that nothing answers to."""
        paths = [(method, template.replace("{", "").replace("}", "")) for template in sorted(set(self.templates)) for method in METHODS]
        texts = [text for text in hostile.TEXTS if len(text) < 3_000]
        for base in ("/", f"/bureau/{ORGANISATION}/", "/theme/", "/famille/"):
            paths += [("GET", base + requests.utils.quote(text.encode("utf-8", "surrogatepass"), safe="/%.\\;:@")) for text in texts]
        for method, path in paths:
            try:
                answer = caller.send(method, path, None, {})
            except requests.RequestException as error:
                self.judge.say(caller.name, method, f"aucune réponse : {error}", path)
                continue
            self.judge.answer(caller.name, f"{method} {path}", path, answer)
        self.judge.log(caller.name, "méthodes et adresses inconnues")

    def ended(self):
        """The house after it all: whole, and its chains too."""
        if requests.get(self.house.url + "/sante", timeout=10).text != "ok\n":
            self.judge.say("fin", "GET /sante", "le serveur ne répond plus", "")
        self.judge.log("fin", "le journal du serveur")
        # A finding, for entries were handed in without those before them; never more than that.
        verified = subprocess.run(self.house.command("journal", "verify"), env=self.house.environment(), capture_output=True, text=True)
        if verified.returncode not in (0, 1) or "panicked" in verified.stderr:
            self.judge.say("fin", "journal verify", f"{verified.returncode} : {verified.stdout}{verified.stderr}", "")
        if self.options.caller is None and self.options.route is None:
            told = {f"{operation.method.upper()} {operation.path}" for operation in self.operations}
            for name in sorted(told - self.judge.taken - NEVER):
                self.judge.say("fin", name, "cette route n’a jamais réussi : ce qui la suit n’a pas été éprouvé", "")


def is_page(operation):
    return not operation.path.startswith("/sync/")


def is_form(operation):
    return is_page(operation) and operation.method.upper() == "POST" and not operation.path.startswith("/payfip/")


def is_family(operation):
    return is_page(operation) and not operation.path.startswith("/bureau/")


def is_desk(operation):
    return operation.path.startswith(("/bureau", "/connexion", "/deconnexion", "/activation"))


def play(options, house):
    fuzz = Fuzz(options, house)
    agents, mothers = house.agent(5), house.mother(5)
    # Enrolled first: the desk's pages show it.
    told, line = house.tablet()
    house.other_tablets()
    paths = house.live(mothers[0])
    known = {"agent": Known(), "mere": Known(), "personne": Known()}
    for name, session, starts in (("agent", agents[0], desk()), ("mere", mothers[0], ["/famille"])):
        known[name].learn(fuzz.templates, *house.walk(session, starts))
    known["mere"].learn(fuzz.templates, paths, [])
    everything = Known()
    for of in known.values():
        everything.add(of)
    visitor = house.browser()
    _, page = house.page(visitor, "/connexion")
    visitor.csrf = page.csrf
    print(f"Graine {options.seed}, {house.database.split(':')[0] if house.database else 'sqlite'}, {len(fuzz.operations)} routes", flush=True)

    at_desk = f"/bureau/{ORGANISATION}"
    fuzz.play(Caller("sans-jeton", house, mothers[4:], everything, home="/famille", csrf="aucun"), lambda o: is_form(o) and is_family(o), 4)
    fuzz.play(Caller("sans-jeton", house, agents[4:], everything, home=at_desk, csrf="aucun"), lambda o: is_form(o) and is_desk(o), 4)
    nobody = Caller("personne", house, [visitor], everything)
    fuzz.one_by_one(nobody, lambda o: o.path.startswith(("/connexion", "/activation", "/theme", "/payfip")))
    fuzz.play(nobody, is_page, 12)
    fuzz.play(Hostile("hostile", house, [house.browser()], everything), lambda operation: True, 8)
    mother = Caller("mere", house, mothers[:4], known["mere"], home="/famille")
    fuzz.one_by_one(mother, lambda o: is_family(o) and not o.path.startswith(tuple(LAST)))
    fuzz.play(mother, is_family, 24)
    fuzz.play(Caller("mere", house, mothers[:4], known["agent"], home="/famille"), lambda o: o.path.startswith("/bureau"), 6)
    tablet = Caller("tablette", house, [line], everything, base=house.url.replace("http://", "https://"))
    line.headers["Authorization"] = f"Bearer {told['token']}"
    tablet.tablet = bodies(told, shown(line, tablet.base))
    fuzz.play(tablet, lambda operation: operation.path.startswith("/sync/"), 120)
    fuzz.play(tablet, lambda operation: operation.path in ("/sante", "/connexion", "/theme/{file}"), 6)
    agent = Caller("agent", house, agents[:4], known["agent"], home=at_desk)
    fuzz.one_by_one(agent, lambda o: o.path.startswith("/bureau"))
    fuzz.play(agent, is_desk, 20)
    if options.caller is None and options.route is None:
        fuzz.strange(nobody)
    fuzz.ended()
    return fuzz.judge


def desk():
    start = f"/bureau/{ORGANISATION}"
    # A day that may still be changed, and one that is billed.
    days = [f"{start}/journee/{centre}?date={day}&enfant=E01" for day in ("2026-10-01", "2026-09-28") for centre in ("GARD", "CANT")]
    return [start, f"{start}/facturation?mois={MONTH}", f"{start}/familles?cherche=a", f"{start}/tablettes", f"{start}/paiements",
            f"{start}/a-decider", f"{start}/signalements", f"{start}/equipe", f"{start}/liste-de-secours", *days]


def shown(line, base):
    """The photos that the tablet's list shows, as it asks for them."""
    changes = line.post(f"{base}/sync/v1/pull", json={"cursor": 0, "server_epoch": ""}, timeout=WAIT_S).json()["changes"]
    children = [change["of"]["item"] for change in changes if change["change"] == "put" and change["of"]["type"] == "child"]
    return [{"item": f"child:{child['id']}", "hash": child["photo"]} for child in children if child.get("photo")]


def bodies(told, photos):
    """Bodies that a tablet sends, by path."""
    entries = told["entries"]
    pushes = [{"entries": entries[:n]} for n in (0, 1, 2)] + [{"entries": [entry]} for entry in entries] + [{"entries": entries}]
    pulls = [
        {"cursor": 0, "server_epoch": ""}, {"cursor": 1, "server_epoch": told["server_epoch"]}, {"cursor": 0, "snapshot": {}},
        {"cursor": 0, "server_epoch": told["server_epoch"], "snapshot": {"head": 1, "after": "child "}},
        {"cursor": 0, "server_epoch": told["server_epoch"], "snapshot": {"head": 1}},
    ]
    nothing = "A" * 42 + "A="
    hello = {"code_name": "A" * 22 + "==", "public_key": nothing, "nonce": nothing}
    confirm = {
        "code_name": "A" * 22 + "==", "public_key": nothing, "device_nonce": nothing, "server_nonce": nothing, "proof": nothing,
        "signature": "A" * 86 + "==", "device_name": "Tablette",
    }
    return {
        "/sync/v1/push": pushes, "/sync/v1/pull": pulls, "/sync/v1/session/hello": [told["hello"]], "/sync/v1/session": [told["proof"]],
        "/sync/v1/photo": [*photos, {"item": "child:x", "hash": nothing}],
        "/sync/v1/time": [{"nonce": nothing}], "/sync/v1/epoch": [told["epoch"]], "/sync/v1/enrol/hello": [hello], "/sync/v1/enrol/confirm": [confirm],
    }


def main():
    options, started = arguments(), time.monotonic()
    house = House(options.programs, options.data, options.database)
    try:
        house.open()
        judge = play(options, house)
    finally:
        house.close()
    print("Réponses : " + ", ".join(f"{status} × {count}" for status, count in sorted(judge.answers.items())))
    for found in list(judge.found.values())[:SHOWN_MAX]:
        print(f"✗ {found}")
    print(f"{len(judge.found)} constats en {time.monotonic() - started:.0f} s")
    return 1 if judge.found else 0


if __name__ == "__main__":
    sys.exit(main())
