//! What a page of the story is made from.

use outlive_clock::TenantId;
use outlive_wire::JournalLine;
use outlive_wire::lab_api::{ClockAnswer, JournalAnswer, ListedTenant, TenantCredentials};
use outlive_wire::story::Story;

use crate::lab::{Lab, LabError};

/// The number of notable events that the story reads.
const NOTABLE_READ: u32 = 60;

/// The answers of the lab that a page of the story shows.
pub(crate) struct StoryFacts {
    pub(crate) tenants: Vec<ListedTenant>,
    pub(crate) credentials: TenantCredentials,
    pub(crate) clock: ClockAnswer,
    pub(crate) story: Story,
    pub(crate) notable: JournalAnswer<JournalLine>,
    /// The event with which the tenant's set-up began.
    pub(crate) created: Option<JournalLine>,
}

impl StoryFacts {
    pub(crate) async fn read(lab: &Lab, tenant: TenantId) -> Result<Self, LabError> {
        let (tenants, credentials, clock, story, notable, created) = tokio::try_join!(
            lab.tenants(),
            lab.tenant(tenant),
            lab.clock(tenant),
            lab.story(tenant),
            lab.notable(tenant, NOTABLE_READ),
            lab.begin_of_set_up(tenant),
        )?;
        Ok(Self { tenants, credentials, clock, story, notable, created })
    }
}
