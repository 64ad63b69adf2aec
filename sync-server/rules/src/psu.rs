//! Contracts of regular care, billed by the month: a part whatever happened, what went beyond the reserved hours, and what wasn't due.
//!
//! All lines of a contract in a month have one price: that of its first day in it. A change of resources holds from the first of the
//! month after; a new national floor or ceiling, from its month.

use crate::attribution::{Context, Part, Stretch};
use crate::contract::{self, Excuse};
use crate::custody::{self, owing, owing_part};
use crate::explanation::{BookedStep, DayStep, ExcusedBy, PresenceStep, QuantityOf, Step};
use crate::input::{Absence, AbsenceReason, Activity, Contract};
use crate::lines::{About, Owed};
use crate::month::{At, Pricing};
use crate::problem::{Decision, ProblemKind};
use crate::quantity::{Interval, Quantity};
use crate::tariff::{Method, Psu};
use crate::units;
use chrono::NaiveDate;
use shared::calendar::local;

/// A day at the door under a contract.
pub(crate) struct ContractDay {
    day: NaiveDate,
    presences: Vec<PresenceStep>,
    intervals: Vec<Interval>,
    /// What the day comes to by itself, were nothing reserved.
    alone: Quantity,
    present_minutes: i64,
    provisional: bool,
}

/// The contract that a child's day in an activity is under: where parents have one each, that of who has the child that day.
pub(crate) fn contract_of<'a>(context: Context<'a, '_>, activity: &Activity) -> Option<&'a Contract> {
    let holding = context.child.contracts.iter().filter(|c| c.activity == activity.id && c.holds(context.day));
    let mut holding: Vec<&Contract> = holding.collect();
    if holding.len() > 1 {
        let owing = owing(context.child, context.day).households;
        let rank = |c: &Contract| !c.household.is_some_and(|home| owing.iter().any(|(owes, _)| *owes == home));
        holding.sort_by(|a, b| (rank(a), &a.code).cmp(&(rank(b), &b.code)));
    }
    holding.first().copied()
}

impl<'a, 'w> Pricing<'a, 'w> {
    /// Keeps what the door says of a day, until the month's contracts are billed.
    pub fn day_under_contract(&mut self, at: At<'a, 'w>, contract: &'a Contract, part: Option<Part<'a>>) {
        let At { context, activity, centre, tariff } = at;
        let Some(part) = part else { return };
        let presence = units::of_presence(context, &part, tariff, Quantity::ZERO);
        self.presence_problems(context, activity, centre, presence, true);
        self.done(centre, presence.quantity, contract.adaptation_until.is_some_and(|until| context.day <= until));
        if matches!(self.decided_of_day(context, centre), Some(Decision::NePasFacturer | Decision::FacturerLaReservation)) {
            return;
        }
        let reserved = contract::reserved(contract, activity, centre, self.world.calendar, context.day);
        let mut intervals = units::intervals(context, &part, tariff);
        intervals.extend(part.stretches.iter().filter_map(|stretch| until_reserved(stretch, &reserved)));
        self.under_contract.entry(&contract.code).or_default().push(ContractDay {
            day: context.day,
            presences: crate::steps::presences(context, &part, self.request.with_entry_ids),
            intervals,
            alone: presence.quantity,
            present_minutes: presence.present_minutes,
            provisional: presence.departure_missing || presence.arrival_missing,
        });
    }

    /// Bills the contracts of a child that touch the month.
    pub fn contracts(&mut self, child: &'a crate::input::Child) {
        let (month, kept) = (self.request.month, std::mem::take(&mut self.under_contract));
        let mut contracts: Vec<&Contract> = child.contracts.iter().collect();
        contracts.sort_by(|a, b| a.code.cmp(&b.code));
        for contract in contracts.into_iter().filter(|c| c.from <= month.last() && month.first() <= c.to) {
            let Some(activity) = self.world.activity(contract.activity).filter(|activity| self.is_asked(activity)) else { continue };
            let Some(centre) = self.world.centre_of(activity) else { continue };
            let context = Context { world: self.world, child, day: contract.from.max(month.first()) };
            let Some(tariff) = self.tariff(context, activity, centre) else { continue };
            let Method::Psu(psu) = &tariff.method else { continue };
            let at = At { context, activity, centre, tariff };
            let days = kept.get(contract.code.as_str()).map_or(&[][..], Vec::as_slice);
            self.contract_problems(at, contract, psu, days);
            let owed = self.owed(at, contract, psu, days);
            let households = contract.household.map_or_else(|| owing_part(child, context.day), |household| vec![(household, None)]);
            for (household, percent) in households {
                match self.world.households.get(&household).copied() {
                    Some(household) => {
                        self.charge_household(at, household, owed.iter().cloned().map(|owed| part_of(owed, percent)).collect());
                    }
                    // Another home's part of a household drafted alone is left out; a contract of a stranger to the child never is.
                    None if contract.household.is_some_and(|home| !custody::belongs(child, home, context.day)) => {
                        let message = format!(
                            "« {} » : le foyer du contrat {} n'est pas un foyer de l'enfant à cette date. Rien n'est facturé.",
                            activity.name, contract.code
                        );
                        self.tell_once(&contract.code, context.problem(ProblemKind::PsuContract, true, Some(centre), message));
                    }
                    None => {}
                }
            }
        }
    }

