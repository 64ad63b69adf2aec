//! A month of one organisation, from the fold of its entries to a draft.
//!
//! Each child's days are read in order; what is owed for a day is one
//! [`Charge`] a household; charges of one child, activity, tariff version and
//! unit price become one line ([`crate::lines`]).

use crate::attribution::{Attribution, Context, Part, at_two_sites, attribute};
use crate::cnaf::{Hours, Indicator};
use crate::custody::{Owing, owing};
use crate::draft::Draft;
use crate::explanation::{BookedStep, DayStep, QuantityOf, Step};
use crate::input::{Activity, Booking, Centre, Child, Household, Input, Request};
use crate::lines::{About, Charge, Ledger, Owed};
use crate::problem::{Decision, Problem, ProblemKind};
use crate::psu::{self, ContractDay};
use crate::quantity::Quantity;
use crate::situation::{OnTheDay, on_the_day};
use crate::tariff::{Method, National, NoPrice, Tariff};
use crate::units::{self, OfPresence};
use crate::world::World;
use chrono::NaiveDate;
use shared::fold::{ChildDay, Flag};
use shared::money::Cents;
use std::collections::{BTreeMap, BTreeSet};

/// A month's draft, and what the CNAF pays its crèches by.
#[derive(Debug, Clone)]
pub struct Priced {
    /// The draft.
    pub draft: Draft,
    /// By lieu, those with a PSU tariff.
    pub indicators: Vec<Indicator>,
}

/// Prices a month. The same input in any order gives the same draft.
#[must_use]
pub fn price(input: &Input, national: &National, request: Request<'_>) -> Draft {
    price_with_indicators(input, national, request).draft
}

/// The same, with the hours of its crèches.
#[must_use]
pub fn price_with_indicators(input: &Input, national: &National, request: Request<'_>) -> Priced {
    let world = World::new(input);
    let mut pricing = Pricing {
        input,
        world: &world,
        national,
        request,
        ledger: Ledger::default(),
        problems: Vec::new(),
        once: BTreeMap::new(),
        unsigned: BTreeMap::new(),
        under_contract: BTreeMap::new(),
        hours: BTreeMap::new(),
    };
    let mut days: BTreeMap<_, Vec<(NaiveDate, &ChildDay)>> = BTreeMap::new();
    for ((day, child), attendance) in &input.attendance.days {
        days.entry(*child).or_default().push((*day, attendance));
    }
    for child in &input.children {
        pricing.child(child, days.get(&child.id).map_or(&[], Vec::as_slice));
        pricing.contracts(child);
    }
    let indicators = pricing.hours.iter().map(|(centre, hours)| Indicator::of(centre, *hours)).collect();
    Priced { draft: pricing.finish(), indicators }
}

