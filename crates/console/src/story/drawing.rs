//! The drawing of a story: who holds which credential, as SVG. The page says the same in text.

use std::fmt::Write;

use outlive_clock::Instant;
use outlive_wire::story::{CredentialKind, CredentialState, Holder, Story, StoryCredential, StoryFlow};

use super::headline::{FlowFate, fate_of};
use super::names::{class_name, fate, style_of};
use crate::when::When;
use crate::xml::escaped;

/// The number of connections that the drawing shows.
const COLUMNS_MAX: usize = 3;
/// The number of runs of a flow that it shows.
const RUNS_SHOWN: usize = 4;
/// About the width of a letter of a name, in the drawing's units.
const LETTER: f32 = 7.4;

const CHECK: &str = "M-5 .5l3.400 3.400L5 -4";
const CROSS: &str = "M-4 -4l8 8M4 -4l-8 8";
const GLASS: &str =
    "M-4 -5h8M-4 5h8M-3 -5c0 3.500 6 3.500 6 5s-6 1.500-6 5M3 -5c0 3.500-6 3.500-6 5s6 1.500 6 5";

/// A connection with what it holds, and the flow that uses it.
struct Column<'a> {
    name: &'a str,
    credentials: Vec<&'a StoryCredential>,
    flow: Option<&'a StoryFlow>,
}

/// What both forms of the drawing show.
struct Picture<'a> {
    story: &'a Story,
    columns: Vec<Column<'a>>,
    cookie: Option<&'a StoryCredential>,
    application: Option<(&'a str, Vec<&'a StoryCredential>)>,
}

/// The drawing for wide pages.
pub(crate) fn wide(story: &Story) -> String {
    Picture::of(story).wide()
}

/// The drawing for wide pages, as an image that stands alone.
pub(crate) fn image(story: &Story) -> String {
    let drawing = wide(story);
    let (tag, rest) = drawing.split_once('>').unwrap_or_default();
    let tag =
        tag.replacen("<svg", "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"602\" height=\"448\"", 1);
    format!("{tag}><style>{}</style>{rest}", include_str!("../../assets/drawing.css"))
}

/// The drawing for narrow pages.
pub(crate) fn tall(story: &Story) -> String {
    Picture::of(story).tall()
}

/// What the drawing shows, in sentences, for people who do not see it.
pub(crate) fn description(story: &Story) -> String {
    let picture = Picture::of(story);
    let mut words = String::new();
    for column in &picture.columns {
        for one in &column.credentials {
            let _ = write!(
                words,
                "{}, {}: {}. ",
                column.name,
                super::names::kind_name(one.kind),
                fate(one, story.now)
            );
        }
        if let Some(flow) = column.flow {
            let _ = write!(words, "{}: {}. ", flow.flow.display_name, status(flow, story).1);
        }
    }
    words
}

