//! Made-up documents: what a template is tried on, and what an agent sees before real bills are printed.

use crate::data::{
    Adjustment, ChildLines, Day, InvoiceDocument, Issuer, Kind, Line, Mentions, Mode, Organisation, PayFip, Payer, Payment, Regie, Way,
};
use crate::day_list::{DayContent, DayList, ListChild, ListContact, ListGroup, ListMoment, ListRow, ListStaff, ListTaker};
use chrono::NaiveDate;
use shared::money::Cents;

/// One of each kind and shape: what [`crate::Templates::check`] renders.
#[must_use]
pub fn of_every_kind() -> Vec<InvoiceDocument> {
    vec![invoice(), titre(), credit_note(), bare(), long(40)]
}

/// A month of two children at a régie, day by day, partly paid by an aid.
#[must_use]
pub fn invoice() -> InvoiceDocument {
    let evenings: Vec<Day> = [(1, "16:30 – 17:42", 3), (2, "16:30 – 17:28", 2), (5, "16:33 – 17:31", 2), (6, "16:30 – 17:55", 3)]
        .into_iter()
        .chain([(8, "16:30 – 17:29", 2), (9, "16:31 – 17:30", 2), (12, "16:30 – 17:45", 3), (13, "16:30 – 17:20", 2)])
        .chain([(15, "16:30 – 17:40", 3), (16, "16:30 – 17:25", 2)])
        .map(|(day, times, steps)| Day {
            date: october(day),
            times: Some(times.to_owned()),
            counted: format!("{steps} × 0,60 €"),
            amount_cents: Some(Cents(steps * 60)),
        })
        .collect();
    let lea = Line {
        label: "Accueil du soir".to_owned(),
        summary: Some("10 soirs".to_owned()),
        quantity: "24 demi-heures".to_owned(),
        unit_price_cents: Cents(60),
        amount_cents: Cents(1_440),
        days: evenings,
        rule: Some("Chaque demi-heure commencée compte. Règlement du 24 juin 2026, article 7.".to_owned()),
        situation: Some("Avec votre quotient familial de 820 (CAF, octobre 2026), elle coûte 0,60 €.".to_owned()),
        share: None,
    };
    let wednesdays = [7, 14].map(|day| Day {
        date: october(day),
        times: Some("08:12 – 17:20".to_owned()),
        counted: "1 journée".to_owned(),
        amount_cents: Some(Cents(910)),
    });
    let tom = Line {
        label: "Mercredi journée avec repas".to_owned(),
        summary: Some("2 mercredis".to_owned()),
        quantity: "2 journées".to_owned(),
        unit_price_cents: Cents(910),
        amount_cents: Cents(1_820),
        days: wednesdays.to_vec(),
        rule: Some("Une journée commencée compte. Règlement du 24 juin 2026, article 9.".to_owned()),
        situation: Some("Avec votre quotient familial de 820 (CAF, octobre 2026), elle coûte 9,10 €.".to_owned()),
        share: None,
    };
    InvoiceDocument {
        kind: Kind::Facture,
        number: "F-2026-004512".to_owned(),
        original_number: None,
        reason: None,
        issued_on: november(3),
        due_on: Some(november(20)),
        exercise: 2026,
        period: "octobre 2026".to_owned(),
        organisation: Organisation {
            name: "Communauté d'agglomération des Trois Rivières".to_owned(),
            address: lines(&["Hôtel d'agglomération", "4 place du Marché", "61000 Saint-Alban"]),
            siret: Some("200 012 345 00017".to_owned()),
            issuer: None,
        },
        regie: Regie {
            name: "Régie Enfance de l'agglomération".to_owned(),
            mode: Mode::Regie,
            contact: lines(&["Accueil enfance, 9 h – 17 h", "02 33 00 00 00 · enfance@trois-rivieres.example"]),
        },
        payer: Payer {
            name: "Claire Martin".to_owned(),
            address: lines(&["12 rue des Tilleuls", "61250 Valframbert"]),
            reference: Some("FAM-01284".to_owned()),
        },
        children: vec![one("Léa Martin", lea), one("Tom Martin", tom)],
        adjustments: vec![Adjustment {
            label: "Aide aux temps libres, CAF".to_owned(),
            detail: Some("2 jours à 1,50 €".to_owned()),
            amount_cents: Cents(-300),
        }],
        total_cents: Cents(2_960),
        already_paid_cents: None,
        previous_balance_cents: None,
        payment: Payment { payfip: Some(payfip("ENF2026004512")), ways: ways() },
        mentions: mentions(),
    }
}

