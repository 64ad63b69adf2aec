//! A card held to the page of the reader: that it was read, what of it, and the form learnt from a card that is known. Nobody is
//! checked in, and no number is shown but for its end.

use super::Upkeep;
use super::pages::Page;
use crate::door::{Door, reader_in_words, reader_of_cards};
use crate::view::{Finding, Tone};
use hardware::ReaderEvent;
use hardware::form::UidForm;
use hardware::uid::BadgeUid;

/// What the open page has seen.
#[derive(Default)]
pub(super) struct Test {
    pub(super) held: u32,
    pub(super) said: Option<(Tone, String)>,
}

impl Upkeep {
    /// A card on the reader's page. `typed` by a reader that has no program of its own.
    pub(super) fn try_card(&mut self, text: &str, typed: bool, door: Option<&Door>) {
        let is_known = |uid: &BadgeUid| door.is_some_and(|door| door.roster().badge(uid).is_some());
        let before = if typed { self.settings.uid_form } else { UidForm::Hexadecimal };
        let known_as_it_is = before.read(text).is_ok_and(|uid| is_known(&uid));
        let learnt = if typed && !known_as_it_is { UidForm::learn(text, is_known) } else { None };
        let mut said = read_in_words(text, learnt.unwrap_or(before), known_as_it_is || learnt.is_some());
        if let Some(form) = learnt {
            self.settings.uid_form = form;
            self.keep_settings();
            said.1 = match &self.trouble {
                None => tr!("{} Le lecteur tape en {} : c'est appris, et gardé.", said.1, form_in_words(form)),
                Some(trouble) => tr!("{} Le lecteur tape en {}. {}", said.1, form_in_words(form), trouble.text),
            };
        }
        self.say_of_card(said);
    }

    /// Whether an event of the reader is for its open page, and not for the door.
    pub(super) fn heard_on_its_page(&mut self, event: &ReaderEvent) -> bool {
        let Some(words) = reader_of_cards(event) else { return false };
        let is_open = matches!(self.page, Some(Page::Reader(_)));
        if is_open {
            self.say_of_card((Tone::Amber, words));
        }
        is_open
    }

    fn say_of_card(&mut self, said: (Tone, String)) {
        if let Some(Page::Reader(test)) = &mut self.page {
            test.held = test.held.saturating_add(1);
            test.said = Some(said);
        }
    }

    /// How the reader is, and what to do about it.
    pub(super) fn reader_found(&self) -> Finding {
        let typing = || self.machine.and_then(|machine| machine.has_typing_reader());
        let (words, advice, tone) = match &self.reader {
            Some(Ok(name)) => (tr!("Entendu : {}", short(name)), String::new(), Tone::Calm),
            Some(Err(fault)) => (reader_in_words(*fault), tr!("Le tableau suffit d'ici là : touchez les noms."), Tone::Amber),
            None => match typing() {
                Some(true) => (tr!("Un lecteur qui tape comme un clavier, ou un clavier, est branché"), String::new(), Tone::Calm),
                Some(false) => (
                    tr!("Aucun lecteur branché"),
                    tr!("Branchez-le, ou touchez les noms : le tableau suffit. Pour un lecteur NFC ou PC/SC, voir PREAU_LECTEUR."),
                    Tone::Amber,
                ),
                None => (tr!("Un lecteur qui tape comme un clavier est écouté"), String::new(), Tone::Calm),
            },
        };
        Finding { subject: tr!("Lecteur de badges"), words, advice, tone }
    }
}

/// How a reader writes numbers.
pub(super) fn form_in_words(form: UidForm) -> String {
    match form {
        UidForm::Hexadecimal => tr!("hexadécimal"),
        UidForm::HexadecimalReversed => tr!("hexadécimal, octets à l'envers"),
        UidForm::Decimal => tr!("décimal"),
        UidForm::DecimalReversed => tr!("décimal, octets à l'envers"),
    }
}

/// A device's own name, as far as a line holds it.
fn short(name: &str) -> String {
    name.chars().filter(|c| !c.is_control()).take(60).collect()
}

/// What was read: never the number, only its end.
fn read_in_words(text: &str, form: UidForm, is_known: bool) -> (Tone, String) {
    let uid = form.read(text).or_else(|error| UidForm::ALL.into_iter().find_map(|form| form.read(text).ok()).ok_or(error));
    let Ok(uid) = uid else {
        let characters = text.chars().count();
        return (Tone::Amber, tr!("Ce que le lecteur a envoyé ({characters} caractères) n'est pas un numéro de carte.", characters));
    };
    let number = uid.to_string();
    let end = number.get(number.len().saturating_sub(4)..).unwrap_or_default();
    let read = tr!("Carte lue : numéro finissant par {end}, {bytes} octets.", end, bytes = uid.bytes().len());
    if uid.is_random() {
        return (Tone::Amber, tr!("{read} Il change à chaque passage : cette carte ou ce téléphone ne peut pas servir de badge.", read));
    }
    if is_known {
        return (Tone::Calm, tr!("{read} La tablette la connaît.", read));
    }
    let advice = tr!("La tablette ne la connaît pas. Présentez une carte qu'elle connaît : elle en apprend comment le lecteur tape.");
    (Tone::Amber, format!("{read} {advice}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_sentence_holds_a_whole_number() {
        for (text, form) in
            [("04A1B2C3D4E5F6", UidForm::Hexadecimal), ("0077705923", UidForm::Decimal), ("n'importe quoi", UidForm::Decimal)]
        {
            for known in [true, false] {
                let (_, said) = read_in_words(text, form, known);
                assert!(!said.contains(text) && !said.contains("04A1B2C3"), "{said}");
            }
        }
    }
}