impl<'a> Picture<'a> {
    fn of(story: &'a Story) -> Self {
        let mut columns: Vec<(&str, Column<'_>)> = Vec::new();
        for one in &story.credentials {
            let Holder::Connection { id, display_name, .. } = &one.holder else { continue };
            match columns.iter_mut().find(|(known, _)| known == id) {
                Some((_, column)) => column.credentials.push(one),
                None => {
                    let flow = story.flows.iter().find(|flow| flow.connection.as_ref() == Some(id));
                    columns.push((id, Column { name: display_name, credentials: vec![one], flow }));
                }
            }
        }
        let first = story.credentials.iter().find_map(|one| match &one.holder {
            Holder::Application { client_id, name } => Some((client_id, name.as_str())),
            _ => None,
        });
        let of_application = |client: &String| {
            let held = story.credentials.iter().filter(
                |one| matches!(&one.holder, Holder::Application { client_id, .. } if client_id == client),
            );
            held.collect()
        };
        Self {
            story,
            columns: columns.into_iter().map(|(_, column)| column).take(COLUMNS_MAX).collect(),
            cookie: story.credentials.iter().find(|one| one.kind == CredentialKind::SessionCookie),
            application: first.map(|(client, name)| (name, of_application(client))),
        }
    }

    fn event_words(&self) -> Option<String> {
        let event = self.story.latest.as_ref()?;
        let at = When::of(event.at, self.story.now).shown;
        Some(format!("{at}, row “{}”", event.title))
    }

    fn wide(&self) -> String {
        let mut svg = Svg { now: self.story.now, ..Svg::default() };
        svg.open(602, 448, "wide", &description(self.story));
        svg.rect("d-box", (0, 0, 146, 82));
        svg.text_within("d-name", (12, 21), 124, "Owner’s browser");
        match self.cookie {
            Some(cookie) => svg.chip((8, 32, 130), cookie),
            None => svg.text("d-role", (12, 46), "not signed in"),
        }
        svg.rect("d-box", (168, 0, 432, 82));
        svg.text("d-name", (180, 21), "Identity provider");
        svg.text("d-role", (180, 38), "At each refresh it checks how the token was obtained, and");
        svg.text("d-role", (180, 54), "whether the client has a secret. A stored password it never sees.");
        if let Some(words) = self.event_words() {
            svg.text("d-fate is-revoked", (180, 72), &fit(&words, 410));
        }
        svg.way("is-idle", "M146 41H160", (167, 41), 0);
        svg.rect("d-box", (0, 130, 146, 176));
        let (name, held) = self
            .application
            .as_ref()
            .map_or(("No application", &[][..]), |(name, held)| (*name, held.as_slice()));
        svg.text("d-name", (12, 151), &fit(name, 126));
        svg.text("d-role", (12, 168), held.first().map_or("no one signed in", |one| class_name(one)));
        let style = held.first().map_or("is-idle", |one| style_of(one.state));
        svg.way(style, "M186 82V106H73V122", (73, 130), 90);
        svg.text("d-label", (82, 101), "code + PKCE");
        for (place, one) in held.iter().take(2).enumerate() {
            svg.chip((8, 204 + 50 * i32::try_from(place).unwrap_or(0), 130), one);
        }
        let token = held.iter().find(|one| one.kind == CredentialKind::AccessToken);
        svg.way(token.map_or("is-idle", |one| style_of(one.state)), "M44 306V346", (44, 354), 90);
        svg.text("d-label", (53, 334), "access token");
        svg.rect("d-box", (168, 130, 432, 176));
        svg.text("d-name", (180, 151), "Hub: keeps what each connection stores");
        self.wide_columns(&mut svg);
        svg.rect("d-box", (0, 354, 146, 92));
        svg.text("d-name", (12, 375), "Orders API");
        svg.text("d-role", (12, 392), "checks the expiry,");
        svg.text("d-role", (12, 408), "or the password");
        svg.close()
    }

    fn wide_columns(&self, svg: &mut Svg) {
        let count = i32::try_from(self.columns.len().max(1)).unwrap_or(1);
        let (width, flow_width) = ((418 - 5 * (count - 1)) / count, (432 - 12 * (count - 1)) / count);
        for (place, column) in (0..).zip(&self.columns) {
            let x = 175 + place * (width + 5);
            let style = column.credentials.first().map_or("is-idle", |one| style_of(one.state));
            let class = column.credentials.first().map_or("", |one| class_name(one));
            let middle = x + 68;
            svg.rect("d-sub", (x, 160, width, 132));
            svg.text("d-name", (x + 9, 178), &fit(column.name, width - 16));
            svg.text("d-role", (x + 9, 194), class);
            for (row, one) in (0..).zip(column.credentials.iter().take(2)) {
                svg.chip((x + 6, 202 + 46 * row, width - 12), one);
            }
            if class.ends_with("client") {
                svg.way(style, &format!("M{middle} 82V122"), (middle, 130), 90);
                let label = if class.starts_with("conf") { "client secret" } else { "code + PKCE" };
                svg.text("d-label", (middle + 9, 110), label);
            } else {
                svg.text("d-label", (middle - 20, 110), "no token");
            }
            let flow_x = 168 + place * (flow_width + 12);
            let flow_middle = (flow_x + 68).min(flow_x + flow_width / 2);
            if let Some(flow) = column.flow {
                let (style, _) = status(flow, self.story);
                svg.way(style, &format!("M{flow_middle} 354V314"), (flow_middle, 307), -90);
                // Once is enough: the lines are close to each other.
                if place == 0 {
                    svg.text("d-label", (flow_middle + 9, 334), "caller token");
                }
                svg.rect("d-box", (flow_x, 354, flow_width, 92));
                svg.text("d-name", (flow_x + 12, 375), &fit(&flow.flow.display_name, flow_width - 20));
                svg.runs((flow_x + 6, 385, flow_width - 12), flow, self.story);
            }
            // To the API: each line at a height and in a lane of its own.
            let (height, lane, end) = (294 + 4 * place, 154 + 5 * place, 372 + 18 * place);
            let last = column.credentials.last().map_or("is-idle", |one| style_of(one.state));
            let path = format!("M{middle} 292V{height}H{lane}V{end}H153");
            svg.way(last, &path, (147, end), 180);
        }
    }

    fn tall(&self) -> String {
        let mut svg = Svg { now: self.story.now, ..Svg::default() };
        let count = i32::try_from(self.columns.len()).unwrap_or(0);
        let hub = 40 + 160 * count.max(1);
        let flows = 132 + hub;
        let height = flows + 78 * count.max(1) + 6;
        svg.open(346, height.max(520), "tall", &description(self.story));
        svg.rect("d-box", (0, 0, 344, 86));
        svg.text("d-name", (12, 21), "Identity provider");
        svg.text("d-role", (12, 38), "At each refresh it checks how the token");
        svg.text("d-role", (12, 54), "was obtained, and whether the client has");
        svg.text("d-role", (12, 70), "a secret. A stored password it never sees.");
        svg.way("is-idle", "M82 86V104", (82, 112), 90);
        svg.rect("d-box", (0, 112, 164, 82));
        svg.text("d-name", (12, 133), "Owner’s browser");
        match self.cookie {
            Some(cookie) => svg.chip((8, 144, 148), cookie),
            None => svg.text("d-role", (12, 158), "not signed in"),
        }
        svg.rect("d-box", (0, 214, 164, 156));
        let (name, held) = self
            .application
            .as_ref()
            .map_or(("No application", &[][..]), |(name, held)| (*name, held.as_slice()));
        svg.text("d-name", (12, 235), &fit(name, 144));
        svg.text("d-role", (12, 252), held.first().map_or("no one signed in", |one| class_name(one)));
        for (row, one) in (0..).zip(held.iter().take(2)) {
            svg.chip((8, 262 + 53 * row, 148), one);
        }
        let token = held.iter().find(|one| one.kind == CredentialKind::AccessToken);
        svg.way(token.map_or("is-idle", |one| style_of(one.state)), "M82 370V382", (82, 390), 90);
        svg.rect("d-box", (0, 390, 164, 104));
        svg.text("d-name", (12, 411), "Orders API");
        svg.text("d-role", (12, 428), "checks an access token’s");
        svg.text("d-role", (12, 444), "expiry, or the password");
        svg.way("is-idle", "M262 86V104", (262, 112), 90);
        svg.rect("d-box", (180, 112, 164, hub));
        svg.text("d-name", (192, 133), "Hub");
        for (place, column) in (0..).zip(&self.columns) {
            let y = 142 + 160 * place;
            svg.rect("d-sub", (187, y, 150, 150));
            svg.text("d-name", (196, y + 19), &fit(column.name, 134));
            svg.text("d-role", (196, y + 36), column.credentials.first().map_or("", |one| class_name(one)));
            for (row, one) in (0..).zip(column.credentials.iter().take(2)) {
                svg.chip((194, y + 46 + 51 * row, 136), one);
            }
            if let Some(flow) = column.flow {
                let y = flows + 78 * place;
                svg.rect("d-box", (0, y, 344, 70));
                svg.text("d-name", (12, y + 21), &fit(&flow.flow.display_name, 144));
                svg.text("d-role", (12, y + 38), &fit(column.name, 144));
                svg.runs((166, y + 9, 170), flow, self.story);
            }
        }
        svg.way("is-idle", &format!("M262 {}V{}", flows, 120 + hub), (262, 113 + hub), -90);
        svg.close()
    }
}

/// The style and the words for what a flow does.
fn status(flow: &StoryFlow, story: &Story) -> (&'static str, &'static str) {
    let runs = &flow.flow.runs;
    match (flow.flow.state.as_str(), fate_of(flow, story), first_failure(flow)) {
        ("Started", _, Some(_)) => ("is-revoked", "Fails"),
        ("Started", FlowFate::Succeeds, None) => ("is-alive", "Succeeds"),
        ("Started", _, None) if runs.is_empty() => ("is-idle", "Not run yet"),
        ("Started", _, None) => ("is-alive", "Not run since"),
        _ => ("is-expired", "Turned off"),
    }
}

/// When the flow failed first, of its runs without a success since.
fn first_failure(flow: &StoryFlow) -> Option<Instant> {
    flow.flow.runs.iter().take_while(|run| run.status == "Failed").last().map(|run| run.started)
}

/// Shortens a name to a width, in the drawing's units.
fn fit(name: &str, width: i32) -> String {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "a few dozen letters"
    )]
    let letters = (width as f32 / LETTER) as usize;
    if name.chars().count() <= letters {
        return name.to_owned();
    }
    let mut short: String = name.chars().take(letters.saturating_sub(1)).collect();
    short.push('…');
    short
}

