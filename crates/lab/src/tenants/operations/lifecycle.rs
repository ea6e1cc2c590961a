//! Creating and deleting tenants, as durable operations.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use futures::future::join_all;
use outlive_chassis::pause;
use outlive_clock::{Instant, Speed, TenantId, wall_now};
use outlive_store::Change;
use outlive_wire::lab_api::{OperationKind, TenantCredentials};
use outlive_wire::overlay::Overlay;

use super::clock::ELSEWHERE;
use super::exclusive::REPLACED_WITHIN;
use super::record::{begun, interrupt};
use super::store::{Operation, OperationStore};
use crate::http::CallError;
use crate::seed::{DrawnSecrets, Seed, TenantPlan};
use crate::services::{ClockChange, Service};
use crate::tenants::layout::lay_out;
use crate::tenants::new_tenant::CreatedFrom;
use crate::tenants::store::{occupy_seat, seat_exists, seat_is_reserved};
use crate::tenants::{NewTenant, TenantError, Tenants};

/// The result of a deletion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deletion {
    /// The tenant is deleted in every service.
    Complete,
    /// The tenant is no longer listed. Its data in these services is deleted when they respond.
    Waiting(Vec<Service>),
}

/// A tenant that is to be created in every service.
pub(super) struct Plan {
    tenant: TenantPlan,
    pub(super) credentials: TenantCredentials,
    pub(super) secrets: DrawnSecrets,
    /// The virtual time at which it starts.
    now: Instant,
    speed: Speed,
    /// Whether the seed's connections and flows are left out.
    bare: bool,
}

/// A failed creation, with the services in which a tenant with this id already existed.
pub(super) struct NotCreated {
    pub(super) cause: TenantError,
    pub(super) existed: Vec<Service>,
}

fn is_conflict(cause: &TenantError) -> bool {
    matches!(cause, TenantError::Store(error) if error.is_conflict())
}

/// Returns why the identity provider rejected a tenant, if that is in its overlay.
fn rejected_overlay(seed: &Seed, overlay: &Overlay, cause: &TenantError) -> Option<TenantError> {
    match cause {
        TenantError::Service { service: Service::Idp, cause } if cause.status == Some(400) => {
            seed.in_terms_of_overlay(&cause.reason(), overlay).map(TenantError::Overlay)
        }
        _ => None,
    }
}

impl<E: Into<TenantError>> From<E> for NotCreated {
    fn from(cause: E) -> Self {
        Self { cause: cause.into(), existed: Vec::new() }
    }
}

/// Returns the first failure of the services, whose answers are in the order of [`Service::ALL`].
/// All must have answered: a creation still in progress could complete after the rollback.
pub(super) fn created_everywhere(answers: Vec<Result<(), CallError>>) -> Result<(), NotCreated> {
    let mut failure: Option<NotCreated> = None;
    for (service, created) in Service::ALL.into_iter().zip(answers) {
        let Err(cause) = created else { continue };
        let existed = (cause.status == Some(409)).then_some(service);
        let failure = failure.get_or_insert_with(|| TenantError::Service { service, cause }.into());
        failure.existed.extend(existed);
    }
    failure.map_or(Ok(()), Err)
}

impl Tenants {
    /// Generates the id of a tenant. With a seeded source, that of a named tenant does not depend
    /// on how many others were created before, so scenarios have the same results in any order.
    fn draw_id(&self, name: Option<&str>) -> TenantId {
        let random = &self.chassis().random;
        let mut stream = match name {
            Some(name) => random.of(format_args!("named/{name}")).stream("tenant-id"),
            None => random.stream("tenant-id"),
        };
        TenantId::generate(&mut stream)
    }

