//! What a seed has only for its own tenant, for any tenant.

use super::read::Seed;

impl Seed {
    /// Returns the seed with all that it has only for its own tenant, for any tenant.
    #[must_use]
    pub fn complete(&self) -> Self {
        let mut seed = self.clone();
        let file = &mut seed.file;
        let connections = file.connections.iter_mut().map(|one| &mut one.only_in_seed_tenant);
        let flows = file.flows.iter_mut().map(|one| &mut one.only_in_seed_tenant);
        let sign_ins = file.sign_ins.iter_mut().map(|one| &mut one.only_in_seed_tenant);
        connections.chain(flows).chain(sign_ins).for_each(|only| *only = false);
        seed
    }
}
