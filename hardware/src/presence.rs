//! Which cards came and went, from what a reader sees each time that it is asked.
//!
//! A card that stays is told once. One that is missed for an instant has not gone: hands tremble. Several cards at once count for
//! nobody: nothing says which of them was meant. A telephone that draws a new number each time is one visitor, not a new card at each
//! look.

use crate::said::Said;
use crate::uid::BadgeUid;

/// A card has gone once it was missed so many times in a row.
pub const MISSED_MAX: u32 = 3;

/// What a reader sees when it is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    /// No card.
    Nothing,
    /// One, of this number in hexadecimal.
    One(String),
    /// More than one.
    Several,
    /// Something that went before its number was read.
    Unread,
}

/// What lies on the reader.
#[derive(Debug, Default)]
pub struct Presence {
    there: There,
    missed: u32,
}

#[derive(Debug, Default, PartialEq, Eq)]
enum There {
    #[default]
    Nothing,
    Card(String),
    /// Several, or one that couldn't be read: all of it must go before anything counts again.
    Unclear,
}

impl Presence {
    /// Whether this number would be told: then it is worth a second look whether it is alone.
    #[must_use]
    pub fn is_news(&self, uid: &str) -> bool {
        match &self.there {
            There::Nothing => true,
            There::Card(known) => known != uid && !(is_random(known) && is_random(uid)),
            There::Unclear => false,
        }
    }

    /// What is to be said of it.
    pub fn sees(&mut self, seen: Seen) -> Option<Said> {
        if seen == Seen::Nothing {
            self.missed = self.missed.saturating_add(1);
            return if self.missed < MISSED_MAX { None } else { self.gone() };
        }
        self.missed = 0;
        match seen {
            Seen::One(uid) if self.is_news(&uid) => {
                self.there = There::Card(uid.clone());
                Some(Said::Card { uid })
            }
            Seen::Several if self.there != There::Unclear => {
                self.there = There::Unclear;
                Some(Said::Several)
            }
            Seen::Unread if self.there == There::Nothing => {
                self.there = There::Unclear;
                Some(Said::Unread)
            }
            _ => None,
        }
    }

    /// The reader itself says that nothing lies there any more.
    pub fn gone(&mut self) -> Option<Said> {
        let there = std::mem::take(&mut self.there);
        (there != There::Nothing).then_some(Said::Gone)
    }
}

fn is_random(uid: &str) -> bool {
    BadgeUid::parse(uid).is_ok_and(|uid| uid.is_random())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn one(uid: &str) -> Seen {
        Seen::One(uid.into())
    }

    fn said(seen: impl IntoIterator<Item = Seen>) -> Vec<Said> {
        let mut presence = Presence::default();
        seen.into_iter().filter_map(|seen| presence.sees(seen)).collect()
    }

    fn card(uid: &str) -> Said {
        Said::Card { uid: uid.into() }
    }

    #[test]
    fn a_card_that_lies_there_for_a_minute_is_told_once() {
        assert_eq!(said(std::iter::repeat_n(one("04A1B2C3"), 600)), [card("04A1B2C3")]);
    }

    #[test]
    fn a_card_that_trembles_is_told_once_and_one_that_comes_back_again() {
        let missed = |times| std::iter::repeat_n(Seen::Nothing, times);
        let trembles = [one("04A1B2C3")].into_iter().chain(missed(2)).chain([one("04A1B2C3")]);
        assert_eq!(said(trembles), [card("04A1B2C3")]);
        let comes_back = [one("04A1B2C3")].into_iter().chain(missed(3)).chain([one("04A1B2C3")]);
        assert_eq!(said(comes_back), [card("04A1B2C3"), Said::Gone, card("04A1B2C3")]);
    }

    #[test]
    fn another_card_is_told_at_once() {
        assert_eq!(said([one("04A1B2C3"), one("04A1B2C4")]), [card("04A1B2C3"), card("04A1B2C4")]);
    }

    #[test]
    fn of_several_cards_none_counts_until_all_have_gone() {
        let seen = [Seen::Several, one("04A1B2C3"), Seen::Several, Seen::Nothing, Seen::Nothing, Seen::Nothing, one("04A1B2C3")];
        assert_eq!(said(seen), [Said::Several, Said::Gone, card("04A1B2C3")]);
        assert_eq!(said([one("04A1B2C3"), Seen::Several]), [card("04A1B2C3"), Said::Several], "a second one laid upon the first");
    }

    #[test]
    fn a_telephone_that_draws_its_number_anew_is_one_visitor() {
        assert_eq!(said([one("08A1B2C3"), one("08FFFFFF"), one("08000000")]), [card("08A1B2C3")]);
    }

    #[test]
    fn a_card_that_went_too_soon_is_asked_for_once() {
        assert_eq!(said([Seen::Unread, Seen::Unread, Seen::Nothing, Seen::Nothing, Seen::Nothing]), [Said::Unread, Said::Gone]);
    }

    proptest! {
        /// Whatever is seen: no card is told twice without having gone or another one in between, and nothing goes that didn't come.
        #[test]
        fn nothing_is_told_twice_in_a_row(seen in proptest::collection::vec(0_u8..5, 0..200)) {
            let seen = seen.into_iter().map(|which| match which {
                0 => Seen::Nothing,
                1 => one("04A1B2C3"),
                2 => one("04A1B2C4"),
                3 => Seen::Several,
                _ => Seen::Unread,
            });
            let said = said(seen);
            prop_assert!(said.windows(2).all(|pair| pair[0] != pair[1]), "{said:?}");
            prop_assert_ne!(said.first(), Some(&Said::Gone));
        }
    }
}
