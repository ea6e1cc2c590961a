//! The drawing of a timeline, as SVG. The page lists its marks, too.

use std::fmt::Write;

use outlive_clock::Instant;
use outlive_wire::counted;
use outlive_wire::timeline::Timeline;

use super::marks::{Mark, flag, lane_name};
use super::range::Range;
use crate::xml::escaped;

/// Where time begins and ends, in the drawing's units.
const LEFT: f64 = 168.0;
const RIGHT: f64 = 1_196.0;
const WIDTH: f64 = 1_210.0;
const TOP: f64 = 64.0;
const LANE: f64 = 50.0;
const FLOW: f64 = 42.0;
/// The least distance between two flags.
const FLAG: f64 = 200.0;
/// The width of a label of the axis.
const LABEL: f64 = 44.0;
/// The number of letters of a lane's name.
const NAME_LETTERS: usize = 21;
const CROSS: &str = "M-4 -4l8 8M4 -4l-8 8";

/// What is drawn.
pub(super) struct Picture<'a> {
    pub(super) timeline: &'a Timeline,
    pub(super) range: Range,
    pub(super) marks: &'a [Mark],
    pub(super) chosen: Option<&'a Mark>,
    /// The address of a mark; empty without links.
    pub(super) address: &'a dyn Fn(&Mark) -> String,
    /// Rules of style that the image contains, if it stands alone.
    pub(super) style: &'a str,
}