pub(crate) struct Pricing<'a, 'w> {
    pub input: &'a Input,
    pub world: &'w World<'a>,
    national: &'w National,
    pub request: Request<'w>,
    pub ledger: Ledger<'a>,
    pub problems: Vec<Problem>,
    /// Problems that are told once for several days: the first day stands, and blocking wins.
    once: BTreeMap<(&'static str, String), Problem>,
    /// Unsigned days by lieu.
    unsigned: BTreeMap<&'a str, BTreeSet<NaiveDate>>,
    /// Days of the child at hand that are under a contract, by its code.
    pub under_contract: BTreeMap<&'a str, Vec<ContractDay>>,
    /// Hours of PSU tariffs, by lieu.
    pub hours: BTreeMap<&'a str, Hours>,
}

/// What a price is asked for: a child on a day, an activity and the tariff that holds.
#[derive(Clone, Copy)]
pub(crate) struct At<'a, 'p> {
    pub context: Context<'a, 'p>,
    pub activity: &'a Activity,
    pub centre: &'a Centre,
    pub tariff: &'a Tariff,
}

/// What one unit costs a household, and why.
struct UnitCost {
    unit_price: Cents,
    situation: Step,
    price: Step,
}

impl<'a, 'w> Pricing<'a, 'w> {
    fn child(&mut self, child: &'a Child, attended: &[(NaiveDate, &'a ChildDay)]) {
        let attended: BTreeMap<NaiveDate, &ChildDay> = attended.iter().copied().collect();
        for day in self.request.month.days() {
            let attendance = attended.get(&day).copied();
            if attendance.is_some() || !self.world.bookings(child.id, day).is_empty() {
                self.day(Context { world: self.world, child, day }, attendance);
            }
        }
    }

    pub fn is_asked(&self, activity: &Activity) -> bool {
        self.request.regie.is_none_or(|regie| regie == activity.regie)
    }

    fn day(&mut self, context: Context<'a, 'w>, attendance: Option<&'a ChildDay>) {
        let attribution = attendance.map(|attendance| attribute(context, attendance)).unwrap_or_default();
        let two_sites = attendance.is_some_and(|attendance| at_two_sites(context, attendance, &attribution));
        let Attribution { mut parts, problems } = attribution;
        let concerning: Vec<Problem> = problems.into_iter().filter(|problem| self.concerns(problem)).collect();
        self.problems.extend(concerning);
        let mut booked: BTreeMap<&str, (&Activity, Vec<&Booking>)> = BTreeMap::new();
        for booking in self.world.bookings(context.child.id, context.day).iter().filter(|booking| booking.state.counts()) {
            if let Some(activity) = self.world.activity(booking.activity) {
                booked.entry(&activity.code).or_insert_with(|| (activity, Vec::new())).1.push(booking);
            }
        }
        if let Some(attendance) = attendance.filter(|_| parts.values().any(|part| self.is_asked(part.activity))) {
            self.flags(context, attendance, two_sites, &parts);
        }
        let activities: BTreeMap<&str, &Activity> = parts
            .values()
            .map(|part| part.activity)
            .chain(booked.values().map(|(activity, _)| *activity))
            .map(|a| (a.code.as_str(), a))
            .collect();
        for (code, activity) in activities {
            if !self.is_asked(activity) {
                continue;
            }
            let bookings = booked.remove(code).map(|(_, bookings)| bookings).unwrap_or_default();
            self.activity(context, activity, parts.remove(code), &bookings);
        }
    }

    /// With one régie asked for, the problems of lieux that it collects for; those without lieu always.
    fn concerns(&self, problem: &Problem) -> bool {
        let Some(code) = &problem.centre else { return true };
        self.request.regie.is_none()
            || self.input.activities.iter().any(|a| self.is_asked(a) && self.world.centre_of(a).is_some_and(|centre| centre.code == *code))
    }

    /// What the fold found strange about the day.
    fn flags(&mut self, context: Context<'a, 'w>, attendance: &ChildDay, two_sites: bool, parts: &BTreeMap<&str, Part<'a>>) {
        /// Beyond this a clock is a problem before billing (journal, rule 1 of the fold).
        const CLOCK_MINUTES_MAX: u64 = 15;
        let centre = parts.values().find_map(|part| self.world.centre_of(part.activity));
        for flag in &attendance.flags {
            let (kind, message) = match flag {
                // The fold can't know that morning care ends by itself: what its flag says is asked again.
                Flag::TwoSites if !two_sites => continue,
                Flag::TwoSites => (
                    ProblemKind::TwoSites,
                    "L'enfant est noté présent sur deux sites en même temps. Les deux présences sont comptées.".to_owned(),
                ),
                Flag::CorrectionConflict { .. } => (
                    ProblemKind::CorrectionConflict,
                    "Deux personnes ont corrigé le même pointage différemment. La dernière correction est comptée.".to_owned(),
                ),
                Flag::ClockOff { minutes, .. } if *minutes > CLOCK_MINUTES_MAX => (
                    ProblemKind::DoubtfulClock,
                    format!("L'horloge de la tablette avait {minutes} minutes d'écart. L'heure redressée est comptée."),
                ),
                Flag::ClockOff { .. } | Flag::SetApart { .. } => continue,
            };
            self.problems.push(context.problem(kind, true, centre, message));
        }
    }

    fn activity(&mut self, context: Context<'a, 'w>, activity: &'a Activity, part: Option<Part<'a>>, bookings: &[&'a Booking]) {
        let Some(centre) = self.world.centre_of(activity) else { return };
        if part.is_some() && self.input.attendance.signed(centre.id, context.day, Some(activity.id)).is_none() {
            self.unsigned.entry(&centre.code).or_default().insert(context.day);
        }
        let Some(tariff) = self.tariff(context, activity, centre) else { return };
        let at = At { context, activity, centre, tariff };
        let is_psu = matches!(tariff.method, Method::Psu(_));
        if let Some(contract) = psu::contract_of(context, activity).filter(|_| is_psu) {
            return self.day_under_contract(at, contract, part);
        }
        let booking = units::of_bookings(context, activity, bookings, tariff);
        let presence = part.as_ref().map(|part| units::of_presence(context, part, tariff, booking.unwrap_or(Quantity::ZERO)));
        if let Some(presence) = presence {
            self.presence_problems(context, activity, centre, presence, booking.is_some());
        }
        let by_presence = presence.map_or(Quantity::ZERO, |presence| presence.quantity);
        if is_psu {
            self.done(centre, by_presence, false);
        }
        let (quantity, by) = match self.decided_of_day(context, centre) {
            Some(Decision::NePasFacturer) => return,
            Some(Decision::FacturerLaReservation) => (booking.unwrap_or(Quantity::ZERO), QuantityOf::Booking),
            _ => units::billed(tariff.billed, by_presence, booking),
        };
        if quantity.is_zero() {
            return;
        }
        let provisional = by == QuantityOf::Presence && presence.is_some_and(|p| p.departure_missing || p.arrival_missing);
        let step = DayStep {
            date: context.day,
            presences: part.map(|part| crate::steps::presences(context, &part, self.request.with_entry_ids)).unwrap_or_default(),
            booked: booking.map(|quantity| BookedStep {
                from: bookings.first().and_then(|b| b.starts),
                to: bookings.first().and_then(|b| b.ends),
                quantity: quantity.to_decimal(),
            }),
            present_minutes: presence.map_or(0, |presence| presence.present_minutes),
            counted_minutes: presence.map_or(0, |presence| presence.counted_minutes),
            by: if provisional { QuantityOf::Provisional } else { by },
            part_percent: None,
            quantity: quantity.to_decimal(),
            provisional,
        };
        self.charge(at, &step, quantity);
    }

    /// Counts the hours that a child was there.
    pub fn done(&mut self, centre: &'a Centre, hours: Quantity, are_free: bool) {
        let sum = self.hours.entry(&centre.code).or_default();
        sum.done = sum.done + hours;
        if are_free {
            sum.free = sum.free + hours;
        }
    }

    /// The version of an activity's tariff that holds on a day, or a problem.
    pub fn tariff(&mut self, context: Context<'a, 'w>, activity: &Activity, centre: &Centre) -> Option<&'a Tariff> {
        let found = self.world.tariff(&activity.tariff, context.day);
        if found.is_none() {
            let message =
                format!("« {} » : aucune version du tarif « {} » ne vaut ce jour-là. Rien n'est facturé.", activity.name, activity.tariff);
            let problem = Problem { child: None, ..context.problem(ProblemKind::MissingTariff, true, Some(centre), message) };
            self.tell_once(&activity.code, problem);
        }
        found
    }

    /// What was decided about the problems of a child's day at a lieu; not to bill wins.
    pub fn decided_of_day(&self, context: Context<'a, 'w>, centre: &Centre) -> Option<Decision> {
        if self.input.decisions.is_empty() {
            return None;
        }
        let of_day = |kind: ProblemKind| {
            let name = context.problem(kind, true, Some(centre), String::new()).name();
            self.input.decisions.get(&name).copied()
        };
        let decided: Vec<Decision> = Decision::OF_A_DAY.iter().filter_map(|kind| of_day(*kind)).collect();
        let wins = |decision: Decision| decided.iter().copied().find(|d| *d == decision);
        wins(Decision::NePasFacturer).or_else(|| wins(Decision::FacturerLaReservation))
    }

    pub fn presence_problems(
        &mut self,
        context: Context<'a, 'w>,
        activity: &Activity,
        centre: &Centre,
        presence: OfPresence,
        booked: bool,
    ) {
        let name = &activity.name;
        let mut tell = |kind, blocking, message: String| self.problems.push(context.problem(kind, blocking, Some(centre), message));
        if presence.departure_missing {
            tell(
                ProblemKind::MissingDeparture,
                true,
                format!("« {name} » : départ non pointé. Compté provisoirement au plus court ; demander au lieu d'accueil."),
            );
        }
        if presence.arrival_missing {
            tell(
                ProblemKind::MissingArrival,
                true,
                format!("« {name} » : départ pointé sans arrivée. Compté provisoirement au plus court ; demander au lieu d'accueil."),
            );
        }
        if presence.no_duration {
            tell(
                ProblemKind::NoDuration,
                false,
                format!("« {name} » : arrivée et départ à la même minute. Cette présence compte pour zéro."),
            );
        }
        if !booked && activity.booking == shared::roster::BookingRule::Obligatoire && !presence.quantity.is_zero() {
            tell(
                ProblemKind::WithoutBooking,
                false,
                format!("« {name} » : présence sans réservation, alors qu'elle est obligatoire. Facturée une fois."),
            );
        }
    }

    /// Finds who owes a day, at what price, and writes it to their account.
    fn charge(&mut self, at: At<'a, 'w>, step: &DayStep, quantity: Quantity) {
        let At { context, .. } = at;
        let Owing { households, ambiguous, week_53 } = owing(context.child, context.day);
        if ambiguous {
            let message =
                "Le calendrier de garde désigne plusieurs foyers, ou des parts qui ne font pas un tout. Préciser dans les gardes.";
            self.problems.push(context.problem(ProblemKind::AmbiguousCustody, true, Some(at.centre), message));
        }
        if week_53 {
            let message = "Garde alternée par semaines paires et impaires : l'année a une semaine 53, suivie d'une autre semaine impaire. Vérifier chez qui est l'enfant.";
            self.tell_once(&context.child.code, Problem { centre: None, ..context.problem(ProblemKind::Week53, false, None, message) });
        }
        for (household, part_percent) in households {
            let Some(household) = self.world.households.get(&household).copied() else { continue };
            let quantity = part_percent.map_or(quantity, |percent| quantity.percent(percent));
            let step = Step::Day(DayStep { part_percent, quantity: quantity.to_decimal(), ..step.clone() });
            let owed = Owed { about: About::Days, quantity, days: (context.day, context.day), steps: vec![step] };
            self.charge_household(at, household, vec![owed]);
        }
    }

    /// Prices what a household owes, and writes it to its account.
    pub fn charge_household(&mut self, at: At<'a, 'w>, household: &'a Household, owed: Vec<Owed<'a>>) {
        let Some(UnitCost { unit_price, situation, price }) = self.unit_cost(at, household) else { return };
        for Owed { about, quantity, days, steps } in owed {
            if matches!(at.tariff.method, Method::Psu(_)) {
                let hours = self.hours.entry(&at.centre.code).or_default();
                hours.billed = hours.billed + quantity;
            }
            self.ledger.add(Charge {
                about,
                regie: &at.activity.regie,
                household,
                child: &at.context.child.code,
                centre: at.centre,
                activity: at.activity,
                tariff: at.tariff,
                unit_price,
                quantity,
                situation: situation.clone(),
                price: price.clone(),
                days,
                steps,
            });
        }
    }

    /// What one unit costs a household on a day; `None`, and a problem, where nothing says so.
    fn unit_cost(&mut self, at: At<'a, 'w>, household: &'a Household) -> Option<UnitCost> {
        let At { context, centre, tariff, .. } = at;
        let situation = on_the_day(self.world, household, context.child, centre, context.day);
        let price = match tariff.unit_price(context.day, &situation.applicant, self.national) {
            Ok(price) => price,
            Err(reason) => {
                self.no_price(at, household, &situation, reason);
                return None;
            }
        };
        if price.unproven {
            let (kind, what) = situation.missing_proof(tariff);
            let message = format!("{what} pour ce foyer à cette date : facturé au prix prévu sans justificatif.");
            self.tell_of_household(context, household, kind, false, message);
        }
        let told = Step::UnitPrice {
            from: context.day,
            basis: price.basis,
            unproven: price.unproven,
            rounding: tariff.rounding,
            unit_price_cents: price.cents,
        };
        Some(UnitCost { unit_price: price.cents, situation: situation.step(household, context.day), price: told })
    }

    fn no_price(&mut self, at: At<'a, 'w>, household: &Household, situation: &OnTheDay<'_>, reason: NoPrice) {
        let At { context, activity, centre, tariff } = at;
        match reason {
            NoPrice::ProofRefused => {
                let (kind, what) = situation.missing_proof(tariff);
                let message =
                    format!("{what} pour ce foyer à cette date, et le tarif « {} » le demande : rien n'est facturé avant.", tariff.label);
                self.tell_of_household(context, household, kind, true, message);
            }
            NoPrice::NoRow => {
                let message =
                    format!("« {} » : la grille « {} » n'a pas de prix pour ce foyer. Rien n'est facturé.", activity.name, tariff.label);
                let problem = Problem {
                    household: Some(household.code.clone()),
                    ..context.problem(ProblemKind::OutsideGrid, true, Some(centre), message)
                };
                self.tell_once(&format!("{} {}", context.child.code, activity.code), problem);
            }
            NoPrice::NoNationalTable => {
                let message =
                    format!("« {} » : aucun barème national de la PSU n'est connu à cette date. Rien n'est facturé.", activity.name);
                let problem = Problem { child: None, ..context.problem(ProblemKind::MissingNationalTable, true, Some(centre), message) };
                self.tell_once(&activity.code, problem);
            }
        }
    }

    /// A problem that is one a household, whichever of its children and days showed it.
    fn tell_of_household(&mut self, context: Context<'_, '_>, household: &Household, kind: ProblemKind, blocking: bool, message: String) {
        let problem = Problem {
            kind,
            blocking,
            centre: None,
            household: Some(household.code.clone()),
            child: None,
            date: Some(context.day),
            message,
        };
        self.tell_once(&household.code, problem);
    }

    /// Keeps one problem of a kind for a key: a blocking one first, then the earliest.
    pub fn tell_once(&mut self, key: &str, problem: Problem) {
        let rank = |problem: &Problem| (!problem.blocking, problem.date, problem.message.clone());
        let kept = self.once.entry((problem.kind.code(), key.to_owned())).or_insert_with(|| problem.clone());
        if rank(&problem) < rank(kept) {
            *kept = problem;
        }
    }

    fn finish(mut self) -> Draft {
        for (centre, days) in std::mem::take(&mut self.unsigned) {
            let number = days.len();
            let message = match number {
                1 => "Une journée de ce lieu n'est pas signée. Elle est comptée dans le brouillon.".to_owned(),
                _ => format!("{number} journées de ce lieu ne sont pas signées. Elles sont comptées dans le brouillon."),
            };
            let date = days.first().copied();
            self.problems.push(Problem {
                kind: ProblemKind::UnsignedDay,
                blocking: true,
                centre: Some(centre.to_owned()),
                household: None,
                child: None,
                date,
                message,
            });
        }
        self.problems.extend(self.once.into_values());
        let (invoices, missing_payers) = self.ledger.into_invoices();
        self.problems.extend(missing_payers);
        for problem in self.problems.iter_mut().filter(|problem| problem.blocking) {
            let decided = self.input.decisions.get(&problem.name()).filter(|d| Decision::possible(problem.kind).contains(d));
            if let Some(decision) = decided.filter(|d| **d != Decision::DemanderAuLieu) {
                problem.blocking = false;
                problem.message = format!("{} Décidé : {}.", problem.message, decision.label().to_lowercase());
            }
        }
        Draft::new(self.request.month, invoices, self.problems)
    }
}
