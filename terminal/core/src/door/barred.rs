//! A barred adult: never listed; typed or badged, the alert fills the screen,
//! then stays pinned while the door goes on for the others.

use super::{Door, Open, words};
use crate::view::{BarredDialog, Notice, Tone};
use shared::id::{ChildId, PersonId};
use shared::name::folded;
use shared::roster::Adult;

/// What to do, in the order in which to do it.
pub(super) fn what_to_do() -> String {
    tr!("L'enfant reste avec vous. Appelez la direction. En cas de danger : 17")
}
/// Words before a name that say nothing of who it is.
const TITLES: [&str; 8] = ["m", "mr", "mme", "mlle", "monsieur", "madame", "papa", "maman"];
/// From how many letters on one wrong letter is forgiven.
const LETTERS_FOR_A_SLIP: usize = 5;

/// Whether a typed name may be that of an adult. On the safe side: a last name alone is enough, and so is one wrong letter; another
/// first name with the same last name is another person.
pub(super) fn may_be(typed: &str, adult: &Adult) -> bool {
    let typed = folded(typed);
    let typed: Vec<&str> = typed.split(' ').filter(|w| !w.is_empty() && !TITLES.contains(w)).collect();
    let name = folded(&format!("{} {}", adult.first_name, adult.last_name));
    let name: Vec<&str> = name.split(' ').filter(|w| !w.is_empty()).collect();
    let all_in = |some: &[&str], others: &[&str], begins: bool| some.iter().all(|w| others.iter().any(|o| alike(w, o, begins)));
    !typed.is_empty() && !name.is_empty() && (all_in(&typed, &name, true) || all_in(&name, &typed, false))
}

fn alike(a: &str, b: &str, begins: bool) -> bool {
    a == b || (begins && b.starts_with(a)) || (a.chars().count() >= LETTERS_FOR_A_SLIP && one_slip(a, b))
}

/// Whether one letter changed, added, left out, or exchanged with its neighbour makes one word of the other.
fn one_slip(a: &str, b: &str) -> bool {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let same_start = a.iter().zip(&b).take_while(|(x, y)| x == y).count();
    let (a, b) = (&a[same_start..], &b[same_start..]);
    match (a, b) {
        ([], []) => true,
        ([_, a @ ..], [_, b @ ..]) if a == b => true,
        ([x, y, a @ ..], [v, w, b @ ..]) if x == w && y == v && a == b => true,
        ([_, rest @ ..], b) if rest == b => true,
        (a, [_, rest @ ..]) => rest == a,
        _ => false,
    }
}

impl Door {
    /// Raises the alert where a person of the roster is barred for a child today, by id or by name. `true`: it is raised, and nothing
    /// else happens.
    pub(super) fn alert_if_barred(&mut self, children: &[ChildId], person: PersonId) -> bool {
        let barred_for = children.iter().copied().find(|child| self.roster.is_barred(*child, person, self.day));
        self.alert(barred_for)
    }

    /// The same for a name that was typed.
    pub(super) fn alert_if_named(&mut self, children: &[ChildId], typed: &str) -> bool {
        let named = |child: &ChildId| self.roster.barred(*child, self.day).any(|adult| may_be(typed, adult));
        let barred_for = children.iter().copied().find(named);
        self.alert(barred_for)
    }

    fn alert(&mut self, barred_for: Option<ChildId>) -> bool {
        let Some(child) = barred_for else { return false };
        self.dialog = Some(Open::Barred { child });
        self.answered.said = Tone::Red;
        true
    }

    pub(super) fn barred_dialog(&self, child: ChildId) -> BarredDialog {
        BarredDialog { text: what_to_do(), child_name: self.roster.full_name(child) }
    }

    /// The alert was read: it stays as a sentence, and the door goes on.
    pub(super) fn pin_barred(&mut self, child: ChildId) {
        let at = words::time(self.time);
        let name = self.roster.full_name(child);
        let mut text = tr!("{name} : personne interdite à {at}. {what_to_do}.", name, at, what_to_do = what_to_do());
        if self.roster.has_staff_badge() {
            text.push(' ');
            text.push_str(&tr!("Pour retirer cette alerte : badge d'un membre de l'équipe."));
        }
        self.pinned = Some(Notice { text, tone: Tone::Red });
    }

    /// Closed by a touch only where nobody on the site has a card to be named by.
    pub(super) fn unpin(&mut self) {
        if !self.roster.has_staff_badge() {
            self.pinned = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::calendar::Weekdays;
    use shared::roster::AdultStatus;

    fn karim() -> Adult {
        Adult {
            person: PersonId::new(1, [1; 10]),
            child: ChildId::new(1, [2; 10]),
            first_name: "Karim".into(),
            last_name: "Bénali".into(),
            link: "père".into(),
            status: AdultStatus::Barred,
            weekdays: Weekdays::default(),
            not_before: None,
            identity_check: false,
            from: None,
            to: None,
            rank: 0,
            telephone: String::new(),
            photo: None,
        }
    }

    #[test]
    fn a_barred_name_is_known_however_it_is_typed() {
        for typed in [
            "Karim Bénali",
            "benali karim",
            "M. BENALI",
            "benali",
            "Karim",
            "Karim-Benali",
            "karim ben",
            "Karim Benaly",
            "Karmi Benali",
            "Karim Ahmed Benali",
        ] {
            assert!(may_be(typed, &karim()), "{typed}");
        }
    }

    #[test]
    fn another_person_of_the_same_family_is_let_through() {
        for typed in ["Sonia Benali", "Mme Sonia Benali", "Odette Morin", "", "Mme", "Nadia"] {
            assert!(!may_be(typed, &karim()), "{typed}");
        }
    }
}