impl Picture<'_> {
    #[expect(clippy::cast_precision_loss, reason = "positions in a drawing")]
    fn x(&self, at: Instant) -> f64 {
        let (from, until) = (self.timeline.from, self.timeline.until);
        let at = at.max(from).min(until);
        LEFT + (RIGHT - LEFT) * (at - from).as_micros() as f64 / (until - from).as_micros().max(1) as f64
    }

    #[expect(clippy::cast_precision_loss, reason = "a few lanes")]
    fn y(&self, lane: usize) -> f64 {
        let lanes = self.timeline.lanes.len();
        TOP + LANE * lane.min(lanes) as f64 + FLOW * lane.saturating_sub(lanes) as f64
    }

    /// Draws it.
    pub(super) fn draw(&self) -> String {
        let all = self.timeline.lanes.len() + self.timeline.flows.len();
        let bottom = self.y(all);
        let mut svg = String::new();
        let name =
            format!("{} until {}", self.range.label(), self.timeline.until.strftime("%-d %b %Y %H:%M"));
        // An image that stands alone has a size.
        let size = match self.style {
            "" => String::new(),
            _ => format!(" width=\"{WIDTH}\" height=\"{:.0}\"", bottom + 4.0),
        };
        let _ = write!(
            svg,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"draw tl\" viewBox=\"0 0 {WIDTH} {:.0}\"{size} role=\"group\" \
             aria-labelledby=\"tl-t tl-d\">{}<title id=\"tl-t\">Timeline: {name}</title><desc id=\"tl-d\">{}</desc>",
            bottom + 4.0,
            self.style,
            escaped(&self.description()),
        );
        self.lanes(&mut svg);
        self.grid(&mut svg, bottom);
        self.grants(&mut svg);
        self.events(&mut svg, bottom);
        for mark in self.marks {
            self.mark(&mut svg, mark);
        }
        svg.push_str("</svg>");
        svg
    }

    /// What the drawing shows, in a sentence.
    fn description(&self) -> String {
        let lanes = self.timeline.lanes.iter().map(|lane| lane_name(lane).0);
        let flows = self.timeline.flows.iter().map(|flow| flow.display_name.clone());
        format!("Lanes: {}.", lanes.chain(flows).collect::<Vec<_>>().join("; "))
    }

    fn lanes(&self, svg: &mut String) {
        let lanes = self.timeline.lanes.iter().map(|lane| {
            let (name, role) = lane_name(lane);
            (name, role.to_owned())
        });
        let flows = self.timeline.flows.iter().map(|flow| {
            let what = if flow.bins.is_empty() { "each run" } else { "counted" };
            let about = if flow.is_estimate { "about " } else { "" };
            (flow.display_name.clone(), format!("{about}{}, {what}", counted(flow.total, "run")))
        });
        for (place, (name, role)) in lanes.chain(flows).enumerate() {
            let (y, odd) = (self.y(place), if place % 2 == 1 { " is-odd" } else { "" });
            let _ = write!(
                svg,
                "<rect class=\"t-lane{odd}\" x=\"0\" y=\"{y}\" width=\"{WIDTH}\" height=\"{}\"/>\
                 <text class=\"d-name\" x=\"10\" y=\"{}\">{}</text><text class=\"d-role\" x=\"10\" y=\"{}\">{}</text>",
                self.y(place + 1) - y,
                y + 20.0,
                escaped(&short(&name)),
                y + 36.0,
                escaped(&role)
            );
        }
    }

    fn grid(&self, svg: &mut String, bottom: f64) {
        let tick = self.range.tick().as_micros();
        let first = (self.timeline.from.as_micros() / tick + 1).saturating_mul(tick);
        let ticks = (0..).map(|step| Instant::from_micros(first.saturating_add(tick.saturating_mul(step))));
        for at in ticks.take_while(|at| *at < self.timeline.until) {
            let x = self.x(at);
            let _ = write!(svg, "<path class=\"t-grid\" d=\"M{x:.1} 58V{bottom:.0}\"/>");
            if x <= RIGHT - LABEL {
                let (x, label) = (x + 3.0, self.range.axis(at));
                let _ = write!(svg, "<text class=\"t-axis\" x=\"{x:.1}\" y=\"54\">{label}</text>");
            }
        }
    }

    fn grants(&self, svg: &mut String) {
        let end = self.timeline.now.min(self.timeline.until);
        for (place, lane) in self.timeline.lanes.iter().enumerate() {
            let y = self.y(place) + 20.0;
            for grant in &lane.grants {
                let (from, until) = (self.x(grant.from), self.x(grant.until.min(end)));
                if until > from {
                    let _ = write!(
                        svg,
                        "<g class=\"is-alive\"><path class=\"t-life\" d=\"M{from:.1} {y}H{until:.1}\"/></g>"
                    );
                }
                let access = grant.access_until.map(|access| self.x(access.min(end)));
                if let Some(access) = access.filter(|access| *access > from) {
                    let _ = write!(svg, "<path class=\"t-at\" d=\"M{from:.1} {}H{access:.1}\"/>", y + 14.0);
                }
            }
        }
    }

    fn events(&self, svg: &mut String, bottom: f64) {
        let mut taken = f64::MIN;
        for mark in self.marks.iter().filter(|mark| mark.lane.is_none()) {
            let x = self.x(mark.at);
            let is_row = mark.row.is_some();
            let soft = if is_row { "" } else { " is-soft" };
            let _ = write!(svg, "<path class=\"t-event{soft}\" d=\"M{x:.1} 30V{bottom:.0}\"/>");
            if !is_row || x - taken < FLAG {
                continue;
            }
            taken = x;
            let at = self.range.axis(mark.at);
            let words = format!("{at}: {}", flag(mark));
            let left = (x - 96.0).clamp(2.0, WIDTH - 194.0);
            let flag = format!(
                "<rect class=\"t-flag\" x=\"{left:.1}\" y=\"8\" width=\"192\" height=\"24\" rx=\"12\"/>\
                 <text class=\"t-flagtext\" x=\"{:.1}\" y=\"24\" text-anchor=\"middle\">{}</text>",
                left + 96.0,
                escaped(&words)
            );
            self.link(svg, mark, &format!("{words}: {}", mark.what), &flag);
        }
        let now = self.timeline.now;
        if now <= self.timeline.until {
            let x = self.x(now);
            let _ = write!(svg, "<path class=\"t-event is-soft\" d=\"M{x:.1} 58V{bottom:.0}\"/>");
        }
    }

    fn mark(&self, svg: &mut String, mark: &Mark) {
        let Some(lane) = mark.lane else { return };
        let is_run = lane >= self.timeline.lanes.len();
        let (x, y) = (self.x(mark.at), self.y(lane) + if is_run { 21.0 } else { 20.0 });
        let mut shape = format!("<g class=\"{}\">", mark.style);
        if let Some(until) = mark.until {
            shape.push_str(&self.bars(lane, mark.at, until, y));
        }
        // A stretch of success at the beginning needs no mark of its own.
        let is_quiet = mark.until.is_some() && mark.style == "is-alive" && self.is_first_of_lane(mark);
        if !is_quiet {
            let _ = write!(
                shape,
                "<circle class=\"t-hit\" cx=\"{x:.1}\" cy=\"{y}\" r=\"9\"/><circle class=\"t-dot\" cx=\"{x:.1}\" cy=\"{y}\" r=\"5.5\"/>"
            );
            if mark.style == "is-revoked" {
                let _ = write!(
                    shape,
                    "<path class=\"d-mark\" transform=\"translate({x:.1} {y}) scale(.55)\" d=\"{CROSS}\"/>"
                );
            }
        }
        shape.push_str("</g>");
        let label = format!("{}: {}: {}", self.range.axis(mark.at), mark.place, mark.what);
        self.link(svg, mark, &label, &shape);
    }

    fn is_first_of_lane(&self, mark: &Mark) -> bool {
        self.marks.iter().find(|other| other.lane == mark.lane).is_some_and(|first| first.id == mark.id)
    }

    /// A bar for each span in which runs of a stretch were counted.
    fn bars(&self, lane: usize, from: Instant, until: Instant, y: f64) -> String {
        let flow = &self.timeline.flows[lane - self.timeline.lanes.len()];
        let mut path = String::new();
        for bin in flow.bins.iter().filter(|bin| bin.until > from && bin.from <= until) {
            let (start, end) = (self.x(bin.from), self.x(bin.until));
            let gap = ((end - start) * 0.27).min(2.7);
            if end - gap > start {
                let _ = write!(path, "M{start:.1} {y}H{:.1}", end - gap);
            }
        }
        format!("<path class=\"t-bins\" d=\"{path}\"/>")
    }

    /// A link to what a mark means. Its label begins with the words that it shows, if any.
    fn link(&self, svg: &mut String, mark: &Mark, label: &str, shape: &str) {
        let label = escaped(label);
        let address = (self.address)(mark);
        if address.is_empty() {
            let _ = write!(svg, "<g><title>{label}</title>{shape}</g>");
            return;
        }
        let is_chosen = self.chosen.is_some_and(|chosen| chosen.id == mark.id);
        let chosen = if is_chosen { " class=\"is-chosen\" aria-current=\"true\"" } else { "" };
        let _ = write!(
            svg,
            "<a href=\"{}\"{chosen} aria-label=\"{label}\"><title>{label}</title>{shape}</a>",
            escaped(&address)
        );
    }
}

fn short(name: &str) -> String {
    if name.chars().count() <= NAME_LETTERS {
        return name.to_owned();
    }
    name.chars().take(NAME_LETTERS - 1).chain(['…']).collect()
}