/// The width of "since 21:53" beside "Fails", in every font.
const SINCE_WIDTH: i32 = 60;

/// An SVG image under construction.
struct Svg {
    text: String,
    now: Instant,
}

impl Default for Svg {
    fn default() -> Self {
        Self { text: String::new(), now: Instant::EPOCH }
    }
}

impl Svg {
    fn add(&mut self, part: std::fmt::Arguments<'_>) {
        // Writing to a string does not fail.
        let _ = self.text.write_fmt(part);
    }

    fn open(&mut self, width: i32, height: i32, id: &str, description: &str) {
        self.add(format_args!(
            "<svg class=\"draw\" viewBox=\"-1 -1 {width} {height}\" role=\"img\" aria-labelledby=\"d-{id}-t d-{id}-d\">\
             <title id=\"d-{id}-t\">Who holds which credential</title><desc id=\"d-{id}-d\">{}</desc>",
            escaped(description)
        ));
    }

    fn rect(&mut self, class: &str, (x, y, width, height): (i32, i32, i32, i32)) {
        let radius = if class == "d-sub" { 8 } else { 10 };
        self.add(format_args!(
            "<rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"{radius}\"/>"
        ));
    }

    fn text(&mut self, class: &str, (x, y): (i32, i32), words: &str) {
        self.add(format_args!("<text class=\"{class}\" x=\"{x}\" y=\"{y}\">{}</text>", escaped(words)));
    }

