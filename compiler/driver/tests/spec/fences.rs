//! The fences of a page.

/// A fenced block.
pub struct Fence {
    /// What stands behind the opening quotes.
    pub words: String,
    /// Its lines, each with its end.
    pub text: String,
    /// The line of its opening, from 1.
    pub line: usize,
}

/// All fences of a page; one that is not closed is a fault of the page.
pub fn fences(page: &str) -> Vec<Fence> {
    let mut found = Vec::new();
    let mut open: Option<Fence> = None;
    for (index, line) in page.lines().enumerate() {
        match (&mut open, line.strip_prefix("```")) {
            (None, Some(words)) => {
                open = Some(Fence { words: words.trim().to_owned(), text: String::new(), line: index + 1 });
            }
            (Some(_), Some("")) => found.extend(open.take()),
            (Some(fence), _) => {
                fence.text.push_str(line);
                fence.text.push('\n');
            }
            (None, None) => {}
        }
    }
    if let Some(fence) = open {
        panic!("the fence in line {} is not closed", fence.line);
    }
    found
}
