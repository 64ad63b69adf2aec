//! The families that nobody wrote by hand.

use super::names::{self, Origin, Sex};
use super::{Catchment, Child, Guardian, Habit, Household, Proof, SecondHome, Wednesday, letterbox};
use crate::days::minus;
use crate::random::Random;
use crate::territory::{Commune, OUTSIDE, communes};
use chrono::{Datelike, Months, NaiveDate, Weekday};
use shared::calendar::Weekdays;

/// Hands out codes: `F0001`, `R0001`, `E0001`.
#[derive(Debug, Default)]
pub struct Registry {
    households: usize,
    guardians: usize,
    children: usize,
}

impl Registry {
    /// Households so far.
    #[must_use]
    pub fn households(&self) -> usize {
        self.households
    }

    /// Adults so far.
    #[must_use]
    pub fn guardians(&self) -> usize {
        self.guardians
    }

    /// The next household's code.
    pub fn household(&mut self) -> String {
        self.households += 1;
        format!("F{:04}", self.households)
    }

    /// The next adult's code.
    pub fn guardian(&mut self) -> String {
        self.guardians += 1;
        format!("R{:04}", self.guardians)
    }

    /// The next child's code.
    pub fn child(&mut self) -> String {
        self.children += 1;
        format!("E{:04}", self.children)
    }
}

/// Where families live, by the school that they look to: the school's commune first, then those around it.
pub const CATCHMENTS: [(Catchment, u32, &[&str]); 7] = [
    (Catchment::Menilles, 190, &["27397", "27171", "27312", "27343"]),
    (
        Catchment::Pacy,
        240,
        &[
            "27448", "27004", "27076", "27078", "27114", "27119", "27123", "27136", "27140", "27190", "27203", "27231", "27273", "27326",
            "27400", "27429", "27465", "27501", "27674", "27689", "27696",
        ],
    ),
    (Catchment::Vexin, 130, &["27213", "27194", "27202", "27214", "27307", "27315", "27329", "27331", "27407", "27408", "27625", "27644"]),
    (Catchment::SaintMarcel, 170, &["27562", "27336", "27399", "27525", "27554", "27612", "27694"]),
    (Catchment::Vernon, 140, &["27681", "27440", "27473", "27477"]),
    (Catchment::Gasny, 70, &["27279", "27072", "27285", "27540"]),
    (Catchment::Andelys, 60, &["27016", "27070", "27097", "27337", "27422", "27495", "27635", "27673", "27683"]),
];

/// The days with school in a week.
#[must_use]
pub fn school_week() -> Weekdays {
    [Weekday::Mon, Weekday::Tue, Weekday::Thu, Weekday::Fri].into_iter().fold(Weekdays::default(), Weekdays::with)
}

/// One household, or two where the parents live apart.
pub fn draw(registry: &mut Registry, seed: u64, today: NaiveDate) -> Vec<Household> {
    let random = &mut Random::stream(seed, "foyer", registry.households());
    let weights: Vec<(Catchment, u32)> = CATCHMENTS.iter().map(|(catchment, weight, _)| (*catchment, *weight)).collect();
    let catchment = random.weighted(&weights);
    let origins = (Origin::draw(random), Origin::draw(random));
    // Most couples come from the same place, as everywhere.
    let origins = (origins.0, if random.per_mille(750) { origins.0 } else { origins.1 });
    let shape = random.weighted(&[(Shape::Couple, 70), (Shape::Alone, 24), (Shape::Apart, 6)]);
    let mother = guardian(registry, origins.0, Sex::F, today, random);
    let mut first = household(registry, catchment, random);
    first.guardians.push(mother);
    let mut second = None;
    match shape {
        Shape::Couple => {
            let father = guardian(registry, origins.1, Sex::M, today, random);
            marry(&mut first.guardians[0], &father, random);
            first.guardians.push(Guardian { pays: false, ..father });
        }
        Shape::Apart => {
            let father = guardian(registry, origins.1, Sex::M, today, random);
            let mut home = household(registry, catchment, random);
            home.guardians.push(father);
            second = Some(home);
        }
        Shape::Alone => {}
    }
    let family = match (&second, first.guardians.get(1)) {
        (Some(home), _) if random.per_mille(500) => format!("{}-{}", first.guardians[0].birth_name, home.guardians[0].last_name),
        (Some(home), _) => home.guardians[0].last_name.clone(),
        (None, Some(father)) => father.last_name.clone(),
        (None, None) => first.guardians[0].last_name.clone(),
    };
    first.children = children(registry, &family, origins, today, random);
    if let Some(home) = &mut second {
        let parities =
            if random.per_mille(500) { ("semaines_paires", "semaines_impaires") } else { ("semaines_impaires", "semaines_paires") };
        for child in &mut first.children {
            child.second_home =
                Some(SecondHome { household: home.code.clone(), first: ("alternee", parities.0), second: ("alternee", parities.1) });
        }
        home.name = letterbox(&home.guardians);
    }
    first.name = letterbox(&first.guardians);
    if let Some(home) = &mut second {
        age_parents_of(home, &first.children);
    }
    age_parents(&mut first);
    std::iter::once(first).chain(second).collect()
}

