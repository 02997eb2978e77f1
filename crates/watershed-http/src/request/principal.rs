use std::sync::{Arc, OnceLock};

use http::request::Parts;
use watershed_core::Principal;

/// Who asks, and for which tenant.
///
/// The seam for authentication: today everybody is `anonymous` of the default tenant. What a caller says of itself in an
/// ordinary header (a tenant's name, for instance) is not believed.
pub(crate) fn principal_of(_: &Parts) -> Arc<Principal> {
    static ANONYMOUS: OnceLock<Arc<Principal>> = OnceLock::new();
    ANONYMOUS.get_or_init(Arc::default).clone()
}
