//! Hours to choose from, for what nobody touched in time: quarters around the
//! likely one, and steps of five minutes. Nothing here chooses.

use super::words;
use crate::view::{HourChoice, HourPick};
use chrono::{NaiveTime, Timelike};

/// Before it, whatever has no hours of its own is the morning; a meal is taken at it.
pub(super) const NOON: NaiveTime = NaiveTime::from_hms_opt(12, 0, 0).expect("12:00 exists");
/// Most quarters that are offered at once: with "maintenant", two rows of three in a hand.
const QUARTERS_MAX: usize = 5;
const QUARTER_MINUTES: u32 = 15;
/// How far one step goes.
const STEP_MINUTES: u32 = 5;
const DAY_MINUTES: u32 = 24 * 60;

/// An hour as somebody said it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hour {
    /// As it is touched.
    Now,
    /// Some time ago.
    At(NaiveTime),
}

/// Hours that are possible, in whole minutes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    /// Later than this.
    pub after: Option<NaiveTime>,
    /// Not later than this.
    pub until: NaiveTime,
}

impl Span {
    pub fn holds(self, at: NaiveTime) -> bool {
        self.after.is_none_or(|after| minutes(at) > minutes(after)) && minutes(at) <= minutes(self.until)
    }
}

/// The step of five minutes before an hour.
pub(super) fn earlier(at: NaiveTime) -> Option<NaiveTime> {
    time(minutes(at).checked_sub(1)? / STEP_MINUTES * STEP_MINUTES)
}

/// The one after it.
pub(super) fn later(at: NaiveTime) -> Option<NaiveTime> {
    time((minutes(at) / STEP_MINUTES + 1) * STEP_MINUTES)
}

/// What a dialog shows: quarters of the span nearest to the likely hour, and now where `now` says so.
pub(super) fn pick(span: Span, likely: NaiveTime, now: Option<NaiveTime>, chosen: Option<Hour>) -> HourPick {
    let quarter = |at: NaiveTime| HourChoice { at: Some(at), label: words::time(at), chosen: chosen == Some(Hour::At(at)) };
    let mut choices: Vec<HourChoice> = quarters(span, likely).into_iter().map(quarter).collect();
    choices.extend(now.map(|_| HourChoice { at: None, label: tr!("maintenant"), chosen: chosen == Some(Hour::Now) }));
    let at = match chosen {
        Some(Hour::At(at)) => Some(at),
        Some(Hour::Now) => now,
        None => None,
    };
    let possible = |step: fn(NaiveTime) -> Option<NaiveTime>| at.and_then(step).is_some_and(|moved| span.holds(moved));
    HourPick { choices, chosen: at.map(words::time), may_be_earlier: possible(earlier), may_be_later: possible(later) }
}

fn quarters(span: Span, likely: NaiveTime) -> Vec<NaiveTime> {
    let mut all: Vec<u32> =
        (0..DAY_MINUTES).step_by(QUARTER_MINUTES as usize).filter(|m| time(*m).is_some_and(|at| span.holds(at))).collect();
    all.sort_by_key(|m| (m.abs_diff(minutes(likely)), *m));
    all.truncate(QUARTERS_MAX);
    all.sort_unstable();
    all.into_iter().filter_map(time).collect()
}

fn minutes(at: NaiveTime) -> u32 {
    at.hour() * 60 + at.minute()
}

fn time(minutes: u32) -> Option<NaiveTime> {
    NaiveTime::from_hms_opt(minutes / 60, minutes % 60, 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> NaiveTime {
        NaiveTime::parse_from_str(text, "%H:%M").unwrap()
    }

    fn labels(span: Span, likely: &str) -> Vec<String> {
        pick(span, at(likely), None, None).choices.into_iter().map(|c| c.label).collect()
    }

    #[test]
    fn quarters_around_the_usual_end_are_offered_and_none_that_is_impossible() {
        let evening = Span { after: Some(at("07:42")), until: at("18:47") };
        assert_eq!(labels(evening, "18:30"), ["17:45", "18:00", "18:15", "18:30", "18:45"]);
        assert_eq!(labels(Span { until: at("18:31"), ..evening }, "18:30"), ["17:30", "17:45", "18:00", "18:15", "18:30"]);
        assert_eq!(labels(Span { after: Some(at("18:15")), until: at("18:31") }, "18:30"), ["18:30"]);
        assert_eq!(labels(Span { after: None, until: at("07:10") }, "07:00"), ["6:00", "6:15", "6:30", "6:45", "7:00"]);
        assert_eq!(labels(Span { after: Some(at("18:30")), until: at("18:31") }, "18:30"), [""; 0]);
    }

    #[test]
    fn a_step_is_five_minutes_on_the_dial_and_stays_in_the_day() {
        assert_eq!((earlier(at("18:15")), later(at("18:15"))), (Some(at("18:10")), Some(at("18:20"))));
        assert_eq!((earlier(at("18:47")), later(at("18:47"))), (Some(at("18:45")), Some(at("18:50"))));
        assert_eq!((earlier(at("00:00")), later(at("23:57"))), (None, None));
    }

    #[test]
    fn nothing_is_chosen_before_somebody_chose() {
        let span = Span { after: Some(at("18:10")), until: at("18:47") };
        let open = pick(span, at("18:30"), Some(at("18:47")), None);
        assert_eq!((open.chosen, open.may_be_earlier, open.may_be_later), (None, false, false));
        assert!(open.choices.iter().all(|c| !c.chosen));
        let first = pick(span, at("18:30"), Some(at("18:47")), Some(Hour::At(at("18:15"))));
        assert_eq!((first.chosen.as_deref(), first.may_be_earlier, first.may_be_later), (Some("18:15"), false, true));
        let now = pick(span, at("18:30"), Some(at("18:47")), Some(Hour::Now));
        assert_eq!((now.chosen.as_deref(), now.may_be_earlier, now.may_be_later), (Some("18:47"), true, false));
        assert_eq!(now.choices.last().map(|c| (c.label.as_str(), c.chosen)), Some(("maintenant", true)));
    }
}