/// A titre with everything that a titre must say, long names, a shared part, something paid and an older balance.
#[must_use]
pub fn titre() -> InvoiceDocument {
    let mut document = invoice();
    document.number = "F-2026-000087".to_owned();
    document.regie.mode = Mode::Titre;
    document.regie.name =
        "Service petite enfance et accueil familial du pôle territorial du Haut-Bocage et de la Vallée-de-l'Udon".to_owned();
    document.organisation.name = "Communauté de communes du Haut-Bocage, de la Vallée-de-l'Udon et des Collines de Normandie".to_owned();
    document.organisation.issuer =
        Some(Issuer { name: "Marie-Françoise Delaunay".to_owned(), capacity: "présidente de la communauté de communes".to_owned() });
    document.payer.name = "Marie-Clémentine Anne-Sophie de La Rochefoucauld-Montmorency épouse Vandenbroucke-Przybyszewski".to_owned();
    document.payer.address =
        lines(&["Résidence Les Hauts de la Vallée, bâtiment C", "Lieu-dit La Petite Ferrière-aux-Étangs", "61450 La Ferrière-aux-Étangs"]);
    let long = "Maximilien-Alexandre Théodore de La Rochefoucauld-Montmorency Vandenbroucke-Przybyszewski";
    document.children[0].name = long.to_owned();
    document.children[0].lines[0].label =
        "Accueil périscolaire du soir avec goûter et aide aux devoirs, école élémentaire Jacques-Prévert de La Ferrière".to_owned();
    document.children[0].lines[0].share = Some("Votre part : 60 % de 24,00 €, soit 14,40 €.".to_owned());
    document.already_paid_cents = Some(Cents(1_000));
    document.previous_balance_cents = Some(Cents(123_456));
    document.mentions.enforceable = Some(
        "Titre exécutoire en application de l'article L. 252 A du livre des procédures fiscales, pris, émis et rendu exécutoire \
         conformément aux dispositions de l'article L. 1617-5 du code général des collectivités territoriales."
            .to_owned(),
    );
    document.mentions.recourse = Some(
        "Dans le délai de deux mois suivant la réception du présent titre (article L. 1617-5 du code général des collectivités \
         territoriales), vous pouvez en contester le bien-fondé devant le tribunal administratif de Caen."
            .to_owned(),
    );
    document
}

/// A credit note on [`invoice`].
#[must_use]
pub fn credit_note() -> InvoiceDocument {
    let mut document = invoice();
    let mut line = document.children[1].lines[0].clone();
    line.summary = Some("1 mercredi rendu".to_owned());
    line.quantity = "−1 journée".to_owned();
    line.amount_cents = Cents(-910);
    line.days = vec![Day { date: october(14), times: None, counted: "−1 journée".to_owned(), amount_cents: Some(Cents(-910)) }];
    document.kind = Kind::Avoir;
    document.number = "A-2026-000041".to_owned();
    document.original_number = Some("F-2026-004512".to_owned());
    document.reason = Some("Absence justifiée, signalée après l'émission de la facture.".to_owned());
    document.issued_on = november(12);
    document.due_on = None;
    document.children = vec![one("Tom Martin", line)];
    document.adjustments.clear();
    document.total_cents = Cents(-910);
    document.mentions.unpaid = None;
    document.payment = Payment {
        payfip: None,
        ways: vec![Way {
            title: "Sur votre compte famille.".to_owned(), text: "Elle sera déduite de votre prochaine facture.".to_owned()
        }],
    };
    document
}

/// The least that a document can say: no day, no rule, no way to pay, an address that stays confidential.
#[must_use]
pub fn bare() -> InvoiceDocument {
    let mut document = invoice();
    document.number = "F-2026-000001".to_owned();
    document.due_on = None;
    document.organisation.address.clear();
    document.organisation.siret = None;
    document.regie.contact.clear();
    document.payer.address.clear();
    document.payer.reference = None;
    document.children.truncate(1);
    let line = &mut document.children[0].lines[0];
    (line.days, line.summary, line.rule, line.situation) = (Vec::new(), None, None, None);
    document.adjustments.clear();
    document.total_cents = Cents(1_440);
    document.payment = Payment::default();
    document
}

/// As many lines as wanted, ten a child, with days and rules: a payer for a whole institution.
#[must_use]
pub fn long(lines: usize) -> InvoiceDocument {
    let mut document = invoice();
    let wednesday = document.children[1].lines[0].clone();
    let evenings = document.children[0].lines[0].clone();
    let numbered = |index: usize| {
        let model = if index.is_multiple_of(3) { &evenings } else { &wednesday };
        let mut line = model.clone();
        line.label = format!("{} ({})", line.label, index + 1);
        line
    };
    let all: Vec<Line> = (0..lines).map(numbered).collect();
    document.number = "F-2026-009999".to_owned();
    document.payer.name = "Maison d'enfants à caractère social Les Tilleuls".to_owned();
    document.adjustments.clear();
    document.total_cents = all.iter().map(|line| line.amount_cents).sum();
    document.children = all
        .chunks(10)
        .enumerate()
        .map(|(index, lines)| ChildLines { name: format!("Enfant {}", index + 1), lines: lines.to_vec() })
        .collect();
    document
}

fn one(name: &str, line: Line) -> ChildLines {
    ChildLines { name: name.to_owned(), lines: vec![line] }
}

fn lines(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

fn october(day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 10, day).unwrap_or_default()
}

fn november(day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 11, day).unwrap_or_default()
}

fn payfip(reference: &str) -> PayFip {
    PayFip { address: "https://www.payfip.gouv.fr".to_owned(), client_number: "012345".to_owned(), reference: reference.to_owned() }
}

