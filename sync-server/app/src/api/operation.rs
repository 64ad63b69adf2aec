//! One route, told: who may call it, what it reads, what it answers. The fields of a form or a query come from the type that the
//! handler reads; a word for a field that isn't one, or a field without a word, is a finding of the test.

use serde_json::{Value, json};
use std::collections::BTreeMap;
use utoipa::openapi::path::{Operation, OperationBuilder, Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::schema::{AdditionalProperties, KnownFormat, Object, ObjectBuilder, SchemaFormat, Type};
use utoipa::openapi::security::SecurityRequirement;
use utoipa::openapi::{Content, HeaderBuilder, RefOr, Required, Response, ResponseBuilder, Schema};
use utoipa::{PartialSchema, ToSchema};

const FORM: &str = "application/x-www-form-urlencoded";

/// Who may call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum By {
    /// Anyone, in a browser.
    Anyone,
    /// Anyone, without a browser: tablets before their session, PayFiP.
    Machine,
    /// A tablet with a session.
    Tablet,
    /// Somebody who is logged in.
    LoggedIn,
    /// A person of a household.
    Guardian,
    /// An agent with a role in the organisation of the path.
    Agent,
}

/// What a text of a form, a query or a path looks like.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Field {
    /// `2026-09-28`.
    Day,
    /// `2026-09`.
    Month,
    /// `16:30`.
    Time,
    /// An id of ours.
    Id,
    /// A number from 1.
    Number,
    /// A code of files, such as this one.
    Code(&'static str),
    /// A name, such as this one.
    Name(&'static str),
    /// A text of at most so many signs; 0: as long as a form may be.
    Text(usize),
    /// One of these.
    OneOf(&'static [&'static str]),
    /// What nobody may read over a shoulder.
    Secret,
}

impl Field {
    fn object(self) -> ObjectBuilder {
        let text = ObjectBuilder::new().schema_type(Type::String);
        let known = |format| Some(SchemaFormat::KnownFormat(format));
        match self {
            Self::Day => text.format(known(KnownFormat::Date)),
            Self::Month => text.pattern(Some("^[0-9]{4}-(0[1-9]|1[0-2])$")),
            Self::Time => text.pattern(Some("^([01][0-9]|2[0-3]):[0-5][0-9]$")),
            Self::Id => text.format(known(KnownFormat::Uuid)),
            Self::Number => ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(1)),
            Self::Text(0) | Self::Code(_) | Self::Name(_) => text,
            Self::Text(most) => text.max_length(Some(most)),
            Self::OneOf(all) => text.enum_values(Some(all.iter().copied())),
            Self::Secret => text.format(known(KnownFormat::Password)),
        }
    }

    fn example(self) -> Option<Value> {
        match self {
            Self::Day => Some(json!("2026-09-28")),
            Self::Month => Some(json!("2026-09")),
            Self::Time => Some(json!("16:30")),
            Self::Number => Some(json!(1)),
            Self::Code(example) | Self::Name(example) => Some(json!(example)),
            Self::OneOf(all) => all.first().map(|first| json!(first)),
            Self::Id | Self::Text(_) | Self::Secret => None,
        }
    }
}

/// Name, looks and meaning of a field.
pub(crate) type Words = (&'static str, Field, &'static str);

/// A route, told.
pub(crate) struct Told {
    pub method: &'static str,
    pub path: &'static str,
    by: By,
    operation: OperationBuilder,
    about: Vec<String>,
    answers: BTreeMap<u16, Response>,
    components: Vec<(String, RefOr<Schema>)>,
    segments: Vec<&'static str>,
    wrong: Vec<String>,
}

impl Told {
    pub fn new(by: By, tag: &str, name: &'static str, title: &str) -> Self {
        let (method, path) = name.split_once(' ').unwrap_or((name, ""));
        let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
        let id: String = format!("{}{path}", method.to_ascii_lowercase()).chars().map(plain).collect();
        let operation = OperationBuilder::new().tag(tag).summary(Some(title)).operation_id(Some(id.trim_end_matches('_').to_owned()));
        let wrong = if title.is_empty() { vec!["aucun titre".into()] } else { Vec::new() };
        let (about, answers, components, segments) = Default::default();
        Self { method, path, by, operation, about, answers, components, segments, wrong }.of_caller()
    }

