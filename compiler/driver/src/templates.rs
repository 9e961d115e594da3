//! The programs that `tenon new` begins with: whole, small, commented. The files are those under `templates/`.

/// A program to begin with.
pub struct Template {
    /// What `--template` takes.
    pub name: &'static str,
    /// What it shows, in one line.
    pub about: &'static str,
    /// Path, with `/`, and text of each file. `{{name}}` in a text stands for the program's name.
    pub files: &'static [(&'static str, &'static str)],
}

macro_rules! templates {
    ($($name:literal $about:literal [$($file:literal)*])*) => {
        /// All templates; the first is the one that nobody asked for.
        pub const TEMPLATES: &[Template] = &[
            $(Template {
                name: $name,
                about: $about,
                files: &[$(($file, include_str!(concat!("../templates/", $name, "/", $file))),)*],
            },)*
        ];
    };
}

templates! {
    "service" "short links that count their visits: one file, the whole way from data to tests"
        ["README.md" "main.tn"]
    "todo" "projects and tasks: references, variants, transitions, nested answers, sample data"
        ["README.md" "main.tn" "samples/projects.csv" "samples/tasks.csv" "scenarios.tn" "tasks.tn"]
    "analytics" "five years of a shop's sales: groups, windows and nested queries over real rows"
        [
            "README.md" "main.tn" "sales.tn" "samples/README.md" "samples/customers.csv" "samples/invoices.csv"
            "samples/lines.csv" "scenarios.tn"
        ]
}

impl Template {
    /// All files of a program of this name: path, with `/`, and text.
    pub fn program(&self, name: &str) -> Vec<(&'static str, String)> {
        let own = self.files.iter().map(|(path, text)| (*path, text.replace("{{name}}", name)));
        [("tenon.toml", format!("name = \"{name}\"\n")), (".gitignore", "/data/\n".to_owned())]
            .into_iter()
            .chain(own)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::TEMPLATES;
    use std::path::Path;

    fn collect(root: &Path, folder: &Path, found: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                collect(root, &path, found);
            } else {
                found.push(path.strip_prefix(root).unwrap().to_str().unwrap().to_owned());
            }
        }
    }

    #[test]
    fn every_file_of_a_template_is_listed() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates");
        let mut files = Vec::new();
        collect(&folder, &folder, &mut files);
        files.sort();
        let mut listed: Vec<String> = TEMPLATES
            .iter()
            .flat_map(|template| template.files.iter().map(|(path, _)| format!("{}/{path}", template.name)))
            .collect();
        listed.sort();
        assert_eq!(files, listed);
    }
}
