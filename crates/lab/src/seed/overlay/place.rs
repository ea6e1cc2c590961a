//! Places in the specification of a tenant as members of the overlay, as they are written there.

use outlive_chassis::SpecMistake;
use outlive_wire::overlay::{Overlay, OverlayApplication, OverlayRequirement};
use serde_json::json;

use super::OverlayMistake;
use crate::seed::Seed;

impl Seed {
    /// Returns the text of the identity provider about a tenant of this seed with the places that
    /// are in the overlay named as its members; `None` if none is.
    pub(crate) fn in_terms_of_overlay(&self, text: &str, overlay: &Overlay) -> Option<String> {
        let mut is_found = false;
        let words = text.split(' ').map(|word| {
            let place = word.strip_suffix(':').and_then(|place| self.place_in_overlay(place, overlay));
            is_found |= place.is_some();
            place.map_or_else(|| word.to_owned(), |place| member(&place))
        });
        let text = words.collect::<Vec<_>>().join(" ");
        is_found.then_some(text)
    }

    /// Returns a mistake in the specification of a tenant as one of the overlay; `None` if its
    /// place is not in the overlay.
    pub(crate) fn in_overlay(&self, wrong: SpecMistake, overlay: &Overlay) -> Option<OverlayMistake> {
        let place = self.place_in_overlay(&wrong.at, overlay)?;
        if is_generated(&wrong.at, &place, overlay) {
            return None;
        }
        Some(OverlayMistake { place, message: wrong.message, remedy: wrong.remedy })
    }

    /// Returns the place in the overlay for one in the specification of a tenant (`/users/3/upn`),
    /// or that of the nearest enclosing member that is written.
    fn place_in_overlay(&self, at: &str, overlay: &Overlay) -> Option<Vec<String>> {
        let segments: Vec<&str> = at.strip_prefix('/')?.split('/').collect();
        let [what, index, rest @ ..] = segments.as_slice() else { return None };
        let index = index.parse::<usize>().ok()?;
        let (name, rest, written) = match *what {
            "users" => {
                let user = overlay.users.get(index.checked_sub(self.file.users.len())?)?;
                (user.role.clone(), member_of_user(rest), json!(user))
            }
            "applications" => {
                let index = index.checked_sub(self.file.applications.len())?;
                let application = overlay.applications.get(index)?;
                let resource = self.file.resource.value.as_str();
                (
                    application.name.clone(),
                    member_of_application(rest, application, resource),
                    json!(application),
                )
            }
            _ => return None,
        };
        let mut place = vec![(*what).to_owned(), name];
        let mut at = &written;
        for segment in rest {
            let next = segment.parse::<usize>().ok().map_or_else(|| at.get(&segment), |index| at.get(index));
            let Some(next) = next.filter(|next| !next.is_null()) else { break };
            at = next;
            place.push(segment);
        }
        Some(place)
    }
}

/// Whether the value at a place of the specification follows from another one of the overlay, which
/// has a mistake of its own: the id of a permission, or a display name that is the role.
fn is_generated(at: &str, place: &[String], overlay: &Overlay) -> bool {
    let names_user =
        |role: &String| overlay.users.iter().any(|user| user.role == *role && user.display_name.is_none());
    match (at.rsplit('/').next(), place) {
        (Some("id"), _) => true,
        (Some("display_name"), [what, role, ..]) => what == "users" && names_user(role),
        _ => false,
    }
}

/// Returns a place in words: `overlay.applications.My App.requires[0]:`.
fn member(place: &[String]) -> String {
    let shown = OverlayMistake { place: place.to_vec(), message: String::new(), remedy: String::new() };
    let shown = shown.to_string();
    shown.trim_end_matches([' ', '.']).to_owned()
}

/// The path within a user of an overlay. Its sign-in name follows from the role, which is its key.
fn member_of_user(rest: &[&str]) -> Vec<String> {
    match rest {
        ["upn", ..] => Vec::new(),
        rest => rest.iter().map(|&segment| segment.to_owned()).collect(),
    }
}

/// The path within an application of an overlay.
fn member_of_application(rest: &[&str], application: &OverlayApplication, resource: &str) -> Vec<String> {
    let own = |path: &[&str]| path.iter().map(|&segment| segment.to_owned()).collect();
    match rest {
        // The name is its key.
        ["name", ..] => Vec::new(),
        ["secrets", ..] => own(&["secret"]),
        ["required", index, kind, nth] => {
            let place = (index.parse().ok(), nth.parse().ok());
            let (Some(index), Some(nth)) = place else { return own(&["requires"]) };
            requirement_at(application, resource, index, (*kind == "roles", nth))
                .unwrap_or_else(|| own(&["requires"]))
        }
        ["required", ..] => own(&["requires"]),
        rest => own(rest),
    }
}

/// Returns the path to a permission of the specification, in which the permissions of an API are
/// one entry.
fn requirement_at(
    application: &OverlayApplication,
    resource: &str,
    api: usize,
    (is_role, nth): (bool, usize),
) -> Option<Vec<String>> {
    let mut apis: Vec<&str> = Vec::new();
    let mut left = nth;
    for (index, requirement) in application.requires.iter().flatten().enumerate() {
        let name = match requirement {
            OverlayRequirement::OfApi(of) => of.api.as_str(),
            OverlayRequirement::Permission(_) => resource,
        };
        let position = apis.iter().position(|known| *known == name).unwrap_or_else(|| {
            apis.push(name);
            apis.len() - 1
        });
        if position != api {
            continue;
        }
        let OverlayRequirement::OfApi(of) = requirement else {
            // Names of permissions are checked when the overlay is read.
            left = left.saturating_sub(usize::from(!is_role));
            continue;
        };
        let (list, member) = if is_role { (&of.roles, "roles") } else { (&of.scopes, "scopes") };
        match left.checked_sub(list.len()) {
            None => {
                let path = ["requires", &index.to_string(), member, &left.to_string()];
                return Some(path.map(str::to_owned).to_vec());
            }
            Some(rest) => left = rest,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_of_the_description_are_members_of_the_overlay() {
        let seed = Seed::contoso().unwrap_or_else(|wrong| panic!("{wrong:?}"));
        let overlay = serde_json::from_value(json!({
            "users": {"auditor": {"mail": "x"}},
            "applications": {"My App": {"kind": "spa", "requires": [
                "Orders.Read",
                {"api": "Microsoft Graph", "scopes": ["User.Read"]},
                {"api": "Contoso Orders API", "scopes": ["a", "b"], "roles": ["c"]},
            ]}},
        }));
        let overlay: Overlay = overlay.expect("the form is right");
        let (users, applications) = (seed.file.users.len(), seed.file.applications.len());
        let text = format!(
            "/users/{users}/upn: a. /users/{users}/mail: b. /users/{users}/display_name: c. \
             /applications/{applications}/required/0/scopes/2: d. \
             /applications/{applications}/required/0/roles/0: e. /applications/{applications}/name: f."
        );
        assert_eq!(
            seed.in_terms_of_overlay(&text, &overlay).as_deref(),
            Some(
                "overlay.users.auditor: a. overlay.users.auditor.mail: b. overlay.users.auditor: c. \
                 overlay.applications.My App.requires[2].scopes[1]: d. \
                 overlay.applications.My App.requires[2].roles[0]: e. overlay.applications.My App: f."
            )
        );
        for other in ["/users/0/upn: wrong", "no place", "/users/99/upn: wrong", "/groups/9/id: wrong"] {
            assert_eq!(seed.in_terms_of_overlay(other, &overlay), None, "{other}");
        }
    }
}