    /// What each kind of caller is answered before the handler runs.
    fn of_caller(self) -> Self {
        let reads = self.method == "GET";
        let told = match self.by {
            By::Machine => return self,
            By::Tablet => return self.says("Demande le jeton d’une session de tablette."),
            By::Anyone => self,
            By::LoggedIn if reads => self.goes("Sans session : vers `/connexion`."),
            By::Guardian if reads => self.goes("Sans session : vers `/connexion`. Compte sans lien avec une famille : vers `/activation`."),
            By::Agent if reads => self.goes("Sans session : vers `/connexion`. Sans second facteur : vers `/connexion/code`."),
            By::Guardian => self.html(401, "Pas de session.").goes("Compte sans lien avec une famille : vers `/activation`."),
            By::LoggedIn | By::Agent => self.html(401, "Pas de session, ou sans second facteur."),
        };
        let told = match told.by {
            By::Guardian => told.html(404, "N’existe pas, ou n’est pas à cette personne."),
            By::Agent => told.html(403, "Le rôle ne le permet pas.").html(404, "N’existe pas, ou pas dans une collectivité de cet agent."),
            _ => told,
        };
        let told = told.html(400, "L’adresse ou le texte ne se lit pas.").html(503, "Le serveur ne peut pas répondre maintenant.");
        if reads {
            return told;
        }
        told.html(403, "Formulaire d’un autre site ou trop ancien, ou droit absent.").html(413, "Plus qu’un formulaire ne contient.")
    }

    /// A sentence of the description.
    pub fn says(mut self, sentence: impl Into<String>) -> Self {
        self.about.push(sentence.into());
        self
    }

    /// The segments of the path.
    pub fn path(mut self, segments: &[Words]) -> Self {
        for &(name, field, words) in segments {
            self.segments.push(name);
            let parameter = ParameterBuilder::new().name(name).parameter_in(ParameterIn::Path).required(Required::True);
            let schema = ObjectBuilder::new().schema_type(Type::String).min_length(Some(1));
            let schema = if let Field::Id = field { schema.format(Some(SchemaFormat::KnownFormat(KnownFormat::Uuid))) } else { schema };
            let parameter = parameter.description(Some(words)).schema(Some(schema)).example(field.example());
            self.operation = self.operation.parameter(parameter);
        }
        self
    }

    /// The query that the handler reads.
    pub fn query<T: PartialSchema>(mut self, words: &[Words]) -> Self {
        let read = self.fields::<T>("requête", words);
        for (name, field, about) in words {
            if read.contains(name) {
                let parameter = ParameterBuilder::new().name(*name).parameter_in(ParameterIn::Query).required(Required::False);
                let parameter = parameter.description(Some(*about)).schema(Some(field.object())).example(field.example());
                self.operation = self.operation.parameter(Parameter::from(parameter));
            }
        }
        self
    }

    /// The form that the handler reads, besides its token.
    pub fn form<T: PartialSchema>(mut self, words: &[Words]) -> Self {
        let read = self.fields::<T>("formulaire", words);
        let words: Vec<Words> = words.iter().filter(|(name, ..)| read.contains(name)).copied().collect();
        self.typed(&words, None)
    }

    /// A form whose fields are not a type's: those named here, and any number of those that `others` tells of.
    pub fn typed(mut self, words: &[Words], others: Option<&str>) -> Self {
        let token = ObjectBuilder::new().schema_type(Type::String).description(Some("Le jeton de la page du formulaire."));
        let mut form = ObjectBuilder::new().property("csrf", token).required("csrf");
        for (name, field, about) in words {
            form = form.property(*name, field.object().description(Some(*about)).examples(field.example()));
        }
        if let Some(others) = others {
            let value = ObjectBuilder::new().schema_type(Type::String).description(Some(others));
            form = form.additional_properties(Some(AdditionalProperties::RefOr(RefOr::T(Schema::from(value.build())))));
        }
        let body = RequestBodyBuilder::new().content(FORM, Content::new(Some(form))).required(Some(Required::True));
        self.operation = self.operation.request_body(Some(body.build()));
        self.html(422, "Un champ manque, ou ce qui est demandé n’est pas possible : la page dit quoi.")
    }

