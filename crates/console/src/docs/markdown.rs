//! Markdown of our own documents as HTML that needs no inline style.

use std::collections::HashMap;

use pulldown_cmark::{Alignment, CowStr, Event, LinkType, Options, Parser, Tag, TagEnd, html::push_html};

/// Renders Markdown. `page_of` returns the address for a link to another file; a link without one
/// becomes plain text, as pictures do. Headings get the ids that GitHub gives them.
pub(super) fn html(text: &str, page_of: impl Fn(&str) -> Option<String>) -> String {
    let mut events = Vec::new();
    let mut slugs = HashMap::new();
    let mut heading = None;
    let mut has_link = true;
    let mut tables = 0;
    for event in Parser::new_ext(text, Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH) {
        match event {
            Event::Start(Tag::Heading { .. }) => {
                heading = Some((events.len(), String::new()));
                events.push(event);
            }
            Event::End(TagEnd::Heading(level)) => {
                if let Some((at, title)) = heading.take() {
                    let id = Some(unique(&mut slugs, slug(&title)).into());
                    events[at] = Event::Start(Tag::Heading { level, id, classes: vec![], attrs: vec![] });
                }
                events.push(event);
            }
            Event::Start(Tag::Link { link_type, dest_url, title, id }) => {
                let target = target(link_type, dest_url, &page_of);
                has_link = target.is_some();
                if let Some(dest_url) = target {
                    events.push(Event::Start(Tag::Link { link_type, dest_url, title, id }));
                }
            }
            Event::End(TagEnd::Link) if !has_link => has_link = true,
            Event::Start(Tag::Image { .. }) | Event::End(TagEnd::Image) => {}
            Event::Start(Tag::Table(columns)) => {
                tables += 1;
                events.push(Event::Html(
                    format!(
                        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Table {tables}\">"
                    )
                    .into(),
                ));
                // An alignment would be an inline style.
                events.push(Event::Start(Tag::Table(vec![Alignment::None; columns.len()])));
            }
            Event::End(TagEnd::Table) => events.extend([event, Event::Html("</div>".into())]),
            event => {
                if let (Some((_, title)), Event::Text(part) | Event::Code(part)) = (&mut heading, &event) {
                    title.push_str(part);
                }
                events.push(event);
            }
        }
    }
    let mut html = String::with_capacity(text.len() * 3 / 2);
    push_html(&mut html, events.into_iter());
    html
}

fn target<'a>(
    link_type: LinkType,
    link: CowStr<'a>,
    page_of: impl Fn(&str) -> Option<String>,
) -> Option<CowStr<'a>> {
    let is_elsewhere = link.starts_with("https://") || link_type == LinkType::Autolink;
    if link.starts_with('#') || is_elsewhere { Some(link) } else { page_of(&link).map(CowStr::from) }
}

/// The id of a heading: lowercase, a hyphen for each space, without other punctuation.
fn slug(title: &str) -> String {
    let kept = title.chars().filter(|one| one.is_alphanumeric() || matches!(one, ' ' | '-' | '_'));
    kept.map(|one| if one == ' ' { '-' } else { one }).flat_map(char::to_lowercase).collect()
}

/// The slug; with a number if it was there before.
fn unique(slugs: &mut HashMap<String, usize>, slug: String) -> String {
    let seen = slugs.entry(slug.clone()).or_default();
    *seen += 1;
    match *seen {
        1 => slug,
        more => format!("{slug}-{}", more - 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rendered(text: &str) -> String {
        html(text, |link| (link == "here.md").then(|| "/docs/here".to_owned()))
    }

    #[test]
    fn headings_get_the_ids_by_which_documents_link_to_them() {
        let text = "# The `hub`: what is kept?\n\n## Twice\n\n## Twice\n";
        let page = rendered(text);
        for id in ["the-hub-what-is-kept", "twice", "twice-1"] {
            assert!(page.contains(&format!("id=\"{id}\"")), "{id} in {page}");
        }
    }

    #[test]
    fn links_lead_to_pages_or_are_plain_text() {
        let page = rendered("[a](here.md) [b](there.md) [c](https://example.org/) [d](#e) ![picture](x.png)");
        assert_eq!(
            page,
            "<p><a href=\"/docs/here\">a</a> b <a href=\"https://example.org/\">c</a> <a href=\"#e\">d</a> picture</p>\n"
        );
    }

    #[test]
    fn tables_have_no_inline_style_and_can_be_scrolled_by_keyboard() {
        let page = rendered("| a | b |\n|--:|:-:|\n| 1 | 2 |\n");
        assert!(!page.contains("style"), "{page}");
        assert!(page.starts_with("<div class=\"scroll\" tabindex=\"0\""), "{page}");
    }
}
