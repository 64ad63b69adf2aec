//! A small town to bill: builders that read as what happened, and the real fold of what was recorded.

use chrono::{NaiveDate, NaiveTime};
use rules::Priced;
use rules::draft::{Draft, Invoice, Line};
use rules::input::{Activity, Booking, BookingState, Centre, Child, Household, Input, Payer, Request, Situation};
use rules::problem::Problem;
use rules::tariff::{National, parse};
use shared::calendar::{SchoolCalendar, Weekdays, Zone, instant};
use shared::fold::{Fact, fold};
use shared::id::{ActivityId, BootId, CentreId, ChildId, DeviceId, EntryId, OrganisationId, SiteId};
use shared::journal::{Actor, Channel, Detail, Envelope, Evidence, Kind, LeftTo, Moment, Payload, Place};
use shared::roster::{BookingRule, Dated, Period, Recording};
use std::collections::BTreeSet;
use uuid::Uuid;

/// An id made of a code, so that a test never has to carry both.
pub fn id<T: From<Uuid>>(code: &str) -> T {
    let mut bytes = [0xA5; 16];
    bytes[..code.len()].copy_from_slice(code.as_bytes());
    T::from(Uuid::from_bytes(bytes))
}

pub fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn time(text: &str) -> NaiveTime {
    let seconds = if text.len() == 5 { ":00" } else { "" };
    format!("{text}{seconds}").parse().unwrap()
}

/// One organisation with one lieu, `V`, and one household, `F1`, with one child, `E1`, born in 2018.
pub struct Town {
    pub input: Input,
    pub facts: Vec<Fact>,
    pub month: &'static str,
    sealed: u64,
}

impl Town {
    pub fn new(month: &'static str) -> Self {
        let centre = Centre {
            id: id("V"),
            code: "V".into(),
            site: id("S"),
            name: "Accueil Vauban".into(),
            zone: Zone::B,
            closures: Vec::new(),
            unforeseen_closures: Vec::new(),
            resident_communes: ["27681".to_owned()].into(),
        };
        let input = Input { centres: vec![centre], calendar: SchoolCalendar::shipped(), ..Input::default() };
        let mut town = Self { input, facts: Vec::new(), month, sealed: 0 };
        town.household("F1", &["R1"]);
        town.child("E1", "F1", "2018-05-01");
        town
    }

    pub fn tariff(&mut self, text: &str) -> &mut Self {
        let head = if text.contains("valable_du") { "" } else { "valable_du = 2025-09-01\n" };
        let tariff = parse(&format!("{head}{text}")).unwrap_or_else(|errors| panic!("{errors:?}"));
        self.input.tariffs.push(tariff);
        self
    }

    /// A forfait of so many euros for a unit.
    pub fn forfait(&mut self, code: &str, unit: &str, price: &str, more: &str) -> &mut Self {
        self.tariff(&format!(
            "code = \"{code}\"\nlibelle = \"{code}\"\nmethode = \"forfait\"\nunite = \"{unit}\"\nprix = \"{price}\"\n{more}"
        ))
    }

    /// An activity every day of the week, with a window `16:30-18:30` or none, priced by the tariff of the same code.
    pub fn activity(&mut self, code: &str, recording: Recording, window: &str) -> &mut Activity {
        let (starts, ends) = window.split_once('-').map_or((None, None), |(a, b)| (Some(time(a)), Some(time(b))));
        self.input.activities.push(Activity {
            id: id(code),
            code: code.into(),
            centre: id("V"),
            name: code.into(),
            tariff: code.into(),
            regie: "R1".into(),
            starts,
            ends,
            weekdays: Weekdays::ALL,
            period: Period::Toujours,
            recording,
            booking: BookingRule::Aucune,
        });
        self.input.activities.last_mut().unwrap()
    }

    pub fn household(&mut self, code: &str, payers: &[&str]) -> &mut Household {
        self.input.households.push(Household {
            id: id(code),
            code: code.into(),
            regime: None,
            commune: "27681".into(),
            moves: Vec::new(),
            situations: Vec::new(),
            payers: payers.iter().map(|payer| Payer { code: (*payer).into(), share_bp: None }).collect(),
        });
        self.input.households.last_mut().unwrap()
    }

    pub fn the_household(&mut self) -> &mut Household {
        &mut self.input.households[0]
    }

    /// A QF from a day on.
    pub fn qf(&mut self, from: &str, to: Option<&str>, qf: u32) -> &mut Self {
        self.the_household().situations.push(situation(from, to, Some(qf)));
        self
    }

    pub fn child(&mut self, code: &str, household: &str, birth: &str) -> &mut Child {
        self.input.children.push(Child {
            id: id(code),
            code: code.into(),
            birth_date: day(birth),
            household: id(household),
            attachments: Vec::new(),
            custody_exceptions: Vec::new(),
            enrolments: Vec::new(),
            contracts: Vec::new(),
            absences: Vec::new(),
        });
        self.input.children.last_mut().unwrap()
    }

    pub fn enrol(&mut self, child: &str, activity: &str) -> &mut Self {
        let found = self.input.children.iter_mut().find(|c| c.code == child).unwrap();
        found.enrolments.push(Dated { what: id::<ActivityId>(activity), from: None, to: None });
        self
    }

    pub fn book(&mut self, child: &str, activity: &str, date: &str, window: &str, state: BookingState) -> &mut Self {
        let (starts, ends) = window.split_once('-').map_or((None, None), |(a, b)| (Some(time(a)), Some(time(b))));
        self.input.bookings.push(Booking { child: id(child), activity: id(activity), day: day(date), starts, ends, state });
        self
    }

