//! The roll call of an evacuation, and what stays of one.

use slint::{ComponentHandle, SharedString};
use terminal_core::view::{self, EvacuationDialog, EvacuationHelp, EvacuationReport, PersonState};

use super::{count, fill, key, sentence, text};
use crate::faces;
use crate::ui::{AppWindow, EvacuationAdapter, Front, GroupRow, PastRow, PersonLook, PersonRow, ReportRow};

/// One that goes on behind the board.
pub(super) fn show_behind(window: &AppWindow, behind: Option<&str>) {
    window.global::<EvacuationAdapter>().set_behind(behind.map(text).unwrap_or_default());
}

pub(super) fn show(window: &AppWindow, dialog: &EvacuationDialog) -> Front {
    let evacuation = window.global::<EvacuationAdapter>();
    evacuation.set_title(text(&dialog.title));
    evacuation.set_seen(count(dialog.seen));
    evacuation.set_total(count(dialog.total));
    evacuation.set_missing(sentence(&dialog.missing));
    evacuation.set_acting(text(&dialog.acting));
    evacuation.set_unrecorded(unrecorded(dialog.unrecorded.as_deref()));
    evacuation.set_ending(dialog.ending.is_some());
    evacuation.set_ending_text(dialog.ending.as_deref().map(sentence).unwrap_or_default());
    let groups = dialog.groups.iter().map(|tab| GroupRow {
        key: text(&tab.key),
        name: text(&tab.name),
        present: count(tab.seen),
        expected: count(tab.total),
        chosen: tab.chosen,
    });
    fill(&evacuation.get_groups(), groups, |model| evacuation.set_groups(model));
    evacuation.set_group_key(dialog.groups.iter().find(|tab| tab.chosen).map(|tab| text(&tab.key)).unwrap_or_default());
    fill(&evacuation.get_people(), dialog.people.iter().map(person_row), |model| evacuation.set_people(model));
    Front::Evacuation
}

pub(super) fn person_row(row: &view::PersonRow) -> PersonRow {
    PersonRow {
        key: key(&row.who),
        name: text(&row.name),
        initials: text(&row.initials),
        hue: i32::from(row.hue),
        photo: faces::name(row.photo.as_ref()),
        group: text(&row.group),
        look: look(row.state),
        text: sentence(&row.text),
    }
}

fn look(state: PersonState) -> PersonLook {
    match state {
        PersonState::Missing => PersonLook::Missing,
        PersonState::ToCheck => PersonLook::ToCheck,
        PersonState::Out => PersonLook::Out,
        PersonState::Plain => PersonLook::Plain,
        PersonState::Seen => PersonLook::Seen,
    }
}

pub(super) fn show_help(window: &AppWindow, help: &EvacuationHelp) -> Front {
    let evacuation = window.global::<EvacuationAdapter>();
    let past = help.reports.iter().map(|(call, label)| PastRow { key: key(call), label: sentence(label) });
    fill(&evacuation.get_past(), past, |model| evacuation.set_past(model));
    Front::EvacuationHelp
}

pub(super) fn show_report(window: &AppWindow, report: &EvacuationReport) -> Front {
    let evacuation = window.global::<EvacuationAdapter>();
    evacuation.set_report_title(sentence(&report.title));
    evacuation.set_report_subtitle(sentence(&report.subtitle));
    evacuation.set_report_summary(sentence(&report.summary));
    evacuation.set_report_incomplete(report.incomplete);
    evacuation.set_unrecorded(unrecorded(report.unrecorded.as_deref()));
    let lines = report.lines.iter().map(|line| ReportRow { name: text(&line.name), text: text(&line.text), seen: line.seen });
    fill(&evacuation.get_report_lines(), lines, |model| evacuation.set_report_lines(model));
    Front::EvacuationReport
}

fn unrecorded(why: Option<&str>) -> SharedString {
    why.map(sentence).unwrap_or_default()
}
