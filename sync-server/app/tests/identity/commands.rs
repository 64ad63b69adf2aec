//! `admin account …` and `admin activation-code`.

use super::browser::open;
use crate::on_both;
use sea_orm::{QueryOrder, QuerySelect};
use server::Error;
use server::identity::Role;
use server::identity::commands::{Command, RoleArgs, activation_code, run};
use server::store::entity::{account_role, activation_code as codes, audit};

fn role(role: Role, organisation: &str, lieu: Option<&str>) -> RoleArgs {
    RoleArgs { role, organisation: Some(organisation.into()), lieu: lieu.map(str::to_owned) }
}

on_both! {
    async fn an_administrator_is_made_at_the_machine_and_each_change_leaves_a_line(fresh: &Fresh) {
        let house = open(fresh).await;
        let file = fresh.folder.path().join("mot-de-passe");
        let create = |role: RoleArgs| Command::Create { login: "Admin@exemple.fr".into(), name: "Mme Roche".into(), role, password_file: Some(file.clone()) };
        std::fs::write(&file, "court\n").unwrap();
        assert!(matches!(run(&house.app, &create(role(Role::Administrateur, "A", None))).await, Err(Error::Input(_))));
        std::fs::write(&file, "la cour est vide le soir\n").unwrap();
        assert!(matches!(run(&house.app, &create(role(Role::Direction, "A", Some("NULLE")))).await, Err(Error::NotFound(_))));
        run(&house.app, &create(role(Role::Direction, "A", Some("PERI")))).await.unwrap();
        assert!(matches!(run(&house.app, &create(role(Role::Agent, "A", None))).await, Err(Error::Conflict(_))), "one address, one account");

        let login = "admin@exemple.fr".to_owned();
        for command in [
            Command::Grant { login: login.clone(), role: role(Role::Administrateur, "A", None) },
            Command::Grant { login: login.clone(), role: role(Role::Administrateur, "A", None) },
            Command::Withdraw { login: login.clone(), role: Role::Direction, organisation: Some("A".into()) },
            Command::Withdraw { login: login.clone(), role: Role::Direction, organisation: Some("A".into()) },
            Command::Withdraw { login: login.clone(), role: Role::Administrateur, organisation: Some("B".into()) },
        ] {
            run(&house.app, &command).await.unwrap();
        }
        let tenant = house.reading().tenant(house.a.organisation);
        let lines = tenant.find::<audit::Entity>().order_by_asc(audit::Column::Number).select_only().column(audit::Column::Route);
        let lines: Vec<String> = lines.into_tuple().all(&tenant.on()).await.unwrap();
        assert_eq!(lines, ["admin account create", "admin account grant", "admin account withdraw"], "what changed nothing leaves none");
        assert_eq!(house.browser().log_in(&login, "la cour est vide le soir").await.to, "/connexion/double-facteur?suite=%2Fbureau");
        let roles = tenant.find::<account_role::Entity>().all(&tenant.on()).await.unwrap();
        let today = house.app.clock.today();
        assert!(roles.iter().all(|r| (r.role == "direction") == (r.valid_to == today.pred_opt())), "{roles:?}");

        std::fs::write(&file, "une autre phrase du soir").unwrap();
        run(&house.app, &Command::Password { login: login.clone(), password_file: Some(file.clone()) }).await.unwrap();
        assert_eq!(house.browser().log_in(&login, "la cour est vide le soir").await.status, 422);
        assert_eq!(house.browser().log_in(&login, "une autre phrase du soir").await.status, 303);
    }
}

on_both! {
    async fn a_code_for_a_letter_is_kept_as_a_hash_and_leaves_a_line(fresh: &Fresh) {
        let house = open(fresh).await;
        assert!(matches!(activation_code(&house.app, "R-ZZZ").await, Err(Error::NotFound(_))));
        activation_code(&house.app, "R-A").await.unwrap();
        activation_code(&house.app, "R-A").await.unwrap();
        let rows = house.reading().find::<codes::Entity>().all(&house.reading().on()).await.unwrap();
        assert_eq!(rows.len(), 1, "the one before opens nothing any more");
        assert_eq!(rows[0].code_hash.len(), 32);
        assert_eq!(house.audit().await, ["admin activation-code agent fait", "admin activation-code agent fait"]);
    }
}
