//! Outings: who leaves, and who is counted.

use slint::ComponentHandle;
use terminal_core::view::{OutingBar, OutingChoice, OutingDialog};

use super::evacuation::person_row;
use super::{count, fill, key, sentence, text};
use crate::ui::{AppWindow, Front, GroupRow, OutingAdapter, OutingRow};

/// Those that are away, over the board.
pub(super) fn show_away(window: &AppWindow, bars: &[OutingBar]) {
    let outing = window.global::<OutingAdapter>();
    let rows = bars.iter().map(|bar| OutingRow { key: key(&bar.outing), text: sentence(&bar.text) });
    fill(&outing.get_away(), rows, |model| outing.set_away(model));
}

pub(super) fn show_choice(window: &AppWindow, choice: &OutingChoice) -> Front {
    let outing = window.global::<OutingAdapter>();
    outing.set_going(text(&choice.going));
    fill(&outing.get_places(), choice.places.iter().map(|place| text(place)), |model| outing.set_places(model));
    let groups = choice.groups.iter().map(|tab| GroupRow {
        key: text(&tab.key),
        name: text(&tab.name),
        present: count(tab.seen),
        expected: count(tab.total),
        chosen: tab.chosen,
    });
    fill(&outing.get_groups(), groups, |model| outing.set_groups(model));
    outing.set_group_key(choice.groups.iter().find(|tab| tab.chosen).map(|tab| text(&tab.key)).unwrap_or_default());
    fill(&outing.get_people(), choice.people.iter().map(person_row), |model| outing.set_people(model));
    Front::OutingChoice
}

pub(super) fn show(window: &AppWindow, dialog: &OutingDialog) -> Front {
    let outing = window.global::<OutingAdapter>();
    outing.set_title(sentence(&dialog.title));
    outing.set_last_count(sentence(&dialog.last_count));
    outing.set_counted(count(dialog.counted));
    outing.set_total(count(dialog.total));
    outing.set_missing(sentence(&dialog.missing));
    outing.set_back(sentence(&dialog.back));
    fill(&outing.get_people(), dialog.people.iter().map(person_row), |model| outing.set_people(model));
    Front::Outing
}