    /// Creates a tenant in every service, or in none.
    ///
    /// # Errors
    /// An unknown seed, or the first error of a service; errors of the rollback are only logged.
    pub async fn create(&self, new: NewTenant) -> Result<TenantCredentials, TenantError> {
        let tenant = new.id.unwrap_or_else(|| self.draw_id(new.name.as_deref()));
        let seed = self.seed(new.seed.as_deref())?;
        let plan = self.plan(tenant, &new, seed, None)?;
        let (from, kept) = self.keep_seed(seed, CreatedFrom::from(&new)).await?;
        let _turn = self.operations().turn(tenant).await;
        let condition = new.reserved.then(|| seat_is_reserved(tenant));
        let mut operation = self.begin_if(tenant, begun(OperationKind::Create), condition).await?;
        let canceled = Arc::new(AtomicBool::new(false));
        let incarnation = operation.details.incarnation();
        let creation = self.create_everywhere(&plan, incarnation);
        let created = match self.operations().work(&mut operation, &canceled, creation).await {
            Ok(()) => {
                let Plan { credentials, secrets, .. } = &plan;
                let insert = self.store().insert(tenant, credentials, &from, Some(secrets), incarnation);
                let mut change = Change::from(insert);
                if let Some(kept) = kept {
                    change.add(kept);
                }
                if new.reserved {
                    change.add(occupy_seat(tenant));
                }
                if let Some(seat) = new.temporary.seat {
                    change.add(seat_exists(seat));
                }
                if let Some(end) = new.temporary.insert(tenant) {
                    change.add(end);
                }
                change.add(OperationStore::end(&operation));
                self.operations().store.commit(change).await.map_err(NotCreated::from)
            }
            Err(failure) => Err(failure),
        };
        let Err(failure) = created else { return Ok(plan.credentials) };
        let failure =
            match new.overlay.as_ref().and_then(|overlay| rejected_overlay(seed, overlay, &failure.cause)) {
                Some(cause) => NotCreated { cause, ..failure },
                None => failure,
            };
        let cause = match new.temporary.seat {
            // Its class has ended meanwhile.
            Some(seat) if is_conflict(&failure.cause) => match self.credentials(seat).await {
                Err(unknown @ TenantError::Unknown(_)) => unknown,
                _ => failure.cause,
            },
            _ => failure.cause,
        };
        self.roll_back(operation, NotCreated { cause, ..failure }).await.map(|()| plan.credentials)
    }

    /// Plans a tenant in every service, with the secrets of its first creation if there was one.
    ///
    /// # Errors
    /// An overlay that does not fit the seed.
    pub(super) fn plan(
        &self,
        tenant: TenantId,
        new: &NewTenant,
        seed: &Seed,
        first_secrets: Option<DrawnSecrets>,
    ) -> Result<Plan, TenantError> {
        let complete = new.complete.then(|| seed.complete());
        let seed = complete.as_ref().unwrap_or(seed);
        let overlaid = new.overlay.as_ref().map(|overlay| seed.with_overlay(overlay)).transpose();
        let overlaid = overlaid.map_err(|wrong| {
            let wrong: Vec<String> = wrong.iter().map(ToString::to_string).collect();
            TenantError::Overlay(wrong.join(" "))
        })?;
        let seed = overlaid.as_ref().unwrap_or(seed);
        let random = self.chassis().random.of(tenant);
        let mut secrets = DrawnSecrets::draw(&seed.file, &random);
        if let Some(first) = first_secrets {
            secrets.keep(&first);
        }
        let rules = new.rules.as_deref().unwrap_or_else(|| self.rules());
        let urls = self.surface().origins().urls();
        let resource = &self.surface().origins().resource.server;
        let tenant = TenantPlan::draw(seed, tenant, new.name.clone(), rules, &secrets, &urls.hub, resource);
        let credentials = tenant.credentials(rules, new.bare, urls);
        let speed = new.speed.unwrap_or(Speed::REAL);
        let now = new.now.unwrap_or_else(wall_now);
        Ok(Plan { tenant, credentials, secrets, now, speed, bare: new.bare })
    }