    fn owed(&self, at: At<'a, 'w>, contract: &'a Contract, psu: &Psu, days: &[ContractDay]) -> Vec<Owed<'a>> {
        let (month, code) = (self.request.month, contract.code.as_str());
        let (first, last) = (at.context.day, contract.to.min(month.last()));
        let parts = contract::parts(contract, month);
        let terms = terms(contract, &parts);
        let mut owed = Vec::new();
        let mut owe = |about, quantity: Quantity, days, steps: Vec<Step>| {
            if !quantity.is_zero() {
                let steps = [terms.clone()].into_iter().chain(steps).collect();
                owed.push(Owed { about, quantity, days, steps });
            }
        };
        if let Some((number, hours)) = parts.part {
            let step = Step::Part { number, of: contract.monthly_parts, hours: hours.normalize() };
            owe(About::Part(code), hours_of(hours), (first, last), vec![step]);
        }
        if parts.is_broken && !contract.slots.is_empty() {
            let reserved = contract::reserved_in_all(contract, at.activity, at.centre, self.world.calendar);
            let (reserved_hours, billed_hours) = (reserved.to_decimal(), parts.billed_hours.normalize());
            let step = Step::ContractEnd { on: contract.to, reserved_hours, billed_hours };
            owe(About::Settlement(code), reserved - hours_of(parts.billed_hours), (last, last), vec![step]);
        }
        if contract.slots.is_empty() {
            return owed;
        }
        let is_free = |day: NaiveDate| contract.adaptation_until.is_some_and(|until| day <= until);
        for kept in days.iter().filter(|kept| !is_free(kept.day)) {
            let reserved = contract::reserved(contract, at.activity, at.centre, self.world.calendar, kept.day);
            let more = if reserved.is_empty() { kept.alone } else { contract::beyond(&kept.intervals, &reserved, at.tariff, kept.day) };
            owe(About::Beyond(code), more, (kept.day, kept.day), vec![Step::BeyondContract, kept.step(&reserved, more)]);
        }
        let excused = contract::excused(&at.context.child.absences, at.centre, psu);
        for day in first.iter_days().take_while(|day| *day <= last) {
            let reserved = contract::reserved(contract, at.activity, at.centre, self.world.calendar, day);
            if let Some(until) = contract.adaptation_until.filter(|until| day <= *until) {
                let less = -hours_between(&reserved);
                owe(About::Adaptation(code), less, (day, day), vec![Step::Adaptation { until }, deducted(day, &reserved, less)]);
            } else if let Some(excuse) = excused.get(&day).filter(|_| !days.iter().any(|kept| kept.day == day)) {
                let due = match excuse {
                    Excuse::Closed => contract::planned(contract, at.activity, at.centre, self.world.calendar, day),
                    Excuse::Certified { .. } | Excuse::Asked => reserved,
                };
                let less = -hours_between(&due);
                owe(About::Excused(code), less, (day, day), vec![said(*excuse, day), deducted(day, &due, less)]);
            }
        }
        owed
    }

    fn contract_problems(&mut self, at: At<'a, 'w>, contract: &Contract, psu: &Psu, days: &[ContractDay]) {
        let At { context, activity, centre, .. } = at;
        let month = self.request.month;
        let touches = |absence: &&Absence| absence.from <= month.last() && month.first() <= absence.to;
        let absences: Vec<&Absence> = context.child.absences.iter().filter(touches).collect();
        let is_broken = contract::parts(contract, month).is_broken;
        if contract.slots.is_empty() && (is_broken || !days.is_empty() || !absences.is_empty()) {
            let message = format!(
                "« {} » : le contrat {} n'a pas de plages réservées (contrats_plages.csv). Ses mensualités sont comptées ; ses heures en plus, ses déductions et sa régularisation ne peuvent pas l'être.",
                activity.name, contract.code
            );
            self.tell_once(&contract.code, context.problem(ProblemKind::PsuContract, true, Some(centre), message));
        }
        let long_enough = |a: &Absence| (a.to - a.from).num_days() + 1 >= i64::from(psu.illness_days_min);
        for absence in absences.iter().filter(|a| a.reason == AbsenceReason::Illness && !a.certified && long_enough(a)) {
            let message = format!(
                "« {} » : absence du {} au {} sans certificat reçu. Ses heures restent dues ; avec un certificat, elles seraient déduites après le délai de carence.",
                activity.name,
                absence.from.format("%d/%m/%Y"),
                absence.to.format("%d/%m/%Y")
            );
            let context = Context { day: absence.from, ..context };
            self.tell_once(&contract.code, context.problem(ProblemKind::MissingCertificate, false, Some(centre), message));
        }
    }
}

impl ContractDay {
    fn step(&self, reserved: &[Interval], more: Quantity) -> Step {
        let by = if self.provisional { QuantityOf::Provisional } else { QuantityOf::BeyondContract };
        Step::Day(DayStep {
            date: self.day,
            presences: self.presences.clone(),
            booked: booked(reserved),
            present_minutes: self.present_minutes,
            counted_minutes: 0,
            by,
            part_percent: None,
            quantity: more.to_decimal(),
            provisional: self.provisional,
        })
    }
}

/// Where a bound is missing, the presence is taken to fill the reserved hours and no more.
fn until_reserved(stretch: &Stretch<'_>, reserved: &[Interval]) -> Option<Interval> {
    let (first, last) = (reserved.first()?.from(), reserved.last()?.to());
    match stretch {
        Stretch::WithoutDeparture(from) => Some(Interval::new(from.at(), last)),
        Stretch::WithoutArrival(to) => Some(Interval::new(first, to.at())),
        Stretch::Closed(..) | Stretch::RollCall(_) => None,
    }
}

fn part_of(owed: Owed<'_>, percent: Option<u32>) -> Owed<'_> {
    let Some(percent) = percent else { return owed };
    let shared = |step: Step| match step {
        Step::Day(day) => {
            let quantity = Quantity::of_decimal(day.quantity).map_or(day.quantity, |whole| whole.percent(percent).to_decimal());
            Step::Day(DayStep { part_percent: Some(percent), quantity, ..day })
        }
        other => other,
    };
    Owed { quantity: owed.quantity.percent(percent), steps: owed.steps.into_iter().map(shared).collect(), ..owed }
}

fn terms(contract: &Contract, parts: &contract::Parts) -> Step {
    Step::Contract {
        code: contract.code.clone(),
        from: contract.from,
        to: contract.to,
        weekly_hours: contract.weekly_hours.normalize(),
        weeks: contract.weeks.normalize(),
        planned_leave_hours: contract.planned_leave_hours.normalize(),
        hours: parts.hours.normalize(),
        parts: contract.monthly_parts,
        monthly_hours: parts.monthly_hours.normalize(),
    }
}

/// Hours of at most four decimals: two of a file's columns multiplied.
fn hours_of(hours: rust_decimal::Decimal) -> Quantity {
    Quantity::of_decimal(hours).unwrap_or(Quantity::ZERO)
}

fn hours_between(stretches: &[Interval]) -> Quantity {
    Quantity::of_minutes(contract::minutes(stretches), 60)
}

fn booked(reserved: &[Interval]) -> Option<BookedStep> {
    let (first, last) = (reserved.first()?, reserved.last()?);
    let (from, to) = (local(first.from()).time(), local(last.to()).time());
    Some(BookedStep { from: Some(from), to: Some(to), quantity: hours_between(reserved).to_decimal() })
}

fn deducted(day: NaiveDate, reserved: &[Interval], less: Quantity) -> Step {
    Step::Day(DayStep {
        date: day,
        presences: Vec::new(),
        booked: booked(reserved),
        present_minutes: 0,
        counted_minutes: 0,
        by: QuantityOf::Deduction,
        part_percent: None,
        quantity: less.to_decimal(),
        provisional: false,
    })
}

fn said(excuse: Excuse, day: NaiveDate) -> Step {
    match excuse {
        Excuse::Certified { from, to, deducted_from } => Step::Excused { by: ExcusedBy::Certificate, from, to, deducted_from },
        Excuse::Asked => Step::Excused { by: ExcusedBy::Centre, from: day, to: day, deducted_from: day },
        Excuse::Closed => Step::Excused { by: ExcusedBy::Closure, from: day, to: day, deducted_from: day },
    }
}
