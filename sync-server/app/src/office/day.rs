//! A lieu's day: who came and went and by which entry, who signed, what a person should look at; and the forms of who may act.

use super::{Frame, desk, snapshot};
use crate::attendance::sheet::{self, Sheet, Signed};
use crate::attendance::signed::{DayState, states};
use crate::identity::{Agent, Right};
use crate::page::html;
use crate::registry::import::fields::YEARS;
use crate::serve::Server;
use crate::store::entity::{activity, centre, child, enrolment};
use crate::store::{Tenant, Territory};
use crate::{Error, Result};
use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use chrono::{Datelike, Days, NaiveDate};
use sea_orm::{ColumnTrait, Condition, QueryFilter};
use serde::Deserialize;
use shared::calendar::Month;
use shared::fold::{ChildDay, Flag, Mark};
use shared::french;
use shared::id::{CentreId, ChildId};
use utoipa::ToSchema;
use uuid::Uuid;

#[derive(Debug, Default, Deserialize, ToSchema)]
pub(super) struct Asked {
    /// `2026-10-05`; by default today.
    #[serde(default)]
    pub date: Option<String>,
    /// The child whose entries are open for correction.
    #[serde(default)]
    pub enfant: Option<String>,
    /// `a-voir`: only the rows that a person should look at.
    #[serde(default)]
    pub montre: Option<String>,
    /// What was just done: a key of [`DONE`].
    #[serde(default)]
    pub fait: Option<String>,
}

/// What was done, as the page says it after the act.
pub(super) const DONE: [(&str, &str); 5] = [
    ("signee", "La journée est signée."),
    ("deja", "La journée était déjà signée, et rien n’a changé depuis."),
    ("corrigee", "L’heure est corrigée. Le premier pointage reste lisible dans le journal."),
    ("retire", "Le pointage est retiré. Il reste lisible dans le journal."),
    ("ajoute", "La présence est ajoutée, à votre nom."),
];

/// A sentence above a page.
pub(super) struct Notice {
    /// `done` or `grave`.
    pub mark: &'static str,
    pub sentence: String,
}

impl Notice {
    /// What was done, by its key in an address.
    pub fn done(all: &[(&str, &str)], key: Option<&str>) -> Option<Self> {
        let found = all.iter().find(|(known, _)| Some(*known) == key);
        found.map(|(_, sentence)| Self { mark: "done", sentence: (*sentence).to_owned() })
    }

    /// What has to be put right.
    pub fn wrong(sentence: String) -> Self {
        Self { mark: "grave", sentence }
    }
}

