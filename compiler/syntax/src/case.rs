//! Names turned from one case into the other.

/// `order_line` as `OrderLine`.
pub fn upper_camel(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    let mut start = true;
    for letter in name.chars() {
        if letter == '_' {
            start = true;
        } else if start {
            out.extend(letter.to_uppercase());
            start = false;
        } else {
            out.push(letter);
        }
    }
    out
}

/// `OrderLine` as `order_line`. Capitals in a row are one word: `HTTPPort` is `http_port`, `MAX_SIZE` is `max_size`.
pub fn lower_snake(name: &str) -> String {
    let mut out = String::with_capacity(name.len() + 4);
    let mut before: Option<char> = None;
    let mut letters = name.chars().peekable();
    while let Some(letter) = letters.next() {
        let begins_word = letter.is_uppercase()
            && before.is_some_and(|before| {
                before != '_' && (!before.is_uppercase() || letters.peek().is_some_and(|next| next.is_lowercase()))
            });
        if begins_word {
            out.push('_');
        }
        out.extend(letter.to_lowercase());
        before = Some(letter);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cases_are_turned() {
        assert_eq!(upper_camel("order_line"), "OrderLine");
        assert_eq!(lower_snake("OrderLine"), "order_line");
        assert_eq!(lower_snake("HTTPPort"), "http_port");
        assert_eq!(lower_snake("userID"), "user_id");
        assert_eq!(lower_snake("MAX_SIZE"), "max_size");
        assert_eq!(lower_snake("Size_Of"), "size_of");
        assert_eq!(lower_snake("Utf8Text"), "utf8_text");
        assert_eq!(lower_snake("ID"), "id");
    }
}
