//! Families as rows.

use super::cases::{Cases, Pickup};
use super::names::{self, Origin, Sex};
use super::{Child, Guardian, Household, Proof};
use crate::days::{Calendar, minus, plus};
use crate::folder::{Folder, add, cell, clock_time, yes};
use crate::random::Random;
use chrono::{Datelike, NaiveDate, Weekday};
use shared::calendar::Month;

/// Writes households, adults, situations, children and all that ties them.
pub fn write(folder: &mut Folder, households: &[Household], cases: &Cases, seed: u64, calendar: &Calendar) {
    for household in households {
        write_household(folder, household, calendar);
        write_situations(folder, household, dependants(household, households), calendar);
        for guardian in &household.guardians {
            write_guardian(folder, &household.code, guardian);
        }
        for child in &household.children {
            write_child(folder, child, household, calendar);
            write_ties(folder, child, household, households);
        }
    }
    for tie in &cases.ties {
        write_tie(folder, &tie.child, &tie.guardian, tie.tie, tie.authority, tie.may_take);
    }
    write_pickups(folder, households, cases, seed);
    write_badges(folder, households);
}

/// Children whom a household supports: its own, and those who also live there.
fn dependants(household: &Household, households: &[Household]) -> usize {
    let lives_here = |child: &&Child| child.second_home.as_ref().is_some_and(|home| home.household == household.code);
    household.children.len() + households.iter().flat_map(|other| &other.children).filter(lives_here).count()
}

fn write_household(folder: &mut Folder, household: &Household, calendar: &Calendar) {
    add!(
        folder,
        "foyers.csv",
        code = household.code,
        nom = household.name,
        adresse = household.address,
        code_postal = household.commune.postal_code(),
        commune_insee = household.commune.insee,
        regime = household.regime,
        numero_allocataire = if household.regime == "caf" { allocataire(&household.code) } else { String::new() },
        confidentiel = yes(household.confidential),
    );
    if let Some((commune, address)) = &household.moved_to {
        add!(
            folder,
            "adresses.csv",
            foyer = household.code,
            du = middle_of_the_billed_month(calendar),
            adresse = address,
            code_postal = commune.postal_code(),
            commune_insee = commune.insee,
        );
    }
}

/// An allocataire's number that says whose it is: seven digits.
fn allocataire(household: &str) -> String {
    let number: u64 = household.trim_start_matches('F').parse().unwrap_or(0);
    format!("{:07}", 2_700_000 + number * 37)
}

fn middle_of_the_billed_month(calendar: &Calendar) -> NaiveDate {
    plus(Month::of(calendar.blank_day).first(), 14)
}

fn write_situations(folder: &mut Folder, household: &Household, children: usize, calendar: &Calendar) {
    let year_day = |year: i32, month: u32, day: u32| NaiveDate::from_ymd_opt(year, month, day).unwrap_or_default();
    let change = middle_of_the_billed_month(calendar);
    let mut situation = |from: NaiveDate, to: Option<NaiveDate>, quotient: u32, source: &str| {
        add!(
            folder,
            "situations.csv",
            foyer = household.code,
            du = from,
            au = cell(to),
            quotient_familial = quotient,
            ressources_mensuelles = resources(quotient, children),
            enfants_a_charge = children.max(1),
            enfants_aeeh = household.aeeh,
            source = source,
        );
    };
    match household.proof {
        Proof::Missing => {}
        Proof::Expired(quotient) => {
            let last = minus(calendar.first_day, 1);
            situation(year_day(last.year(), 1, 1).min(last), Some(last), quotient, "avis_imposition");
        }
        Proof::Known(quotient) => {
            let years: Vec<i32> = calendar.years().collect();
            for (index, year) in years.iter().enumerate() {
                let to = (index + 1 < years.len()).then(|| year_day(*year, 12, 31));
                // January's update moves the QF a little, as it does.
                situation(year_day(*year, 1, 1), to, quotient + u32::try_from(index).unwrap_or(0) * (quotient / 50), "cdap");
            }
        }
        Proof::Changed(before, after) => {
            situation(year_day(change.year(), 1, 1), Some(minus(change, 1)), before, "cdap");
            situation(change, None, after, "api_particulier");
        }
    }
}

/// Monthly resources that go with a QF: QF × parts, less about a tenth for family benefits. Two parts for the
/// parents, a half for each of the first two children, one for the third, then a half each.
fn resources(quotient: u32, children: usize) -> String {
    let half_parts = 4 + children + usize::from(children >= 3);
    let cents = u64::from(quotient) * half_parts as u64 * 45;
    format!("{}.{:02}", cents / 100, cents % 100)
}

fn write_guardian(folder: &mut Folder, household: &str, guardian: &Guardian) {
    let (civility, sex) = if guardian.sex == Sex::F { ("Mme", "F") } else { ("M.", "M") };
    add!(
        folder,
        "responsables.csv",
        code = guardian.code,
        foyer = household,
        civilite = civility,
        nom = guardian.last_name,
        prenom = guardian.first_name,
        nom_naissance = guardian.birth_name,
        prenoms = guardian.first_names,
        naissance = guardian.birth,
        sexe = sex,
        naissance_commune_insee = guardian.birthplace.0,
        naissance_pays_insee = guardian.birthplace.1,
        courriel = guardian.email,
        telephone = guardian.phone,
        canal = guardian.channel,
        langue = guardian.language,
        payeur = yes(guardian.pays),
        part_pourcent = cell(guardian.share_percent),
    );
}

