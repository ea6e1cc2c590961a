//! Pages and their forms.

use scraper::{ElementRef, Html, Selector};
use url::Url;

/// An HTML page.
#[derive(Clone, Debug)]
pub(crate) struct Page {
    pub url: Url,
    /// HTTP status.
    pub status: u16,
    /// Its text, with white space collapsed.
    pub text: String,
    /// Its forms, in order.
    pub forms: Vec<Form>,
}

/// An HTML form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Form {
    /// Its action, resolved against the URL of the page.
    pub action: Url,
    /// Whether its method is POST (otherwise GET).
    pub post: bool,
    /// Fields with their values, including hidden ones.
    pub fields: Vec<(String, String)>,
    /// Name and value of every checkbox that is not selected.
    pub unchecked: Vec<(String, String)>,
    /// Name and value of every submit button, in order; buttons without a name have an empty one.
    pub buttons: Vec<(String, String)>,
}

impl Page {
    /// Parses a page.
    pub(crate) fn read(url: &Url, status: u16, html: &str) -> Self {
        let document = Html::parse_document(html);
        let forms = elements(&document, "form").map(|form| Form::read(url, form)).collect();
        let text = elements(&document, "body")
            .flat_map(|body| body.text())
            .flat_map(str::split_whitespace)
            .collect::<Vec<_>>()
            .join(" ");
        Self { url: url.clone(), status, text, forms }
    }

    /// Returns the first form with a field of this name.
    pub(crate) fn form_with(&self, field: &str) -> Option<&Form> {
        self.forms.iter().find(|form| form.has(field))
    }

    /// Returns the first `AADSTS` number on the page.
    pub(crate) fn aadsts(&self) -> Option<u32> {
        aadsts_in(&self.text)
    }
}

/// Returns the first `AADSTS` number in a text.
pub(crate) fn aadsts_in(text: &str) -> Option<u32> {
    let digits: String = text.split("AADSTS").nth(1)?.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

impl Form {
    fn read(page: &Url, form: ElementRef<'_>) -> Self {
        let attribute = |name: &str| form.attr(name).unwrap_or_default();
        let mut fields = Vec::new();
        let mut unchecked = Vec::new();
        let mut buttons = Vec::new();
        let controls = selector("input, button, select, textarea");
        for control in controls.iter().flat_map(|controls| form.select(controls)) {
            let name = control.attr("name").unwrap_or_default().to_owned();
            let value = control.attr("value").unwrap_or_default().to_owned();
            let kind = control.attr("type").unwrap_or_default().to_ascii_lowercase();
            match (control.value().name(), kind.as_str()) {
                ("input", "submit" | "image") | ("button", "submit" | "") => buttons.push((name, value)),
                ("input", "checkbox") if control.attr("checked").is_none() => unchecked.push((name, value)),
                ("input", "radio") if control.attr("checked").is_none() => {}
                ("input", "button" | "reset" | "file") | ("button", _) => {}
                _ if name.is_empty() || control.attr("disabled").is_some() => {}
                _ => fields.push((name, value)),
            }
        }
        Self {
            action: page.join(attribute("action")).unwrap_or_else(|_| page.clone()),
            post: attribute("method").eq_ignore_ascii_case("post"),
            fields,
            unchecked,
            buttons,
        }
    }

    /// Whether it has a field of this name.
    pub(crate) fn has(&self, field: &str) -> bool {
        self.fields.iter().any(|(name, _)| name == field)
    }

    /// Whether it is a consent page with a button to cancel.
    pub(crate) fn can_decline(&self) -> bool {
        self.buttons.iter().any(|(name, value)| name == "consent" && value == "cancel")
    }

    /// Returns the form data of the first submit button, with `filled` entered into the fields that
    /// exist. A checkbox named in `filled` is selected.
    pub(crate) fn filled(&self, filled: &[(&str, &str)]) -> Vec<(String, String)> {
        self.filled_by(None, filled)
    }

    /// Returns the form data of the submit button with this name and value.
    pub(crate) fn pressed_with(&self, name: &str, value: &str) -> Vec<(String, String)> {
        let mut pairs = self.fields.clone();
        pairs.push((name.to_owned(), value.to_owned()));
        pairs
    }

    /// Returns the form data of the named submit button, or of the first one without a name.
    pub(crate) fn filled_by(&self, button: Option<&str>, filled: &[(&str, &str)]) -> Vec<(String, String)> {
        let typed = |name: &str| filled.iter().find(|(field, _)| *field == name).map(|(_, value)| *value);
        let mut pairs: Vec<_> = self
            .fields
            .iter()
            .map(|(name, value)| (name.clone(), typed(name).unwrap_or(value).to_owned()))
            .collect();
        pairs.extend(self.unchecked.iter().filter(|(name, _)| typed(name).is_some()).cloned());
        let pressed = match button {
            Some(button) => self.buttons.iter().find(|(name, _)| name == button),
            None => self.buttons.first(),
        };
        pairs.extend(pressed.filter(|(name, _)| !name.is_empty()).cloned());
        pairs
    }
}

fn selector(text: &str) -> Option<Selector> {
    Selector::parse(text).ok()
}

fn elements<'a>(document: &'a Html, text: &str) -> impl Iterator<Item = ElementRef<'a>> {
    let found: Vec<_> = selector(text).iter().flat_map(|selector| document.select(selector)).collect();
    found.into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = r#"<!doctype html><html><body><h1>Sign in</h1><p role="alert">AADSTS50126: Error  validating</p>
        <form action="login?x=1" method="POST">
          <input type="hidden" name="ctx" value="c&amp;1"><input name="loginfmt" value=""><input type="password" name="passwd">
          <input type="checkbox" name="kmsi" value="yes"><button name="go" value="on">Next</button>
          <button type="submit" name="go" value="back">Back</button><button type="button" name="no">?</button>
        </form></body></html>"#;

    #[test]
    fn a_form_is_filled_and_its_first_button_pressed() {
        let url: Url = "http://127.0.0.1:8701/t/authorize?y=2".parse().expect("valid");
        let page = Page::read(&url, 200, PAGE);
        let form = page.form_with("passwd").expect("there is one");
        assert_eq!(form.action.as_str(), "http://127.0.0.1:8701/t/login?x=1");
        assert!(form.post);
        let sent = form.filled(&[("loginfmt", "owner@contoso.example"), ("passwd", "p"), ("absent", "z")]);
        let sent: Vec<_> = sent.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let owner = ("loginfmt", "owner@contoso.example");
        assert_eq!(sent, [("ctx", "c&1"), owner, ("passwd", "p"), ("go", "on")]);
        let checked = form.filled(&[("kmsi", "whatever")]);
        assert_eq!(
            checked.iter().find(|(name, _)| name == "kmsi"),
            Some(&("kmsi".to_owned(), "yes".to_owned()))
        );
        assert_eq!(page.aadsts(), Some(50126));
        assert!(page.text.starts_with("Sign in AADSTS50126: Error validating"), "{}", page.text);
    }
}
