//! The matrix as a page of its own, which needs no network: one table, and why behind every cell.

use super::{Cell, Matrix};

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:75rem;padding:0 1rem;color:#1b1b1b;\
background:#fff}table{border-collapse:collapse;width:100%}th,td{border:1px solid #bbb;padding:.4rem .6rem;text-align:left;\
vertical-align:top}thead th{background:#f2f2f2}.alive{background:#e4f3e4}.revoked{background:#fbe4e1}.differs{outline:3px solid \
#a80000;outline-offset:-3px}summary{cursor:pointer}details p{margin:.4rem 0 0;font-size:.9rem}.way{color:#555;font-size:.85rem;\
font-weight:normal}@media (prefers-color-scheme:dark){body{background:#1b1b1b;color:#eee}thead th{background:#333}.alive{background\
:#1d3a1d}.revoked{background:#4a201b}.way{color:#bbb}}";

impl Matrix {
    /// A whole page: no script, nothing fetched.
    #[must_use]
    pub fn html(&self) -> String {
        let mut page = format!(
            "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
             content=\"width=device-width\"><title>Revocation, edition {edition}</title><style>{STYLE}</style></head><body>\n\
             <h1>What ends which credential</h1>\n<p>Edition {edition} of the published table, every cell brought about and \
             compared. {summary}</p>\n<table><thead><tr><th scope=\"col\">Event</th>",
            edition = escaped(&self.edition),
            summary = escaped(self.summary().lines().next().unwrap_or_default()),
        );
        for cell in self.rows.iter().take(1).flat_map(|row| &row.cells) {
            page.push_str(&format!("<th scope=\"col\">{}</th>", escaped(cell.title())));
        }
        page.push_str("</tr></thead><tbody>\n");
        for row in &self.rows {
            page.push_str(&format!(
                "<tr><th scope=\"row\">{}<br><span class=\"way\">by {}</span></th>",
                escaped(&row.title),
                escaped(&row.way)
            ));
            row.cells.iter().for_each(|cell| page.push_str(&told(cell)));
            page.push_str("</tr>\n");
        }
        page.push_str("</tbody></table>\n</body></html>\n");
        page
    }
}

fn told(cell: &Cell) -> String {
    let differs = if cell.agrees { "" } else { " differs" };
    let code = cell.code.as_ref().map(|code| format!(" ({code})")).unwrap_or_default();
    let page = if cell.agrees {
        String::new()
    } else {
        format!("<strong>The page says {}.</strong> ", escaped(&cell.expected))
    };
    format!(
        "<td class=\"{observed}{differs}\"><details><summary>{observed}{code}</summary><p>{page}{why}</p></details></td>",
        observed = escaped(&cell.observed),
        code = escaped(&code),
        why = escaped(&cell.why)
    )
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
