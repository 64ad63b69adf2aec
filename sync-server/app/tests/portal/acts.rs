//! What a family tells: an absence that reaches the tablet, a question about a line.

use super::family::*;
use crate::on_both;
use crate::world::day;
use sea_orm::{ColumnTrait, QueryFilter};
use server::attendance::sheet;
use server::registry::family_note as family_note_desk;
use server::store::Territory;
use server::store::entity::{family_note, journal_entry, question, site_change};
use server::sync::publish;
use server::sync::roster::items;
use shared::id::SiteId;
use shared::journal::{ActorKind, Channel, Detail};
use shared::roster::{FamilyNote, Item};

async fn announced(f: &Family) -> Vec<journal_entry::Model> {
    let tenant = f.house.reading().tenant(f.house.a.organisation);
    let of_kind = tenant.find::<journal_entry::Entity>().filter(journal_entry::Column::Kind.eq("absence_announced"));
    of_kind.all(&tenant.on()).await.unwrap()
}

fn path(f: &Family) -> String {
    format!("/famille/enfants/{}/absence", f.house.a.child)
}

fn chosen(f: &Family) -> String {
    format!("pour_{}", f.house.a.activity)
}

on_both! {
    async fn an_announced_absence_reaches_the_tablet_by_its_normal_pull(fresh: &Fresh) {
        let f = family(fresh).await;
        let (mother, form) = f.browser(Who::Mother).await;
        let of = chosen(&f);
        let of = of.as_str();
        let fields = [("du", "2026-10-06"), ("au", "2026-10-07"), ("motif", "conge"), (of, "oui")];
        let done = mother.submit(form, &path(&f), &fields).await;
        assert_eq!(done.status, 200, "{}", done.text);
        for word in ["ne viendra pas du mardi 6 octobre au mercredi 7 octobre", "l’équipe est prévenue", "Ils le resteront, sauf si Commune A"] {
            assert!(done.text.contains(word), "{word} in {}", done.text);
        }
        let [entry] = announced(&f).await.try_into().unwrap();
        let territory = Territory::new(f.house.app.territoire(), f.house.app.db.read());
        let change = territory.find::<site_change::Entity>().filter(site_change::Column::SubjectId.eq(entry.entry_id));
        let change = change.one(&territory.on()).await.unwrap().unwrap();
        assert_eq!((change.kind.as_str(), SiteId(change.site_id)), ("entry", f.house.a.site));
        let centre = sheet::find_centre(&territory, Some("A"), "PERI").await.unwrap();
        for date in ["2026-10-06", "2026-10-07"] {
            let sheet = sheet::read(&territory, centre.clone(), day(date)).await.unwrap();
            let [absence] = sheet.sheet.rows[0].1.absences.as_slice() else { panic!("one absence on {date}") };
            assert_eq!((absence.mark.channel, absence.mark.actor.kind, absence.noted), (Channel::Portal, ActorKind::Guardian, false));
            assert_eq!((absence.code.as_str(), absence.mark.actor.id), ("conge", f.persons[&Who::Mother].0));
        }
        // A second touch of the button, or the other parent: known already.
        assert_eq!(mother.submit(form, &path(&f), &fields).await.status, 200);
        assert_eq!(announced(&f).await.len(), 1);
        let month = mother.get(&format!("/famille/enfants/{}", f.house.a.child)).await.text;
        assert!(month.contains("absence annoncée"), "{month}");
    }
}

on_both! {
    async fn an_absence_of_today_is_refused_once_the_moment_began_and_a_past_one_always(fresh: &Fresh) {
        let f = family(fresh).await;
        let (mother, form) = f.browser(Who::Mother).await;
        let (of, elsewhere) = (chosen(&f), format!("pour_{}", f.b.activity));
        let (of, elsewhere) = (of.as_str(), elsewhere.as_str());
        let said = async |fields: &[(&str, &str)]| mother.submit(form, &path(&f), fields).await;
        // At noon, the evening is still to come.
        assert_eq!(said(&[("du", "2026-10-05"), (of, "oui")]).await.status, 200);
        f.house.later(4 * 3_600 + 1_800);
        let refused = said(&[("du", "2026-10-05"), (of, "oui")]).await;
        assert!(refused.status == 422 && refused.text.contains("a déjà commencé aujourd’hui, à 16:30"), "{}", refused.text);
        for (fields, sentence) in [
            (vec![("du", "2026-10-04"), (of, "oui")], "Ce jour est passé."),
            (vec![("du", "2026-10-08"), ("au", "2026-10-07"), (of, "oui")], "Le dernier jour vient avant le premier."),
            (vec![("du", "demain"), (of, "oui")], "Indiquez un jour"),
            (vec![("du", "2026-10-08")], "Choisissez au moins un accueil."),
            (vec![("du", "2026-10-08"), (elsewhere, "oui")], "Choisissez au moins un accueil."),
        ] {
            let refused = said(&fields).await;
            assert!(refused.status == 422 && refused.text.contains(sentence), "{sentence} in {}", refused.text);
            assert!(refused.text.contains("value=\"2026-10-0") || fields[0].1 == "demain", "what was typed stays");
        }
        assert_eq!(announced(&f).await.len(), 1);
        let tenant = f.house.reading().tenant(f.house.a.organisation);
        let sealed = tenant.find::<server::store::entity::journal_payload::Entity>();
        let sealed = sealed.filter(server::store::entity::journal_payload::Column::EntryId.eq(announced(&f).await[0].entry_id));
        let payload = sealed.one(&tenant.on()).await.unwrap().unwrap().payload;
        let read = shared::journal::Payload::decode(&shared::journal::Kind::AbsenceAnnounced, 1, &payload).unwrap();
        assert!(matches!(read.detail, Detail::Absence { code, .. } if code.is_empty()), "no reason was given, none is sealed");
    }
}