    pub(super) async fn create_everywhere(
        &self,
        plan: &Plan,
        incarnation: Instant,
    ) -> Result<(), NotCreated> {
        let Plan { tenant: planned, credentials, secrets: _, now, speed, bare } = plan;
        let tenant = planned.tenant;
        // All services start from one instant, independent of the time between the calls.
        let clock = ClockChange {
            now: Some(*now),
            speed: Some(*speed),
            wall: Some(wall_now()),
            step: false,
            incarnation: Some(incarnation),
        };
        let lab = self.installation().await?;
        let specs = [&planned.idp, &planned.hub, &planned.resource, &planned.flow];
        let creations = Service::ALL
            .into_iter()
            .zip(specs)
            .map(|(service, spec)| self.surface().create_tenant(service, tenant, clock, &lab, spec));
        created_everywhere(join_all(creations).await)?;
        self.check_lease(tenant)?;
        if !bare {
            let random = self.chassis().random.of(tenant);
            let laid_out = lay_out(self.surface().http(), planned, credentials, &random, *now).await;
            laid_out.map_err(|error| TenantError::Layout(Box::new(error)))?;
        }
        Ok(())
    }

    /// Checks between two steps that no other replica may go on with the operation.
    pub(super) fn check_lease(&self, tenant: TenantId) -> Result<(), TenantError> {
        if self.operations().is_lost(tenant) { Err(TenantError::TakenOver(tenant)) } else { Ok(()) }
    }

    /// Deletes what was created, or leaves it to the recovery. Succeeds if the tenant was created
    /// after all: the commit was applied, and only its answer was lost.
    ///
    /// # Errors
    /// Why the creation failed.
    pub(super) async fn roll_back(
        &self,
        operation: Operation,
        failure: NotCreated,
    ) -> Result<(), TenantError> {
        let NotCreated { cause, existed } = failure;
        let (tenant, began) = (operation.tenant, operation.details.incarnation());
        let undone = async {
            let store = &self.operations().store;
            let recorded = store.read(tenant).await?.filter(|recorded| recorded.id == operation.id);
            let Some(recorded) = recorded else {
                return Ok(self.store().incarnation(tenant).await? == Some(began));
            };
            if store.is_elsewhere(&recorded) {
                return Ok(false);
            }
            let mut claimed = store.claim(recorded).await?;
            claimed.details.spared = existed;
            self.undo_creation(&mut claimed, &cause.to_string()).await?;
            Ok::<_, TenantError>(false)
        };
        match undone.await {
            Ok(true) => return Ok(()),
            Ok(false) => {}
            Err(error) => {
                tracing::warn!(%tenant, %error, "a tenant that was not created completely is deleted later");
                self.operations().wake.notify_one();
            }
        }
        Err(cause)
    }

    /// Deletes what a claimed creation left. A tenant that is listed existed before, or was created
    /// by another replica: nothing of it is deleted.
    pub(super) async fn undo_creation(
        &self,
        operation: &mut Operation,
        reason: &str,
    ) -> Result<(), TenantError> {
        if self.store().incarnation(operation.tenant).await?.is_none() {
            return self.delete_from_services(operation, reason).await;
        }
        Ok(self.operations().store.commit(OperationStore::end(operation)).await?)
    }