    /// A touch on the tablet: `arrive("E1", "2026-10-05", "16:30", Some("soir"))`.
    pub fn arrive(&mut self, child: &str, date: &str, at: &str, activity: Option<&str>) -> &mut Self {
        self.seal(child, date, at, activity, Kind::Arrived, Channel::Tablet)
    }

    pub fn leave(&mut self, child: &str, date: &str, at: &str, activity: Option<&str>) -> &mut Self {
        self.seal(child, date, at, activity, Kind::Left, Channel::Tablet)
    }

    pub fn call(&mut self, child: &str, date: &str, at: &str, activity: Option<&str>) -> &mut Self {
        self.seal(child, date, at, activity, Kind::Present, Channel::Tablet)
    }

    /// Puts what was last recorded at another site, where a lieu `W` stands.
    pub fn at_the_other_site(&mut self) -> &mut Self {
        let fact = self.facts.last_mut().unwrap();
        fact.envelope.site = id("S2");
        if let Some(payload) = &mut fact.payload {
            payload.centre = Some(id("W"));
        }
        self
    }

    /// A second lieu, `W`, at a site of its own.
    pub fn another_site(&mut self) -> &mut Self {
        let other = Centre { id: id("W"), code: "W".into(), site: id("S2"), name: "Centre Ferry".into(), ..self.input.centres[0].clone() };
        self.input.centres.push(other);
        self
    }

    /// Arrival and departure of one activity, on the tablet.
    pub fn stay(&mut self, child: &str, date: &str, from: &str, to: &str, activity: &str) -> &mut Self {
        self.arrive(child, date, from, Some(activity)).leave(child, date, to, Some(activity))
    }

    pub fn seal(&mut self, child: &str, date: &str, at: &str, activity: Option<&str>, kind: Kind, channel: Channel) -> &mut Self {
        self.sealed += 1;
        let at_ms = instant(day(date), time(at)).timestamp_millis();
        let detail = match kind {
            Kind::Left => Detail::Left { to: LeftTo::Person, person: None },
            Kind::Present => Detail::RollCall { group: None, call: Uuid::from_u128(1) },
            _ => Detail::None,
        };
        let device: DeviceId = id(if channel == Channel::Tablet { "tablet" } else { "server" });
        let envelope = Envelope {
            organisation: id::<OrganisationId>("O1"),
            site: id::<SiteId>("S"),
            // A device's numbers follow its clock, in whatever order a test tells its story.
            place: Place { device, epoch: 1, seq: at_ms.unsigned_abs() / 1000 * 1000 + self.sealed },
            prev_hash: [0; 32],
            entry_id: EntryId(Uuid::from_u128(u128::from(self.sealed) << 64 | 7)),
            kind,
            kind_version: 1,
            payload_hash: [0; 32],
        };
        let payload = Payload {
            about_child: Some(id::<ChildId>(child)),
            centre: Some(id::<CentreId>("V")),
            boot: id::<BootId>("boot"),
            moment: Moment { activity: activity.map(id), label: activity.unwrap_or_default().into() },
            channel,
            evidence: if channel == Channel::Tablet { Evidence::List } else { Evidence::Import },
            detail,
            ..Payload::at(at_ms)
        };
        self.facts.push(Fact { envelope, payload: Some(payload), opaque: false });
        self
    }

    /// The draft, with every day signed.
    pub fn draft(&mut self) -> Draft {
        self.draft_of(true, None)
    }

    pub fn draft_of(&mut self, signed: bool, regie: Option<&str>) -> Draft {
        self.priced(signed, regie).draft
    }

    /// The draft with the hours of its crèches.
    pub fn priced(&mut self, signed: bool, regie: Option<&str>) -> Priced {
        self.input.attendance = fold(&self.facts);
        if signed {
            let days: BTreeSet<NaiveDate> = self.input.attendance.days.keys().map(|(day, _)| *day).collect();
            let signature = |day: NaiveDate| shared::fold::Signature {
                entry: EntryId(Uuid::from_u128(9)),
                activity: None,
                at_ms: instant(day, time("20:00")).timestamp_millis(),
                actor: Actor::NOBODY,
                sheet: Some([0; 32]),
                reason: String::new(),
            };
            for centre in &self.input.centres {
                self.input.attendance.signatures.extend(days.iter().map(|day| ((centre.id, *day, None), vec![signature(*day)])));
            }
        }
        let request = Request { month: self.month.parse().unwrap(), regie, with_entry_ids: false };
        rules::price_with_indicators(&self.input, National::shipped(), request)
    }

    /// The only line of the draft.
    pub fn line(&mut self) -> Line {
        let draft = self.draft();
        let lines: Vec<&Line> = draft.invoices.iter().flat_map(|invoice| &invoice.lines).collect();
        assert_eq!(lines.len(), 1, "{draft:#?}");
        lines[0].clone()
    }
}

pub fn situation(from: &str, to: Option<&str>, qf: Option<u32>) -> Situation {
    Situation {
        from: day(from),
        to: to.map(day),
        quotient_familial: qf,
        monthly_resources: None,
        dependent_children: None,
        aeeh_children: 0,
        source: "attestation CAF".into(),
    }
}

/// `activity quantity × price = amount`, as one would read a bill aloud.
pub fn read(line: &Line) -> String {
    format!("{} {} × {} = {}", line.activity, line.quantity, line.unit_price_cents.to_euros(), line.amount_cents.to_euros())
}

pub fn read_all(draft: &Draft) -> Vec<String> {
    draft.invoices.iter().flat_map(|invoice: &Invoice| invoice.lines.iter().map(read)).collect()
}

pub fn kinds(problems: &[Problem]) -> Vec<&'static str> {
    problems.iter().map(|problem| problem.kind.code()).collect()
}
