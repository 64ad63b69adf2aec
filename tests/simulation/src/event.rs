//! What can happen, and how a seed draws it.
//!
//! An event holds its own numbers and never what became of the ones before it: any of them can be left out, and the rest still plays.
//! That is what makes a failing run short.

use terminal_core::entropy::SeededEntropy;
use terminal_core::store::SealPoint;

/// One thing that happens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// Nothing, for so many minutes.
    Wait { minutes: u16 },
    /// Everybody goes home; it goes on at seven, so many days later.
    Night { days: u8 },
    /// Somebody does something at a tablet.
    Touch { tablet: u8, gesture: Gesture, child: u8, choice: u8 },
    /// A tablet asks for a round.
    Round { tablet: u8 },
    /// Two tablets of one site exchange without the server; the line between them is cut after so many asks.
    Peers { tablet: u8, other: u8, asks: u8 },
    /// A tablet's line becomes such; what it does to each request is drawn from `dice`.
    Line { tablet: u8, weather: Weather, dice: u16 },
    /// A tablet's program ends at the next such instant.
    Die { tablet: u8, when: Death, how: Ending },
    /// A tablet starts again, with a new boot and what its battery kept of the time.
    Reboot { tablet: u8 },
    /// A tablet's wall clock jumps.
    Jump { tablet: u8, minutes: i32 },
    /// A tablet's clocks go so many millionths too fast.
    Drift { tablet: u8, millionths: i32 },
    /// A tablet's disk is full, or has room again.
    Full { tablet: u8, full: bool },
    /// A file on a tablet's disk is damaged, and the tablet starts again.
    Damage { tablet: u8, file: Damaged, dice: u16 },
    /// One entry can no longer be read, neither in a tablet's journal nor in its second copy, and the tablet starts again.
    Hole { tablet: u8, entry: u8 },
    /// Somebody makes an image of a tablet's disk.
    Image { tablet: u8 },
    /// A tablet is put back to its last image: what came since is gone from it.
    Restore { tablet: u8 },
    /// A second tablet is started from a tablet's disk as it is.
    Clone { tablet: u8 },
    /// A tablet is stolen, or falls into the pond, with all that is on it.
    Lose { tablet: u8 },
    /// The administration revokes a tablet.
    Revoke { tablet: u8 },
    /// A new tablet is enrolled at a site.
    Enrol { site: u8 },
    /// The office puts a recorded time right.
    Correct { child: u8, minutes: u8 },
    /// A child's data is erased, as the law asks.
    Forget { child: u8 },
    /// The server's backup is made.
    Backup,
    /// The server is lost, and its last backup restored and confirmed.
    ServerRestored,
    /// The server's process dies and starts again.
    ServerRestarts,
    /// The server's power is cut within a later request, after so many operations on its disk.
    ServerDies { operations: u8, dice: u16 },
    /// The bills of the last whole month are issued.
    Issue,
}

/// What somebody does at a tablet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gesture {
    Arrive,
    Leave,
    Badge,
    Absent,
    Undo,
    Correct,
    RollCall,
    Sign,
}

/// What a line does to requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weather {
    /// Carries.
    Fine,
    /// Carries nothing.
    Cut,
    /// Loses requests, loses answers, doubles, delays past later ones.
    Lossy,
    /// Carries requests; answers never come.
    HalfOpen,
    /// A hotel's page answers instead.
    WelcomePage,
    /// Answers come back damaged.
    Garbled,
    /// The server is of a later version: it says more than this tablet knows.
    Newer,
}

/// When a tablet's program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Death {
    /// While an entry is sealed.
    Sealing(SealPoint),
    /// Before its n-th request leaves.
    Before(u8),
    /// When its n-th answer has come, before anything was made of it.
    After(u8),
}

/// How a program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// It is killed: the system still writes what it was given.
    Killed,
    /// The power is cut: of what was not synced, each sector is there or not, by `dice`.
    PowerCut { dice: u16 },
}

/// What is damaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Damaged {
    Journal,
    /// The journal's log: what was sealed last.
    JournalLog,
    Roster,
    SecondCopy,
}

/// Draws a run. The first choice is what kind of run it is, so that some seeds are calm and others aren't.
#[must_use]
pub fn draw(seed: u64, length: usize) -> Vec<Event> {
    let mut dice = SeededEntropy::new(seed);
    // A seed that has every fault at once hides the ones that need a long quiet time between.
    let kinds: Vec<usize> = (0..FAULTS.len()).filter(|_| dice.below(3) == 0).collect();
    (0..length).map(|_| one(&mut dice, &kinds)).collect()
}

type Draw = fn(&mut SeededEntropy) -> Event;

