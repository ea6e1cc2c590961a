//! The results as a bar chart, in SVG.

use std::fmt::Write as _;

use crate::report::Row;

const WIDTH: f64 = 900.0;
const LEFT: f64 = 270.0;
const RIGHT: f64 = 190.0;
const ROW: f64 = 34.0;
const TOP: f64 = 66.0;
/// The longest bar, relative to the target; longer ones are cut off and marked.
const LONGEST: f64 = 2.5;

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// Draws each result relative to its target, and the floor in the same measure.
pub(crate) fn draw(title: &str, rows: &[Row]) -> String {
    let mut svg = String::new();
    let mut height = TOP;
    let scale = (WIDTH - LEFT - RIGHT) / LONGEST;
    let target = LEFT + scale;
    let mut bars = String::new();
    for row in rows {
        let (y, length) = (height, row.relative.min(LONGEST) * scale);
        let color = if row.is_met() { "#2f7d4f" } else { "#b3541e" };
        let _ = writeln!(
            bars,
            r##"<text x="{:.0}" y="{:.0}" text-anchor="end">{}</text><rect x="{LEFT}" y="{y:.0}" width="{length:.1}" height="16" fill="{color}"/>"##,
            LEFT - 10.0,
            y + 13.0,
            escape(&row.work)
        );
        if let Some(floor) = row.floor_relative {
            let _ = writeln!(
                bars,
                r##"<rect x="{LEFT}" y="{:.0}" width="{:.1}" height="5" fill="#888"/>"##,
                y + 18.0,
                floor.min(LONGEST) * scale
            );
        }
        let cut = if row.relative > LONGEST { "→ " } else { "" };
        let _ = writeln!(
            bars,
            r##"<text x="{:.0}" y="{:.0}">{cut}{}</text>"##,
            LEFT + length + 8.0,
            y + 13.0,
            escape(&row.result)
        );
        height += ROW;
    }
    let _ = writeln!(
        svg,
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {:.0}" role="img" font-family="sans-serif" font-size="12" fill="#222">
<title>{}</title>
<rect width="100%" height="100%" fill="#fff"/>
<text x="10" y="22" font-size="15">{}</text>
<text x="10" y="42" fill="#666">Bars: the result relative to its target; green if it is met. Gray: the floor.</text>
<line x1="{target:.1}" y1="{:.0}" x2="{target:.1}" y2="{height:.0}" stroke="#222" stroke-dasharray="4 3"/>
<text x="{target:.1}" y="{:.0}" text-anchor="middle">target</text>"##,
        height + 10.0,
        escape(title),
        escape(title),
        TOP - 6.0,
        TOP - 9.0
    );
    svg.push_str(&bars);
    svg.push_str("</svg>\n");
    svg
}
