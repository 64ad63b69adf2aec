//! The laws of the books, held against what is stored.
//!
//! Everything in the ledger is true by construction ([`crate::ledger`]); here it is looked at again from the rows alone, as an auditor
//! would who trusts no program: each entry balances, each bill and each payment is posted once, no line is paid beyond its amount, no
//! number is missing. Whatever is broken is told by name, all of it.

use crate::ledger::{Account, Posting};
use shared::money::Cents;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;

/// What an entry tells of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A bill.
    Bill,
    /// A credit note.
    CreditNote,
    /// Money that came in.
    Payment,
    /// Money that came in and was taken back by a bank.
    Rejection,
    /// A debt that went without money.
    WriteOff,
}

/// An issued bill or credit note.
#[derive(Debug, Clone)]
pub struct Bill<Id> {
    /// Its id.
    pub id: Id,
    /// Who collects.
    pub regie: Id,
    /// As printed: `F-2026-000012`.
    pub name: String,
    /// Whether it gives back.
    pub is_credit_note: bool,
    /// Year and number of its sequence.
    pub exercise: i32,
    /// Its number.
    pub number: i64,
    /// What it comes to.
    pub total: Cents,
    /// Its lines, by number.
    pub lines: BTreeMap<i32, Cents>,
}

/// An entry of the ledger with its postings.
#[derive(Debug, Clone)]
pub struct Entry<Id> {
    /// Its id.
    pub id: Id,
    /// Who collects.
    pub regie: Id,
    /// What it tells of.
    pub kind: Kind,
    /// The bill that it posts, or that its payment was meant for.
    pub bill: Option<Id>,
    /// The payment.
    pub payment: Option<Id>,
    /// Its sides.
    pub postings: Vec<Posting>,
}

/// How a payment ended, as far as money goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// It came.
    Paid,
    /// It came, and was taken back.
    Rejected,
    /// Nothing came (yet).
    Unpaid,
}

/// An attempt to pay.
#[derive(Debug, Clone)]
pub struct Payment<Id> {
    /// Its id.
    pub id: Id,
    /// How much.
    pub amount: Cents,
    /// How it ended.
    pub ended: Ended,
}

/// What an entry pays of a line; negative where it takes that back.
#[derive(Debug, Clone)]
pub struct Allocation<Id> {
    /// The entry.
    pub entry: Id,
    /// The bill.
    pub bill: Id,
    /// The line's number.
    pub line: i32,
    /// How much.
    pub amount: Cents,
}

/// All the books of an organisation at one moment.
#[derive(Debug, Clone)]
pub struct Books<Id> {
    /// Bills and credit notes.
    pub bills: Vec<Bill<Id>>,
    /// Entries.
    pub entries: Vec<Entry<Id>>,
    /// Payments.
    pub payments: Vec<Payment<Id>>,
    /// Allocations.
    pub allocations: Vec<Allocation<Id>>,
    /// The last number that each sequence gave: régie, exercise, whether of credit notes.
    pub last_numbers: BTreeMap<(Id, i32, bool), i64>,
}

/// Where a régie stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Standing {
    /// How many bills.
    pub bills: usize,
    /// How many credit notes.
    pub credit_notes: usize,
    /// What was billed, credit notes taken off.
    pub billed: Cents,
    /// What came in, rejections taken off.
    pub received: Cents,
    /// What is still to pay on bills.
    pub open: Cents,
    /// What families have paid or were given back and no bill has used yet.
    pub credit: Cents,
    /// What was given up: remises, non-valeurs.
    pub forgiven: Cents,
}

fn family(postings: &[Posting]) -> Cents {
    postings.iter().filter(|p| p.account == Account::Family).map(|p| p.amount).sum()
}

fn cash(postings: &[Posting]) -> Cents {
    postings.iter().filter(|p| matches!(p.account, Account::Cash(_))).map(|p| p.amount).sum()
}

impl<Id: Copy + Ord + Display> Books<Id> {
    /// All that is broken, in words; nothing where the books hold.
    #[must_use]
    pub fn findings(&self) -> Vec<String> {
        let mut found = Vec::new();
        self.entries_balance(&mut found);
        self.bills_are_posted_once(&mut found);
        self.payments_are_posted_once(&mut found);
        self.write_offs_pay_their_bill(&mut found);
        self.nothing_is_paid_twice(&mut found);
        self.numbers_have_no_hole(&mut found);
        found
    }

