//! The hard cases, written by hand: each is something that a real office meets,
//! and that software gets wrong. They come first, so that their codes never move.

use super::names::{Origin, Sex};
use super::ordinary::{self, Registry, school_week};
use super::{Catchment, Child, Guardian, Habit, Household, Proof, SecondHome, Wednesday, letterbox};
use crate::days::school_year;
use crate::random::Random;
use crate::territory::{OUTSIDE, communes};
use chrono::{Months, NaiveDate};
use shared::calendar::Weekdays;

/// Someone whom a family named, or a judge: may, or must never, take the child.
#[derive(Debug, Clone)]
pub struct Pickup {
    /// The child.
    pub child: String,
    /// Family name.
    pub last_name: String,
    /// First name.
    pub first_name: String,
    /// `grand-mère`, `voisine`…
    pub tie: &'static str,
    /// `autorisee`, `interdite` or `restreinte`.
    pub status: &'static str,
    /// `decision_justice` or `demande_parent`, for one who isn't welcome.
    pub nature: &'static str,
    /// The guardian that the row is about, where it is one.
    pub guardian: String,
    /// Only on these days.
    pub days: &'static str,
    /// Not before.
    pub from_minute: Option<u32>,
    /// The paper that the door asks for.
    pub id_document: &'static str,
}

/// What binds an adult to a child beyond the household.
#[derive(Debug, Clone)]
pub struct Tie {
    /// The child.
    pub child: String,
    /// The adult.
    pub guardian: String,
    /// `père`…
    pub tie: &'static str,
    /// `oui`, `non` or `retiree`.
    pub authority: &'static str,
    /// Whether the adult may take the child.
    pub may_take: bool,
}

/// Who is who, for scripts and tests.
#[derive(Debug, Clone, Default)]
pub struct Cast {
    /// Brother and sister who spend the whole day at school; the first also has a neighbour allowed to come.
    pub siblings: [String; 2],
    /// One week at each parent's.
    pub alternating: String,
    /// A parent is barred by a judge.
    pub barred_child: String,
    /// That parent.
    pub barred_guardian: String,
    /// The household whose address is kept secret.
    pub confidential: String,
    /// Placed in a foster family.
    pub foster_child: String,
    /// The household without e-mail.
    pub paper: String,
    /// Born on the same day, with very long names.
    pub twins: [String; 2],
    /// Apostrophes, a ligature, accents.
    pub typographic: String,
    /// Leaves alone from five o'clock.
    pub alone: String,
    /// No proof of its means.
    pub without_proof: String,
    /// Nobody noted when this child left, one evening.
    pub forgotten: String,
    /// Ate once without a booking.
    pub unannounced: String,
    /// A proof that has run out.
    pub expired_proof: String,
    /// Another QF from the 15th.
    pub changed_proof: String,
    /// In and out of the crèche three times a day.
    pub three_presences: String,
    /// Not from here.
    pub outside: String,
    /// Four children.
    pub large: String,
    /// A QF of 0, which is a QF.
    pub zero: String,
    /// Moved in the middle of the month.
    pub moved: String,
    /// Two children of one name in one school.
    pub homonyms: [String; 2],
    /// Brings its own meal.
    pub packed_meal: String,
}

/// The hand-written families.
#[derive(Debug, Default)]
pub struct Cases {
    /// The households.
    pub households: Vec<Household>,
    /// Others at the door.
    pub pickups: Vec<Pickup>,
    /// Ties beyond the household.
    pub ties: Vec<Tie>,
    /// Who is who.
    pub cast: Cast,
}

/// Writes them all.
pub fn write(registry: &mut Registry, seed: u64, today: NaiveDate) -> Cases {
    let mut author = Author { registry, random: Random::stream(seed, "cas", 0), today, cases: Cases::default() };
    author.families_at_the_door();
    author.families_apart();
    author.names();
    author.means();
    author.places();
    for household in &mut author.cases.households {
        ordinary::age_parents(household);
    }
    author.cases
}

struct Author<'r> {
    registry: &'r mut Registry,
    random: Random,
    today: NaiveDate,
    cases: Cases,
}

/// First name, family name, sex.
type Adult = (&'static str, &'static str, Sex);