    /// A text that does not reach the mark behind it, in the widest font.
    fn text_before_mark(&mut self, at: (i32, i32), width: i32, words: &str) {
        if fit(words, width) == words {
            self.text("d-fate", at, words);
        } else {
            self.text_within("d-fate", at, width, words);
        }
    }

    /// A text of that width in every font, where a wide font would leave its box.
    fn text_within(&mut self, class: &str, (x, y): (i32, i32), width: i32, words: &str) {
        self.add(format_args!(
            "<text class=\"{class}\" x=\"{x}\" y=\"{y}\" textLength=\"{width}\" \
             lengthAdjust=\"spacingAndGlyphs\">{}</text>",
            escaped(words)
        ));
    }

    /// A line with an arrow at its end, turned by `turn` degrees.
    fn way(&mut self, style: &str, path: &str, (x, y): (i32, i32), turn: i32) {
        self.add(format_args!(
            "<g class=\"{style}\"><path class=\"d-way\" d=\"{path}\"/><path class=\"d-tip\" \
             transform=\"translate({x} {y}) rotate({turn})\" d=\"M0 0l-8-4v8z\"/></g>"
        ));
    }

    fn mark(&mut self, state: CredentialState, x: i32, y: i32) {
        let path = match state {
            CredentialState::Alive | CredentialState::Fading => CHECK,
            CredentialState::Revoked => CROSS,
            CredentialState::Expired | CredentialState::Absent => GLASS,
        };
        self.add(format_args!("<path class=\"d-mark\" transform=\"translate({x} {y})\" d=\"{path}\"/>"));
    }

