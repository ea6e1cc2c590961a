//! The classes of a lab, and changes for all seats at once.

use std::sync::Arc;

use futures::StreamExt;
use futures::stream::iter;
use outlive_clock::{TenantId, wall_now};
use outlive_store::StoreError;
use outlive_wire::classes::{
    Class, ClassList, ClassRequest, FailedSeat, JoinRequest, ProgressAnswer, Seat, SeatChoice, SeatProgress,
};
use outlive_wire::counted;

use super::code;
use super::store::ClassStore;
use crate::tenants::{NewTenant, TenantError, Tenants};

/// Maximum number of seats of a class.
pub const SEATS_MAX: u16 = 60;
/// Maximum number of classes at a time.
const CLASSES_MAX: usize = 20;
/// Maximum length of a name, in characters.
const NAME_CHARACTERS_MAX: usize = 40;
/// Maximum length of what a seat reports, in characters.
const REPORT_CHARACTERS_MAX: usize = 120;
/// The number of tenants that are created, changed or deleted at a time.
pub(super) const AT_ONCE: usize = 4;

/// A failed call about a class.
#[derive(Debug, thiserror::Error)]
pub enum ClassError {
    /// There is no such class.
    #[error("There is no class '{code}'.{}", .meant.as_deref().map(|meant| format!(" Did you mean {meant}?")).unwrap_or_default())]
    Unknown {
        /// The code that was given.
        code: String,
        /// The class that was probably meant.
        meant: Option<String>,
    },
    /// The class has no such seat.
    #[error("The class {code} has no seat {seat}.")]
    NoSeat {
        /// The class.
        code: String,
        /// The number.
        seat: u16,
    },
    /// Every seat is taken.
    #[error("All seats of {0} are taken. The teacher can add seats.")]
    Full(String),
    /// Too many classes are open.
    #[error("This lab has {CLASSES_MAX} classes, which are the most: end one first.")]
    TooMany,
    /// A value is out of its bounds.
    #[error("{0}")]
    Invalid(String),
    /// A tenant cannot be created, changed or deleted.
    #[error(transparent)]
    Tenant(#[from] TenantError),
}

impl From<StoreError> for ClassError {
    fn from(error: StoreError) -> Self {
        Self::Tenant(error.into())
    }
}

/// Which tenant of a seat is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TenantOf {
    /// That of the lesson that it is in, if there is one.
    Lesson,
    /// Its own.
    Seat,
}

/// The classes of this lab.
#[derive(Clone, Debug)]
pub(crate) struct Classes {
    pub(super) tenants: Tenants,
    pub(super) store: ClassStore,
}

impl Classes {
    pub(crate) fn new(tenants: Tenants) -> Self {
        let store = ClassStore::new(tenants.chassis().clone());
        Self { tenants, store }
    }

    pub(crate) async fn list(&self) -> Result<ClassList, ClassError> {
        Ok(ClassList { classes: self.store.list().await? })
    }

    /// Opens a class, with all of its seats or none.
    pub(crate) async fn open(&self, request: ClassRequest) -> Result<Class, ClassError> {
        let ClassRequest { seats, names, lesson, seed, rules } = request;
        check_seats(0, seats)?;
        let names = names.iter().map(|name| checked_name(name)).collect::<Result<Vec<_>, _>>()?;
        if names.len() > usize::from(seats) {
            return Err(ClassError::Invalid(format!(
                "There are {} for {}.",
                counted(names.len(), "name"),
                counted(seats, "seat")
            )));
        }
        if let Some(twice) = first_twice(&names) {
            return Err(ClassError::Invalid(format!("The name '{twice}' is given to two seats.")));
        }
        if self.store.list().await?.len() >= CLASSES_MAX {
            return Err(ClassError::TooMany);
        }
        let template = NewTenant { seed, rules, complete: true, ..NewTenant::default() };
        let class = self.insert(lesson, &template).await?;
        let mut names: Vec<_> = names.into_iter().map(Some).collect();
        names.resize(seats.into(), None);
        if let Err(error) = self.create_seats(&class.code, &template, names).await {
            if let Err(left) = self.end(&class.code).await {
                tracing::warn!(class = %class.code, error = %left, "a class that was not opened is not deleted");
            }
            return Err(error);
        }
        self.show(&class.code).await
    }