on_both! {
    async fn a_question_is_kept_beside_its_line_and_shown_to_who_asked_with_its_answer(fresh: &Fresh) {
        let f = family(fresh).await;
        let (payer, form) = f.browser(Who::Payer).await;
        let path = format!("/famille/factures/{}/lignes/1/question", f.payers_bill);
        let long = "x".repeat(1001);
        let refused = payer.submit(form, &path, &[("jour", "2026-09-07"), ("texte", &long)]).await;
        assert!(refused.status == 422 && refused.text.contains("1001 caractères") && refused.text.contains(&long));
        assert!(refused.text.contains("<option value=\"2026-09-07\" selected>"), "{}", refused.text);
        assert_eq!(payer.submit(form, &path, &[("jour", "2026-09-09"), ("texte", "Absente")]).await.status, 422, "not a day of the line");
        assert_eq!(payer.submit(form, &path.replace("/1/", "/9/"), &[("texte", "x")]).await.status, 404);
        for _ in 0..2 {
            let kept = payer.submit(form, &path, &[("jour", "2026-09-07"), ("texte", "Partie <b>avant</b>")]).await;
            assert_eq!((kept.status, kept.to), (303, format!("/famille/factures/{}#ligne-1", f.payers_bill)));
        }
        let tenant = f.house.reading().tenant(f.house.a.organisation);
        let [row] = tenant.find::<question::Entity>().all(&tenant.on()).await.unwrap().try_into().unwrap();
        assert_eq!((row.day, row.line_number, row.invoice_id), (Some(day("2026-09-07")), 1, f.payers_bill));
        answer(&f).await;
        let bill = format!("/famille/factures/{}", f.payers_bill);
        let page = payer.get(&bill).await.text;
        assert!(page.contains("Partie &#60;b&#62;avant") && page.contains("Vérifié avec le lieu."), "{page}");
        assert!(payer.get("/famille").await.text.contains("Une réponse à votre question"));
        let (mother, _) = f.browser(Who::Mother).await;
        assert!(!mother.get(&bill).await.text.contains("Partie &#60;b&#62;"), "another adult's words are theirs");
    }
}

on_both! {
    async fn a_bill_has_room_for_twenty_questions_that_wait_for_an_answer(fresh: &Fresh) {
        let f = family(fresh).await;
        let (payer, form) = f.browser(Who::Payer).await;
        let path = format!("/famille/factures/{}/lignes/1/question", f.payers_bill);
        for n in 1..=20 {
            assert_eq!(payer.submit(form, &path, &[("texte", &format!("Question {n}"))]).await.status, 303);
        }
        let refused = payer.submit(form, &path, &[("texte", "Encore une")]).await;
        assert!(refused.status == 409 && refused.text.contains("attendez une réponse"), "{}", refused.text);
        answer(&f).await;
        assert_eq!(payer.submit(form, &path, &[("texte", "Encore une")]).await.status, 303);
    }
}

async fn answer(f: &Family) {
    use sea_orm::sea_query::Expr;
    let transaction = f.house.app.db.begin().await.unwrap();
    let tenant = Territory::new(f.house.app.territoire(), &transaction).tenant(f.house.a.organisation);
    let update = tenant.update::<question::Entity>().col_expr(question::Column::Answer, Expr::value("Vérifié avec le lieu."));
    let at = Expr::value(f.house.app.clock.now_ms());
    update.col_expr(question::Column::AnsweredAtMs, at).exec(&transaction).await.unwrap();
    transaction.commit().await.unwrap();
}

on_both! {
    async fn the_other_browsers_are_out_and_this_one_stays(fresh: &Fresh) {
        let f = family(fresh).await;
        let (here, form) = f.browser(Who::Mother).await;
        let (there, _) = f.browser(Who::Mother).await;
        assert!(here.get("/famille/compte").await.text.contains("Dernier passage"));
        assert_eq!(here.submit(form, "/famille/compte/sessions", &[]).await.status, 303);
        assert_eq!(there.get("/famille").await.status, 303);
        let account = here.get("/famille/compte?fait=sessions").await;
        assert!(account.status == 200 && account.text.contains("Cet appareil seulement."), "{}", account.text);
    }
}