    /// Where each régie stands.
    #[must_use]
    pub fn standings(&self) -> BTreeMap<Id, Standing> {
        let mut standings: BTreeMap<Id, Standing> = BTreeMap::new();
        let regie_of: BTreeMap<Id, (Id, bool)> = self.bills.iter().map(|b| (b.id, (b.regie, b.is_credit_note))).collect();
        for bill in &self.bills {
            let standing = standings.entry(bill.regie).or_default();
            standing.billed += bill.total;
            if bill.is_credit_note {
                standing.credit_notes += 1;
                standing.credit += -bill.total;
            } else {
                standing.bills += 1;
                standing.open += bill.total;
            }
        }
        for entry in &self.entries {
            let (standing, came_in) = (standings.entry(entry.regie).or_default(), cash(&entry.postings));
            standing.received += came_in;
            standing.credit += came_in;
            if entry.kind == Kind::WriteOff {
                let given_up = -family(&entry.postings);
                standing.forgiven += given_up;
                standing.credit += given_up;
            }
        }
        for allocation in &self.allocations {
            let Some((regie, _)) = regie_of.get(&allocation.bill) else { continue };
            let standing = standings.entry(*regie).or_default();
            standing.open += -allocation.amount;
            standing.credit += -allocation.amount;
        }
        standings
    }

    fn entries_balance(&self, found: &mut Vec<String>) {
        for entry in &self.entries {
            let rest: Cents = entry.postings.iter().map(|p| p.amount).sum();
            if rest != Cents::ZERO || entry.postings.is_empty() {
                found.push(format!("L’écriture {} n’est pas équilibrée : il reste {rest}.", entry.id));
            }
        }
    }

    fn bills_are_posted_once(&self, found: &mut Vec<String>) {
        let mut posted: BTreeMap<Id, Vec<&Entry<Id>>> = BTreeMap::new();
        for entry in self.entries.iter().filter(|e| matches!(e.kind, Kind::Bill | Kind::CreditNote)) {
            match entry.bill {
                Some(bill) => posted.entry(bill).or_default().push(entry),
                None => found.push(format!("L’écriture {} ne dit pas de quelle facture elle est.", entry.id)),
            }
        }
        for bill in &self.bills {
            let lines: Cents = bill.lines.values().copied().sum();
            if lines != bill.total {
                found.push(format!("{} : ses lignes font {lines}, son total dit {}.", bill.name, bill.total));
            }
            match posted.remove(&bill.id).as_deref() {
                Some([entry]) => {
                    let kind = if bill.is_credit_note { Kind::CreditNote } else { Kind::Bill };
                    let owed = family(&entry.postings);
                    if owed != bill.total || entry.regie != bill.regie || entry.kind != kind {
                        found.push(format!("{} : le compte de la famille dit {owed}, la facture {}.", bill.name, bill.total));
                    }
                }
                other => found.push(format!("{} : {} écriture(s) au lieu d’une.", bill.name, other.map_or(0, <[_]>::len))),
            }
        }
        found.extend(posted.into_keys().map(|bill| format!("Une écriture parle de la facture {bill}, qui n’existe pas.")));
    }

    fn payments_are_posted_once(&self, found: &mut Vec<String>) {
        let mut posted: BTreeMap<Id, Vec<(Kind, Cents, Cents)>> = BTreeMap::new();
        for entry in self.entries.iter().filter(|e| matches!(e.kind, Kind::Payment | Kind::Rejection)) {
            match entry.payment {
                Some(payment) => posted.entry(payment).or_default().push((entry.kind, cash(&entry.postings), family(&entry.postings))),
                None => found.push(format!("L’écriture {} ne dit pas de quel paiement elle est.", entry.id)),
            }
        }
        for payment in &self.payments {
            let came = (Kind::Payment, payment.amount, -payment.amount);
            let went = (Kind::Rejection, -payment.amount, payment.amount);
            let wanted = match payment.ended {
                Ended::Paid => vec![came],
                Ended::Rejected => vec![came, went],
                Ended::Unpaid => Vec::new(),
            };
            let mut is = posted.remove(&payment.id).unwrap_or_default();
            is.sort_by_key(|(kind, ..)| *kind);
            if is != wanted {
                found.push(format!(
                    "Paiement {} de {} : {} écriture(s) au lieu de {}, ou d’un autre montant.",
                    payment.id,
                    payment.amount,
                    is.len(),
                    wanted.len()
                ));
            }
        }
        found.extend(posted.into_keys().map(|payment| format!("Une écriture parle du paiement {payment}, qui n’existe pas.")));
    }

