//! The OpenAPI description of everything that this server answers, made from the tables of its routes and from the types that its
//! handlers read. `preau-server openapi` prints it; `docs/openapi.json` is what it printed last, and a test says when it isn't.
//!
//! Owns the words that an integrator reads (French, in each desk's `described.rs` and in [`words`]). Promises that no route is
//! missing, that each field of a form or a query is one that the handler reads, and that each answer has its statuses: a fuzzer
//! holds the server to them (`tests/fuzz`).

mod operation;
mod words;

pub(crate) use operation::{By, Field, Told};

use crate::{Error, Result, identity, office, payments, portal, sync};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{ComponentsBuilder, HttpMethod, InfoBuilder, LicenseBuilder, OpenApiBuilder, PathItem, PathsBuilder, Tag};

/// What stands before all else.
const ABOUT: &str = "Tout ce que le serveur de Préau répond.\n\n\
    **Stable** : les routes des tablettes (`/sync/v1/*`), dont les types ne font que grandir, et `/sante`. \
    Les pages sont décrites pour être vérifiées ; leurs adresses et leurs champs peuvent changer d’une version à l’autre.\n\n\
    Un formulaire répète le jeton de sa page dans le champ `csrf`. Une page qui ne peut pas être montrée répond par une page \
    qui dit pourquoi, et jamais par une trace du programme.";

/// Groups of routes.
const TAGS: [(&str, &str); 6] = [
    ("Tablettes", "Ce que les tablettes et le serveur se disent, en JSON sur TLS, avec le certificat que l’enrôlement a fait connaître."),
    ("Connexion", "Se connecter, activer un accès, second facteur : familles et agents."),
    ("Famille", "Ce qu’une famille voit et annonce. Ce qui n’est pas à elle est répondu comme ce qui n’existe pas."),
    ("Bureau", "Ce que les agents voient et font, collectivité par collectivité, selon leurs rôles."),
    ("PayFiP", "Le paiement en ligne et ses retours. Rien de ce qui arrive ici n’est cru : PayFiP est interrogé."),
    ("Public", "Ce que tout le monde peut ouvrir."),
];

/// What every desk tells of its routes.
pub(crate) fn told() -> Vec<Told> {
    let desks = [
        sync::described::told(),
        identity::described::told(),
        portal::described::told(),
        office::described::told(),
        payments::described::told(),
        open(),
    ];
    desks.into_iter().flatten().collect()
}

/// Anyone's.
fn open() -> Vec<Told> {
    vec![
        Told::new(By::Anyone, "Public", "GET /sante", "Le programme répond-il ?").plain(200, "`ok`, et rien d’autre."),
        Told::new(By::Anyone, "Public", "GET /theme/{file}", "Un fichier du thème")
            .path(&[("file", Field::Name("preau.css"), "Feuille de style, police ou dessin.")])
            .file(
                200,
                &["text/css", "font/woff2", "image/svg+xml", "application/octet-stream"],
                "Le fichier, gardé un jour par le navigateur.",
            )
            .html(404, "Aucun fichier de ce nom."),
    ]
}

/// Method, path and what is wrong, of every route that isn't told as its code is: for the test.
#[must_use]
pub fn unsaid() -> Vec<String> {
    told().into_iter().flat_map(|told| told.unsaid()).collect()
}

/// Method and path of every route that is told.
#[must_use]
pub fn routes() -> Vec<(String, String)> {
    told().into_iter().map(|told| (told.method.to_owned(), told.path.to_owned())).collect()
}

/// Schemas, and fields of the exchange, that have no word of an integrator's language; words of what isn't there.
///
/// # Errors
/// As [`document`].
pub fn wordless() -> Result<Vec<String>> {
    Ok(words::missing(&document()?))
}

/// The description.
///
/// # Errors
/// A description that can't be written out: a defect.
pub fn document() -> Result<Value> {
    let mut schemas = BTreeMap::new();
    let mut items: BTreeMap<&str, PathItem> = BTreeMap::new();
    for told in told() {
        schemas.extend(told.schemas());
        let method = if told.method == "GET" { HttpMethod::Get } else { HttpMethod::Post };
        let (path, item) = (told.path, PathItem::new(method, told.operation()));
        match items.get_mut(path) {
            Some(known) => known.merge_operations(item),
            None => drop(items.insert(path, item)),
        }
    }
    let paths = items.into_iter().fold(PathsBuilder::new(), |paths, (path, item)| paths.path(path, item));
    let components = ComponentsBuilder::new()
        .schemas_from_iter(schemas)
        .security_scheme("session", SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::with_description("preau", SESSION))))
        .security_scheme("tablette", SecurityScheme::Http(bearer()));
    let license = LicenseBuilder::new().name("AGPL-3.0-or-later").identifier(Some("AGPL-3.0-or-later")).build();
    let info = InfoBuilder::new().title("Préau").version(env!("CARGO_PKG_VERSION")).description(Some(ABOUT)).license(Some(license));
    let tag = |(name, about): (&str, &str)| {
        let mut tag = Tag::new(name);
        tag.description = Some(about.to_owned());
        tag
    };
    let document =
        OpenApiBuilder::new().info(info.build()).paths(paths).components(Some(components.build())).tags(Some(TAGS.map(tag))).build();
    let mut document = serde_json::to_value(&document).map_err(|error| Error::Unavailable(format!("La description : {error}")))?;
    words::put(&mut document);
    document["servers"] = json!([{ "url": "/" }]);
    Ok(document)
}

const SESSION: &str = "Le cookie de la session : `preau`, ou `__Host-preau` là où l’adresse est en https. Il vient de `POST /connexion`, \
    et pour un agent de `POST /connexion/code`.";

fn bearer() -> Http {
    let mut scheme = Http::new(HttpAuthScheme::Bearer);
    scheme.description = Some("Le jeton d’une heure que `POST /sync/v1/session` donne à une tablette.".into());
    scheme
}

/// `preau-server openapi`.
///
/// # Errors
/// As [`document`].
pub fn printed() -> Result<String> {
    let text = serde_json::to_string_pretty(&document()?).map_err(|error| Error::Unavailable(format!("La description : {error}")))?;
    Ok(text + "\n")
}