#[derive(Template)]
#[template(path = "office/day.html")]
struct Page {
    frame: Frame,
    notice: Option<Notice>,
    centre: String,
    name: String,
    date: String,
    said_day: String,
    week: Vec<WeekDay>,
    week_before: String,
    week_after: String,
    unsigned_month: String,
    unsigned: Vec<(String, String)>,
    signatures: Vec<String>,
    modified: bool,
    /// Whether the whole day is signed as it stands.
    signed: bool,
    to_come: bool,
    may_sign: bool,
    may_correct: bool,
    figures: [(String, &'static str); 3],
    rows: Vec<Row>,
    /// How many rows a person should look at, and whether only they are shown.
    to_see: usize,
    only_to_see: bool,
    open: Option<Open>,
    children: Vec<(String, String)>,
    activities: Vec<(String, String)>,
}

/// A day of the week's strip.
struct WeekDay {
    href: String,
    label: String,
    here: bool,
    /// "signée", "à signer", "modifiée"; empty where nobody came.
    state: &'static str,
    mark: &'static str,
}

/// A child on the sheet: a row for each presence, one for a day without any.
struct Row {
    code: String,
    name: String,
    span: Option<Span>,
    absences: Vec<String>,
    flags: Vec<String>,
}

impl Row {
    fn is_to_see(&self) -> bool {
        !self.flags.is_empty() || self.span.as_ref().is_some_and(|span| span.still_in)
    }
}

/// From an arrival to a departure, as said.
struct Span {
    arrived: String,
    left: String,
    still_in: bool,
    moment: String,
    origin: String,
}

/// The child whose entries are open for correction.
struct Open {
    code: String,
    name: String,
    entries: Vec<Fix>,
}

/// An entry to correct or retract.
struct Fix {
    entry: Uuid,
    what: &'static str,
    time: String,
    origin: String,
    /// `16:30`, for the form; `None`: there is no time to correct.
    value: Option<String>,
}

/// `GET /bureau/{organisation}/journee/{centre}`.
pub(super) async fn page(
    State(server): State<Server>,
    agent: Agent,
    Path((_, centre)): Path<(String, String)>,
    Query(asked): Query<Asked>,
) -> Result<Response> {
    let notice = Notice::done(&DONE, asked.fait.as_deref());
    show(&server, &agent, &centre, &asked, notice).await
}

/// The page again, with what has to be put right above it.
pub(super) async fn again(server: &Server, agent: &Agent, centre: &str, asked: &Asked, wrong: String) -> Result<Response> {
    let page = show(server, agent, centre, asked, Some(Notice::wrong(wrong))).await?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
}

/// The lieu of an address, for an agent who has a right there.
pub(super) async fn centre_for(territory: &Territory<'_>, agent: &Agent, code: &str, right: Right) -> Result<centre::Model> {
    let centre = sheet::find_centre(territory, Some(&agent.organisation.code), code).await?;
    if agent.may_at(right, CentreId(centre.id)) {
        Ok(centre)
    } else {
        Err(Error::Forbidden("Votre rôle ne permet pas cela pour ce lieu.".into()))
    }
}

/// A day of a form or an address; by default today. Of a year that people know: from the calendar's ends on, there is no week to show.
pub(super) fn day_of(text: Option<&str>, today: NaiveDate) -> Result<NaiveDate> {
    let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(today) };
    let day = text.parse().ok().filter(|day: &NaiveDate| YEARS.contains(&day.year()));
    day.ok_or_else(|| Error::input(format!("« {text} » n’est pas un jour : attendu AAAA-MM-JJ.")))
}

async fn show(server: &Server, agent: &Agent, code: &str, asked: &Asked, notice: Option<Notice>) -> Result<Response> {
    let today = server.app.clock.today();
    let day = day_of(asked.date.as_deref(), today)?;
    let reading = snapshot(&server.app).await?;
    let territory = Territory::new(server.app.territoire(), &reading);
    let centre = centre_for(&territory, agent, code, Right::SeeDay).await?;
    let id = CentreId(centre.id);
    let frame = desk(&territory, agent, "today", today).await?;
    let tenant = territory.tenant(agent.organisation_id());
    let monday = day - Days::new(u64::from(day.weekday().num_days_from_monday()));
    let month = Month::of(day);
    let (from, to) = (monday.min(month.first()), (monday + Days::new(6)).max(month.last()));
    let states = states(&tenant, id, from, to).await?;
    let href = |day: NaiveDate| format!("/bureau/{}/journee/{code}?date={day}", frame.code);
    let unsigned = states.iter().filter(|(d, state)| Month::of(**d) == month && **d <= today && **state != DayState::Signed);
    let unsigned = unsigned.map(|(d, _)| (href(*d), french::short_day(*d))).collect();
    let week = monday.iter_days().take(7).map(|d| week_day(d, day, states.get(&d).copied(), href(d))).collect();
    let sheet = sheet::read(&territory, centre, day).await?;
    let signatures = sheet.signatures(&territory).await?;
    let whole = signatures.iter().find(|s| s.activity.is_none());
    let may_correct = agent.may_at(Right::CorrectDay, id) && day <= today;
    let mut rows: Vec<Row> = sheet.by_name().into_iter().flat_map(|(child, day)| rows_of(&sheet, *child, day)).collect();
    let to_see = rows.iter().filter(|row| row.is_to_see()).count();
    let only_to_see = asked.montre.as_deref() == Some("a-voir");
    rows.retain(|row| !only_to_see || row.is_to_see());
    let (activities, children) = if may_correct { choices(&tenant, &sheet).await? } else { Default::default() };
    html(&Page {
        notice,
        centre: code.to_owned(),
        name: sheet.centre.name.clone(),
        date: day.to_string(),
        said_day: french::weekday_and_day(day),
        week,
        week_before: href(day - Days::new(7)),
        week_after: href(day + Days::new(7)),
        unsigned_month: french::month(month),
        unsigned,
        modified: whole.is_some_and(|s| s.modified_since),
        signed: whole.is_some_and(|s| !s.modified_since),
        signatures: signatures.iter().map(said_signature).collect(),
        to_come: day > today,
        may_sign: agent.may_at(Right::SignDay, id) && day <= today,
        may_correct,
        figures: figures(&sheet),
        rows,
        to_see,
        only_to_see,
        open: if may_correct { asked.enfant.as_deref().and_then(|code| open(&sheet, code)) } else { None },
        children,
        activities,
        frame,
    })
}

fn week_day(day: NaiveDate, asked: NaiveDate, state: Option<DayState>, href: String) -> WeekDay {
    let (state, mark) = match state {
        None => ("", ""),
        Some(DayState::Unsigned) => ("à signer", "look"),
        Some(DayState::Signed) => ("signée", "here"),
        Some(DayState::Modified) => ("modifiée", "look"),
    };
    WeekDay { href, label: french::short_day(day), here: day == asked, state, mark }
}

fn said_signature(signed: &Signed) -> String {
    let what = if signed.activity.is_none() { "Signée" } else { "Moment signé" };
    let at = shared::calendar::instant_from_ms(signed.at_ms);
    let day = french::day(shared::calendar::business_day(at));
    let since = if signed.modified_since { " · modifiée depuis la signature" } else { "" };
    format!("{what} par {}, le {day} à {}{since}", signed.by, french::time_ms(signed.at_ms))
}

fn figures(sheet: &Sheet) -> [(String, &'static str); 3] {
    let rows = &sheet.sheet.rows;
    let count = |of: &dyn Fn(&ChildDay) -> bool| rows.iter().filter(|(_, day)| of(day)).count().to_string();
    [
        (count(&|day| day.attended()), "Venus"),
        (count(&|day| day.is_present()), "Sans départ"),
        (count(&|day| !day.attended() && !day.absences.is_empty()), "Absents"),
    ]
}

fn name_of(sheet: &Sheet, id: ChildId) -> (String, String) {
    sheet.children.get(&id).map_or_else(Default::default, |c| (c.code.clone(), format!("{} {}", c.first_name, c.last_name)))
}

fn rows_of(sheet: &Sheet, id: ChildId, day: &ChildDay) -> Vec<Row> {
    let (code, name) = name_of(sheet, id);
    let mut spans: Vec<Span> = Vec::new();
    for presence in &day.presences {
        let left = presence.left.as_ref().map(|d| &d.mark);
        spans.push(Span {
            arrived: time(&presence.arrived),
            left: left.map(time).unwrap_or_default(),
            still_in: left.is_none(),
            moment: presence.arrived.moment.clone(),
            origin: origins(&presence.arrived, left),
        });
    }
    let lone = day.lone_departures.iter().map(|d| (String::new(), time(&d.mark), &d.mark));
    let called = day.roll_calls.iter().map(|r| ("à l’appel".to_owned(), String::new(), &r.mark));
    for (arrived, left, mark) in lone.chain(called) {
        spans.push(Span { arrived, left, still_in: false, moment: mark.moment.clone(), origin: origins(mark, None) });
    }
    let absences: Vec<String> = day.absences.iter().map(|a| if a.noted { "constatée" } else { "annoncée" }.to_owned()).collect();
    let mut flags: Vec<String> = day.flags.iter().map(flag).collect();
    if !day.repeats.is_empty() {
        flags.push(format!(
            "{} pendant une présence",
            french::count(u32::try_from(day.repeats.len()).unwrap_or(0), "autre arrivée", "autres arrivées")
        ));
    }
    // What concerns the whole day stands on its first row.
    let (mut absences, mut flags) = (Some(absences), Some(flags));
    let spans: Vec<Option<Span>> = if spans.is_empty() { vec![None] } else { spans.into_iter().map(Some).collect() };
    let row = |span| Row {
        code: code.clone(),
        name: name.clone(),
        span,
        absences: absences.take().unwrap_or_default(),
        flags: flags.take().unwrap_or_default(),
    };
    spans.into_iter().map(row).collect()
}

fn time(mark: &Mark) -> String {
    french::time_ms(mark.at_ms)
}

/// "à la porte"; "arrivée à la porte, départ saisi au bureau".
fn origins(arrived: &Mark, left: Option<&Mark>) -> String {
    let (from, to) = (origin(arrived), left.map(origin));
    match to {
        Some(to) if to != from => format!("arrivée {from}, départ {to}"),
        _ => from,
    }
}

fn origin(mark: &Mark) -> String {
    let word = sheet::origin(mark).label();
    if mark.corrected_by.is_some() { format!("{word}, heure corrigée") } else { word.to_owned() }
}

fn flag(flag: &Flag) -> String {
    match flag {
        Flag::TwoSites => "sur deux sites à la fois".into(),
        Flag::ClockOff { minutes, .. } => format!("horloge de la tablette décalée de {minutes} min"),
        Flag::CorrectionConflict { .. } => "corrections contradictoires".into(),
        Flag::SetApart { .. } => "mis de côté, puis retenu par une décision".into(),
    }
}

/// A child's entries, each with what may be done to it.
fn open(sheet: &Sheet, code: &str) -> Option<Open> {
    let (id, day) = sheet.by_name().into_iter().find(|(id, _)| sheet.children.get(*id).is_some_and(|c| c.code == code))?;
    let fix = |what, mark: &Mark, timed: bool| Fix {
        entry: mark.entry.0,
        what,
        time: time(mark),
        origin: origin(mark),
        value: timed.then(|| shared::calendar::local(shared::calendar::instant_from_ms(mark.at_ms)).format("%H:%M").to_string()),
    };
    let mut entries = Vec::new();
    for presence in &day.presences {
        entries.push(fix("Arrivée", &presence.arrived, true));
        entries.extend(presence.left.as_ref().map(|d| fix("Départ", &d.mark, true)));
    }
    entries.extend(day.repeats.iter().map(|m| fix("Arrivée pendant une présence", m, true)));
    entries.extend(day.lone_departures.iter().map(|d| fix("Départ", &d.mark, true)));
    entries.extend(day.roll_calls.iter().map(|r| fix("Appel", &r.mark, true)));
    entries.extend(day.absences.iter().map(|a| fix("Absence", &a.mark, false)));
    entries.extend(day.meals.iter().map(|m| fix("Repas", &m.mark, false)));
    Some(Open { code: code.to_owned(), name: name_of(sheet, *id).1, entries })
}

/// Code and what a person reads.
type Choice = (String, String);

/// The lieu's activities, and the children who are enrolled in one of them on the day.
async fn choices(tenant: &Tenant<'_>, sheet: &Sheet) -> Result<(Vec<Choice>, Vec<Choice>)> {
    let (on, day) = (tenant.on(), sheet.day());
    let mut activities = tenant.find::<activity::Entity>().filter(activity::Column::CentreId.eq(sheet.centre.id)).all(&on).await?;
    activities.sort_by(|a, b| (a.starts_minute, &a.name).cmp(&(b.starts_minute, &b.name)));
    let open = Condition::any().add(enrolment::Column::ValidTo.is_null()).add(enrolment::Column::ValidTo.gte(day));
    let of_lieu = enrolment::Column::ActivityId.is_in(activities.iter().map(|a| a.id));
    let enrolled = tenant.find::<enrolment::Entity>().filter(of_lieu).filter(enrolment::Column::ValidFrom.lte(day)).filter(open);
    let enrolled: std::collections::HashSet<Uuid> = enrolled.all(&on).await?.into_iter().map(|e| e.child_id).collect();
    let mut children: Vec<child::Model> = tenant.children().all(&on).await?;
    children.retain(|c| enrolled.contains(&c.id) || sheet.children.contains_key(&ChildId(c.id)));
    children.sort_by(|a, b| (&a.search_name, &a.code).cmp(&(&b.search_name, &b.code)));
    Ok((
        activities.into_iter().map(|a| (a.code, a.name)).collect(),
        children.into_iter().map(|c| (c.code, format!("{} {}", c.first_name, c.last_name))).collect(),
    ))
}