    /// What was given up was owed: all of it went to lines of the bill that it names.
    fn write_offs_pay_their_bill(&self, found: &mut Vec<String>) {
        for entry in self.entries.iter().filter(|e| e.kind == Kind::WriteOff) {
            let given_up = -family(&entry.postings);
            let own = self.allocations.iter().filter(|a| a.entry == entry.id && Some(a.bill) == entry.bill);
            let used: Cents = own.map(|a| a.amount).sum();
            if given_up <= Cents::ZERO || used != given_up {
                found.push(format!("Remise {} de {given_up} : {used} seulement affectés à sa facture.", entry.id));
            }
        }
    }

    /// A line is paid between nothing and its amount; what came in pays no more than itself.
    fn nothing_is_paid_twice(&self, found: &mut Vec<String>) {
        let mut paid: BTreeMap<(Id, i32), Cents> = BTreeMap::new();
        let mut used: BTreeMap<Id, Cents> = BTreeMap::new();
        for allocation in &self.allocations {
            *paid.entry((allocation.bill, allocation.line)).or_default() += allocation.amount;
            *used.entry(allocation.entry).or_default() += allocation.amount;
        }
        for bill in &self.bills {
            for (line, amount) in &bill.lines {
                let paid = paid.remove(&(bill.id, *line)).unwrap_or_default();
                let within = (*amount).min(Cents::ZERO)..=(*amount).max(Cents::ZERO);
                if !within.contains(&paid) || (bill.is_credit_note && paid != Cents::ZERO) {
                    found.push(format!("{}, ligne {line} : payée de {paid} pour {amount}.", bill.name));
                }
            }
        }
        found.extend(
            paid.into_keys()
                .map(|(bill, line)| format!("Une somme est affectée à la ligne {line} de la facture {bill}, qui n’existe pas.")),
        );
        // A payment and its rejection are one: what the first paid, the second took back.
        let mut given: BTreeMap<Id, (Cents, Cents)> = BTreeMap::new();
        for entry in &self.entries {
            let group = given.entry(entry.payment.unwrap_or(entry.id)).or_default();
            let gives = if entry.kind == Kind::Bill { Cents::ZERO } else { -family(&entry.postings) };
            *group = (group.0 + gives, group.1 + used.remove(&entry.id).unwrap_or_default());
        }
        for (of, (gives, used)) in given {
            if used < Cents::ZERO || used > gives {
                found.push(format!("{of} : {used} affectés à des factures pour {gives} reçus."));
            }
        }
        found.extend(used.into_keys().map(|entry| format!("Une affectation parle de l’écriture {entry}, qui n’existe pas.")));
    }