fn ways() -> Vec<Way> {
    let way = |title: &str, text: &str| Way { title: title.to_owned(), text: text.to_owned() };
    vec![
        way("Par chèque.", "À l'ordre de « Régie Enfance », avec le numéro de la facture au dos, à l'accueil enfance."),
        way("En espèces ou par carte.", "À l'accueil enfance, 9 h – 17 h, 300 € au plus en espèces."),
        way("En CESU ou chèques-vacances.", "Pour la garde et les loisirs, pas pour les repas. Il n'est pas rendu de monnaie."),
    ]
}

fn mentions() -> Mentions {
    Mentions {
        vat: "TVA non applicable (article 261, 4, 8° bis du code général des impôts).".to_owned(),
        contact: "Accueil enfance, 02 33 00 00 00, 9 h – 17 h. Si payer d'un coup est difficile, parlons-en avant la date limite."
            .to_owned(),
        privacy:
            "Vos données servent à l'accueil de vos enfants et à sa facturation ; elles sont gardées dix ans pour les pièces comptables. \
                  Pour les consulter ou les corriger : dpo@trois-rivieres.example. Réclamation possible auprès de la CNIL."
                .to_owned(),
        enforceable: None,
        recourse: None,
        unpaid: Some("Une somme non payée à cette date est transmise au comptable public, qui la recouvre.".to_owned()),
        others: Vec::new(),
    }
}

/// A day's list of so many children, in two moments and three groups: long names, absences, instructions, people under conditions.
#[must_use]
pub fn day_list(children: usize) -> DayList {
    let lasts = ["Martin", "Nguyen-Delacroix", "de La Rochefoucauld-Montbazon de Saint-Exupéry", "Öztürk", "Bernard", "Le Gall"];
    let firsts = ["Léa", "Tom", "Marie-Bénédicte Éléonore", "Maëlys", "Ibrahim", "Zoé"];
    let name = |index: usize| (lasts[index % 6].to_owned(), firsts[index / 6 % 6].to_owned());
    let row = |index: usize| {
        let (last_name, first_name) = name(index);
        let hours = if index.is_multiple_of(4) { "8:00 – 17:30" } else { "7:30 – 8:30" }.to_owned();
        let apart = if index >= 36 { format!("naissance {:02}/05/2019", index % 28 + 1) } else { String::new() };
        ListRow { last_name, first_name, apart, hours, care: index % 5 == 2, absent: index % 7 == 3 }
    };
    let rows: Vec<ListRow> = (0..children).map(row).collect();
    let groups = ["Petits", "Moyens", "CM2 de Mme de Beauregard et M. Le Gall"];
    let in_group = |group: usize| {
        let rows = rows.iter().enumerate().filter(|(index, _)| index % 3 == group).map(|(_, row)| row.clone()).collect();
        ListGroup { name: groups[group].to_owned(), rows }
    };
    let moment = |name: &str, hours: &str, by_call| ListMoment {
        name: name.to_owned(),
        hours: hours.to_owned(),
        by_call,
        groups: (0..3).map(in_group).collect(),
        unbooked: if by_call { Vec::new() } else { rows.iter().take(2).cloned().collect() },
    };
    let child = |(index, row): (usize, &ListRow)| ListChild {
        last_name: row.last_name.clone(),
        first_name: row.first_name.clone(),
        apart: row.apart.clone(),
        group: groups[index % 3].to_owned(),
        care: row.care,
        contacts: vec![
            ListContact { name: format!("Claire {}", row.last_name), link: "mère".to_owned(), telephone: "06 12 34 56 78".to_owned() },
            ListContact { name: format!("Mehdi {}", row.last_name), link: "père".to_owned(), telephone: String::new() },
        ],
        takers: vec![
            ListTaker { name: format!("Claire {}", row.last_name), link: "mère".to_owned(), conditions: Vec::new() },
            ListTaker {
                name: "Odette Morin".to_owned(),
                link: "grand-mère".to_owned(),
                conditions: lines(&["pas avant 16:30", "sur pièce d’identité"]),
            },
        ],
        alone: if index.is_multiple_of(6) { "Part sans adulte à partir de 17:00".to_owned() } else { String::new() },
    };
    let staff = |(name, role): (&str, &str)| ListStaff { name: name.to_owned(), role: role.to_owned() };
    DayList {
        made: "14 octobre 2026 à 4:00".to_owned(),
        seal: "3F2A 91BC 07DE 5512".to_owned(),
        content: DayContent {
            organisation: "Communauté d’agglomération des Trois Rivières".to_owned(),
            lieu: "Accueil de loisirs Les Tilleuls".to_owned(),
            address: "3 rue des Écoles".to_owned(),
            day: october(14),
            said_day: "mercredi 14 octobre 2026".to_owned(),
            moments: vec![moment("Mercredi journée", "7:30 – 18:30", false), moment("Cantine", "12:00 – 13:30", true)],
            children: rows.iter().enumerate().map(child).collect(),
            staff: [("Nadia Roche", "direction"), ("Paul Lemoine", "équipe"), ("Inès Haddad", "équipe")].map(staff).into(),
        },
    }
}
