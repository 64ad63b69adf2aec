#!/usr/bin/env python3
"""A second verifier of a journal, in another language and with its own Ed25519.

It is written from the description of the entry (the tables at the head of
shared/src/journal/*.rs), not from the code that reads it: where both agree, the
page is right. Python 3.11 and its standard library are enough; where the
`cryptography` package is there, it checks the signatures' equation faster, and
the first ones are checked both ways.

    verify_journal.py EXPORT.json          counts, or the first break; exit 1 on a break, 2 on a file that isn't an export
    verify_journal.py --json EXPORT.json   the same, for programs
    verify_journal.py --decode EXPORT.json one JSON line an entry, all fields
    verify_journal.py --own EXPORT.json    own arithmetic only
    verify_journal.py --self-test          the arithmetic against RFC 8032 and against what strictness must refuse

An export: {"format":1, "keys":[{"device":uuid,"public_key":b64}], "entries":[{"envelope":b64,"signature":b64,
"private":{"salt":b64,"payload":b64,"notes":[{"salt":b64,"text":str}]}}]}; no "private" once erased, or where the day
wasn't asked for. Other fields are ignored.
"""

import argparse
import base64
import hashlib
import json
import sys
import unicodedata
import uuid

# ---- Ed25519 (RFC 8032), strict ---------------------------------------------

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
SQRT_M1 = pow(2, (P - 1) // 4, P)
IDENTITY = (0, 1, 1, 0)


def add(a, b):
    """Sum of two points in extended coordinates (section 5.1.4)."""
    e, f = (a[1] - a[0]) * (b[1] - b[0]) % P, (a[1] + a[0]) * (b[1] + b[0]) % P
    g, h = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    e, f, g, h = f - e, h - g, h + g, f + e
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def double(a):
    """A point twice (section 5.1.4): fewer products than a sum."""
    x, y, z = a[0] * a[0] % P, a[1] * a[1] % P, 2 * a[2] * a[2] % P
    h, g = x + y, x - y
    e, f = h - (a[0] + a[1]) ** 2 % P, z + g
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def times_both(s, a, t, b):
    """s·a + t·b in one pass over the bits of both."""
    sums = {(1, 0): a, (0, 1): b, (1, 1): add(a, b)}
    out = IDENTITY
    for bit in range(max(s.bit_length(), t.bit_length()) - 1, -1, -1):
        out = double(out)
        if which := sums.get((s >> bit & 1, t >> bit & 1)):
            out = add(out, which)
    return out


def same_point(a, b):
    return (a[0] * b[2] - b[0] * a[2]) % P == 0 and (a[1] * b[2] - b[1] * a[2]) % P == 0


def decompress(encoded):
    """The point of 32 bytes, or None where they aren't its one canonical encoding (section 5.1.3)."""
    y = int.from_bytes(encoded, "little")
    sign, y = y >> 255, y & (2**255 - 1)
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * SQRT_M1 % P
    if (x * x - square) % P or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = P - x
    return (x, y, 1, x * y % P)


BASE = decompress((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


def has_small_order(point):
    for _ in range(3):
        point = double(point)
    return same_point(point, IDENTITY)


def good_key(public_key):
    """The key's point; None for bytes that are no key, or a key that signs anything."""
    point = decompress(public_key) if len(public_key) == 32 else None
    return None if point is None or has_small_order(point) else point


def equation_holds(key, r, s, public_key, signature, message):
    h = int.from_bytes(hashlib.sha512(signature[:32] + public_key + message).digest(), "little") % L
    minus_key = (P - key[0], key[1], key[2], P - key[3])
    return same_point(times_both(s, BASE, h, minus_key), r)


class Signatures:
    """Checks signatures strictly; the equation by `cryptography` where it may and can, the first ones both ways."""

    BOTH_WAYS = 8

    def __init__(self, own_only=False):
        self.checked = 0
        self.library = None
        if not own_only:
            try:
                from cryptography.hazmat.primitives.asymmetric import ed25519

                self.library = ed25519.Ed25519PublicKey
            except ImportError:
                pass

    def holds(self, public_key, signature, message):
        key = good_key(public_key)
        if key is None or len(signature) != 64:
            return False
        s, r = int.from_bytes(signature[32:], "little"), decompress(signature[:32])
        if s >= L or r is None or has_small_order(r):
            return False
        self.checked += 1
        if self.library is None:
            return equation_holds(key, r, s, public_key, signature, message)
        answer = self.by_library(public_key, signature, message)
        if self.checked <= self.BOTH_WAYS and answer != equation_holds(key, r, s, public_key, signature, message):
            raise SystemExit("les deux calculs d'Ed25519 ne sont pas d'accord : ne vous fiez à aucun des deux")
        return answer

    def by_library(self, public_key, signature, message):
        try:
            self.library.from_public_bytes(public_key).verify(signature, message)
            return True
        except Exception:
            return False


# ---- Fixed layouts ------------------------------------------------------------


class Malformed(Exception):
    pass


class Cursor:
    def __init__(self, data):
        self.data, self.at = data, 0

    def raw(self, count):
        if self.at + count > len(self.data):
            raise Malformed("trop court")
        self.at += count
        return self.data[self.at - count : self.at]

    def integer(self, count, signed=False):
        return int.from_bytes(self.raw(count), "big", signed=signed)

    def between(self, count, low, high):
        value = self.integer(count, signed=True)
        if not low <= value <= high:
            raise Malformed("hors limites")
        return value

    def count(self):
        return self.between(8, 0, 2**63 - 1)

    def instant(self):
        return self.between(8, 0, 253_402_300_799_999)

    def day(self):
        return self.between(4, 0, 2_932_896)

    def id(self, required=False):
        value = uuid.UUID(bytes=self.raw(16))
        if value.int == 0 and required:
            raise Malformed("identifiant nul")
        return None if value.int == 0 else str(value)

    def text(self):
        try:
            text = self.raw(self.integer(1)).decode("utf-8")
        except UnicodeDecodeError as error:
            raise Malformed("texte qui n'est pas de l'UTF-8") from error
        if any(unicodedata.category(c) == "Cc" for c in text):
            raise Malformed("caractère de contrôle")
        return text

    def code(self, names):
        code = self.integer(1)
        if code not in names:
            raise Malformed("code inconnu")
        return names[code]

    def end(self):
        if self.at != len(self.data):
            raise Malformed("octets en trop")


def numbered(first, *names):
    return dict(enumerate(names, start=first))


ACTORS = numbered(0, "nobody", "staff", "guardian", "agent", "helper", "system")
CAPACITIES = numbered(0, "own", "guardian", "agent", "helper", "delegation")
CHANNELS = numbered(1, "tablet", "office", "portal", "import", "system")
EVIDENCES = numbered(1, "badge", "list", "pin", "roll_call", "paper", "import", "declared", "measured")
LEFT_TO = numbered(1, "person", "alone", "school", "transfer", "club", "emergency", "other")
NEED_CHILD = {"arrived", "left", "present", "meal", "corrected", "absence_announced", "absence_noted", "moved_group", "care_opened"}
NEED_CENTRE = {"arrived", "left", "present", "meal", "corrected", "day_signed", "day_reopened", "staff_arrived", "staff_left"}
NEED_TARGET = {"corrected", "retracted", "decided", "visitor_left"}
# Whom these count, where it is a child, is whom they are about: so are they found when it is forgotten.
COUNT_SOMEONE = {"evacuation_seen", "outing_left", "outing_counted", "outing_back"}
PAYLOAD_BYTES_MAX, NOTES_MAX, NOTE_BYTES_MAX, HEADS_MAX = 16 * 1024, 8, 2_000, 256


def read_envelope(data):
    at = Cursor(data)
    if at.integer(2) != 1:
        raise Malformed("format inconnu")
    out = {"organisation": at.id(True), "site": at.id(True), "device": at.id(True)}
    out["epoch"], out["seq"] = at.between(4, 1, 2**31 - 1), at.between(8, 1, 2**63 - 1)
    out["prev_hash"], out["entry"] = at.raw(32), at.id(True)
    kind = at.raw(at.integer(1))
    if not 1 <= len(kind) <= 32 or kind.strip(b"abcdefghijklmnopqrstuvwxyz0123456789_"):
        raise Malformed("sorte mal écrite")
    out["kind"], out["kind_version"], out["payload_hash"] = kind.decode(), at.integer(2), at.raw(32)
    if out["kind_version"] == 0:
        raise Malformed("version nulle")
    at.end()
    return out


def read_prefix(at):
    """What begins every layout: its number, the child, the notes."""
    if len(at.data) > PAYLOAD_BYTES_MAX:
        raise Malformed("trop long")
    layout = at.integer(2)
    if layout == 0:
        raise Malformed("forme inconnue")
    child, count = at.id(), at.integer(1)
    if count > NOTES_MAX:
        raise Malformed("trop de notes")
    return layout, child, [at.raw(32) for _ in range(count)]


def read_actor(at):
    kind, who = at.code(ACTORS), at.id()
    if kind in ("nobody", "system") and who is not None:
        raise Malformed("un identifiant pour personne")
    return [kind, who]


def read_payload(kind, kind_version, data):
    at = Cursor(data)
    layout, child, notes = read_prefix(at)
    if layout != 1 or kind_version != 1 or kind not in DETAILS:
        raise Malformed("plus récent que ce programme")
    out = {"about_child": child, "notes": [n.hex() for n in notes], "centre_id": at.id()}
    out["happened_at"], out["sealed_at"], out["boottime_ms"], out["boot_id"] = at.instant(), at.instant(), at.count(), at.id()
    out["moment"] = [at.id(), at.text()]
    out["actor"], out["on_behalf_of"] = read_actor(at), read_actor(at)
    out["capacity"], out["authority_ref"], out["channel"] = at.code(CAPACITIES), at.text(), at.code(CHANNELS)
    out["evidence"], out["badge"] = at.code(EVIDENCES), at.id()
    out["roster_version"], out["target"], out["reason"] = at.count(), at.id(), at.text()
    detail = Cursor(at.raw(at.integer(2)))
    out["detail"] = DETAILS[kind](detail)
    detail.end()
    tags = []
    for _ in range(at.integer(1)):
        tags.append(at.integer(1))
        at.raw(at.integer(2))
    if tags != sorted(set(tags)):
        raise Malformed("ajouts en désordre")
    at.end()
    for names, field in ((NEED_CHILD, "about_child"), (NEED_CENTRE, "centre_id"), (NEED_TARGET, "target")):
        if kind in names and out[field] is None:
            raise Malformed(f"sans {field}")
    if kind in COUNT_SOMEONE:
        what, who = out["detail"]["who"]
        if out["about_child"] != (who if what == "child" else None):
            raise Malformed("compte un autre enfant")
    return out


def nothing(_at):
    return {}


def left(at):
    return {"to": at.code(LEFT_TO), "person": at.id()}


def present(at):
    return {"group": at.id(), "call": at.id()}


def absence(at):
    out = {"from": at.day(), "to": at.day(), "code": at.text()}
    if out["to"] < out["from"]:
        raise Malformed("finit avant de commencer")
    return out


def corrected(at):
    out = {"kind": at.text(), "to": at.code({0: None, **LEFT_TO}), "person": at.id()}
    if out["kind"] not in ("arrived", "left", "present") or (out["kind"] != "left" and (out["to"] or out["person"])):
        raise Malformed("correction impossible")
    return out


def meal(at):
    return {"menu": at.text(), "served": at.code({0: False, 1: True})}


def moved_group(at):
    return {"group": at.id(True)}


def day_signed(at):
    out = {"day": at.day(), "activity": at.id(), "sheet": at.raw(32).hex()}
    count = at.integer(2)
    if count > HEADS_MAX:
        raise Malformed("trop de têtes")
    start, order = at.at, []
    out["heads"] = []
    for _ in range(count):
        out["heads"].append([at.id(), at.integer(4), at.count(), at.id()])
        order.append(at.data[at.at - 44 : at.at])
    if order != sorted(set(order)) or at.at - start != 44 * count:
        raise Malformed("têtes en désordre")
    return out


def day_reopened(at):
    return {"day": at.day(), "activity": at.id()}


def clock_observed(at):
    return {"device": at.id(True), "boot": at.id(True), "boottime_ms": at.count(), "at": at.instant()}


def epoch_opened(at):
    return {"previous": at.integer(4), "last_hash": at.raw(32).hex(), "cause": at.text()}


def of_staff(at):
    return {"staff": at.id(True)}


SOMEONE = numbered(1, "child", "staff", "visitor")


def someone(at):
    return [at.code(SOMEONE), at.id(True)]


def evacuation(at):
    return {"call": at.id(True)}


def evacuation_seen(at):
    return {"call": at.id(True), "who": someone(at)}


def outing_left(at):
    return {"outing": at.id(True), "who": someone(at), "label": at.text()}


def outing_counted(at):
    out = {"outing": at.id(True), "count": at.id(True), "who": someone(at)}
    return {**out, "here": at.code({0: False, 1: True})}


def outing_back(at):
    return {"outing": at.id(True), "who": someone(at)}


DETAILS = {
    "arrived": nothing, "left": left, "present": present, "absence_announced": absence, "absence_noted": absence,
    "retracted": nothing, "corrected": corrected, "meal": meal, "moved_group": moved_group, "day_signed": day_signed,
    "day_reopened": day_reopened, "clock_observed": clock_observed, "epoch_opened": epoch_opened,
    "decided": nothing, "care_opened": nothing, "staff_arrived": of_staff, "staff_left": of_staff,
    "visitor_arrived": nothing, "visitor_left": nothing,
    "evacuation_started": evacuation, "evacuation_seen": evacuation_seen, "evacuation_ended": evacuation,
    "outing_left": outing_left, "outing_counted": outing_counted, "outing_back": outing_back,
}  # fmt: skip

# ---- Verifying ------------------------------------------------------------------


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def belongs(private, envelope):
    """Whether salt, payload and notes are what an envelope sealed: notes in the payload's order, none twice."""
    salt, payload = private["salt"], private["payload"]
    if len(payload) > PAYLOAD_BYTES_MAX or sha256(b"preau/payload/1", salt, payload) != envelope["payload_hash"]:
        return False
    if not private["notes"]:
        return True
    try:
        _, _, sealed = read_prefix(Cursor(payload))
    except Malformed:
        return False
    rest = iter(sealed)
    for salt, text in private["notes"]:
        data = text.encode("utf-8")
        if len(data) > NOTE_BYTES_MAX or any(unicodedata.category(c) == "Cc" and c != "\n" for c in text):
            return False
        if not any(note == sha256(b"preau/note/1", salt, data) for note in rest):
            return False
    return True


BREAKS = ["malformed", "unknown_device", "signature", "payload", "same_id", "hole", "link"]


class Break(Exception):
    def __init__(self, kind, envelope=None):
        super().__init__(kind)
        self.kind, self.envelope = kind, envelope

    def order(self):
        e = self.envelope
        return (e is not None, (place(e) if e else ()), BREAKS.index(self.kind), e["entry"] if e else "")

    def told(self):
        e = self.envelope or {}
        return {"kind": self.kind, **{name: e.get(name) for name in ("device", "epoch", "seq", "entry")}}


def place(envelope):
    return (envelope["device"], envelope["epoch"], envelope["seq"])


def check_alone(entry, keys, signatures):
    """What can be said of one entry without the others."""
    try:
        envelope = read_envelope(entry["envelope"])
    except Malformed as error:
        raise Break("malformed") from error
    key = keys.get(envelope["device"])
    if key is None:
        raise Break("unknown_device", envelope)
    signed = b"preau/entry/1\0" + entry["envelope"]
    if not signatures.holds(key, entry["signature"], signed):
        raise Break("signature", envelope)
    if (envelope["kind"] == "epoch_opened") != (envelope["seq"] == 1 and envelope["epoch"] > 1):
        raise Break("link", envelope)
    private, payload = entry["private"], None
    if private is not None:
        if not belongs(private, envelope):
            raise Break("payload", envelope)
        try:
            payload = read_payload(envelope["kind"], envelope["kind_version"], private["payload"])
        except Malformed:
            pass
    if payload and envelope["kind"] == "epoch_opened":
        detail = payload["detail"]
        if detail["previous"] >= envelope["epoch"] or detail["last_hash"] != envelope["prev_hash"].hex():
            raise Break("link", envelope)
    opaque = envelope["kind"] not in DETAILS or (private is not None and payload is None)
    return {"envelope": envelope, "hash": sha256(signed), "erased": private is None, "opaque": opaque, "payload": payload}


def links(places):
    """Whether each entry was sealed after one that stands at the place before."""
    for (device, epoch, seq), here in places.items():
        if seq > 1:
            before = {e["hash"] for e in places.get((device, epoch, seq - 1), [])}
        else:
            before = {bytes(32)} | {e["hash"] for p, es in places.items() if p[0] == device and p[1] < epoch for e in es}
        kind = "hole" if not before or (seq == 1 and epoch > 1) else "link"
        for entry in here:
            if entry["envelope"]["prev_hash"] not in before:
                yield Break(kind, entry["envelope"])


def verify(entries, keys, signatures):
    breaks, alone = [], []
    keys = {device: key for device, key in keys.items() if decompress(key)}  # what is no point signs nothing
    for entry in entries:
        try:
            alone.append(check_alone(entry, keys, signatures))
        except Break as found:
            breaks.append(found)
    alone.sort(key=lambda e: (place(e["envelope"]), e["hash"], e["erased"]))
    places, ids, hashes, kinds, seen = {}, set(), set(), {}, {}
    counts = {"devices": 0, "entries": 0, "erased": 0, "opaque": 0}
    for entry in alone:
        envelope = entry["envelope"]
        if entry["hash"] in hashes:
            continue
        hashes.add(entry["hash"])
        if envelope["entry"] in ids:
            breaks.append(Break("same_id", envelope))
            continue
        ids.add(envelope["entry"])
        places.setdefault(place(envelope), []).append(entry)
        counts["entries"] += 1
        counts["erased"] += entry["erased"]
        counts["opaque"] += entry["opaque"]
        kinds[envelope["kind"]] = kinds.get(envelope["kind"], 0) + 1
        if entry["payload"] and envelope["kind"] == "day_signed":
            seen.update((tuple(head), head[3]) for head in entry["payload"]["detail"]["heads"])
    counts["devices"] = len({p[0] for p in places})
    breaks.extend(links(places))
    breaks.sort(key=Break.order)
    counts["forks"] = [list(p) for p, here in sorted(places.items()) if len(here) > 1]
    counts["unseen"] = sum(entry not in ids for entry in seen.values())
    counts["kinds"] = dict(sorted(kinds.items()))
    counts["first_break"] = breaks[0].told() if breaks else None
    return counts


# ---- Files and words --------------------------------------------------------------


def fixed(text, count=None):
    data = base64.b64decode(text, validate=True)
    if count is not None and len(data) != count:
        raise ValueError(f"{count} octets attendus, {len(data)} trouvés")
    return data


def read_export(path):
    with open(path, encoding="utf-8") as file:
        export = json.load(file)
    if export["format"] != 1:
        raise ValueError("format d'export inconnu")
    keys = {str(uuid.UUID(k["device"])): fixed(k["public_key"], 32) for k in export["keys"]}
    entries = []
    for entry in export["entries"]:
        private = entry.get("private")
        if private is not None:
            notes = [(fixed(n["salt"], 32), n["text"]) for n in private.get("notes", [])]
            for _, text in notes:
                text.encode("utf-8")
            private = {"salt": fixed(private["salt"], 32), "payload": fixed(private["payload"]), "notes": notes}
        entries.append({"envelope": fixed(entry["envelope"]), "signature": fixed(entry["signature"], 64), "private": private})
    return keys, entries


WORDS = {
    "malformed": "ces octets ne sont pas un pointage scellé",
    "unknown_device": "aucune clé n'est connue pour cet appareil",
    "signature": "la signature n'est pas celle de l'appareil",
    "payload": "le contenu n'est pas celui qui a été scellé",
    "same_id": "deux pointages différents portent le même identifiant",
    "hole": "des pointages manquent avant celui-ci",
    "link": "ce pointage ne suit pas celui qui le précède",
}


def tell(found):
    print(f"{found['entries']} pointages de {found['devices']} appareils, dont {found['erased']} sans contenu (effacés, ou hors des dates demandées) et {found['opaque']} illisibles ici")
    print("  " + ", ".join(f"{kind} {count}" for kind, count in found["kinds"].items()))
    for device, epoch, seq in found["forks"]:
        print(f"copie : deux pointages au numéro {seq} (appareil {device}, époque {epoch})")
    if found["unseen"]:
        print(f"à éclaircir : {found['unseen']} pointages vus par une signature de journée sont absents de ce fichier")
    if broken := found["first_break"]:
        where = f" : appareil {broken['device']}, époque {broken['epoch']}, numéro {broken['seq']}, pointage {broken['entry']}"
        print(f"RUPTURE : {WORDS[broken['kind']]}{where if broken['device'] else ''}")
    else:
        print("la chaîne est entière")


def decode(entries):
    for entry in entries:
        envelope = read_envelope(entry["envelope"])
        line = {n: v.hex() if isinstance(v, bytes) else v for n, v in envelope.items()}
        line["hash"] = sha256(b"preau/entry/1\0", entry["envelope"]).hex()
        line["payload"] = None
        if entry["private"] is not None:
            try:
                line["payload"] = read_payload(envelope["kind"], envelope["kind_version"], entry["private"]["payload"])
            except Malformed:
                line["payload"] = "opaque"
        print(json.dumps(line, ensure_ascii=False))


def self_test():
    own = Signatures(own_only=True)
    vectors = [  # RFC 8032, section 7.1: TEST 1, 2 and 3
        ("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
         "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"),
        ("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
         "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"),
        ("fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
         "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"),
    ]  # fmt: skip
    for key, message, signature in vectors:
        key, message, signature = bytes.fromhex(key), bytes.fromhex(message), bytes.fromhex(signature)
        assert own.holds(key, signature, message), "RFC 8032"
        assert not own.holds(key, signature, message + b"!"), "another message"
        s = int.from_bytes(signature[32:], "little") + L
        assert not own.holds(key, signature[:32] + s.to_bytes(32, "little"), message), "S above the order"
        for weak in (bytes([1]) + bytes(31), bytes(32), bytes([0xEC]) + bytes([0xFF] * 30) + bytes([0x7F])):
            assert not own.holds(weak, weak + bytes(32), message), "a key of small order signs anything"
            assert not own.holds(key, weak + signature[32:], message), "R of small order"
    assert decompress(bytes([0xEE]) + bytes([0xFF] * 30) + bytes([0x7F])) is None, "y = 1 written as p + 1"
    assert decompress(bytes([1]) + bytes(30) + bytes([0x80])) is None, "x = 0 with a sign"
    print("Ed25519 : conforme à la RFC 8032, et strict")


def main():
    parser = argparse.ArgumentParser(description="Vérifie un export du journal de Préau, sans Préau.")
    parser.add_argument("export", nargs="?", help="fichier JSON de « preau-server journal export »")
    parser.add_argument("--json", action="store_true", help="résultat en JSON")
    parser.add_argument("--decode", action="store_true", help="une ligne JSON par pointage, tous les champs")
    parser.add_argument("--own", action="store_true", help="calculer soi-même chaque signature")
    parser.add_argument("--self-test", action="store_true", help="vérifier l'arithmétique")
    options = parser.parse_args()
    if options.self_test:
        return self_test()
    try:
        keys, entries = read_export(options.export)
        if options.decode:
            return decode(entries)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, Malformed) as error:
        print(f"« {options.export} » n'est pas un export du journal : {error}", file=sys.stderr)
        return 2
    found = verify(entries, keys, Signatures(options.own))
    if options.json:
        print(json.dumps(found, ensure_ascii=False))
    else:
        tell(found)
    return 1 if found["first_break"] else 0


if __name__ == "__main__":
    sys.exit(main())