    /// A credential.
    fn chip(&mut self, (x, y, width): (i32, i32, i32), one: &StoryCredential) {
        let name = match one.kind {
            CredentialKind::Password => "Password",
            CredentialKind::Key => "Key",
            kind => super::names::kind_name(kind),
        };
        let fate = fate(one, self.now);
        self.add(format_args!(
            "<g class=\"{}\"><rect class=\"d-chip\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"41\" rx=\"7\"/>",
            style_of(one.state)
        ));
        self.text("d-token", (x + 10, y + 17), name);
        self.text_before_mark((x + 10, y + 32), width - 36, &fate);
        self.mark(one.state, x + width - 14, y + 27);
        self.add(format_args!("</g>"));
    }

    /// The latest runs of a flow, the oldest first.
    fn runs(&mut self, (x, y, width): (i32, i32, i32), flow: &StoryFlow, story: &Story) {
        let (style, words) = status(flow, story);
        self.add(format_args!(
            "<g class=\"{style}\"><rect class=\"d-chip\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"52\" rx=\"7\"/>"
        ));
        self.text("d-token d-plain", (x + 10, y + 18), words);
        self.add(format_args!("</g>"));
        if let Some(first) = first_failure(flow).filter(|_| style == "is-revoked") {
            self.add(format_args!(
                "<text class=\"d-fate\" x=\"{}\" y=\"{}\" text-anchor=\"end\" textLength=\"{SINCE_WIDTH}\" \
                 lengthAdjust=\"spacingAndGlyphs\">since {}</text>",
                x + width - 10,
                y + 18,
                When::of(first, self.now).short
            ));
        }
        let mut shown: Vec<_> = flow.flow.runs.iter().take(RUNS_SHOWN).collect();
        shown.reverse();
        for (place, run) in (0..).zip(&shown) {
            let state = match run.status.as_str() {
                "Succeeded" => CredentialState::Alive,
                "Failed" | "TimedOut" => CredentialState::Revoked,
                _ => CredentialState::Absent,
            };
            self.add(format_args!("<g class=\"{}\">", style_of(state)));
            self.mark(state, x + 16 + 17 * place, y + 38);
            self.add(format_args!("</g>"));
        }
        let good = shown.iter().filter(|run| run.status == "Succeeded").count();
        if !shown.is_empty() {
            self.add(format_args!(
                "<text class=\"d-fate\" x=\"{}\" y=\"{}\" text-anchor=\"end\">{good} of {}</text>",
                x + width - 10,
                y + 42,
                shown.len()
            ));
        }
    }

    fn close(mut self) -> String {
        self.text.push_str("</svg>");
        self.text
    }
}
