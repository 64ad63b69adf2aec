//! Who sees what (security.md 1): every route of the portal as each kind of person, the status that they get and what must not be in the
//! bytes. The routes are the table's: one that is added and not answered for here fails.

use super::family::*;
use crate::on_both;
use sea_orm::QueryOrder;
use server::portal::ROUTES;
use server::store::entity::audit;
use shared::id::OrganisationId;
use std::collections::BTreeSet;

/// One request, and the status for each of [`EVERYBODY`].
struct Asked {
    route: (&'static str, &'static str),
    path: String,
    fields: Vec<(String, &'static str)>,
    status: [u16; 7],
}

fn asked(route: (&'static str, &'static str), path: String, status: [u16; 7]) -> Asked {
    Asked { route, path, fields: Vec::new(), status }
}

fn requests(f: &Family) -> Vec<Asked> {
    let (child, theirs) = (f.house.a.child, f.b.child);
    let (mothers, payers, thirds) = (f.mothers_bill, f.payers_bill, f.thirds_bill);
    let absence = ("GET", "/famille/enfants/{id}/absence");
    let announce = ("POST", "/famille/enfants/{id}/absence");
    let (bill, pdf) = (("GET", "/famille/factures/{id}"), ("GET", "/famille/factures/{id}/facture.pdf"));
    let question = ("POST", "/famille/factures/{id}/lignes/{line}/question");
    let announced = |path: String, status, activity: uuid::Uuid| Asked {
        fields: vec![("du".into(), "2026-10-08"), (format!("pour_{activity}"), "oui")],
        ..asked(announce, path, status)
    };
    let note = ("POST", "/famille/enfants/{id}/mot");
    let noted = |path: String, status| Asked {
        fields: vec![("jour".into(), "2026-10-08"), ("texte".into(), "Doudou.")],
        ..asked(note, path, status)
    };
    let said = |path: String, status| Asked { fields: vec![("texte".into(), "Ce soir-là, absence.")], ..asked(question, path, status) };
    //                                                              mother father barred payer third agent nobody
    vec![
        asked(("GET", "/famille"), "/famille".into(), [200, 200, 200, 200, 200, 303, 303]),
        asked(("GET", "/famille/enfants/{id}"), format!("/famille/enfants/{child}?mois=2026-09"), [200, 200, 403, 403, 404, 303, 303]),
        asked(("GET", "/famille/enfants/{id}"), format!("/famille/enfants/{theirs}?mois=2026-09"), [404, 404, 404, 404, 200, 303, 303]),
        asked(absence, format!("/famille/enfants/{child}/absence"), [200, 200, 403, 403, 404, 303, 303]),
        asked(absence, format!("/famille/enfants/{theirs}/absence"), [404, 404, 404, 404, 200, 303, 303]),
        announced(format!("/famille/enfants/{child}/absence"), [200, 200, 403, 403, 404, 303, 401], f.house.a.activity.0),
        asked(("GET", "/famille/enfants/{id}/mot"), format!("/famille/enfants/{child}/mot"), [200, 200, 403, 403, 404, 303, 303]),
        asked(("GET", "/famille/enfants/{id}/mot"), format!("/famille/enfants/{theirs}/mot"), [404, 404, 404, 404, 200, 303, 303]),
        noted(format!("/famille/enfants/{child}/mot"), [303, 303, 403, 403, 404, 303, 401]),
        asked(("GET", "/famille/factures"), "/famille/factures".into(), [200, 200, 200, 200, 200, 303, 303]),
        asked(bill, format!("/famille/factures/{mothers}"), [200, 404, 404, 404, 404, 303, 303]),
        asked(bill, format!("/famille/factures/{payers}"), [200, 404, 404, 200, 404, 303, 303]),
        asked(bill, format!("/famille/factures/{thirds}"), [404, 404, 404, 404, 200, 303, 303]),
        asked(pdf, format!("/famille/factures/{mothers}/facture.pdf"), [200, 404, 404, 404, 404, 303, 303]),
        asked(pdf, format!("/famille/factures/{payers}/facture.pdf"), [200, 404, 404, 403, 404, 303, 303]),
        asked(pdf, format!("/famille/factures/{thirds}/facture.pdf"), [404, 404, 404, 404, 202, 303, 303]),
        said(format!("/famille/factures/{payers}/lignes/1/question"), [303, 404, 404, 303, 404, 303, 401]),
        said(format!("/famille/factures/{thirds}/lignes/1/question"), [404, 404, 404, 404, 303, 303, 401]),
        asked(("GET", "/famille/compte"), "/famille/compte".into(), [200, 200, 200, 200, 200, 303, 303]),
        asked(("POST", "/famille/compte/sessions"), "/famille/compte/sessions".into(), [303, 303, 303, 303, 303, 303, 401]),
        asked(("POST", "/famille/compte/borne"), "/famille/compte/borne".into(), [303, 303, 303, 303, 303, 303, 401]),
        asked(("GET", "/accessibilite"), "/accessibilite".into(), [200; 7]),
        asked(("GET", "/vie-privee"), "/vie-privee".into(), [200; 7]),
    ]
}

/// What must not be in any byte that somebody is sent, whatever they ask for.
fn never(who: Who) -> Vec<&'static str> {
    let presence = || TIMES.into_iter().chain([PLACE]);
    let mothers = || MOTHER_CONTACT.into_iter().chain(MOTHER_QF).chain([MOTHER_TOTAL]);
    match who {
        Who::Mother => FATHER_CONTACT.into_iter().chain(THIRD_CONTACT).collect(),
        Who::Father => mothers().chain(THIRD_CONTACT).chain([PAYER_TOTAL]).collect(),
        // The household's own row still names this person: its address and proof are kept from them all the same.
        Who::Barred => presence().chain(mothers()).chain(FATHER_CONTACT).chain(THIRD_CONTACT).chain([PAYER_TOTAL]).collect(),
        // Of the mother's household: its address is theirs too, her telephone, e-mail, bill and the child's days are not.
        Who::Payer => presence()
            .chain(FATHER_CONTACT)
            .chain(THIRD_CONTACT)
            .chain([MOTHER_CONTACT[0], MOTHER_CONTACT[1], MOTHER_TOTAL, "de 8231 ("])
            .collect(),
        Who::Third => presence().chain(mothers()).chain(FATHER_CONTACT).chain([PAYER_TOTAL, "&#60;img"]).collect(),
        Who::Agent | Who::Nobody => {
            presence().chain(mothers()).chain(FATHER_CONTACT).chain(THIRD_CONTACT).chain([PAYER_TOTAL, "Zéphirine"]).collect()
        }
    }
}

