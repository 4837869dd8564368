//! An expression's text as tokens, each with its position.

/// One token; names are without `$` and braces.
#[derive(Debug, Clone, PartialEq)]
pub enum Token {
    Name(String),
    Word(String),
    Text(String),
    Number(f64),
    Symbol(&'static str),
}

/// Longest first, so that `<=` is not read as `<` and `=`.
const SYMBOLS: [&str; 14] = ["<>", "<=", ">=", "==", "!=", "&&", "||", "=", "<", ">", "!", "(", ")", ","];

/// Tokens with the character position, from 1, at which each begins.
pub fn split(text: &str) -> Result<Vec<(usize, Token)>, String> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let position = text.chars().count() - rest.chars().count() + 1;
        let (token, behind) = match first {
            _ if first.is_whitespace() => {
                rest = rest.trim_start();
                continue;
            }
            '$' => name(rest, position)?,
            '\'' | '"' => quoted(rest, first, position)?,
            _ if first.is_ascii_digit() || (first == '-' && starts_number(rest)) => number(rest, position)?,
            _ if first.is_ascii_alphabetic() || first == '_' => word(rest),
            _ => symbol(rest).ok_or_else(|| format!("has an unexpected {first:?} at character {position}"))?,
        };
        tokens.push((position, token));
        rest = behind;
    }
    Ok(tokens)
}

fn starts_number(rest: &str) -> bool {
    rest.chars().nth(1).is_some_and(|second| second.is_ascii_digit())
}

fn word_end(text: &str) -> usize {
    text.find(|one: char| !one.is_ascii_alphanumeric() && one != '_').unwrap_or(text.len())
}

/// `$name` or `${name}`.
fn name(rest: &str, position: usize) -> Result<(Token, &str), String> {
    let behind = rest.strip_prefix('$').unwrap_or(rest);
    let (inner, braced) = match behind.strip_prefix('{') {
        Some(inner) => (inner, true),
        None => (behind, false),
    };
    let (found, after) = inner.split_at(word_end(inner));
    if found.is_empty() {
        return Err(format!("has a $ without a name at character {position}"));
    }
    let after = match (braced, after.strip_prefix('}')) {
        (true, None) => return Err(format!("has a ${{ without }} at character {position}")),
        (true, Some(after)) => after,
        (false, _) => after,
    };
    Ok((Token::Name(found.to_owned()), after))
}

fn quoted(rest: &str, quote: char, position: usize) -> Result<(Token, &str), String> {
    let inner = rest.get(1..).unwrap_or_default();
    match inner.split_once(quote) {
        Some((found, after)) => Ok((Token::Text(found.to_owned()), after)),
        None => Err(format!("has a text without its closing {quote} at character {position}")),
    }
}

fn number(rest: &str, position: usize) -> Result<(Token, &str), String> {
    let digits = |text: &str| text.find(|one: char| !one.is_ascii_digit() && one != '.').unwrap_or(text.len());
    let sign = usize::from(rest.starts_with('-'));
    let end = sign + digits(rest.get(sign..).unwrap_or_default());
    let (found, after) = rest.split_at(end);
    if after.starts_with(|one: char| one.is_ascii_alphabetic() || one == '_') {
        return Err(format!("has letters right after a number at character {position}"));
    }
    let parsed = found.parse().map_err(|_| format!("has {found:?} at character {position}, which is not a number"))?;
    Ok((Token::Number(parsed), after))
}

fn word(rest: &str) -> (Token, &str) {
    let (found, after) = rest.split_at(word_end(rest));
    (Token::Word(found.to_ascii_lowercase()), after)
}

fn symbol(rest: &str) -> Option<(Token, &str)> {
    SYMBOLS.iter().find_map(|symbol| rest.strip_prefix(symbol).map(|after| (Token::Symbol(symbol), after)))
}
