//! The files of a folder and their columns, as `docs` promises them. A name or a meaning here is never changed; a column
//! may be added.

/// One CSV file: its name, and its columns with `*` on those that every row must fill.
#[derive(Debug, Clone, Copy)]
pub struct FileSpec {
    /// The name within the folder.
    pub name: &'static str,
    columns: &'static str,
}

impl FileSpec {
    /// Its columns: name, and whether it is required.
    pub fn columns(&self) -> impl Iterator<Item = (&'static str, bool)> {
        self.columns.split_ascii_whitespace().map(|c| (c.trim_end_matches('*'), c.ends_with('*')))
    }
}

const fn file(name: &'static str, columns: &'static str) -> FileSpec {
    FileSpec { name, columns }
}

/// All files, in the order in which they are read: what is referred to comes first.
pub const FILES: [FileSpec; 32] = [
    file("organisations.csv", "code* nom* type* siret commune_insee tribunal ordonnateur_nom ordonnateur_qualite"),
    file("regies.csv", "code* organisation* nom* mode* numcli terme moyens plafond_encaisse code_budget code_collectivite id_poste"),
    file("communes.csv", "code_insee* nom* codes_postaux"),
    file("sites.csv", "code* nom* adresse commune_insee*"),
    file(
        "lieux.csv",
        "code* nom* type* commune_insee* site organisation capacite ouverture fermeture zone_scolaire numero_declaration encadrement",
    ),
    file("fermetures.csv", "lieu* du* au* motif"),
    file("groupes.csv", "code* lieu* nom*"),
    file("ecoles.csv", "code* nom* uai commune_insee* site"),
    file("classes.csv", "code* ecole* annee* nom* niveau"),
    file("foyers.csv", "code* nom* adresse code_postal commune_insee* regime numero_allocataire confidentiel"),
    file("adresses.csv", "foyer* du* adresse code_postal commune_insee*"),
    file(
        "responsables.csv",
        "code* foyer* civilite nom* prenom* nom_naissance prenoms naissance sexe naissance_commune_insee naissance_pays_insee courriel telephone \
         canal langue payeur part_pourcent",
    ),
    file("situations.csv", "foyer* du* au quotient_familial ressources_mensuelles enfants_a_charge enfants_aeeh source"),
    file(
        "enfants.csv",
        "code* foyer* nom* prenom* naissance* groupe allergies menu pai marche_depuis part_seul_des part_seul_jours photo_accord_le",
    ),
    file("affectations.csv", "enfant* groupe* du* au"),
    file("scolarites.csv", "enfant* classe* du* au"),
    file("rattachements.csv", "enfant* foyer* du au garde calendrier pivot"),
    file("gardes.csv", "enfant* date* foyer*"),
    file("liens.csv", "enfant* responsable* lien autorite_parentale peut_prendre voit_presence voit_factures reserve du au"),
    file(
        "personnes.csv",
        "code enfant* nom* prenom* lien telephone naissance statut* nature responsable jours heure_min piece_identite du au ordre_appel",
    ),
    file("personnel.csv", "code* lieu* nom* prenom* role* qualification compte_encadrement"),
    file("badges.csv", "uid* type* porteur*"),
    file("activites.csv", "code* lieu* nom* tarif* debut fin jours periode pointage reservation capacite delai_annulation regie nature"),
    file("inscriptions.csv", "enfant* activite* du* au groupe"),
    file(
        "contrats.csv",
        "code* enfant* activite* du* au* heures_semaine* semaines* mensualites* heures_absence_prevues accueil adaptation_jusqu_au foyer",
    ),
    file("contrats_plages.csv", "contrat* semaine jour* debut* fin*"),
    file("conges.csv", "contrat* du* au* declare_le*"),
    file("reservations.csv", "enfant* activite* date* debut fin etat demandee_le annulee_le canal foyer"),
    file("absences.csv", "enfant* du* au* motif* annoncee_le certificat_le"),
    file("pointages.csv", "enfant* activite* date* arrivee depart justificatif"),
    // Read beside the CSV files; here so that counts are told in one order.
    file("tarifs", ""),
    file("photos", ""),
];