on_both! {
    async fn each_person_is_answered_by_their_rights_and_is_sent_nothing_of_another_s(fresh: &Fresh) {
        let f = family(fresh).await;
        let requests = requests(&f);
        let table: BTreeSet<_> = ROUTES.iter().map(|route| (route.method, route.path)).collect();
        assert_eq!(requests.iter().map(|asked| asked.route).collect::<BTreeSet<_>>(), table, "a route has no answer here");
        let mut wrong = Vec::new();
        for (position, who) in EVERYBODY.into_iter().enumerate() {
            let (browser, form) = f.browser(who).await;
            for asked in &requests {
                let page = if asked.route.0 == "GET" {
                    browser.get(&asked.path).await
                } else {
                    let fields: Vec<(&str, &str)> = asked.fields.iter().map(|(name, value)| (name.as_str(), *value)).collect();
                    browser.submit(form, &asked.path, &fields).await
                };
                let expected = asked.status[position];
                if page.status != expected {
                    wrong.push(format!("{who:?} {} {}: {} and not {expected}: {}", asked.route.0, asked.path, page.status, page.text));
                }
                for word in never(who).into_iter().filter(|word| page.text.contains(word)) {
                    wrong.push(format!("{who:?} {} {} holds {word:?}", asked.route.0, asked.path));
                }
                if page.text.contains(INJECTED) {
                    wrong.push(format!("{who:?} {} prints a name as markup", asked.path));
                }
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        is_told_of_in_the_audit(&f).await;
    }
}

/// Whatever reads a child's file, or changes something, left its line; and none for who was turned away.
async fn is_told_of_in_the_audit(f: &Family) {
    let mut told: BTreeSet<(String, String)> = BTreeSet::new();
    for book in [OrganisationId(f.house.app.territoire().0), f.house.a.organisation, f.b.organisation] {
        let tenant = f.house.reading().tenant(book);
        let lines = tenant.find::<audit::Entity>().order_by_asc(audit::Column::Number).all(&tenant.on()).await.unwrap();
        told.extend(lines.into_iter().map(|line| (line.route, line.capacity)));
    }
    let quiet = ["/famille/factures", "/famille/compte", "/accessibilite", "/vie-privee"];
    for route in ROUTES.iter().filter(|route| route.method == "POST" || !quiet.contains(&route.path)) {
        let line = format!("{} {}", route.method, route.path);
        assert!(told.iter().any(|(said, _)| *said == line), "no line for {line}");
    }
}

on_both! {
    async fn the_guardian_s_own_pages_say_what_is_theirs(fresh: &Fresh) {
        let f = family(fresh).await;
        let (mother, _) = f.browser(Who::Mother).await;
        let home = mother.get("/famille").await.text;
        for word in ["depuis 11:41", PLACE, "sur place", HOUSEHOLD_TOTAL, "mardi 6 octobre", "Annoncer une absence"] {
            assert!(home.contains(word), "{word} in {home}");
        }
        assert!(home.contains("&#60;img src=x onerror=alert(1)&#62;"), "{home}");
        let month = mother.get(&format!("/famille/enfants/{}?mois=2026-09", f.house.a.child)).await.text;
        assert!(month.contains("16:37 – 17:52") && month.contains(PLACE), "{month}");
        let bill = mother.get(&format!("/famille/factures/{}", f.mothers_bill)).await.text;
        for word in ["16:37 – 17:52", PLACE, "de 8231 (", "Pourquoi 2,52", "à payer avant le 4 novembre", "Payer par carte ou prélèvement", "Payeur\u{a0}: Claire Martin", "F-2026-00000"] {
            assert!(bill.contains(word), "{word} in {bill}");
        }
        let account = mother.get("/famille/compte").await.text;
        for word in ["8231, depuis le 1er janvier 2026 (source : CAF)", "3 rue du Secret", "27100 Val-de-Reuil", "Commune A", "Zéphirine : Accueil du soir"] {
            assert!(account.contains(word), "{word} in {account}");
        }
        let (payer, _) = f.browser(Who::Payer).await;
        let bill = payer.get(&format!("/famille/factures/{}", f.payers_bill)).await.text;
        for word in ["Pourquoi 1,08", "lun. 7", "3 × 0,60", "Payer par carte ou prélèvement"] {
            assert!(bill.contains(word), "{word} in {bill}");
        }
        assert!(!bill.contains("facture.pdf"), "a document that this person can't open is not offered");
    }
}
