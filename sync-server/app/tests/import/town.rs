//! A small town's folder: every file, one or two rows each, all of it right. Tests change a file and see.

use server::app::App;
use server::clock::Clock;
use server::registry::import::{self, Options, Summary};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

const FILES: [(&str, &str); 31] = [
    (
        "organisations.csv",
        "code;nom;type;siret;commune_insee;tribunal;ordonnateur_nom;ordonnateur_qualite\n\
         AGG;Agglomération du Val;epci;20007231200016;;Rouen;Hélène Marchand;Présidente\n\
         MEN;Ménilles;commune;;27397;;;\n",
    ),
    (
        "regies.csv",
        "code;organisation;nom;mode;numcli;terme;plafond_encaisse\nPE;AGG;Petite enfance;regie;012345;echu;5000\nMEN;MEN;Périscolaire;regie;;;\n",
    ),
    ("communes.csv", "code_insee;nom;codes_postaux\n27397;Ménilles;27120\n27681;Vernon;27200\n"),
    ("sites.csv", "code;nom;adresse;commune_insee\nS-MEN;Groupe scolaire;2 rue Briand;27397\n"),
    (
        "lieux.csv",
        "code;nom;type;commune_insee;site;organisation;capacite;ouverture;fermeture;zone_scolaire;encadrement\n\
         CRE;Crèche;eaje;27397;S-MEN;AGG;20;07:30;18:30;B;eaje_6\n\
         GAR;Garderie;periscolaire;27397;S-MEN;MEN;;07:30;18:30;B;alsh_peri\n\
         CANT;Cantine;cantine;27397;S-MEN;MEN;;;;B;\n",
    ),
    ("fermetures.csv", "lieu;du;au;motif\nCRE;2026-12-24;2027-01-02;conges\n"),
    ("groupes.csv", "code;lieu;nom\nG1;CRE;Petits\nG2;GAR;Maternelle\n"),
    ("ecoles.csv", "code;nom;uai;commune_insee;site\nE-MEN;École Briand;0271234A;27397;S-MEN\n"),
    ("classes.csv", "code;ecole;annee;nom;niveau\nCP1;E-MEN;2026-2027;CP de Mme Roche;CP\n"),
    (
        "foyers.csv",
        "code;nom;adresse;code_postal;commune_insee;regime;numero_allocataire;confidentiel\n\
         F1;Martin;3 rue du Four;27120;27397;caf;1234567;non\n\
         F2;Diallo;5 rue du Lac;27200;27681;msa;;oui\n",
    ),
    ("adresses.csv", "foyer;du;adresse;code_postal;commune_insee\nF1;2026-10-01;9 rue Neuve;27200;27681\n"),
    (
        "responsables.csv",
        "code;foyer;civilite;nom;prenom;naissance;sexe;naissance_commune_insee;naissance_pays_insee;courriel;telephone;canal;langue;payeur;part_pourcent\n\
         R1;F1;Mme;Martin;Claire;1988-04-02;F;27681;99100;claire.martin@exemple.fr;06 12 34 56 78;courriel;fr;oui;60\n\
         R2;F1;M.;Martin;Paul;02/05/1986;M;;;;;papier;fr;oui;40\n\
         R3;F2;Mme;Diallo;Awa;;;;;;;sms;fr;;\n",
    ),
    (
        "situations.csv",
        "foyer;du;au;quotient_familial;ressources_mensuelles;enfants_a_charge;enfants_aeeh;source\n\
         F1;2026-01-01;2026-08-31;820;3410,25;1;0;cdap\n\
         F1;2026-09-01;;640;2900.5;1;0;cdap\n\
         F2;2026-01-01;;0;;2;1;avis_imposition\n",
    ),
    (
        "enfants.csv",
        "code;foyer;nom;prenom;naissance;groupe;allergies;menu;pai;marche_depuis;part_seul_des;part_seul_jours;photo_accord_le\n\
         E1;F1;Martin;Léa;2024-03-01;G1;arachide;A;;2025-04-01;;;2026-09-01\n\
         E2;F2;Diallo;Ismaël;12/04/2018;;;B;;;17:00;lu ve;\n",
    ),
    ("affectations.csv", "enfant;groupe;du;au\nE2;G2;2026-09-01;2027-07-03\n"),
    ("scolarites.csv", "enfant;classe;du;au\nE2;CP1;2026-09-01;\n"),
    (
        "rattachements.csv",
        "enfant;foyer;du;au;garde;calendrier;pivot\nE1;F1;2026-01-01;;alternee;semaines_paires;2026-01-05\nE1;F2;2026-01-01;;alternee;semaines_impaires;\n",
    ),
    ("gardes.csv", "enfant;date;foyer\nE1;2026-10-14;F2\n"),
    (
        "liens.csv",
        "enfant;responsable;lien;autorite_parentale;peut_prendre;voit_presence;voit_factures;reserve;du;au\n\
         E1;R1;mère;oui;;;;;;\n\
         E1;R2;père;non;oui;;;;;\n\
         E2;R3;mère;oui;oui;oui;oui;oui;2026-01-01;\n",
    ),
    (
        "personnes.csv",
        "code;enfant;nom;prenom;lien;telephone;naissance;statut;nature;responsable;jours;heure_min;piece_identite;du;au;ordre_appel\n\
         A1;E1;Morin;Odette;grand-mère;0612345678;1955-01-02;restreinte;demande_parent;;lu;16:30;carte d'identité;;;1\n\
         A1;E1;Morin;Odette;grand-mère;0612345678;1955-01-02;restreinte;demande_parent;;me;12:00;carte d'identité;;;1\n\
         ;E2;Diallo;Omar;père;;;interdite;decision_justice;;;;;2026-01-01;;\n",
    ),
    (
        "personnel.csv",
        "code;lieu;nom;prenom;role;qualification;compte_encadrement\nN1;CRE;Roche;Nadia;equipe;auxiliaire;\nN2;GAR;Petit;Luc;direction;bafd;non\n",
    ),
    ("badges.csv", "uid;type;porteur\n04:a1:b2:c3:d4:e5:f6;foyer;F1\n04A1B2C3D4E5F7;responsable;R3\n0411223344;personnel;N1\n"),
    (
        "activites.csv",
        "code;lieu;nom;tarif;debut;fin;jours;periode;pointage;reservation;capacite;delai_annulation;regie;nature\n\
         JOUR;CRE;Journée;repas;;;;;;;;;;\n\
         MATIN;GAR;Accueil du matin;repas;07:30;08:30;lu ma je ve;scolaire;;;;;;garde\n\
         SOIR;GAR;Accueil du soir;repas;16:30;18:30;lu ma je ve;scolaire;;facultative;30;48h;MEN;garde\n\
         MIDI;CANT;Cantine;repas;11:45;13:30;lu ma je ve;scolaire;;obligatoire;;;;repas\n",
    ),
    ("inscriptions.csv", "enfant;activite;du;au;groupe\nE1;JOUR;2026-09-01;;G1\nE2;SOIR;2026-09-01;2027-07-03;\n"),
    (
        "contrats.csv",
        "code;enfant;activite;du;au;heures_semaine;semaines;mensualites;heures_absence_prevues;accueil;adaptation_jusqu_au;foyer\n\
         C1;E1;JOUR;2026-09-01;2027-07-31;42,5;45;11;30;regulier;2026-09-10;F1\n",
    ),
    ("contrats_plages.csv", "contrat;semaine;jour;debut;fin\nC1;toutes;lu;08:30;17:00\nC1;A;ma;08:30;12:00\nC1;A;ma;13:30;17:00\n"),
    ("conges.csv", "contrat;du;au;declare_le\nC1;2026-10-26;2026-10-30;2026-09-15\n"),
    (
        "reservations.csv",
        "enfant;activite;date;debut;fin;etat;demandee_le;annulee_le;canal;foyer\n\
         E2;SOIR;2026-10-05;16:30;17:30;reservee;2026-09-01;;portail;F2\n\
         E2;MIDI;2026-10-05;;;annulee;2026-09-01;2026-10-01;portail;\n\
         E2;MIDI;2026-10-06;;;;;;;\n",
    ),
    ("absences.csv", "enfant;du;au;motif;annoncee_le;certificat_le\nE1;2026-10-08;2026-10-09;maladie;2026-10-08;\n"),
    (
        "pointages.csv",
        "enfant;activite;date;arrivee;depart;justificatif\n\
         E1;JOUR;2026-10-05;08:20;12:00;papier\n\
         E1;JOUR;2026-10-05;13:40;17:10;papier\n\
         E2;SOIR;2026-10-05;;17:45;\n\
         E2;MIDI;2026-10-06;;;\n",
    ),
    (
        "tarifs/repas.toml",
        "code = \"repas\"\nlibelle = \"Repas\"\nvalable_du = 2025-09-01\nmethode = \"forfait\"\nunite = \"acte\"\nprix = \"3.50\"\n\n\
         [[exemples]]\nquantite = \"17\"\nmontant = \"59.50\"\n",
    ),
];

