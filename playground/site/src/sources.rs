//! The texts of the repository that the site is made of.

use std::path::Path;

/// A page as it is written: its file's name without `.md`, and its Markdown.
pub struct Text {
    /// The name, such as `04-types`.
    pub name: String,
    /// The Markdown.
    pub text: String,
}

/// Everything that is read; nothing else of the disk is looked at.
pub struct Sources {
    /// `spec/guide/*.md`, in the order of names.
    pub guide: Vec<Text>,
    /// `spec/*.md`, in the order of names.
    pub spec: Vec<Text>,
    /// The library: path as `tenon/text.tn`, and text.
    pub library: Vec<(String, String)>,
    /// The repository's README.
    pub readme: String,
    /// Style sheets and scripts: name in the site, and text.
    pub assets: Vec<(String, String)>,
}

/// Where each asset lies in the repository, and what it is called in the site.
const ASSETS: &[(&str, &str)] = &[
    ("playground/style/tokens.css", "tokens.css"),
    ("playground/site/assets/site.css", "site.css"),
    ("playground/site/assets/theme.js", "theme.js"),
    ("playground/site/assets/site.js", "site.js"),
    ("playground/site/assets/tenon.svg", "tenon.svg"),
];

impl Sources {
    /// Reads the repository at `root`.
    ///
    /// # Errors
    /// A text is not there or is not UTF-8.
    pub fn read(root: &Path) -> Result<Sources, String> {
        let library = files(&root.join("stdlib/tenon"), "tn")?
            .into_iter()
            .map(|text| (format!("tenon/{}.tn", text.name), text.text))
            .collect();
        let assets = ASSETS
            .iter()
            .map(|(path, name)| Ok(((*name).to_owned(), read(&root.join(path))?)))
            .collect::<Result<_, String>>()?;
        Ok(Sources {
            guide: files(&root.join("spec/guide"), "md")?,
            spec: files(&root.join("spec"), "md")?,
            library,
            readme: read(&root.join("README.md"))?,
            assets,
        })
    }
}

fn read(path: &Path) -> Result<String, String> {
    std::fs::read_to_string(path).map_err(|error| format!("`{}`: {error}", path.display()))
}

/// The files of a folder that end so, in the order of names.
fn files(folder: &Path, extension: &str) -> Result<Vec<Text>, String> {
    let told = |error: std::io::Error| format!("`{}`: {error}", folder.display());
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(told)? {
        let path = entry.map_err(told)?.path();
        if path.extension().is_some_and(|e| e == extension) {
            let name = path.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            found.push(Text { name, text: read(&path)? });
        }
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(found)
}