#[derive(Debug, Clone, Copy)]
enum Shape {
    Couple,
    Alone,
    Apart,
}

/// An empty household somewhere around a school.
pub fn household(registry: &mut Registry, catchment: Catchment, random: &mut Random) -> Household {
    let code = registry.household();
    Household {
        badge: random.per_mille(if catchment == Catchment::Menilles { 1000 } else { 800 }).then(|| uid(registry.households(), random)),
        code,
        name: String::new(),
        commune: commune(catchment, random),
        address: names::street(random),
        moved_to: None,
        regime: random.weighted(&[("caf", 86), ("msa", 9), ("autre", 5)]),
        confidential: false,
        proof: proof(random),
        aeeh: u32::from(random.per_mille(25)),
        guardians: Vec::new(),
        children: Vec::new(),
        catchment,
    }
}

fn commune(catchment: Catchment, random: &mut Random) -> Commune {
    if random.per_mille(30) {
        return *random.pick(&OUTSIDE);
    }
    let around = CATCHMENTS.iter().find(|(known, ..)| *known == catchment).map_or(&[][..], |(.., around)| around);
    let insee = if random.per_mille(550) { around[0] } else { *random.pick(around) };
    // The table above names only communes of the territory: a test holds it to that.
    communes().into_iter().find(|commune| commune.insee == insee).unwrap_or(OUTSIDE[0])
}

fn proof(random: &mut Random) -> Proof {
    let (low, high) = random.weighted(&[((0, 400), 15), ((401, 700), 22), ((701, 1000), 22), ((1001, 1500), 25), ((1501, 2600), 16)]);
    let quotient = random.between(low, high);
    match random.below(1000) {
        0..50 => Proof::Missing,
        50..90 => Proof::Expired(quotient),
        90..110 => Proof::Changed(quotient, (quotient * 2 / 3).max(120)),
        _ => Proof::Known(quotient),
    }
}

/// An adult who pays, with a pen name's worth of civil status.
pub fn guardian(registry: &mut Registry, origin: Origin, sex: Sex, today: NaiveDate, random: &mut Random) -> Guardian {
    let code = registry.guardian();
    let number = registry.guardians();
    let last_name = origin.family(random).to_owned();
    let first_name = origin.adult(sex, random).to_owned();
    let second_name = origin.adult(sex, random);
    let birthplace = origin.birthplace(random);
    let has_email = random.per_mille(940);
    let months = random.between(25 * 12, 46 * 12);
    let birth = minus(today.checked_sub_months(Months::new(months)).unwrap_or(today), u64::from(random.below(28)));
    Guardian {
        code,
        email: if has_email { names::email(&first_name, &last_name, number) } else { String::new() },
        phone: names::phone(number),
        channel: if has_email {
            random.weighted(&[("courriel", 88), ("sms", 8), ("guichet", 4)])
        } else {
            random.weighted(&[("papier", 3), ("sms", 1)])
        },
        language: if random.per_mille(350) { names::language_of(birthplace.1) } else { "fr" },
        birth_name: last_name.clone(),
        first_names: format!("{first_name} {second_name}"),
        last_name,
        first_name,
        sex,
        birth,
        birthplace,
        pays: true,
        share_percent: None,
        tie: if sex == Sex::F { "mère" } else { "père" },
        has_authority: true,
    }
}

/// Years between a parent and the eldest child.
const PARENT_YEARS_MIN: i32 = 20;

/// Makes parents old enough for the children of their household.
pub fn age_parents(household: &mut Household) {
    let children = std::mem::take(&mut household.children);
    age_parents_of(household, &children);
    household.children = children;
}

fn age_parents_of(household: &mut Household, children: &[Child]) {
    let Some(eldest) = children.iter().map(|child| child.birth.year()).min() else { return };
    for guardian in &mut household.guardians {
        let missing = u32::try_from(guardian.birth.year() + PARENT_YEARS_MIN - eldest).unwrap_or(0);
        guardian.birth = guardian.birth.checked_sub_months(Months::new(missing * 12)).unwrap_or(guardian.birth);
    }
}

/// Many couples share a name in use; the name at birth stays.
fn marry(mother: &mut Guardian, father: &Guardian, random: &mut Random) {
    match random.below(10) {
        0..5 => mother.last_name.clone_from(&father.last_name),
        5 => mother.last_name = format!("{}-{}", mother.birth_name, father.last_name),
        _ => {}
    }
}