    /// Deletes a tenant in every service. It is no longer listed once the deletion has started;
    /// services that do not respond delete it later.
    ///
    /// # Errors
    /// [`TenantError::Unknown`], [`TenantError::Busy`] if another replica's operation does not end,
    /// or a failing database.
    pub async fn delete(&self, tenant: TenantId) -> Result<Deletion, TenantError> {
        let begun = self.begin_instead(tenant, OperationKind::Delete, None).await?;
        // A change of the tenant's time ends after its current step.
        self.operations().cancel(tenant);
        let store = &self.operations().store;
        let asked = wall_now();
        let (mut operation, _turn) = loop {
            let turn = self.operations().turn_of_recorded(&begun).await;
            // The recovery, another request or another replica may have completed it.
            let current = store.read(tenant).await?.filter(|operation| operation.id == begun.id);
            let Some(operation) = current else { return Ok(Deletion::Complete) };
            if !store.is_elsewhere(&operation) {
                match store.claim(operation).await {
                    Ok(operation) => break (operation, turn),
                    // Another replica was faster.
                    Err(error) if error.is_conflict() => continue,
                    Err(error) => return Err(error.into()),
                }
            }
            drop(turn);
            if wall_now() - asked >= REPLACED_WITHIN {
                return Ok(Deletion::Waiting(self.services_with(tenant).await));
            }
            pause(ELSEWHERE).await;
        };
        match self.delete_from_services(&mut operation, "the deletion was requested").await {
            Ok(()) => Ok(Deletion::Complete),
            Err(TenantError::Service { .. }) => {
                self.operations().wake.notify_one();
                Ok(Deletion::Waiting(self.services_with(tenant).await))
            }
            // Another replica goes on with it.
            Err(error) if is_conflict(&error) => Ok(Deletion::Waiting(self.services_with(tenant).await)),
            Err(error) => Err(error),
        }
    }

    /// Deletes a tenant in the services, and ends the operation when all have responded.
    pub(super) async fn delete_from_services(
        &self,
        operation: &mut Operation,
        reason: &str,
    ) -> Result<(), TenantError> {
        let tenant = operation.tenant;
        let canceled = Arc::new(AtomicBool::new(false));
        let recorded = operation.clone();
        let deletion = self.delete_everywhere(&recorded);
        if let Err((service, cause)) = self.operations().work(operation, &canceled, deletion).await {
            interrupt(
                &mut operation.details,
                Some(service),
                format!("{reason}. {}.", cause.of_service(service)),
            );
            self.operations().store.give_up(operation).await?;
            return Err(TenantError::Service { service, cause });
        }
        match self.operations().store.commit(OperationStore::end(operation)).await {
            // Another replica ended it at the same time.
            Err(error) if !error.is_conflict() => return Err(error.into()),
            _ => {}
        }
        self.chassis().random.of(tenant).forget();
        self.operations().forget(tenant);
        Ok(())
    }

    /// Deletes an operation's tenant in the services, if its data is not of a later attempt.
    ///
    /// # Errors
    /// The first service that failed, after all have responded.
    pub(super) async fn delete_everywhere(&self, operation: &Operation) -> Result<(), (Service, CallError)> {
        let (tenant, until) = (operation.tenant, operation.details.incarnation());
        let services = Service::ALL.into_iter().filter(|service| !operation.details.spared.contains(service));
        let deletions = services.map(|service| async move {
            (service, self.surface().delete_tenant(service, tenant, until).await)
        });
        let deleted = join_all(deletions).await.into_iter();
        let mut failed = deleted.filter_map(|(service, deleted)| deleted.err().map(|cause| (service, cause)));
        failed.next().map_or(Ok(()), Err)
    }

    /// Returns the services that list the tenant or do not respond.
    async fn services_with(&self, tenant: TenantId) -> Vec<Service> {
        let listed = Service::ALL.map(|service| async move {
            let listed = self.surface().tenants(service, None).await;
            listed.is_ok_and(|tenants| !tenants.contains(&tenant)).then_some(service)
        });
        let without: Vec<_> = join_all(listed).await.into_iter().flatten().collect();
        Service::ALL.into_iter().filter(|service| !without.contains(service)).collect()
    }

    /// Creates the default seed's own tenant if it does not exist.
    ///
    /// # Errors
    /// As [`Tenants::create`]; nothing is started while a service does not respond.
    pub async fn ensure_default(&self) -> Result<(), TenantError> {
        let id = self.seed(None)?.file.tenant.id;
        if self.store().read(id).await?.is_some() {
            return Ok(());
        }
        for service in Service::ALL {
            let answers = self.surface().health(service).await;
            answers.map_err(|cause| TenantError::Service { service, cause })?;
        }
        self.create(NewTenant { id: Some(id), ..NewTenant::default() }).await.map(drop)
    }
}
