//! Names as a French school reads them out: of many origins, and mixed.

use crate::random::Random;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// Names that go together: a family is drawn from one origin, its children from that one or the common one.
/// One line an origin and kind: `origine;genre;noms`.
const NAMES: &str = include_str!("../../data/noms.csv");

/// Name of an origin in the file, its weight among families, where its parents may be born outside France (INSEE
/// codes of countries), and how many of a thousand were.
const ORIGINS: [(&str, u32, &[&str], u32); 8] = [
    ("normandie", 690, &["99100"], 0),
    ("maghreb", 120, &["99350", "99352", "99351"], 450),
    ("portugal", 55, &["99139"], 250),
    ("afrique", 50, &["99341", "99335", "99326", "99312", "99322", "99330"], 500),
    ("turquie", 30, &["99208"], 450),
    ("asie", 25, &["99243", "99216", "99234", "99235"], 350),
    ("europe-est", 20, &["99122", "99114", "99155"], 600),
    ("iles-britanniques", 10, &["99132", "99136", "99404"], 600),
];

/// The lists of the file, by origin and kind.
static LISTS: LazyLock<BTreeMap<(&str, &str), Vec<&str>>> = LazyLock::new(|| {
    let mut lists = BTreeMap::new();
    for line in NAMES.lines().filter(|line| !line.starts_with('#')) {
        let mut fields = line.splitn(3, ';');
        if let (Some(origin), Some(kind), Some(names)) = (fields.next(), fields.next(), fields.next()) {
            lists.insert((origin, kind), names.split(',').collect());
        }
    }
    lists
});

/// Where most parents were born in France: code INSEE of communes, with their weight.
const BIRTHPLACES: [(&str, u32); 8] =
    [("27681", 24), ("27229", 20), ("27016", 8), ("76540", 14), ("78361", 16), ("75114", 8), ("95500", 6), ("59350", 4)];

/// Whose names someone bears.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Origin(usize);

/// Sex, as civil status has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sex {
    /// Female.
    F,
    /// Male.
    M,
}

impl Origin {
    /// Names of French use: what hand-written families have.
    pub const COMMON: Self = Self(0);

    /// An origin, as often as in the school.
    pub fn draw(random: &mut Random) -> Self {
        let weights: Vec<(usize, u32)> = ORIGINS.iter().enumerate().map(|(index, (_, weight, ..))| (index, *weight)).collect();
        Self(random.weighted(&weights))
    }

    /// A family name.
    pub fn family(self, random: &mut Random) -> &'static str {
        self.name("families", random)
    }

    /// A parent's first name.
    pub fn adult(self, sex: Sex, random: &mut Random) -> &'static str {
        self.name(if sex == Sex::F { "women" } else { "men" }, random)
    }

    /// A child's first name; now and then from the common list.
    pub fn child(self, sex: Sex, random: &mut Random) -> &'static str {
        let origin = if random.per_mille(300) { Self::COMMON } else { self };
        origin.name(if sex == Sex::F { "girls" } else { "boys" }, random)
    }

    fn name(self, kind: &'static str, random: &mut Random) -> &'static str {
        let list = LISTS.get(&(ORIGINS[self.0].0, kind));
        // Every origin has every kind: a test holds the file to that.
        list.map_or("Martin", |names| names[random.place(names.len())])
    }

    /// Where a parent was born: commune (empty abroad) and country, as INSEE codes.
    pub fn birthplace(self, random: &mut Random) -> (&'static str, &'static str) {
        let (_, _, countries, born_there_per_mille) = ORIGINS[self.0];
        if random.per_mille(born_there_per_mille) {
            ("", countries[random.place(countries.len())])
        } else {
            (random.weighted(&BIRTHPLACES), "99100")
        }
    }
}

/// The language that someone born in a country may prefer (INSEE code of the country; ISO 639-1).
#[must_use]
pub fn language_of(country: &str) -> &'static str {
    match country {
        "99350" | "99351" | "99352" => "ar",
        "99139" => "pt",
        "99208" => "tr",
        "99155" => "uk",
        "99122" => "pl",
        "99114" => "ro",
        "99132" | "99136" | "99404" => "en",
        "99216" => "zh",
        "99243" => "vi",
        _ => "fr",
    }
}

/// An e-mail address in a domain that can never receive anything (RFC 2606).
#[must_use]
pub fn email(first_name: &str, last_name: &str, number: usize) -> String {
    /// What RFC 5321 lets stand before the @, less the number.
    const NAME_CHARACTERS_MAX: usize = 55;
    let plain = |name: &str| shared::name::folded(name).replace(' ', "-");
    let name: String = format!("{}.{}", plain(first_name), plain(last_name)).chars().take(NAME_CHARACTERS_MAX).collect();
    format!("{}.{number}@example.org", name.trim_end_matches(['.', '-']))
}

/// A mobile number from the range that ARCEP keeps for fiction (06 39 98 00 00 to 06 39 98 99 99).
#[must_use]
pub fn phone(number: usize) -> String {
    let line = number % 10_000;
    format!("06 39 98 {:02} {:02}", line / 100, line % 100)
}

/// A street and a number.
pub fn street(random: &mut Random) -> String {
    let number = random.between(1, 98);
    let suffix = random.weighted(&[("", 88), (" bis", 9), (" ter", 3)]);
    format!("{number}{suffix} {}", random.pick(&STREETS))
}

/// Streets of the valley, one a line.
static STREETS: LazyLock<Vec<&str>> = LazyLock::new(|| include_str!("../../data/rues.txt").lines().collect());

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_origin_has_names_of_every_kind() {
        for (origin, ..) in ORIGINS {
            for kind in ["families", "women", "men", "girls", "boys"] {
                assert!(LISTS.get(&(origin, kind)).is_some_and(|names| names.len() >= 4), "{origin}, {kind}");
            }
        }
        assert_eq!(LISTS.len(), ORIGINS.len() * 5);
    }
}