    /// Names of a type's fields; notes what is told of no field, and which field isn't told.
    fn fields<T: PartialSchema>(&mut self, what: &str, words: &[Words]) -> Vec<&'static str> {
        let RefOr::T(Schema::Object(Object { properties, .. })) = T::schema() else { return Vec::new() };
        for name in properties.keys().filter(|name| words.iter().all(|(told, ..)| told != name)) {
            self.wrong.push(format!("{what} : {name} n’est pas décrit"));
        }
        let (read, unread): (Vec<_>, Vec<_>) = words.iter().map(|(name, ..)| *name).partition(|name| properties.contains_key(*name));
        self.wrong.extend(unread.iter().map(|name| format!("{what} : {name} n’est lu par personne")));
        read
    }

    /// The JSON that the handler reads.
    pub fn takes<T: ToSchema>(mut self) -> Self {
        let schema = self.component::<T>();
        let body = RequestBodyBuilder::new().content("application/json", Content::new(Some(schema))).required(Some(Required::True));
        self.operation = self.operation.request_body(Some(body.build()));
        self
    }

    /// A JSON answer.
    pub fn json<T: ToSchema>(mut self, status: u16, words: &str) -> Self {
        let content = Content::new(Some(self.component::<T>()));
        self.answer(status, words, &[("application/json", content)])
    }

    fn component<T: ToSchema>(&mut self) -> RefOr<Schema> {
        let name = T::name().into_owned();
        T::schemas(&mut self.components);
        self.components.push((name.clone(), T::schema()));
        RefOr::Ref(utoipa::openapi::Ref::from_schema_name(name))
    }

    /// A page.
    pub fn html(self, status: u16, words: &str) -> Self {
        self.file(status, &["text/html"], words)
    }

    /// A text.
    pub fn plain(self, status: u16, words: &str) -> Self {
        self.file(status, &["text/plain"], words)
    }

    /// A file of one of these kinds.
    pub fn file(self, status: u16, kinds: &[&'static str], words: &str) -> Self {
        let content = || Content::new(Some(ObjectBuilder::new().schema_type(Type::String)));
        let contents: Vec<(&str, Content)> = kinds.iter().map(|kind| (*kind, content())).collect();
        self.answer(status, words, &contents)
    }

    /// The way on, or back.
    pub fn goes(mut self, words: &str) -> Self {
        self = self.answer(303, words, &[]);
        if let Some(answer) = self.answers.get_mut(&303) {
            let text = ObjectBuilder::new().schema_type(Type::String);
            answer
                .headers
                .insert("Location".into(), RefOr::T(HeaderBuilder::new().schema(Some(text)).description(Some("Où aller.")).build()));
        }
        self
    }

    fn answer(mut self, status: u16, words: &str, contents: &[(&str, Content)]) -> Self {
        let said = self.answers.remove(&status).map(|known| known.description).filter(|known| known != words);
        let words = said.map_or_else(|| words.to_owned(), |before| format!("{before} {words}"));
        let answer = contents
            .iter()
            .fold(ResponseBuilder::new().description(words), |answer, (kind, content)| answer.content(*kind, content.clone()));
        self.answers.insert(status, answer.build());
        self
    }

    /// What the description lacks.
    pub fn unsaid(self) -> Vec<String> {
        let named: Vec<&str> = self.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')).collect();
        // A file's name has its ending outside the braces: none of our paths, so each segment is whole.
        let missing = named.iter().filter(|name| !self.segments.contains(name)).map(|name| format!("segment {name} n’est pas décrit"));
        let too_many = self.segments.iter().filter(|name| !named.contains(name)).map(|name| format!("segment {name} n’existe pas"));
        let wrong: Vec<String> = self.wrong.iter().cloned().chain(missing).chain(too_many).collect();
        wrong.into_iter().map(|wrong| format!("{} {} : {wrong}", self.method, self.path)).collect()
    }

    /// The schemas that the operation refers to.
    pub fn schemas(&self) -> Vec<(String, RefOr<Schema>)> {
        self.components.clone()
    }

    /// The operation.
    pub fn operation(self) -> Operation {
        let scheme = match self.by {
            By::Anyone | By::Machine => None,
            By::Tablet => Some("tablette"),
            By::LoggedIn | By::Guardian | By::Agent => Some("session"),
        };
        let nothing: [&str; 0] = [];
        let operation = match scheme {
            Some(scheme) => self.operation.security(SecurityRequirement::new(scheme, nothing)),
            None => self.operation,
        };
        let operation = if self.about.is_empty() { operation } else { operation.description(Some(self.about.join(" "))) };
        let answers = self.answers.into_iter();
        answers.fold(operation, |operation, (status, answer)| operation.response(status.to_string(), answer)).build()
    }
}
