//! The state of a lesson, which is its URL: tenant, step and predictions.

use outlive_clock::TenantId;
use serde::Deserialize;

use super::content::LESSONS;
use super::plan::{Ask, Lesson};
use crate::error::ErrorPage;

/// The query of a page of a lesson.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Query {
    pub(crate) tenant: Option<String>,
    pub(crate) step: Option<usize>,
    /// The predictions of the act, in the order of its questions, separated by commas.
    pub(crate) p: Option<String>,
    /// The virtual time at which the act ended.
    pub(crate) until: Option<String>,
    /// The rules of the tenant to create.
    pub(crate) rules: Option<String>,
    pub(crate) present: Option<String>,
}

/// Returns the lesson with the number in a path.
pub(crate) fn lesson_of(number: &str) -> Result<(usize, &'static Lesson), ErrorPage> {
    let found = number.parse::<usize>().ok().and_then(|number| Some((number, number.checked_sub(1)?)));
    let lesson = found.and_then(|(number, place)| Some((number, LESSONS.get(place)?)));
    lesson.ok_or_else(|| ErrorPage {
        status: 404,
        what: "There is no such lesson".to_owned(),
        why: format!("the lessons have the numbers 1 to {}", LESSONS.len()),
        remedy: "The page Lessons lists them.",
    })
}

/// The predictions of an act: for each question a choice, if one was made.
pub(crate) fn predictions(text: Option<&str>, asks: &[Ask]) -> Vec<Option<&'static str>> {
    let mut given = text.unwrap_or_default().split(',');
    let chosen = asks.iter().map(|ask| {
        let id = given.next().unwrap_or_default();
        ask.choices.iter().copied().find(|choice| *choice == id)
    });
    chosen.collect()
}

/// The address of a step.
pub(crate) fn address(number: usize, tenant: TenantId, step: usize, is_present: bool) -> String {
    let present = if is_present { "&present" } else { "" };
    format!("/lessons/{number}?tenant={tenant}&step={step}{present}")
}
