//! What an application's own code publishes with.

use campanile_core::{Draft, Engine, EngineError, Receipt, SignalDraft, Tenant};

/// Publishes for one tenant. Cheap to clone, without a lifetime: put it into your handlers' state.
#[derive(Clone, Debug)]
pub struct Publisher {
    engine: Engine,
    tenant: Tenant,
}

impl Publisher {
    pub(crate) fn new(engine: Engine) -> Self {
        Self { engine, tenant: Tenant::default() }
    }

    /// The same for another tenant. Without it everything is for `default`.
    #[must_use]
    pub fn for_tenant(&self, tenant: Tenant) -> Self {
        Self { tenant, ..self.clone() }
    }

    /// Publishes a notification. When this answers, it is on disk for every recipient, and open streams have it or will read it.
    ///
    /// Cancel safe: a publish whose answer nobody waits for happens entirely or not at all.
    ///
    /// # Errors
    ///
    /// [`EngineError::Invalid`] with every fault of the draft; [`EngineError::Store`] if the store is busy or away.
    pub async fn publish(&self, draft: &Draft) -> Result<Receipt, EngineError> {
        self.engine.publish(&self.tenant, draft).await
    }

    /// Sends a signal to the open streams of its users: live only, not stored. Answers how many connections it reached.
    ///
    /// # Errors
    ///
    /// [`EngineError::Invalid`] with every fault of the draft.
    pub async fn signal(&self, draft: &SignalDraft) -> Result<usize, EngineError> {
        self.engine.signal(&self.tenant, draft).await
    }
}
