//! The tables as SeaORM sees them, one file a desk.
//!
//! Ids are bare [`uuid::Uuid`] here and newtypes of `shared::id` everywhere else.

/// A table: its key columns, then the others, and whose its rows are.
macro_rules! entity {
    ($module:ident $table:literal $scope:ident key { $($key:ident: $key_type:ident),+ } { $($field:ident: $type:ident $(<$inner:ident>)?,)* }) => {
        #[doc = concat!("Table `", $table, "`.")]
        pub mod $module {
            use sea_orm::entity::prelude::*;
            #[allow(unused_imports, reason = "not every table has bytes and days")]
            use $crate::store::entity::{Bytes, Day};

            #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
            #[sea_orm(table_name = $table)]
            pub struct Model {
                $(#[sea_orm(primary_key, auto_increment = false)] pub $key: $key_type,)+
                $(pub $field: $type $(<$inner>)?,)*
            }

            #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
            pub enum Relation {}

            impl ActiveModelBehavior for ActiveModel {}

            scoped!($scope);
        }
    };
}

/// Which handle finds rows of a table.
macro_rules! scoped {
    (of_territoire) => {
        impl $crate::store::OfTerritoire for Entity {
            fn scope() -> Column {
                Column::TerritoireId
            }
        }
    };
    (of_organisation) => {
        impl $crate::store::OfOrganisation for Entity {
            fn scope() -> Column {
                Column::OrganisationId
            }
        }
    };
    (of_nobody) => {};
}

/// Bytes as stored.
pub type Bytes = Vec<u8>;
/// A day as stored.
pub type Day = chrono::NaiveDate;

mod activities;
mod billing;
mod demarches;
mod devices;
mod families;
mod guichet;
mod identity;
mod journal;
mod lists;
mod places;

pub use activities::*;
pub use billing::*;
pub use demarches::*;
pub use devices::*;
pub use families::*;
pub use guichet::*;
pub use identity::*;
pub use journal::*;
pub use lists::*;
pub use places::*;