    /// Records a class under a new code.
    async fn insert(&self, lesson: Option<u8>, template: &NewTenant) -> Result<Class, ClassError> {
        let (seed, rules) = (template.seed.clone(), template.rules.clone());
        let like = ClassRequest { seed, rules, ..ClassRequest::default() };
        // Plain data with text keys: serialization cannot fail.
        let from = serde_json::to_string(&like).unwrap_or_default();
        loop {
            let code = code::draw(&mut self.tenants.chassis().random.stream("class-code"));
            let class = Class { code, lesson, opened: wall_now(), revealed: 0, seats: Vec::new() };
            match self.store.insert(&class, &from).await {
                Ok(()) => return Ok(class),
                Err(error) if error.is_conflict() => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Returns a class by its code, as people type it.
    pub(crate) async fn show(&self, typed: &str) -> Result<Class, ClassError> {
        Ok(self.read(typed).await?.0)
    }

    /// Returns a class, and what its tenants are created from.
    pub(super) async fn read(&self, typed: &str) -> Result<(Class, NewTenant), ClassError> {
        let code = code::canonical(typed);
        if let Some((class, from)) = self.store.read(&code).await? {
            let ClassRequest { seed, rules, .. } = serde_json::from_str(&from).unwrap_or_default();
            return Ok((class, NewTenant { seed, rules, complete: true, ..NewTenant::default() }));
        }
        let known = self.store.list().await?;
        let meant = code::nearest(&code, known.iter().map(|class| class.code.as_str())).map(str::to_owned);
        Err(ClassError::Unknown { code: typed.chars().take(NAME_CHARACTERS_MAX).collect(), meant })
    }

    pub(crate) async fn add_seats(&self, code: &str, seats: u16) -> Result<(), ClassError> {
        let (class, template) = self.read(code).await?;
        check_seats(class.seats.len(), seats)?;
        self.create_seats(&class.code, &template, vec![None; seats.into()]).await
    }

    /// Takes a seat: the one of this name, otherwise the first that is free.
    pub(crate) async fn join(&self, code: &str, request: &JoinRequest) -> Result<(Class, Seat), ClassError> {
        let name = request.name.as_deref().map(str::trim).filter(|name| !name.is_empty());
        let name = name.map(checked_name).transpose()?;
        loop {
            let class = self.show(code).await?;
            let named = |seat: &&Seat| name.is_some() && seat.name.as_deref() == name.as_deref();
            let free = |seat: &&Seat| seat.joined.is_none();
            let seats = || class.seats.iter();
            let seat = seats().find(named).or_else(|| seats().filter(free).find(|seat| seat.name.is_none()));
            let Some(seat) = seat.or_else(|| seats().find(free)) else {
                return Err(ClassError::Full(class.code));
            };
            if seat.joined.is_some() {
                let seat = seat.clone();
                return Ok((class, seat));
            }
            let now = wall_now();
            match self.store.take(seat.tenant_id, name.as_deref(), now).await {
                Ok(()) => {
                    let taken =
                        Seat { joined: Some(now), name: name.or_else(|| seat.name.clone()), ..seat.clone() };
                    return Ok((class, taken));
                }
                // Another person was faster.
                Err(error) if error.is_conflict() => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Returns the tenant that a seat works on: that of its lesson while it exists, or its own.
    async fn present_tenant(&self, seat: &Seat, of: TenantOf) -> Result<TenantId, ClassError> {
        let of_lesson = seat.progress.as_ref().and_then(|progress| progress.tenant_id);
        match of_lesson.filter(|_| of == TenantOf::Lesson) {
            Some(tenant) if self.belongs(tenant, seat).await? => Ok(tenant),
            _ => Ok(seat.tenant_id),
        }
    }

    /// Whether a tenant of a lesson exists and belongs to a seat. A browser can report any tenant:
    /// that of another person whose link it opened, too.
    async fn belongs(&self, tenant: TenantId, seat: &Seat) -> Result<bool, ClassError> {
        Ok(self.tenants.of_seat(seat.tenant_id).await?.contains(&tenant))
    }

    /// Returns the tenant of a seat that is taken.
    pub(crate) async fn taken_seat(&self, code: &str, seat: u16) -> Result<TenantId, ClassError> {
        let class = self.show(code).await?;
        let taken = class.seats.into_iter().find(|one| one.seat == seat && one.joined.is_some());
        taken.map(|seat| seat.tenant_id).ok_or(ClassError::NoSeat { code: class.code, seat })
    }

    /// Does `work` for each of these seats, a few at a time.
    pub(crate) async fn each<W>(
        &self,
        code: &str,
        choice: SeatChoice,
        of: TenantOf,
        work: impl Fn(Tenants, TenantId) -> W,
    ) -> Result<(u16, Vec<FailedSeat>), ClassError>
    where
        W: Future<Output = Result<(), String>> + Send,
    {
        let class = self.show(code).await?;
        let chosen: Vec<_> = match choice {
            SeatChoice::Taken => class.seats.into_iter().filter(|seat| seat.joined.is_some()).collect(),
            SeatChoice::Seat(number) => {
                let seat = class.seats.into_iter().find(|seat| seat.seat == number);
                vec![seat.ok_or(ClassError::NoSeat { code: class.code, seat: number })?]
            }
        };
        let work = &work;
        let mut results = iter(chosen)
            .map(|seat| async move {
                let done = match self.present_tenant(&seat, of).await {
                    Ok(tenant) => work(self.tenants.clone(), tenant).await,
                    Err(error) => Err(error.to_string()),
                };
                (seat.seat, done)
            })
            .buffer_unordered(AT_ONCE);
        let (mut done, mut failed) = (0, Vec::new());
        while let Some((seat, result)) = results.next().await {
            match result {
                Ok(()) => done += 1,
                Err(message) => failed.push(FailedSeat { seat, message }),
            }
        }
        failed.sort_by_key(|failed| failed.seat);
        Ok((done, failed))
    }

    /// Forgets how far a seat was, and lets the tenants of its lessons end: also if what follows is
    /// interrupted.
    pub(crate) async fn leave_lessons(&self, tenant: TenantId) -> Result<(), ClassError> {
        self.store.forget_progress(tenant).await?;
        Ok(self.tenants.end_those_of_seat(tenant).await?)
    }

    /// Forgets how far a seat was, and deletes the tenants of its lessons.
    pub(crate) async fn begin_again(&self, tenant: TenantId) -> Result<(), ClassError> {
        self.store.forget_progress(tenant).await?;
        Ok(self.tenants.delete_of_seat(tenant).await?)
    }

    pub(crate) async fn reveal(&self, code: &str, step: u16) -> Result<(), ClassError> {
        let class = self.show(code).await?;
        Ok(self.store.reveal(&class.code, step).await?)
    }

    pub(crate) async fn set_lesson(&self, code: &str, lesson: u8) -> Result<(), ClassError> {
        let class = self.show(code).await?;
        Ok(self.store.set_lesson(&class.code, lesson).await?)
    }

    /// Records how far a seat is in a lesson.
    pub(crate) async fn report(
        &self,
        code: &str,
        seat: u16,
        mut progress: SeatProgress,
    ) -> Result<ProgressAnswer, ClassError> {
        let texts = [Some(&progress.last), progress.expects.as_ref()];
        if texts.into_iter().flatten().any(|text| text.chars().nth(REPORT_CHARACTERS_MAX).is_some()) {
            return Err(ClassError::Invalid(format!(
                "'last' and 'expects' have at most {REPORT_CHARACTERS_MAX} characters."
            )));
        }
        let class = self.show(code).await?;
        let taken = class.seats.iter().find(|one| one.seat == seat && one.joined.is_some());
        let taken = taken.ok_or_else(|| ClassError::NoSeat { code: class.code.clone(), seat })?;
        progress.at = wall_now();
        progress.tenant_id = match progress.tenant_id {
            Some(tenant) if self.belongs(tenant, taken).await? => Some(tenant),
            _ => None,
        };
        self.store.report(taken.tenant_id, &progress).await?;
        Ok(ProgressAnswer { revealed: class.revealed })
    }

    /// Ends a class: deletes the tenants of its seats and of their lessons, and forgets it.
    pub(crate) async fn end(&self, code: &str) -> Result<(), ClassError> {
        let code = self.show(code).await?.code;
        // A creation that is under way finds no seat, and is undone.
        self.store.give_up_reserved(&code).await?;
        while let Some((class, _)) = self.store.read(&code).await? {
            self.delete_seats(class.seats).await?;
            match self.store.delete(&code).await {
                // Seats were added meanwhile, or another request has ended the class.
                Err(error) if error.is_conflict() => {}
                deleted => return Ok(deleted?),
            }
        }
        Ok(())
    }

    /// Deletes the tenants of seats and of their lessons.
    async fn delete_seats(&self, seats: Vec<Seat>) -> Result<(), ClassError> {
        let tenants = Arc::new(self.tenants.clone());
        let deleted: Vec<_> = iter(seats)
            .map(|seat| {
                let tenants = Arc::clone(&tenants);
                async move {
                    tenants.delete_of_seat(seat.tenant_id).await?;
                    tenants.delete(seat.tenant_id).await
                }
            })
            .buffer_unordered(AT_ONCE)
            .collect()
            .await;
        for result in deleted {
            match result {
                // Deleted by another request.
                Ok(_) | Err(TenantError::Unknown(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }
}

fn check_seats(present: usize, more: u16) -> Result<(), ClassError> {
    if more == 0 || present + usize::from(more) > usize::from(SEATS_MAX) {
        return Err(ClassError::Invalid(format!("A class has 1 to {SEATS_MAX} seats.")));
    }
    Ok(())
}

fn checked_name(name: &str) -> Result<String, ClassError> {
    let name = name.trim();
    if name.is_empty()
        || name.chars().nth(NAME_CHARACTERS_MAX).is_some()
        || name.chars().any(char::is_control)
    {
        return Err(ClassError::Invalid(format!(
            "A name of a seat has 1 to {NAME_CHARACTERS_MAX} characters, on one line."
        )));
    }
    Ok(name.to_owned())
}

fn first_twice(names: &[String]) -> Option<&String> {
    names.iter().enumerate().find(|(place, name)| names[..*place].contains(name)).map(|(_, name)| name)
}
