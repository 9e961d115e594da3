//! The standard library's text, which every program sees: the one list of its files.

macro_rules! library {
    ($($name:literal)*) => {
        /// Path and text of each file.
        pub const LIBRARY: &[(&str, &str)] = &[
            $((concat!("tenon/", $name, ".tn"), include_str!(concat!("../../../stdlib/tenon/", $name, ".tn"))),)*
        ];
    };
}

library! { "list" "number" "text" "time" }

#[cfg(test)]
mod tests {
    use super::LIBRARY;

    #[test]
    fn every_file_of_the_library_is_listed() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../stdlib/tenon");
        let mut files: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name.ends_with(".tn"))
            .map(|name| format!("tenon/{name}"))
            .collect();
        files.sort();
        let mut listed: Vec<String> = LIBRARY.iter().map(|(path, _)| path.to_string()).collect();
        listed.sort();
        assert_eq!(files, listed);
    }
}