fn write_child(folder: &mut Folder, child: &Child, household: &Household, calendar: &Calendar) {
    let agreed = minus(calendar.first_day, 40).max(plus(child.birth, 60));
    add!(
        folder,
        "enfants.csv",
        code = child.code,
        foyer = household.code,
        nom = child.last_name,
        prenom = child.first_name,
        naissance = child.birth,
        allergies = child.allergies,
        menu = child.menu,
        pai = child.care_plan,
        marche_depuis = cell(child.walks_since.filter(|day| *day <= calendar.today)),
        part_seul_des = cell(child.alone_from.map(clock_time)),
        part_seul_jours = if child.alone_from.is_some() { "lu ma je ve" } else { "" },
        photo_accord_le = cell((child.photo_agreed && agreed <= calendar.today).then_some(agreed)),
    );
    if let Some(home) = &child.second_home {
        for (code, (custody, rhythm)) in [(&household.code, home.first), (&home.household, home.second)] {
            add!(
                folder,
                "rattachements.csv",
                enfant = child.code,
                foyer = code,
                garde = custody,
                calendrier = rhythm,
                pivot = cell(pivot(rhythm, calendar.first_day)),
            );
        }
    }
}

/// A Monday whose week is the household's: where week 53 breaks the parity, it says who goes on.
fn pivot(rhythm: &str, first_day: NaiveDate) -> Option<NaiveDate> {
    let parity = match rhythm {
        "semaines_paires" => 0,
        "semaines_impaires" => 1,
        _ => return None,
    };
    first_day.iter_days().take(14).find(|day| day.weekday() == Weekday::Mon && day.iso_week().week() % 2 == parity)
}

/// The adults of both homes, each with the rights that the home gives.
fn write_ties(folder: &mut Folder, child: &Child, household: &Household, households: &[Household]) {
    for guardian in &household.guardians {
        let authority = if guardian.has_authority { "oui" } else { "non" };
        write_tie(folder, &child.code, &guardian.code, guardian.tie, authority, true);
    }
    let Some(home) = &child.second_home else { return };
    for guardian in households.iter().filter(|other| other.code == home.household).flat_map(|other| &other.guardians) {
        write_tie(folder, &child.code, &guardian.code, guardian.tie, "oui", home.second.0 == "alternee");
    }
}

fn write_tie(folder: &mut Folder, child: &str, guardian: &str, tie: &str, authority: &str, may_take: bool) {
    let sees = yes(authority != "retiree");
    add!(
        folder,
        "liens.csv",
        enfant = child,
        responsable = guardian,
        lien = tie,
        autorite_parentale = authority,
        peut_prendre = yes(may_take),
        voit_presence = sees,
        voit_factures = sees,
        reserve = yes(may_take),
    );
}

/// Hand-written ones, and the grandparents, neighbours and childminders of everyone else. Someone who may take two
/// children has one code and one telephone.
fn write_pickups(folder: &mut Folder, households: &[Household], cases: &Cases, seed: u64) {
    let mut order: (&str, u32) = ("", 0);
    for pickup in &cases.pickups {
        let same = |other: &Pickup| other.last_name == pickup.last_name && other.first_name == pickup.first_name;
        let person = cases.pickups.iter().position(same).unwrap_or(0);
        let is_called = pickup.status == "autorisee";
        order = if order.0 == pickup.child { order } else { (pickup.child.as_str(), 0) };
        order.1 += u32::from(is_called);
        add!(
            folder,
            "personnes.csv",
            code = format!("A{:04}", person + 1),
            enfant = pickup.child,
            nom = pickup.last_name,
            prenom = pickup.first_name,
            lien = pickup.tie,
            telephone = names::phone(9000 + person),
            statut = pickup.status,
            nature = pickup.nature,
            responsable = pickup.guardian,
            jours = pickup.days,
            heure_min = cell(pickup.from_minute.map(clock_time)),
            piece_identite = pickup.id_document,
            ordre_appel = if is_called { order.1.to_string() } else { String::new() },
        );
    }
    for (index, household) in households.iter().enumerate().skip(cases.households.len()) {
        write_drawn_pickup(folder, household, index, seed);
    }
}

fn write_drawn_pickup(folder: &mut Folder, household: &Household, index: usize, seed: u64) {
    let random = &mut Random::stream(seed, "personnes", index);
    if household.children.is_empty() || !random.per_mille(550) {
        return;
    }
    let (tie, sex) = random.weighted(&[
        (("grand-mère", Sex::F), 45),
        (("grand-père", Sex::M), 20),
        (("assistante maternelle", Sex::F), 15),
        (("voisine", Sex::F), 12),
        (("oncle", Sex::M), 8),
    ]);
    let origin = Origin::draw(random);
    let (last_name, first_name) = (origin.family(random), origin.adult(sex, random));
    for child in &household.children {
        add!(
            folder,
            "personnes.csv",
            // Behind the hand-written ones, however many there will be.
            code = format!("A{:04}", 1000 + index),
            enfant = child.code,
            nom = last_name,
            prenom = first_name,
            lien = tie,
            telephone = names::phone(5000 + index),
            statut = "autorisee",
            piece_identite = if tie == "voisine" { "carte d'identité" } else { "" },
            ordre_appel = 1,
        );
    }
}

/// Cards of households, and of some adults who want their own.
fn write_badges(folder: &mut Folder, households: &[Household]) {
    for household in households {
        if let Some(uid) = &household.badge {
            add!(folder, "badges.csv", uid = uid, type = "foyer", porteur = household.code);
        }
        let second = household.guardians.get(1).filter(|_| household.badge.is_some() && household.code.ends_with('7'));
        if let Some(guardian) = second {
            add!(folder, "badges.csv", uid = format!("{}{}", "04C0FFEE", &guardian_uid(&guardian.code)), type = "responsable", porteur = guardian.code);
        }
    }
}

/// Six more digits from the adult's number.
fn guardian_uid(code: &str) -> String {
    format!("{:06}", code.trim_start_matches('R').parse::<u64>().unwrap_or(0))
}