impl Author<'_> {
    /// A household with a card, a known QF and no accident.
    fn home(&mut self, catchment: Catchment, insee: &str, adults: &[Adult], proof: Proof) -> &mut Household {
        let mut home = ordinary::household(self.registry, catchment, &mut self.random);
        for (first_name, last_name, sex) in adults {
            let drawn = ordinary::guardian(self.registry, Origin::COMMON, *sex, self.today, &mut self.random);
            let number = self.registry.guardians();
            home.guardians.push(Guardian {
                last_name: (*last_name).to_owned(),
                birth_name: (*last_name).to_owned(),
                first_names: (*first_name).to_owned(),
                email: super::names::email(first_name, last_name, number),
                channel: "courriel",
                language: "fr",
                pays: home.guardians.is_empty(),
                first_name: (*first_name).to_owned(),
                ..drawn
            });
        }
        home.badge = Some(ordinary::uid(self.registry.households(), &mut self.random));
        home.name = letterbox(&home.guardians);
        home.regime = "caf";
        home.aeeh = 0;
        home.proof = proof;
        if let Some(commune) = communes().into_iter().chain(OUTSIDE).find(|commune| commune.insee == insee) {
            home.commune = commune;
        }
        self.cases.households.push(home);
        self.last_home()
    }

    fn last_home(&mut self) -> &mut Household {
        let last = self.cases.households.len() - 1;
        &mut self.cases.households[last]
    }

    /// A child of the last household, at a level of this school year, born on a day that no holiday moves.
    fn pupil(&mut self, name: (&'static str, &'static str), level: i32, birthday: (u32, u32)) -> &mut Child {
        let year = school_year(self.today) - 3 - level;
        let birth = NaiveDate::from_ymd_opt(year, birthday.0, birthday.1).unwrap_or(self.today);
        self.child(name, birth)
    }

    fn child(&mut self, (first_name, last_name): (&'static str, &'static str), birth: NaiveDate) -> &mut Child {
        let drawn = ordinary::child(self.registry, last_name, first_name, birth, &mut self.random);
        let child = Child { allergies: "", care_plan: "", menu: "A", photo_agreed: true, habit: school_day(), ..drawn };
        let home = self.last_home();
        home.children.push(child);
        let last = home.children.len() - 1;
        &mut home.children[last]
    }

    fn pickup(&mut self, child: &str, name: (&str, &str), tie: &'static str) -> &mut Pickup {
        self.cases.pickups.push(Pickup {
            child: child.to_owned(),
            first_name: name.0.to_owned(),
            last_name: name.1.to_owned(),
            tie,
            status: "autorisee",
            nature: "",
            guardian: String::new(),
            days: "",
            from_minute: None,
            id_document: "",
        });
        let last = self.cases.pickups.len() - 1;
        &mut self.cases.pickups[last]
    }

    /// The Martins, whose day everyone follows; a barred father; a child who leaves alone.
    fn families_at_the_door(&mut self) {
        let adults = [("Claire", "Martin", Sex::F), ("Julien", "Martin", Sex::M)];
        let home = self.home(Catchment::Menilles, "27397", &adults, Proof::Known(820));
        home.badge = Some("04A1B2C3D4E5F6".to_owned());
        home.guardians[0].birth_name = "Morin".to_owned();
        let lea = self.pupil(("Léa", "Martin"), 5, (4, 12)).code.clone();
        let tom = self.pupil(("Tom", "Martin"), 2, (9, 30)).code.clone();
        for child in [&lea, &tom] {
            self.pickup(child, ("Odette", "Morin"), "grand-mère");
            let neighbour = self.pickup(child, ("Sonia", "Kaci"), "voisine");
            (neighbour.id_document, neighbour.days) = ("carte d'identité", "lu ma je ve");
        }
        self.cases.cast.siblings = [lea, tom];

        self.home(Catchment::Menilles, "27397", &[("Nadia", "Benali", Sex::F)], Proof::Known(612));
        let child = self.pupil(("Adam", "Haddad"), 6, (2, 3)).code.clone();
        self.home(Catchment::Menilles, "27681", &[("Karim", "Haddad", Sex::M)], Proof::Missing).badge = None;
        let father = self.last_home().guardians[0].code.clone();
        let barred = self.pickup(&child, ("Karim", "Haddad"), "père");
        (barred.status, barred.nature, barred.guardian) = ("interdite", "decision_justice", father.clone());
        self.pickup(&child, ("Malika", "Benali"), "grand-mère");
        self.cases.ties.push(Tie { child: child.clone(), guardian: father.clone(), tie: "père", authority: "retiree", may_take: false });
        (self.cases.cast.barred_child, self.cases.cast.barred_guardian) = (child, father);

        self.home(Catchment::Menilles, "27397", &[("Solène", "Delaunay", Sex::F)], Proof::Known(1120));
        let alone = self.pupil(("Hugo", "Delaunay"), 7, (1, 21));
        alone.alone_from = Some(17 * 60);
        alone.habit.leaves = 17 * 60;
        let alone = alone.code.clone();
        let restricted = self.pickup(&alone, ("Gérard", "Delaunay"), "grand-père");
        (restricted.status, restricted.nature) = ("restreinte", "demande_parent");
        (restricted.days, restricted.from_minute) = ("ma ve", Some(17 * 60 + 30));
        self.cases.cast.alone = alone;
    }

    /// Parents apart, a secret address, a foster family, a grandmother who raises a child without e-mail.
    fn families_apart(&mut self) {
        let mother = self.home(Catchment::Menilles, "27397", &[("Aurélie", "Garnier", Sex::F)], Proof::Known(430)).code.clone();
        let child = self.pupil(("Inès", "Garnier-Nguyen"), 4, (6, 18)).code.clone();
        let father = self.home(Catchment::Menilles, "27448", &[("Minh", "Nguyen", Sex::M)], Proof::Known(1380)).code.clone();
        self.attach(&mother, &father, ("alternee", "semaines_paires"), ("alternee", "semaines_impaires"));
        self.cases.cast.alternating = child;

        let home = self.home(Catchment::Menilles, "27312", &[("Élodie", "Charpentier", Sex::F)], Proof::Known(388));
        home.confidential = true;
        let code = home.code.clone();
        self.pupil(("Jules", "Charpentier"), 3, (11, 9));
        self.cases.cast.confidential = code;

        let foster = self.home(Catchment::Menilles, "27397", &[("Brigitte", "Lefèvre", Sex::F)], Proof::Known(950));
        (foster.guardians[0].tie, foster.guardians[0].has_authority) = ("assistante familiale", false);
        let foster = foster.code.clone();
        let child = self.pupil(("Kylian", "Dubreuil"), 4, (8, 2)).code.clone();
        let parents = self.home(Catchment::Vernon, "27681", &[("Vanessa", "Dubreuil", Sex::F)], Proof::Known(210)).code.clone();
        self.attach(&foster, &parents, ("placement", ""), ("droit_visite", "jours:sa,di"));
        self.cases.cast.foster_child = child;

        let home = self.home(Catchment::Menilles, "27343", &[("Yvonne", "Delamare", Sex::F)], Proof::Known(534));
        let guardian = &mut home.guardians[0];
        (guardian.tie, guardian.channel) = ("grand-mère, tutrice", "papier");
        guardian.email.clear();
        guardian.birth = guardian.birth.checked_sub_months(Months::new(28 * 12)).unwrap_or(guardian.birth);
        let code = home.code.clone();
        self.pupil(("Noé", "Delamare"), 3, (3, 27));
        self.cases.cast.paper = code;
    }

    fn attach(&mut self, home: &str, other: &str, first: (&'static str, &'static str), second: (&'static str, &'static str)) {
        for household in self.cases.households.iter_mut().filter(|household| household.code == home) {
            for child in &mut household.children {
                child.second_home = Some(SecondHome { household: other.to_owned(), first, second });
            }
        }
    }

    /// Names that overflow, that a search must find, or that two children share.
    fn names(&mut self) {
        let long = "de La Rochefoucauld-Montmorency-Laval";
        let adults = [("Marie-Bénédicte-Apolline", long, Sex::F), ("François-Xavier-Emmanuel", long, Sex::M)];
        let home = self.home(Catchment::Menilles, "27397", &adults, Proof::Known(2310));
        for (guardian, share) in home.guardians.iter_mut().zip([60, 40]) {
            (guardian.pays, guardian.share_percent) = (true, Some(share));
        }
        let girl = self.pupil(("Marie-Joséphine-Éléonore", long), 4, (5, 5)).code.clone();
        let boy = self.pupil(("Charles-Alexandre-Maximilien", long), 4, (5, 5)).code.clone();
        self.cases.cast.twins = [girl, boy];

        let adults = [("Maëlys-Fleur", "Cœur d'Arcy", Sex::F), ("Yves-Patrick", "N'Guessan", Sex::M)];
        self.home(Catchment::Menilles, "27171", &adults, Proof::Known(745));
        self.cases.cast.typographic = self.pupil(("Anaïs-Noëlle", "Cœur d'Arcy-N'Guessan"), 1, (12, 25)).code.clone();

        let first = [("Sandrine", "Martin", Sex::F)];
        self.home(Catchment::Menilles, "27397", &first, Proof::Known(905));
        let one = self.pupil(("Emma", "Martin"), 5, (2, 14)).code.clone();
        let second = [("Pauline", "Roux", Sex::F), ("Cédric", "Martin", Sex::M)];
        self.home(Catchment::Menilles, "27397", &second, Proof::Known(1460));
        let other = self.pupil(("Emma", "Martin"), 5, (10, 8)).code.clone();
        self.cases.cast.homonyms = [one, other];
    }

    /// What families have proved, or not.
    fn means(&mut self) {
        self.cases.cast.without_proof = self.simple(("Quentin", "Mauger", Sex::M), ("Manon", "Mauger"), Proof::Missing);
        let child = &mut self.last_home().children[0];
        child.habit.forgotten_once = true;
        self.cases.cast.forgotten = child.code.clone();
        self.cases.cast.expired_proof = self.simple(("Karine", "Lefèvre", Sex::F), ("Louis", "Lefèvre"), Proof::Expired(690));
        self.cases.cast.changed_proof = self.simple(("Sofiane", "Cherif", Sex::M), ("Lina", "Cherif"), Proof::Changed(1240, 480));
        self.simple(("Linh", "Tran", Sex::F), ("Adam", "Tran"), Proof::Known(1190));
        let child = &mut self.last_home().children[0];
        child.habit.unannounced_once = true;
        self.cases.cast.unannounced = child.code.clone();
        self.cases.cast.zero = self.simple(("Ioana", "Popescu", Sex::F), ("Andrei", "Popescu"), Proof::Known(0));
        self.last_home().regime = "msa";
    }

    /// One parent, one child in CE1 at Ménilles; the household's code.
    fn simple(&mut self, adult: Adult, child: (&'static str, &'static str), proof: Proof) -> String {
        let code = self.home(Catchment::Menilles, "27397", &[adult], proof).code.clone();
        self.pupil(child, 4, (7, 11));
        code
    }

    /// Where a family lives, how many it is, what its child eats, and a crèche day in three parts.
    fn places(&mut self) {
        let home = self.home(Catchment::Pacy, "27448", &[("Mathilde", "Fournier", Sex::F), ("Hakim", "Ouali", Sex::M)], Proof::Known(860));
        home.aeeh = 1;
        let birth = self.today.checked_sub_months(Months::new(20)).unwrap_or(self.today);
        let child = self.child(("Alba", "Fournier-Ouali"), birth);
        child.habit =
            Habit { creche: Weekdays::WORKING, arrives: 8 * 60, leaves: 17 * 60, three_presences: true, steady: true, ..Habit::default() };
        self.cases.cast.three_presences = child.code.clone();

        let home = self.home(Catchment::Pacy, "27229", &[("Ludovic", "Anquetil", Sex::M)], Proof::Known(1010)).code.clone();
        self.pupil(("Zoé", "Anquetil"), 5, (1, 30));
        self.cases.cast.outside = home;

        let adults = [("Carla", "Ferreira", Sex::F), ("Nuno", "Ferreira", Sex::M)];
        let home = self.home(Catchment::Vernon, "27681", &adults, Proof::Known(540)).code.clone();
        for (name, level, birthday) in [("Tiago", 7, (3, 3)), ("Lara", 5, (6, 21)), ("Hugo", 3, (9, 14)), ("Matilde", 0, (1, 17))] {
            let child = self.pupil((name, "Ferreira"), level, birthday);
            child.habit = Habit { wednesday: Wednesday::Day, holidays: true, ..school_day() };
        }
        self.cases.cast.large = home;

        let home = self.home(Catchment::Menilles, "27397", &[("Gaëlle", "Quesnel", Sex::F)], Proof::Known(770));
        home.moved_to = Some((OUTSIDE[0], "7 rue de la Harpe".to_owned()));
        let code = home.code.clone();
        self.pupil(("Malo", "Quesnel"), 5, (5, 29));
        self.cases.cast.moved = code;

        let adults = [("Camille", "Vasseur", Sex::F), ("Estelle", "Brunet", Sex::F)];
        self.home(Catchment::Menilles, "27343", &adults, Proof::Known(1275));
        let child = self.pupil(("Capucine", "Brunet-Vasseur"), 2, (4, 4));
        (child.menu, child.allergies) = ("P", "Arachide et fruits à coque");
        child.care_plan = "Allergie sévère : panier-repas de la famille, stylo d'adrénaline dans le placard du bureau, appeler le 15";
        self.cases.cast.packed_meal = child.code.clone();
    }
}

/// Morning care, canteen and evening care on each day of school, in all weathers.
fn school_day() -> Habit {
    Habit {
        morning: school_week(),
        canteen: school_week(),
        evening: school_week(),
        arrives: 7 * 60 + 42,
        leaves: 17 * 60 + 25,
        books: true,
        steady: true,
        ..Habit::default()
    }
}
