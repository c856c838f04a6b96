//! Accounts, and the tables that refer to them.

use super::checker::Checker;
use crate::model::{Name, Role};
use crate::store::rows::codec::{
    DeactivatedRow, PictureRow, ProfileRow, ResetRow, SessionRow, SettingsRow, UserRow, unseal,
};
use crate::store::rows::schema::{SESSIONS_COUNTED, SESSIONS_OF, Source};
use crate::store::rows::table::{get, has};
use crate::store::store_error::StoreError;
use redb::ReadableTableMetadata;
use std::collections::HashSet;

pub fn check(checker: &Checker<'_>) -> Result<(), StoreError> {
    accounts(checker)?;
    names(checker)?;
    profiles(checker)?;
    sessions(checker)?;
    let source = &checker.source;
    let no_account = |table, id: u32| checker.unless(checker.is_person(id), table, &id, "nobody has this account");
    checker.rows("settings", source.settings()?, |id, _: SettingsRow| {
        no_account("settings", id);
        Ok(())
    })?;
    checker.rows("last_seen", source.last_seen()?, |id, _: u64| {
        no_account("last_seen", id);
        Ok(())
    })?;
    checker.rows("barred", source.deactivated()?, |id, row: DeactivatedRow| {
        no_account("barred", id);
        checker.unless(
            checker.is_person(row.by),
            "barred",
            &id,
            "whoever deactivated it is nobody",
        );
        Ok(())
    })?;
    checker.rows("blocks", source.blocks()?, |(who, whom), (): ()| {
        let holds = who != whom && checker.is_person(who) && checker.is_person(whom);
        checker.unless(holds, "blocks", &(who, whom), "these are not two accounts");
        Ok(())
    })
}

/// Accounts are numbered from 1 on and are never removed.
fn accounts(checker: &Checker<'_>) -> Result<(), StoreError> {
    let source = &checker.source;
    let (mut last, mut owners) = (0_u32, 0);
    checker.sealed("users", source.users()?, |id, row| {
        checker.unless(id == last + 1, "users", &id, "the accounts before it are missing");
        last = id;
        checker.last_user.set(id);
        let row: UserRow = unseal(row)?;
        owners += u32::from(row.role() == Role::Owner);
        let name = Name::stored(row.name);
        let found: Option<u32> = get(source.names()?, name.key())?;
        checker.unless(
            found == Some(id),
            "users",
            &id,
            "its name does not lead to it in the table names",
        );
        Ok(())
    })?;
    let holds = owners == u32::from(last > 0);
    checker.unless(holds, "users", &"owner", &format!("the server has {owners} owners"));
    Ok(())
}

fn names(checker: &Checker<'_>) -> Result<(), StoreError> {
    let source = &checker.source;
    checker.rows("names", source.names()?, |name, id: u32| {
        let row: Option<UserRow> = get(source.users()?, id)?;
        let holds = row.is_some_and(|row| Name::stored(row.name).key() == name);
        checker.unless(holds, "names", &name, "it leads to an account of another name");
        Ok(())
    })
}

fn profiles(checker: &Checker<'_>) -> Result<(), StoreError> {
    let source = &checker.source;
    checker.rows("profiles", source.profiles()?, |id, row: ProfileRow| {
        checker.unless(checker.is_person(id), "profiles", &id, "nobody has this account");
        let picture: Option<PictureRow> = get(source.pictures()?, id)?;
        let holds = row.avatar == picture.map(|picture| picture.version);
        checker.unless(
            holds,
            "profiles",
            &id,
            "its picture is not the one in the table pictures",
        );
        Ok(())
    })?;
    checker.rows("pictures", source.pictures()?, |id, _: PictureRow| {
        checker.unless(has(source.profiles()?, id)?, "pictures", &id, "it is nobody's picture");
        Ok(())
    })
}

fn sessions(checker: &Checker<'_>) -> Result<(), StoreError> {
    let source = &checker.source;
    checker.rows("sessions", source.sessions()?, |id, row: SessionRow| {
        let user = row.user;
        let is_deactivated = has(source.deactivated()?, user)?;
        checker.unless(
            checker.is_person(user),
            "sessions",
            &id,
            &format!("there is no account {user}"),
        );
        checker.unless(
            !is_deactivated,
            "sessions",
            &id,
            &format!("account {user} is deactivated"),
        );
        let is_listed = !has(source.meta()?, SESSIONS_COUNTED)? || has(source.sessions_of()?, (user, id))?;
        checker.unless(is_listed, "sessions", &id, "it is missing in the table sessions_of");
        Ok(())
    })?;
    // A file that is older than this table gets it when it is opened.
    if checker.has_table(SESSIONS_OF)? {
        checker.rows("sessions_of", source.sessions_of()?, |(user, id), (): ()| {
            let is_there = has(source.sessions()?, id)?;
            checker.unless(is_there, "sessions_of", &(user, id), "there is no such session");
            Ok(())
        })?;
    }
    let mut seen = HashSet::new();
    checker.rows("resets", source.resets()?, |id, row: ResetRow| {
        let user = row.user;
        checker.unless(
            checker.is_person(user),
            "resets",
            &id,
            &format!("there is no account {user}"),
        );
        checker.unless(
            seen.insert(user),
            "resets",
            &id,
            &format!("account {user} has another link"),
        );
        Ok(())
    })?;
    let (names, users) = (source.names()?.len()?, source.users()?.len()?);
    checker.unless(
        names == users,
        "names",
        &"all",
        &format!("{names} names for {users} accounts"),
    );
    Ok(())
}
