//! The screens about adults who work here, or visit.

use slint::ComponentHandle;
use terminal_core::view::{PinDialog, PinFor, TeamDialog};

use super::{count, fill, key, mood, sentence, staff_row, text};
use crate::ui::{AppWindow, Front, MemberRow, Mood, PinAdapter, PinPurpose, TeamAdapter, VisitorRow};

pub(super) fn show_team(window: &AppWindow, dialog: &TeamDialog) -> Front {
    let team = window.global::<TeamAdapter>();
    team.set_subtitle(sentence(&dialog.subtitle));
    let (words, lines) = dialog.ratio.as_ref().map_or(("", [].as_slice()), |ratio| (ratio.text.as_str(), ratio.lines.as_slice()));
    team.set_ratio_text(sentence(words));
    team.set_ratio_mood(dialog.ratio.as_ref().map_or(Mood::Calm, |ratio| mood(ratio.tone)));
    fill(&team.get_ratio_lines(), lines.iter().map(|line| sentence(line)), |model| team.set_ratio_lines(model));
    let members = dialog.members.iter().map(|member| MemberRow {
        key: key(&member.staff),
        name: text(&member.name),
        initials: text(&member.initials),
        hue: i32::from(member.hue),
        here: member.here,
        state: sentence(&member.state),
        detail: sentence(&member.detail),
    });
    fill(&team.get_members(), members, |model| team.set_members(model));
    let visitors = dialog.visitors.iter().map(|visitor| VisitorRow {
        key: key(&visitor.visit),
        name: text(&visitor.name),
        state: sentence(&visitor.state),
    });
    fill(&team.get_visitors(), visitors, |model| team.set_visitors(model));
    team.set_codes(dialog.codes);
    Front::Team
}

pub(super) fn show_pin(window: &AppWindow, dialog: &PinDialog) -> Front {
    let pin = window.global::<PinAdapter>();
    pin.set_purpose(match dialog.purpose {
        PinFor::Team => PinPurpose::Team,
        PinFor::OtherAdult => PinPurpose::OtherAdult,
        PinFor::Menu => PinPurpose::Menu,
        PinFor::Room => PinPurpose::Room,
        PinFor::Family => PinPurpose::Family,
    });
    fill(&pin.get_people(), dialog.people.iter().map(staff_row), |model| pin.set_people(model));
    pin.set_chosen(dialog.chosen.is_some());
    if let Some(chosen) = &dialog.chosen {
        pin.set_name(text(&chosen.name));
        pin.set_initials(text(&chosen.initials));
        pin.set_hue(i32::from(chosen.hue));
    }
    pin.set_telephone(text(&dialog.telephone));
    pin.set_digits(count(dialog.digits));
    pin.set_may_confirm(dialog.may_confirm);
    pin.set_said(sentence(&dialog.said));
    Front::Pin
}
