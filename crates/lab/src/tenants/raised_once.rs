//! Events that are requested under an id of the caller: raised once, however often the request is
//! repeated, also after the lab was killed in between.

use outlive_clock::TenantId;
use outlive_store::{StoreError, sql};
use serde_json::Value;

use super::{TenantError, Tenants};

/// Maximum length of an id.
const ID_BYTES_MAX: usize = 80;

/// Whether a text can be the id of a request.
pub(crate) fn is_event_id(text: &str) -> bool {
    (1..=ID_BYTES_MAX).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte))
}

pub(super) fn purpose(tenant: TenantId) -> String {
    format!("lab/raised-event/{tenant}")
}

impl Tenants {
    /// Executes `raise` unless it was executed under this id before; then returns its answer.
    pub(super) async fn once(
        &self,
        tenant: TenantId,
        id: &str,
        raise: impl Future<Output = Result<Value, TenantError>>,
    ) -> Result<Value, TenantError> {
        let store = &self.chassis().store;
        let begin = sql!("INSERT INTO raised_events (tenant, id) VALUES ($1, $2)", tenant, id);
        match store.commit(begin).await {
            Ok(()) => {}
            Err(error) if error.is_conflict() => return self.answer_before(tenant, id).await,
            Err(error) => return Err(error.into()),
        }
        let raised = raise.await;
        let finish = match &raised {
            Ok(answer) => {
                let nonce = &mut self.chassis().random.stream("raised-event-nonce");
                let sealed =
                    self.chassis().sealer.seal(&purpose(tenant), answer.to_string().as_bytes(), nonce);
                sql!("UPDATE raised_events SET sealed = $1 WHERE tenant = $2 AND id = $3", sealed, tenant, id)
            }
            // Without an answer it may have happened.
            Err(TenantError::Call(cause)) if cause.is_temporary() => return raised,
            Err(TenantError::Store(_) | TenantError::TakenOver(_)) => return raised,
            Err(_) => sql!("DELETE FROM raised_events WHERE tenant = $1 AND id = $2", tenant, id),
        };
        store.commit(finish).await?;
        raised
    }

    async fn answer_before(&self, tenant: TenantId, id: &str) -> Result<Value, TenantError> {
        let select = sql!("SELECT sealed FROM raised_events WHERE tenant = $1 AND id = $2", tenant, id);
        let row = self.chassis().store.row(select).await?;
        let sealed: Result<_, StoreError> = row.map(|row| row.opt_text("sealed")).transpose();
        let opened =
            sealed?.flatten().and_then(|sealed| self.chassis().sealer.open(&purpose(tenant), &sealed));
        let answer = opened.and_then(|plain| serde_json::from_slice(&plain).ok());
        answer.ok_or_else(|| TenantError::EventUndecided(id.to_owned()))
    }
}
