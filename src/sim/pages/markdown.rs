//! Markdown as HTML for the pages.
//!
//! Invariant: raw HTML in the text is dropped, every other character is escaped, links go to web addresses only, and no
//! picture is fetched from anywhere.

use pulldown_cmark::{CodeBlockKind, Event, HeadingLevel, Options, Parser, Tag, TagEnd};

/// `text` as HTML.
#[must_use]
pub(super) fn markdown(text: &str) -> String {
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS;
    let mut out = String::with_capacity(text.len() * 2);
    let mut in_head = false;
    for event in Parser::new_ext(text, options) {
        match event {
            Event::Start(tag) => {
                in_head = matches!(tag, Tag::TableHead) || (in_head && !matches!(tag, Tag::TableRow));
                start(&mut out, &tag, in_head);
            }
            Event::End(tag) => end(&mut out, tag, in_head),
            Event::Text(text) => out.push_str(&escape(&text)),
            Event::Code(text) | Event::InlineMath(text) | Event::DisplayMath(text) => {
                out.push_str(&format!("<code>{}</code>", escape(&text)));
            }
            Event::Html(_) | Event::InlineHtml(_) => {}
            Event::FootnoteReference(name) => out.push_str(&format!("[{}]", escape(&name))),
            Event::SoftBreak => out.push('\n'),
            Event::HardBreak => out.push_str("<br>"),
            Event::Rule => out.push_str("<hr>"),
            Event::TaskListMarker(done) => out.push_str(if done { "&#9745; " } else { "&#9744; " }),
        }
    }
    out
}

/// `text` with what HTML would read as its own taken away.
#[must_use]
pub(super) fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}

fn start(out: &mut String, tag: &Tag<'_>, in_head: bool) {
    match tag {
        Tag::CodeBlock(kind) => {
            let language = match kind {
                CodeBlockKind::Fenced(language) => language.as_ref(),
                CodeBlockKind::Indented => "",
            };
            out.push_str(&format!("<pre title=\"{}\"><code>", escape(language)));
        }
        Tag::List(Some(first)) => out.push_str(&format!("<ol start={first}>")),
        Tag::Link { dest_url, .. } => {
            let to = if is_web(dest_url) { dest_url.as_ref() } else { "#" };
            out.push_str(&format!("<a rel=nofollow href=\"{}\">", escape(to)));
        }
        Tag::Image { dest_url, .. } => out.push_str(&format!("<i>[picture {}: ", escape(dest_url))),
        Tag::Table(_) => out.push_str("<table>"),
        Tag::Paragraph
        | Tag::Heading { .. }
        | Tag::BlockQuote(_)
        | Tag::HtmlBlock
        | Tag::List(None)
        | Tag::Item
        | Tag::FootnoteDefinition(_)
        | Tag::DefinitionList
        | Tag::DefinitionListTitle
        | Tag::DefinitionListDefinition
        | Tag::TableHead
        | Tag::TableRow
        | Tag::TableCell
        | Tag::Emphasis
        | Tag::Strong
        | Tag::Strikethrough
        | Tag::Superscript
        | Tag::Subscript
        | Tag::MetadataBlock(_) => {
            let name = element(tag.to_end(), in_head);
            if !name.is_empty() {
                out.push_str(&format!("<{name}>"));
            }
        }
    }
}

fn end(out: &mut String, tag: TagEnd, in_head: bool) {
    let name = element(tag, in_head);
    if tag == TagEnd::CodeBlock {
        out.push_str("</code></pre>");
    } else if tag == TagEnd::Image {
        out.push_str("]</i>");
    } else if !name.is_empty() {
        out.push_str(&format!("</{name}>"));
    }
}

/// The element of a tag; empty for what leaves no trace.
fn element(tag: TagEnd, in_head: bool) -> &'static str {
    match tag {
        TagEnd::Paragraph => "p",
        TagEnd::Heading(HeadingLevel::H1 | HeadingLevel::H2) => "h3",
        TagEnd::Heading(HeadingLevel::H3 | HeadingLevel::H4 | HeadingLevel::H5 | HeadingLevel::H6) => "h4",
        TagEnd::BlockQuote(_) => "blockquote",
        TagEnd::List(true) => "ol",
        TagEnd::List(false) => "ul",
        TagEnd::Item => "li",
        TagEnd::FootnoteDefinition => "small",
        TagEnd::DefinitionList => "dl",
        TagEnd::DefinitionListTitle => "dt",
        TagEnd::DefinitionListDefinition => "dd",
        TagEnd::Table => "table",
        TagEnd::TableHead | TagEnd::TableRow => "tr",
        TagEnd::TableCell => {
            if in_head {
                "th"
            } else {
                "td"
            }
        }
        TagEnd::Emphasis => "em",
        TagEnd::Strong => "strong",
        TagEnd::Strikethrough => "del",
        TagEnd::Superscript => "sup",
        TagEnd::Subscript => "sub",
        TagEnd::Link => "a",
        TagEnd::HtmlBlock | TagEnd::CodeBlock | TagEnd::Image | TagEnd::MetadataBlock(_) => "",
    }
}

fn is_web(address: &str) -> bool {
    ["http://", "https://", "#", "/"]
        .iter()
        .any(|begin| address.starts_with(begin))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn raw_html_scripts_and_pictures_are_gone() {
        let out = markdown(
            "<!-- secret -->\n<script>alert(1)</script>\n\n**bold** [x](javascript:alert(1)) <b onclick=x>y</b> ![p](http://e/p.png)\n\n`<i>`",
        );
        for bad in ["<script", "javascript:", "onclick", "secret", "<img", "<i>`"] {
            assert!(!out.contains(bad), "{bad} in {out}");
        }
        assert!(
            out.contains("<strong>bold</strong>") && out.contains("<code>&lt;i&gt;</code>"),
            "{out}"
        );
    }

    #[test]
    fn lists_tables_and_code_keep_their_shape() {
        let out = markdown("1. a\n2. b\n\n- [x] done\n\n| h |\n|---|\n| c |\n\n```rust\nfn f() {}\n```");
        for good in [
            "<ol start=1><li>a</li>",
            "&#9745; done",
            "<th>h</th>",
            "<td>c</td>",
            "<pre title=\"rust\"><code>fn f() {}",
        ] {
            assert!(out.contains(good), "{good} not in {out}");
        }
    }

    #[test]
    fn everything_else_is_escaped() {
        assert_eq!(escape("<a href='x\">&"), "&lt;a href=&#39;x&quot;&gt;&amp;");
    }
}
