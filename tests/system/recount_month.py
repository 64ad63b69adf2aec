#!/usr/bin/env python3
"""A second count of a month, in another language, straight from a town hall's files.

It was written from docs/import.md and the rules of billing, not from the code
that prices: it reads the CSV and TOML files of an import folder, counts each
child's days, and compares every line with what `billing draft` says. PSU
(crèche contracts) is left to its own vectors. Python 3.11 and its standard
library are enough; amounts are decimals, never floats.

    recount_month.py FOLDER MONTH ORGANISATION DRAFT.json

Prints what was compared; exit 1 and the lines that differ, if any do.
"""

import csv
import json
import pathlib
import sys
import tomllib
from collections import defaultdict
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

CENT = Decimal("0.01")
UNIT_MINUTES = {"heure": 60, "demi_heure": 30, "quart_heure": 15, "minute": 1}
COUNTED_BOOKINGS = {"reservee", "absence_injustifiee"}


def minutes(text):
    hours, rest = text.split(":")
    return int(hours) * 60 + int(rest)


def day(text, otherwise=None):
    return date.fromisoformat(text) if text else otherwise


def half_up(amount):
    return amount.quantize(CENT, ROUND_HALF_UP)


def grouped(rows, key):
    groups = defaultdict(list)
    for row in rows:
        groups[row[key]].append(row)
    return groups


class Town:
    """The files of a folder, and the questions that a price asks of them."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.activities = {row["code"]: row for row in self.rows("activites.csv")}
        self.owners = {row["code"]: row["organisation"] for row in self.rows("lieux.csv")}
        self.households = {row["code"]: row for row in self.rows("foyers.csv")}
        self.children = {row["code"]: row for row in self.rows("enfants.csv")}
        self.communes = {row["code_insee"] for row in self.rows("communes.csv")}
        self.seats = {row["code"]: row for row in self.rows("organisations.csv")}
        self.moves = grouped(self.rows("adresses.csv"), "foyer")
        self.situations = grouped(self.rows("situations.csv"), "foyer")
        self.homes = grouped(self.rows("rattachements.csv"), "enfant")
        rights = self.rows("inscriptions.csv") + self.rows("contrats.csv")
        self.enrolments = grouped(rights, "enfant")
        self.members = defaultdict(set)
        for code, child in self.children.items():
            for household in [child["foyer"]] + [home["foyer"] for home in self.homes[code]]:
                self.members[household].add(code)
        self.tariffs = [tomllib.loads(path.read_text("utf-8")) for path in sorted((self.folder / "tarifs").glob("*.toml"))]

    def rows(self, name):
        path = self.folder / name
        if not path.exists():
            return []
        with path.open(encoding="utf-8-sig", newline="") as file:
            return list(csv.DictReader(file, delimiter=";"))

    def organisation(self, activity):
        return self.owners[self.activities[activity]["lieu"]]

    def household(self, child, when):
        """Who has the child that day, and so pays."""
        for home in self.homes[child]:
            week = when.isocalendar().week % 2
            if home["garde"] == "placement" or {"semaines_paires": 0, "semaines_impaires": 1}.get(home["calendrier"]) == week:
                return home["foyer"]
        return self.children[child]["foyer"]

    def is_resident(self, household, when, organisation):
        commune = self.households[household]["commune_insee"]
        for move in sorted(self.moves[household], key=lambda row: row["du"]):
            if day(move["du"]) <= when:
                commune = move["commune_insee"]
        seat = self.seats[organisation]
        if seat["type"] in ("commune", "ccas", "caisse_ecoles"):
            return commune == seat["commune_insee"]
        return not self.communes or commune in self.communes

    def quotient(self, household, when):
        rows = sorted(self.situations[household], key=lambda row: row["du"])
        for row, following in zip(rows, rows[1:] + [None]):
            last = day(row["au"]) or (day(following["du"]) - timedelta(days=1) if following else date.max)
            if day(row["du"]) <= when <= last and row["quotient_familial"]:
                return int(row["quotient_familial"])
        return None

    def enrolled(self, household, when, organisation):
        """The children of a household with a right to attend that day, the eldest first."""
        def holds(row):
            return self.organisation(row["activite"]) == organisation and day(row["du"]) <= when <= day(row["au"], date.max)

        found = [code for code in self.members[household] if any(holds(row) for row in self.enrolments[code])]
        return sorted(found, key=lambda code: (self.children[code]["naissance"], code))

    def tariff(self, code, when):
        """The version that holds: the latest that began."""
        found = [t for t in self.tariffs if t["code"] == code and t["valable_du"] <= when <= t.get("valable_au", date.max)]
        return max(found, key=lambda tariff: tariff["valable_du"])


def unit_price(town, tariff, child, household, when, organisation):
    quotient = town.quotient(household, when)
    if tariff["methode"] == "taux_effort":
        low, high = Decimal(tariff["minimum"]), Decimal(tariff["maximum"])
        return high if quotient is None else min(max(half_up(quotient * Decimal(tariff["taux"])), low), high)
    rows = tariff.get("tranches", [{"prix": tariff.get("prix")}])
    regime = town.households[household]["regime"] or "autre"
    resident = town.is_resident(household, when, organisation)
    rows = [row for row in rows if row.get("regime", regime) == regime and row.get("resident", resident) == resident]
    asks_quotient = any("qf_max" in row or row.get("qf_min", 0) > 0 for row in rows)
    if quotient is None and asks_quotient:
        return max(Decimal(row["prix"]) for row in rows)
    siblings = town.enrolled(household, when, organisation)
    rank = siblings.index(child) + 1 if child in siblings else 1
    rows = [row for row in rows if row.get("enfants_min", 1) <= max(len(siblings), 1) and row.get("rang_min", 1) <= rank]
    rows = [row for row in rows if not asks_quotient or row.get("qf_min", 0) <= quotient <= row.get("qf_max", quotient)]
    return Decimal(max(rows, key=lambda row: (row.get("enfants_min", 1), row.get("rang_min", 1)))["prix"])


def units(tariff, intervals):
    """Units of a day's presences: intervals in minutes since midnight, which do not overlap in these files."""
    unit = UNIT_MINUTES.get(tariff["unite"])
    if unit is None:
        return Decimal(1)
    step = UNIT_MINUTES[tariff.get("pas", tariff["unite"])]
    grace = tariff.get("tolerance_minutes", 0)
    total = sum(to - since for since, to in intervals)
    if total == 0:
        return Decimal(0)
    if tariff.get("decompte", "duree") == "duree":
        steps = total // step + (total % step > grace)
    else:
        covered = set()
        for since, to in intervals:
            first = since // step + (since % step > 0 and step - since % step <= grace)
            last = to // step + (to % step > grace)
            covered.update(range(first, last))
        steps = len(covered)
    return Decimal(max(steps, 1) * step) / unit