    fn numbers_have_no_hole(&self, found: &mut Vec<String>) {
        let mut numbers: BTreeMap<(Id, i32, bool), BTreeSet<i64>> = BTreeMap::new();
        for bill in &self.bills {
            if !numbers.entry((bill.regie, bill.exercise, bill.is_credit_note)).or_default().insert(bill.number) {
                found.push(format!("{} : ce numéro a été donné deux fois.", bill.name));
            }
        }
        for (sequence, last) in &self.last_numbers {
            let given = numbers.remove(sequence).unwrap_or_default();
            let missing = (1..=*last).filter(|number| !given.contains(number)).count();
            let beyond = given.iter().any(|number| *number > *last);
            let kind = if sequence.2 { "avoirs" } else { "factures" };
            if missing > 0 {
                found.push(format!("Suite des {kind} {} : {missing} numéro(s) manquent jusqu’au {last}.", sequence.1));
            }
            if beyond {
                found.push(format!("Suite des {kind} {} : une facture porte un numéro après le dernier donné, {last}.", sequence.1));
            }
        }
        found.extend(
            numbers
                .into_keys()
                .map(|(_, exercise, _)| format!("Des factures de {exercise} portent des numéros qu’aucune suite n’a donnés.")),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::{of_bill, of_payment};

    /// A bill of 30 €, paid with 40 € of which a bank took nothing back; a credit note of 5 €.
    fn sound() -> Books<u32> {
        let bill = |id, name: &str, is_credit_note, lines: &[i64]| Bill {
            id,
            regie: 9,
            name: name.into(),
            is_credit_note,
            exercise: 2026,
            number: 1,
            total: lines.iter().copied().map(Cents).sum(),
            lines: (1..).zip(lines.iter().copied().map(Cents)).collect(),
        };
        let entry = |id, kind, bill, payment, postings| Entry { id, regie: 9, kind, bill, payment, postings };
        Books {
            bills: vec![bill(1, "F-1", false, &[2_000, 1_000]), bill(2, "A-1", true, &[-500])],
            entries: vec![
                entry(11, Kind::Bill, Some(1), None, of_bill([("garde", Cents(2_000)), ("repas", Cents(1_000))])),
                entry(12, Kind::CreditNote, Some(2), None, of_bill([("garde", Cents(-500))])),
                entry(13, Kind::Payment, Some(1), Some(21), of_payment("payfip", Cents(4_000))),
            ],
            payments: vec![
                Payment { id: 21, amount: Cents(4_000), ended: Ended::Paid },
                Payment { id: 22, amount: Cents(3_000), ended: Ended::Unpaid },
            ],
            allocations: vec![
                Allocation { entry: 13, bill: 1, line: 1, amount: Cents(2_000) },
                Allocation { entry: 13, bill: 1, line: 2, amount: Cents(1_000) },
            ],
            last_numbers: BTreeMap::from([((9, 2026, false), 1), ((9, 2026, true), 1)]),
        }
    }

    /// The same after the bank took the money back.
    fn rejected() -> Books<u32> {
        let mut books = sound();
        books.payments[0].ended = Ended::Rejected;
        books.entries.push(Entry {
            id: 14,
            regie: 9,
            kind: Kind::Rejection,
            bill: Some(1),
            payment: Some(21),
            postings: of_payment("payfip", Cents(-4_000)),
        });
        let back = sound().allocations.into_iter().map(|a| Allocation { entry: 14, amount: -a.amount, ..a });
        books.allocations.extend(back);
        books
    }

    #[test]
    fn sound_books_are_sound_and_say_where_the_regie_stands() {
        assert_eq!(sound().findings(), Vec::<String>::new());
        let standing = sound().standings()[&9];
        let wanted = Standing {
            bills: 1,
            credit_notes: 1,
            billed: Cents(2_500),
            received: Cents(4_000),
            open: Cents(0),
            credit: Cents(1_500),
            forgiven: Cents(0),
        };
        assert_eq!(standing, wanted);
        assert_eq!(standing.open - standing.credit, standing.billed - standing.received);
    }

    #[test]
    fn money_that_a_bank_took_back_leaves_the_bill_open_and_no_credit() {
        assert_eq!(rejected().findings(), Vec::<String>::new());
        let standing = rejected().standings()[&9];
        assert_eq!((standing.received, standing.open, standing.credit), (Cents(0), Cents(3_000), Cents(500)));
    }

    #[test]
    fn whatever_is_broken_is_told() {
        type Breaks = fn(&mut Books<u32>);
        let broken: [(Breaks, &str); 13] = [
            (|b| b.entries[0].postings[0].amount = Cents(2_999), "équilibrée"),
            (|b| b.entries[2].postings.clear(), "équilibrée"),
            (|b| drop(b.entries.remove(0)), "0 écriture"),
            (|b| b.entries.push(Entry { id: 15, ..b.entries[0].clone() }), "2 écriture"),
            (|b| b.bills[0].total = Cents(3_100), "total dit"),
            (|b| drop(b.bills.remove(0)), "n’existe pas"),
            (|b| b.entries.push(Entry { id: 15, ..b.entries[2].clone() }), "2 écriture(s) au lieu de 1"),
            (|b| b.payments[1].ended = Ended::Paid, "0 écriture(s) au lieu de 1"),
            (|b| b.payments[0].ended = Ended::Unpaid, "1 écriture(s) au lieu de 0"),
            (|b| b.allocations[0].amount = Cents(2_001), "ligne 1"),
            (|b| b.allocations[0].entry = 12, "affectés"),
            (|b| b.bills[0].number = 2, "manquent"),
            (|b| b.last_numbers.retain(|sequence, _| !sequence.2), "aucune suite"),
        ];
        for (at, (breaks, said)) in broken.into_iter().enumerate() {
            let mut books = sound();
            breaks(&mut books);
            let found = books.findings();
            assert!(found.iter().any(|finding| finding.contains(said)), "{at}: « {said} » isn't in {found:?}");
        }
        let mut half_taken_back = rejected();
        half_taken_back.allocations.pop();
        assert!(!half_taken_back.findings().is_empty(), "a line stays paid by money that left");
    }
}