/// Faults that a run may be made of, each drawn as often as the others of the run.
const FAULTS: [Draw; 20] = [
    |d| Event::Line { tablet: small(d), weather: Weather::Cut, dice: wide(d) },
    |d| Event::Line { tablet: small(d), weather: Weather::Lossy, dice: wide(d) },
    |d| Event::Line { tablet: small(d), weather: pick(d, &[Weather::HalfOpen, Weather::WelcomePage, Weather::Garbled]), dice: wide(d) },
    |d| Event::Line { tablet: small(d), weather: Weather::Newer, dice: wide(d) },
    |d| Event::Die { tablet: small(d), when: Death::Sealing(pick(d, &SealPoint::ALL)), how: ending(d) },
    |d| Event::Die { tablet: small(d), when: if d.below(2) == 0 { Death::Before(few(d)) } else { Death::After(few(d)) }, how: ending(d) },
    |d| match d.below(5) {
        0 => Event::Hole { tablet: small(d), entry: small(d) },
        _ => Event::Damage {
            tablet: small(d),
            file: pick(d, &[Damaged::Journal, Damaged::JournalLog, Damaged::Roster, Damaged::SecondCopy]),
            dice: wide(d),
        },
    },
    |d| Event::ServerDies { operations: u8::try_from(d.below(60)).unwrap_or(0), dice: wide(d) },
    |d| Event::Reboot { tablet: small(d) },
    |d| Event::Jump { tablet: small(d), minutes: pick(d, &[-60 * 24 * 400, -120, -7, 1, 9, 45, 60 * 24 * 3, 60 * 24 * 4_000]) },
    |d| Event::Drift { tablet: small(d), millionths: pick(d, &[-900, -40, 25, 500]) },
    |d| Event::Full { tablet: small(d), full: d.below(2) == 0 },
    |d| if d.below(2) == 0 { Event::Image { tablet: small(d) } } else { Event::Restore { tablet: small(d) } },
    |d| Event::Clone { tablet: small(d) },
    |d| if d.below(2) == 0 { Event::Lose { tablet: small(d) } } else { Event::Enrol { site: small(d) } },
    |d| Event::Revoke { tablet: small(d) },
    |d| if d.below(3) == 0 { Event::ServerRestored } else { Event::Backup },
    |d| if d.below(3) == 0 { Event::Forget { child: small(d) } } else { Event::Correct { child: small(d), minutes: small(d) } },
    |d| if d.below(2) == 0 { Event::ServerRestarts } else { Event::Issue },
    |d| Event::Peers { tablet: small(d), other: small(d), asks: pick(d, &[1, 2, 3, 4, 200, 200, 200, 200]) },
];

fn one(dice: &mut SeededEntropy, kinds: &[usize]) -> Event {
    match dice.below(100) {
        0..42 => {
            let gesture = match dice.below(20) {
                0..7 => Gesture::Arrive,
                7..12 => Gesture::Leave,
                12..14 => Gesture::Badge,
                14 => Gesture::Absent,
                15 => Gesture::Undo,
                16 => Gesture::Correct,
                17..19 => Gesture::RollCall,
                _ => Gesture::Sign,
            };
            Event::Touch { tablet: small(dice), gesture, child: small(dice), choice: small(dice) }
        }
        42..62 => Event::Round { tablet: small(dice) },
        62..70 => Event::Wait { minutes: pick(dice, &[0, 1, 1, 2, 7, 20, 90, 240]) },
        70..76 => Event::Night { days: pick(dice, &[1, 1, 1, 2, 3, 9]) },
        // A line that never heals shows nothing more.
        76..82 => Event::Line { tablet: small(dice), weather: Weather::Fine, dice: 0 },
        _ if kinds.is_empty() => Event::Round { tablet: small(dice) },
        _ => {
            let kind = usize::try_from(dice.below(kinds.len() as u64)).unwrap_or(0);
            FAULTS[kinds[kind]](dice)
        }
    }
}

fn ending(dice: &mut SeededEntropy) -> Ending {
    if dice.below(2) == 0 { Ending::Killed } else { Ending::PowerCut { dice: wide(dice) } }
}

fn small(dice: &mut SeededEntropy) -> u8 {
    u8::try_from(dice.below(24)).unwrap_or(0)
}

fn few(dice: &mut SeededEntropy) -> u8 {
    u8::try_from(dice.below(4)).unwrap_or(0)
}

fn wide(dice: &mut SeededEntropy) -> u16 {
    u16::try_from(dice.below(1 << 16)).unwrap_or(0)
}

fn pick<T: Copy>(dice: &mut SeededEntropy, from: &[T]) -> T {
    from[usize::try_from(dice.below(from.len() as u64)).unwrap_or(0)]
}