fn children(registry: &mut Registry, family: &str, origins: (Origin, Origin), today: NaiveDate, random: &mut Random) -> Vec<Child> {
    let count = random.weighted(&[(1, 52), (2, 38), (3, 9), (4, 1)]);
    let are_twins = random.per_mille(20);
    let mut ages_months = vec![random.between(4, 131)];
    let mut children: Vec<Child> = Vec::new();
    for index in 0..count {
        if index > 0 && !(are_twins && index == 1) {
            let Some(age_months) = sibling_age_months(&ages_months, random) else { break };
            ages_months.push(age_months);
        }
        let sex = if random.per_mille(489) { Sex::F } else { Sex::M };
        let mut first_name = origins.0.child(sex, random);
        while children.iter().any(|sibling| sibling.first_name == first_name) {
            first_name = Origin::COMMON.child(sex, random);
        }
        let birth = match children.last() {
            Some(twin) if are_twins && index == 1 => twin.birth,
            _ => minus(
                today.checked_sub_months(Months::new(ages_months[ages_months.len() - 1])).unwrap_or(today),
                u64::from(random.below(28)),
            ),
        };
        children.push(child(registry, family, first_name, birth, random));
    }
    children
}

/// Children of eighteen and over are nobody's here.
const AGE_MONTHS_MAX: u32 = 17 * 12;

/// Younger than the youngest while there is room, else older than the eldest; nothing where the family is complete.
fn sibling_age_months(ages_months: &[u32], random: &mut Random) -> Option<u32> {
    let gap = random.between(17, 46);
    let youngest = ages_months.iter().min().copied().unwrap_or(0);
    let eldest = ages_months.iter().max().copied().unwrap_or(0);
    if youngest > gap + 4 { Some(youngest - gap) } else { Some(eldest + gap).filter(|age| *age <= AGE_MONTHS_MAX) }
}

/// A child with its habits drawn.
pub fn child(registry: &mut Registry, family: &str, first_name: &str, birth: NaiveDate, random: &mut Random) -> Child {
    let walks = birth.checked_add_months(Months::new(random.between(10, 16))).unwrap_or(birth);
    Child {
        code: registry.child(),
        last_name: family.to_owned(),
        first_name: first_name.to_owned(),
        birth,
        allergies: random.weighted(&[("", 930), ("Arachide", 20), ("Lactose", 20), ("Œuf", 12), ("Fruits à coque", 12), ("Gluten", 6)]),
        menu: random.weighted(&[("A", 82), ("B", 11), ("C", 7)]),
        care_plan: random.weighted(&[
            ("", 975),
            ("Asthme : spray bleu dans la trousse rouge", 15),
            ("Épilepsie : protocole au bureau, appeler le 15", 10),
        ]),
        walks_since: Some(walks),
        alone_from: None,
        photo_agreed: random.per_mille(780),
        habit: habit(random),
        second_home: None,
    }
}

fn habit(random: &mut Random) -> Habit {
    let mut days = |always: u32, sometimes: u32| {
        let drawn = random.below(1000);
        if drawn < always {
            return school_week();
        }
        if drawn >= always + sometimes {
            return Weekdays::default();
        }
        let count = random.between(1, 3);
        (0..count).fold(Weekdays::default(), |set, _| set.with(*random.pick(&[Weekday::Mon, Weekday::Tue, Weekday::Thu, Weekday::Fri])))
    };
    let (canteen, morning, evening) = (days(620, 220), days(170, 160), days(270, 220));
    let wednesday = random.weighted(&[(Wednesday::No, 72), (Wednesday::Day, 21), (Wednesday::Morning, 7)]);
    let creche_days = random.weighted(&[(5, 45), (4, 30), (3, 15), (2, 10)]);
    let week = [Weekday::Mon, Weekday::Tue, Weekday::Thu, Weekday::Fri, Weekday::Wed];
    Habit {
        morning,
        canteen,
        evening,
        wednesday,
        holidays: random.per_mille(200),
        creche: if random.per_mille(680) {
            week.into_iter().take(creche_days).fold(Weekdays::default(), Weekdays::with)
        } else {
            Weekdays::default()
        },
        arrives: 7 * 60 + random.between(32, 80),
        leaves: 16 * 60 + random.between(45, 140),
        books: random.per_mille(700),
        steady: false,
        three_presences: false,
        forgotten_once: false,
        unannounced_once: false,
    }
}

/// The number of a card: 7 bytes as new ones have, or 4 as old ones; no two alike.
pub fn uid(number: usize, random: &mut Random) -> String {
    // An odd factor modulo 2²⁴ never gives two numbers the same place.
    let place = (number as u64).wrapping_mul(0x5b_d1e9) & 0xff_ffff;
    if random.per_mille(700) {
        format!("04{:04X}{place:06X}80", random.below(0x1_0000))
    } else {
        // First bytes that the standard (ISO 14443-3) leaves to cards with a fixed number.
        format!("{:02X}{place:06X}", random.pick(&[0x1a, 0x3c, 0x5d, 0x7e, 0x9b, 0xb4, 0xd2, 0xe5]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_commune_of_the_territory_looks_to_exactly_one_school() {
        let mut around: Vec<&str> = CATCHMENTS.iter().flat_map(|(.., communes)| communes.iter().copied()).collect();
        around.sort_unstable();
        let all: Vec<&str> = communes().iter().map(|commune| commune.insee).collect();
        assert_eq!(around, all);
    }
}
