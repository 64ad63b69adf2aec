//! Logging in, out, and the first time, told to an integrator.

use super::{activation, login, oidc, second_factor};
use crate::api::{By, Field, Told};

const TOWARDS: (&str, Field, &str) = ("suite", Field::Name("/famille/factures"), "Où aller ensuite : une adresse d’ici, sinon l’accueil.");
const SIGN_ON: (&str, Field, &str) = ("name", Field::Code("territoire"), "Le nom de la connexion, dans `preau.toml`.");

fn page(name: &'static str, title: &str) -> Told {
    Told::new(By::Anyone, "Connexion", name, title)
}

/// Every route of [`super::ROUTES`].
pub(crate) fn told() -> Vec<Told> {
    let mut told = with_password();
    told.extend(second());
    told.extend(elsewhere());
    told
}

fn with_password() -> Vec<Told> {
    vec![
        page("GET /", "Où commencer").goes("Vers la connexion, l’espace famille ou le bureau."),
        page("GET /connexion", "La page de connexion")
            .query::<login::Towards>(&[TOWARDS])
            .html(200, "Le formulaire.")
            .goes("Déjà connecté : vers l’accueil."),
        page("POST /connexion", "Se connecter")
            .says("La même réponse, en autant de temps, que l’adresse soit connue ou non.")
            .form::<login::Typed>(&[
                ("login", Field::Name("mme.roche@exemple.fr"), "L’adresse électronique."),
                ("password", Field::Secret, "Le mot de passe."),
                TOWARDS,
            ])
            .goes("Connecté : vers la suite, ou vers le second facteur d’un agent.")
            .html(422, "L’adresse ou le mot de passe n’est pas le bon.")
            .html(429, "Trop d’essais ; `Retry-After` dit combien de secondes attendre."),
        page("POST /deconnexion", "Se déconnecter").typed(&[], None).goes("Vers la connexion."),
        page("GET /activation", "Le formulaire d’un code d’activation")
            .html(200, "Le formulaire.")
            .goes("Déjà activé : vers l’espace famille."),
        page("POST /activation", "Activer un accès avec un code reçu de la collectivité")
            .form::<activation::Typed>(&[
                ("code", Field::Code("7KQM-3X02-AB11"), "Le code, une fois, dans les trente jours."),
                ("fact", Field::Name("Roche"), "Le nom, ou la date de naissance."),
                ("login", Field::Name("mme.roche@exemple.fr"), "L’adresse choisie."),
                ("password", Field::Secret, "Le mot de passe choisi : douze caractères au moins."),
            ])
            .goes("Connecté, vers l’espace famille.")
            .html(409, "Ce compte vient de changer.")
            .html(429, "Trop d’essais."),
    ]
}

fn second() -> Vec<Told> {
    let code = ("code", Field::Code("123456"), "Six chiffres de l’application, ou un code de secours.");
    vec![
        page("GET /connexion/code", "Le second facteur d’un agent")
            .query::<login::Towards>(&[TOWARDS])
            .html(200, "Le formulaire.")
            .goes("Vers la suite."),
        page("POST /connexion/code", "Donner le second facteur")
            .form::<second_factor::Typed>(&[code, TOWARDS])
            .goes("Vers la suite.")
            .html(401, "Pas de session.")
            .html(422, "Ce code n’est pas le bon.")
            .html(429, "Trop d’essais."),
        page("GET /connexion/double-facteur", "Choisir un second facteur")
            .query::<login::Towards>(&[TOWARDS])
            .html(200, "Le dessin à photographier.")
            .goes("Déjà choisi, ou pas de session."),
        page("POST /connexion/double-facteur", "Confirmer le second facteur")
            .form::<second_factor::Typed>(&[code, TOWARDS])
            .html(200, "Les codes de secours, montrés une fois.")
            .goes("Rien à confirmer.")
            .html(401, "Pas de session.")
            .html(409, "Le compte en a reçu un ailleurs."),
    ]
}

fn elsewhere() -> Vec<Told> {
    vec![
        page("GET /connexion/sso/{name}", "Partir vers la connexion du territoire")
            .path(&[SIGN_ON])
            .query::<login::Towards>(&[TOWARDS])
            .goes("Vers l’autre site.")
            .html(404, "Aucune connexion de ce nom."),
        page("GET /connexion/sso/{name}/retour", "Revenir de la connexion du territoire")
            .path(&[SIGN_ON])
            .query::<oidc::Back>(&[
                ("state", Field::Text(0), "Ce qui a été envoyé au départ."),
                ("code", Field::Text(0), "Le code à échanger."),
                ("iss", Field::Text(0), "Qui répond."),
                ("error", Field::Text(0), "Ce qui n’a pas marché là-bas."),
            ])
            .goes("Connecté, ou à lier par un code d’activation.")
            .html(403, "N’a pas abouti.")
            .html(404, "Aucune connexion de ce nom."),
        page("GET /connexion/lier", "Lier la connexion du territoire à ce compte").html(200, "Le formulaire.").goes("Rien à lier."),
        page("POST /connexion/lier", "Confirmer ce lien").typed(&[], None).goes("Vers l’accueil."),
    ]
}