def counted(activity, tariff, presences, booking):
    """Units that are billed for one child, activity and day."""
    starts, ends = minutes(activity["debut"]), minutes(activity["fin"])
    booked = Decimal(0)
    if booking and booking["etat"] in COUNTED_BOOKINGS:
        booked = units(tariff, [(minutes(booking["debut"]), minutes(booking["fin"])) if booking["debut"] else (starts, ends)])
    present = Decimal(0)
    if presences:
        needs_departure = activity["pointage"] in ("heures", "depart")
        if needs_departure and any(not row["depart"] for row in presences):
            # One unit, or the booked quantity if greater.
            present = max(Decimal(1), booked)
        else:
            present = units(tariff, [(minutes(row["arrivee"]) if row["arrivee"] else starts, minutes(row["depart"]) if row["depart"] else ends) for row in presences])
    match tariff.get("facture", "presence"):
        case "presence":
            return present
        case "reservation":
            return booked if booking else present
        case _:
            return max(present, booked)


def recount(town, month, organisation):
    """Amounts in cents by household, child, activity, tariff version and unit price."""
    presences, bookings = defaultdict(list), {}
    for row in town.rows("pointages.csv"):
        presences[row["enfant"], row["activite"], row["date"]].append(row)
    for row in town.rows("reservations.csv"):
        bookings[row["enfant"], row["activite"], row["date"]] = row
    quantities = defaultdict(Decimal)
    for key in presences.keys() | bookings.keys():
        child, code, written = key
        activity, when = town.activities[code], date.fromisoformat(written)
        if not written.startswith(month) or town.organisation(code) != organisation:
            continue
        tariff = town.tariff(activity["tarif"], when)
        if tariff["methode"] == "psu":
            continue
        quantity = counted(activity, tariff, presences.get(key), bookings.get(key))
        if quantity:
            household = town.household(child, when)
            price = unit_price(town, tariff, child, household, when, organisation)
            quantities[household, child, code, tariff["valable_du"], price] += quantity
    lines = defaultdict(int)
    for (household, child, code, _, price), quantity in quantities.items():
        lines[household, child, code, int(price * 100)] += int(half_up(quantity * price) * 100)
    return lines


def drafted(town, draft):
    """The same of a draft; payers who share a bill have a part of each line."""
    lines = defaultdict(int)
    for invoice in draft["invoices"]:
        for line in invoice["lines"]:
            tariffs = [t for t in town.tariffs if t["code"] == town.activities[line["activity"]]["tarif"]]
            if all(tariff["methode"] != "psu" for tariff in tariffs):
                lines[invoice["household"], line["child"], line["activity"], line["unit_price_cents"]] += line["amount_cents"]
    return lines


def main(folder, month, organisation, path):
    town = Town(folder)
    mine = recount(town, month, organisation)
    theirs = drafted(town, json.loads(pathlib.Path(path).read_text("utf-8")))
    differing = sorted(key for key in mine.keys() | theirs.keys() if mine.get(key) != theirs.get(key))
    for key in differing:
        print(f"{key}: recounted {mine.get(key)}, drafted {theirs.get(key)}")
    print(f"{organisation} {month}: {len(mine)} lines, {sum(mine.values())} cents, {len(differing)} differ")
    return 1 if differing or not mine else 0


if __name__ == "__main__":
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
