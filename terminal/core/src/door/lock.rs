//! The data lock: a tablet that the server has not answered for too long shows nothing of children any more.
//!
//! It never locks while a child is noted as present: whoever leaves the building in haste needs the list, and a departure its adults.
//! It waits for the last departure, or for the next day, on which no presence is carried over. Once locked it records nothing: without
//! the list it would neither know a child nor a barred adult, and a team is not to believe that it does.

use super::{Door, words};
use crate::clock::Now;
use crate::roster::Roster;
use crate::store::{DataLock, StoreError};
use crate::view::{Notice, Screen, Tone};

impl Door {
    /// Counts the time without the server, and locks where it is time to.
    pub(super) fn look_at_lock(&mut self, now: Now) -> Result<(), StoreError> {
        let now = now.corrected(self.observed);
        self.store.roster.count_away(now)?;
        self.lock = self.store.roster.data_lock(now)?;
        if self.lock == DataLock::Due && !self.has_a_child_here() {
            self.store.roster.lock_data()?;
            self.store.drop_unshown_photos()?;
            tracing::warn!("the server was not heard for too long: the list of children is erased until it answers");
            self.lock = DataLock::Locked;
        }
        if self.lock == DataLock::Locked {
            // Whatever was on the screen names somebody.
            (self.dialog, self.notice, self.pinned, self.undo, self.staff) = (None, None, None, None, None);
            self.search.clear();
            self.ticks.clear();
            self.roster = Roster::default();
            self.seen.forget_items();
        }
        Ok(())
    }

    /// Whether any child is noted as here today, in whatever moment.
    fn has_a_child_here(&self) -> bool {
        let Some(site) = self.identity.as_ref().map(|identity| identity.site) else { return false };
        self.attendance.days.iter().any(|((day, _), of_child)| *day == self.day && of_child.open_presence(site).is_some())
    }

    /// A screen without a child on it; `None` where the tablet isn't locked.
    pub(super) fn locked_screen(&self, now: Now) -> Option<Screen> {
        if self.lock != DataLock::Locked {
            return None;
        }
        let kept = match self.queue.unsent {
            0 => tr!("Tout ce qui a été pointé est arrivé au serveur."),
            waiting => tr!("Le pointage qui attend est gardé, et partira alors."
                | "Les {n} pointages qui attendent sont gardés, et partiront alors." % waiting),
        };
        let text = tr!(
            "Tablette verrouillée : le serveur {silence}.\n\nNotez les arrivées et les départs sur papier : elle n'enregistre plus rien.\n\nPour la \
             rouvrir, reliez-la au réseau : la liste des enfants, qu'elle a effacée, revient dès que le serveur répond. Sinon, appelez \
             l'administration.\n\n{kept}",
            silence = self.silence(now),
            kept
        );
        let place = self.identity.as_ref().map(|identity| identity.site_name.clone()).unwrap_or_default();
        let notice = Some(Notice { text, tone: Tone::Red });
        let clock = words::time(self.time);
        Some(Screen {
            place,
            moment: words::day(self.day),
            clock,
            sync: self.sync_bar(),
            notice,
            notice_stays: true,
            forgets: true,
            ..Screen::default()
        })
    }

    /// What is said before it locks.
    pub(super) fn lock_to_come(&self, now: Now) -> Option<Notice> {
        let when = match self.lock {
            DataLock::Open | DataLock::Locked => return None,
            DataLock::Soon(1) => tr!("demain"),
            DataLock::Soon(days) => tr!("dans {n} jour" | "dans {n} jours" % days),
            DataLock::Due => tr!("dès que plus aucun enfant n'est noté présent"),
        };
        let silence = self.silence(now);
        let text = tr!(
            "Le serveur {silence}. Sans réponse, la tablette se verrouille {when} : reliez-la au réseau, ou appelez l'administration.",
            silence,
            when
        );
        Some(Notice { text, tone: Tone::Amber })
    }

    fn silence(&self, now: Now) -> String {
        const DAY_MS: u64 = 24 * 3_600_000;
        let away_ms = self.store.roster.away_ms(now.corrected(self.observed)).ok().flatten().unwrap_or(0);
        tr!("n'a pas répondu depuis {n} jour" | "n'a pas répondu depuis {n} jours" % away_ms / DAY_MS)
    }
}
