//! The pages of lessons: the list, each step, the teacher's page.

use askama::Template;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query as UrlQuery, State};
use axum::response::{IntoResponse, Response};
use http::HeaderMap;
use outlive_clock::{Instant, TenantId};
use outlive_wire::story::Story;

use super::content::LESSONS;
use super::observe::fact;
use super::plan::{Act, Lesson, Place, Source};
use super::state::{Query, address, lesson_of, predictions};
use crate::class::{LessonStep, report};
use crate::error::{ErrorPage, show as render};
use crate::frame::{Frame, Section};
use crate::number_words::{capital, number as in_words};
use crate::pages::{Choice, chosen};
use crate::state::Console;
use crate::story::{Part, Row, first_sentence, rows};
use crate::when::When;

#[derive(Template)]
#[template(path = "lessons.html")]
struct ListPage {
    frame: Frame,
    lessons: Vec<(usize, &'static Lesson)>,
}

#[derive(Template)]
#[template(path = "lesson_teacher.html")]
struct TeacherPage {
    frame: Frame,
    number: usize,
    lesson: &'static Lesson,
    answers: Vec<Answers>,
}

/// The answers of an act.
struct Answers {
    question: &'static str,
    rows: Vec<Answer>,
}

struct Answer {
    name: String,
    kind: &'static str,
    answer: String,
    source: String,
}

#[derive(Template)]
#[template(path = "lesson.html")]
struct LessonPage {
    frame: Frame,
    page: Step,
}

#[derive(Template)]
#[template(path = "lesson_present.html")]
struct PresentPage {
    frame: Frame,
    page: Step,
}

/// A step of a lesson.
struct Step {
    number: usize,
    lesson: &'static Lesson,
    steps: Vec<StepName>,
    step: usize,
    rules: String,
    body: Body,
    /// The address of this step in the other form: for the projector, or as a page.
    turned: String,
    previous: Option<String>,
    next: Option<String>,
}

struct StepName {
    number: usize,
    name: &'static str,
    address: Option<String>,
}

enum Body {
    Begin,
    Look(Vec<Row>),
    Predict {
        act: &'static Act,
        pairs: Vec<Vec<AskView>>,
        at: Instant,
    },
    /// The class waits for its teacher to reveal the answer.
    Wait(&'static Act),
    See {
        act: &'static Act,
        title: String,
        rows: Vec<SeenRow>,
        is_later: bool,
        now: When,
    },
    End(Vec<&'static Act>),
}

struct AskView {
    field: String,
    name: String,
    kind: &'static str,
    choices: Vec<(&'static str, String)>,
}

/// An answer beside the prediction and what the rules promise.
struct SeenRow {
    name: String,
    kind: &'static str,
    fact: String,
    style: &'static str,
    icon: String,
    badge: String,
    link: Option<String>,
    reason: Vec<Part>,
    /// Its first sentence.
    brief: Vec<Part>,
    expected: Option<String>,
    is_expected: bool,
    promise: String,
    source: String,
    /// Whether the promise is a cell of the table, which the reason names.
    is_cell: bool,
    keeps_promise: bool,
}

/// `GET /lessons`
pub(crate) async fn list(
    State(console): State<Console>,
    query: Result<UrlQuery<Query>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Response, ErrorPage> {
    let query = query.map(|UrlQuery(query)| query).unwrap_or_default();
    let (frame, _) = match frame_of(&console, &headers, query.tenant).await? {
        Ok(framed) => framed,
        Err(choose) => return Ok(choose),
    };
    let page = ListPage { frame, lessons: (1..).zip(&LESSONS).collect() };
    Ok(page.frame.respond(render(&page)))
}

/// `GET /lessons/{number}/teacher`
pub(crate) async fn teacher(
    State(console): State<Console>,
    Path(number): Path<String>,
    query: Result<UrlQuery<Query>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Response, ErrorPage> {
    let (number, lesson) = lesson_of(&number)?;
    let query = query.map(|UrlQuery(query)| query).unwrap_or_default();
    let (frame, _) = match frame_of(&console, &headers, query.tenant).await? {
        Ok(framed) => framed,
        Err(choose) => return Ok(choose),
    };
    let answers = lesson.acts.iter().map(|act| {
        let rows = act.asks.iter().map(|ask| {
            let (name, kind) = ask.subject.name();
            Answer { name, kind, answer: ask.subject.choice(ask.promise), source: ask.source.words(act) }
        });
        Answers { question: act.question, rows: rows.collect() }
    });
    let page = TeacherPage { answers: answers.collect(), frame, number, lesson };
    Ok(page.frame.respond(render(&page)))
}

/// `GET /lessons/{number}`: a step.
pub(crate) async fn show(
    State(console): State<Console>,
    Path(number): Path<String>,
    query: Result<UrlQuery<Query>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Response, ErrorPage> {
    let (number, lesson) = lesson_of(&number)?;
    let query = query.map(|UrlQuery(query)| query).unwrap_or_default();
    let has_tenant = query.tenant.is_some();
    let (frame, tenant) = match frame_of(&console, &headers, query.tenant.clone()).await? {
        Ok(framed) => framed,
        Err(choose) => return Ok(choose),
    };
    let step = match query.step {
        // Without a tenant of its own a lesson has not begun.
        Some(step) if has_tenant => step.clamp(1, lesson.steps()),
        _ => 1,
    };
    let is_present = query.present.is_some();
    let revealed = match has_tenant {
        true => report(&console, &headers, here(number, lesson, step, tenant, &query)).await,
        false => None,
    };
    let body = match lesson.place(step) {
        Place::See(act) if revealed.is_some_and(|revealed| usize::from(revealed) < step) => {
            Body::Wait(&lesson.acts[act])
        }
        Place::Begin => Body::Begin,
        Place::Look => Body::Look(rows(&console.lab.story(tenant).await?)),
        Place::Predict(act) => {
            let clock = console.lab.clock(tenant).await?;
            predict(&lesson.acts[act], clock.now)
        }
        Place::See(act) => {
            let (story, connections) =
                tokio::try_join!(console.lab.story(tenant), console.lab.connections(tenant))?;
            see(&lesson.acts[act], &story, &connections, &query)
        }
        Place::End => Body::End(lesson.acts.iter().collect()),
    };
    let steps = (1..).zip(lesson.step_names()).map(|(place, name)| StepName {
        number: place,
        name,
        address: (place < step).then(|| address(number, tenant, place, false)),
    });
    let at = |step: usize| address(number, tenant, step, is_present);
    let page = Step {
        steps: steps.collect(),
        previous: (step > 1).then(|| at(step - 1)),
        // What follows a prediction is behind its button.
        next: match body {
            Body::Look(_) | Body::See { .. } => Some(at(step + 1)),
            _ => None,
        },
        turned: turned(number, tenant, step, &query, has_tenant),
        rules: query.rules.clone().unwrap_or_default(),
        number,
        lesson,
        step,
        body,
    };
    if is_present {
        let page = PresentPage { frame, page };
        return Ok(page.frame.respond(render(&page)));
    }
    let page = LessonPage { frame, page };
    Ok(page.frame.respond(render(&page)))
}

/// Where a student is, for the teacher of the class.
fn here<'a>(
    number: usize,
    lesson: &'a Lesson,
    step: usize,
    tenant: TenantId,
    query: &Query,
) -> LessonStep<'a> {
    let expects = match lesson.place(step) {
        Place::See(act) => {
            let asks = lesson.acts[act].asks;
            let chosen = predictions(query.p.as_deref(), asks);
            let words = asks.iter().zip(chosen).filter_map(|(ask, id)| Some(ask.subject.choice(id?)));
            Some(words.collect::<Vec<_>>().join(", ")).filter(|words| !words.is_empty())
        }
        _ => None,
    };
    let last = lesson.step_names().get(step - 1).copied().unwrap_or_default();
    LessonStep { lesson: number, step, steps: lesson.steps(), tenant, expects, last }
}

async fn frame_of(
    console: &Console,
    headers: &HeaderMap,
    tenant: Option<String>,
) -> Result<Result<(Frame, TenantId), Response>, ErrorPage> {
    // A lesson that has not begun concerns no tenant: any will do for the frame.
    let tenant = match (tenant, console.tenant_hint) {
        (None, None) => console.lab.tenants().await?.first().map(|tenant| tenant.tenant_id.to_string()),
        (tenant, _) => tenant,
    };
    let tenant = match chosen(console, Choice { tenant }).await? {
        Ok(tenant) => tenant,
        Err(list) => return Ok(Err(list.into_response())),
    };
    Ok(Ok((Frame::read(console, headers, Section::Lessons, tenant).await?, tenant)))
}

fn turned(number: usize, tenant: TenantId, step: usize, query: &Query, has_tenant: bool) -> String {
    let is_present = query.present.is_some();
    if !has_tenant {
        return format!("/lessons/{number}{}", if is_present { "" } else { "?present" });
    }
    let mut other = address(number, tenant, step, !is_present);
    for (name, value) in [("p", &query.p), ("until", &query.until)] {
        if let Some(value) = value {
            let value: String = url::form_urlencoded::byte_serialize(value.as_bytes()).collect();
            other = format!("{other}&{name}={value}");
        }
    }
    other
}

fn predict(act: &'static Act, at: Instant) -> Body {
    let asks = act.asks.iter().enumerate().map(|(place, ask)| {
        let (name, kind) = ask.subject.name();
        let choices = ask.choices.iter().map(|choice| (*choice, ask.subject.choice(choice)));
        AskView { field: format!("p{place}"), name, kind, choices: choices.collect() }
    });
    let mut pairs: Vec<Vec<AskView>> = Vec::new();
    for ask in asks {
        match pairs.last_mut() {
            Some(pair) if pair.len() == 1 => pair.push(ask),
            _ => pairs.push(vec![ask]),
        }
    }
    Body::Predict { act, pairs, at }
}

fn see(act: &'static Act, story: &Story, connections: &outlive_wire::HeldConnections, query: &Query) -> Body {
    let predicted = predictions(query.p.as_deref(), act.asks);
    let rows = act.asks.iter().zip(predicted).map(|(ask, predicted)| {
        let fact = fact(ask.subject, story, connections);
        let (name, kind) = ask.subject.name();
        SeenRow {
            name,
            kind,
            style: fact.style,
            icon: fact.icon,
            badge: fact.badge,
            link: fact.link,
            brief: first_sentence(fact.reason.clone()),
            reason: fact.reason,
            expected: predicted.map(|id| ask.subject.choice(id)),
            is_expected: predicted.is_some_and(|id| id == fact.id),
            promise: ask.subject.choice(ask.promise),
            source: ask.source.words(act),
            is_cell: matches!(ask.source, Source::Cell(..)),
            keeps_promise: fact.id == ask.promise,
            fact: fact.id,
        }
    });
    let rows: Vec<_> = rows.collect();
    let until = query.until.as_deref().and_then(|until| until.parse::<Instant>().ok());
    // What happened since the act is no answer to its question.
    let is_later = until.is_none_or(|until| until < story.now);
    let title =
        if is_later { "Your tenant has gone on since this step".to_owned() } else { title(act, &rows) };
    Body::See { act, title, rows, is_later, now: When::of(story.now, story.now) }
}

/// How many were as expected, and the first that was not.
fn title(act: &Act, rows: &[SeenRow]) -> String {
    let outcome = |place: usize| {
        act.asks.get(place).map(|ask| ask.subject.outcome(&rows[place].fact)).unwrap_or_default()
    };
    if rows.iter().all(|row| row.expected.is_none()) {
        return outcome(0);
    }
    let all = rows.len();
    let expected = rows.iter().filter(|row| row.is_expected).count();
    let Some(surprise) = rows.iter().position(|row| !row.is_expected) else {
        return match all {
            1 => format!("As you expected. {}", outcome(0)),
            2 => "Both as you expected.".to_owned(),
            all => format!("All {} as you expected.", in_words(all)),
        };
    };
    match (expected, all) {
        (_, 1) => format!("Not what you expected. {}", outcome(0)),
        (0, 2) => format!("Neither as you expected. {}", outcome(surprise)),
        (0, all) => format!("None of {} as you expected. {}", in_words(all), outcome(surprise)),
        (expected, all) => {
            format!(
                "{} of {} as you expected. {}",
                capital(&in_words(expected)),
                in_words(all),
                outcome(surprise)
            )
        }
    }
}