/// A folder of files on the disk.
pub struct Town {
    folder: TempDir,
}

impl Town {
    /// The whole town, all of it right.
    pub fn whole() -> Self {
        let town = Self::empty();
        for (name, text) in FILES {
            town.write(name, text);
        }
        town
    }

    /// A folder without any file.
    pub fn empty() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file, in place of the one that was there.
    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> &Self {
        let path = self.file(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
        self
    }

    /// Takes a file away.
    pub fn remove(&self, name: &str) -> &Self {
        std::fs::remove_file(self.file(name)).unwrap();
        self
    }

    /// Changes a text of a file, which must be there.
    pub fn replace(&self, name: &str, before: &str, after: &str) -> &Self {
        let text = std::fs::read_to_string(self.file(name)).unwrap();
        assert!(text.contains(before), "{name} has no « {before} »");
        self.write(name, text.replacen(before, after, 1))
    }

    /// Adds a line to a file.
    pub fn add(&self, name: &str, line: &str) -> &Self {
        let text = std::fs::read_to_string(self.file(name)).unwrap();
        self.write(name, format!("{text}{line}\n"))
    }

    /// Imports the folder.
    pub async fn import(&self, app: &App) -> Summary {
        self.import_with(app, &Options::default()).await
    }

    pub async fn import_with(&self, app: &App, options: &Options) -> Summary {
        match import::import(app, self.path(), options).await {
            Ok(summary) => summary,
            Err(error) => panic!("{error}"),
        }
    }

    /// What the import says is wrong.
    pub async fn mistakes(&self, app: &App) -> String {
        import::import(app, self.path(), &Options::default()).await.expect_err("this folder is wrong").to_string()
    }
}

/// The mistakes that an answer tells, one a line, without its heading.
pub fn mistakes_of(answer: &str) -> Vec<String> {
    answer.lines().skip(1).map(|line| line.trim_start().to_owned()).collect()
}

/// The same installation, a Friday of October 2026.
pub fn in_october(app: &App) -> App {
    App { clock: Clock::manual("2026-10-16T06:00:00Z".parse().unwrap()), ..app.clone() }
}