on_both! {
    async fn a_mother_chooses_her_code_for_the_tablet_of_families_and_it_is_never_shown_again(fresh: &Fresh) {
        let f = family(fresh).await;
        let (mother, form) = f.browser(Who::Mother).await;
        assert!(mother.get("/famille/compte").await.text.contains("Vous n’avez pas de code."));
        let refused = mother.submit(form, "/famille/compte/borne", &[("code", "0000")]).await;
        assert!(refused.status == 422 && refused.text.contains("parmi les premiers"), "{}", refused.text);
        let done = mother.submit(form, "/famille/compte/borne", &[("code", "902817")]).await;
        assert_eq!((done.status, done.to.as_str()), (303, "/famille/compte?fait=borne"));
        let account = mother.get(&done.to).await.text;
        assert!(account.contains("Votre code est posé depuis le") && !account.contains("902817") && !account.contains("argon2"), "{account}");
        let (father, _) = f.browser(Who::Father).await;
        assert!(father.get("/famille/compte").await.text.contains("Vous n’avez pas de code."), "hers is not his");
    }
}

/// What the tablets of the child's site would be told of its notes.
async fn notes_told(f: &Family) -> Vec<FamilyNote> {
    let items = items(&f.house.reading(), f.house.a.site, f.house.app.clock.today()).await.unwrap();
    items.into_values().filter_map(|item| if let Item::Note(note) = item { Some(note) } else { None }).collect()
}

on_both! {
    async fn a_note_reaches_the_tablets_for_its_day_and_can_be_changed_and_taken_back(fresh: &Fresh) {
        let f = family(fresh).await;
        publish::due_sites(&f.house.app).await.unwrap();
        let (mother, form) = f.browser(Who::Mother).await;
        let (child, site) = (f.house.a.child, f.house.a.site);
        let path = format!("/famille/enfants/{child}/mot");
        let due = async || publish::is_due(&f.house.reading(), site, f.house.app.clock.now()).await.unwrap();
        assert!(!due().await);
        let done = mother.submit(form, &path, &[("jour", "2026-10-06"), ("texte", "Mamie <b>vient</b>\r\nà 17 h.")]).await;
        assert_eq!((done.status, done.to), (303, format!("{path}#ecrits")));
        assert!(due().await, "its tablets are to be told");
        let [note] = notes_told(&f).await.try_into().unwrap();
        assert_eq!((note.child.0, note.day, note.text.as_str()), (child.0, day("2026-10-06"), "Mamie <b>vient</b>\nà 17 h."));
        assert_eq!(note.author, "Claire Martin");
        let page = mother.get(&path).await.text;
        assert!(page.contains("mardi 6 octobre") && page.contains("Mamie &#60;b&#62;vient"), "{page}");
        let (father, _) = f.browser(Who::Father).await;
        assert!(!father.get(&path).await.text.contains("&#60;b&#62;vient"), "another adult's words are theirs");

        mother.submit(form, &path, &[("jour", "2026-10-06"), ("texte", "Papi.")]).await;
        assert_eq!(notes_told(&f).await.iter().map(|n| n.text.as_str()).collect::<Vec<_>>(), ["Papi."], "in place of the first");
        mother.submit(form, &path, &[("jour", "2026-10-06"), ("retirer", "oui")]).await;
        assert!(notes_told(&f).await.is_empty());
    }
}

on_both! {
    async fn a_note_about_no_day_or_too_long_is_shown_again_and_one_of_yesterday_is_told_to_nobody(fresh: &Fresh) {
        let f = family(fresh).await;
        let (mother, form) = f.browser(Who::Mother).await;
        let path = format!("/famille/enfants/{}/mot", f.house.a.child);
        let long = "é".repeat(301);
        for (day, text, sentence) in [
            ("2026-10-04", "Doudou.", "Ce jour est passé."),
            ("2026-11-05", "Doudou.", "au plus 30 jours à l’avance"),
            ("demain", "Doudou.", "Indiquez un jour"),
            ("2026-10-05", " ", "Écrivez votre mot."),
            ("2026-10-05", &long, "301 caractères"),
        ] {
            let refused = mother.submit(form, &path, &[("jour", day), ("texte", text)]).await;
            assert!(refused.status == 422 && refused.text.contains(sentence), "{sentence} in {}", refused.text);
            assert!(refused.text.contains(text.trim()), "what was typed stays");
        }
        assert!(notes_told(&f).await.is_empty());
        mother.submit(form, &path, &[("jour", "2026-10-05"), ("texte", "Doudou.")]).await;
        assert_eq!(notes_told(&f).await.len(), 1);
        f.house.later(86_400);
        assert!(notes_told(&f).await.is_empty(), "its day is over");
        let left = async || f.house.reading().find::<family_note::Entity>().all(f.house.app.db.read()).await.unwrap().len();
        family_note_desk::purge(&f.house.app).await.unwrap();
        assert_eq!(left().await, 1, "kept for a week");
        f.house.later(8 * 86_400);
        family_note_desk::purge(&f.house.app).await.unwrap();
        assert_eq!(left().await, 0);
    }
}
