//! Tokens to a tree. Precedence, weakest first: `or`, `xor`, `and`, `not`, comparisons; depth is bounded.

use super::lexer::{split, Token};
use super::{Comparison, Function, Node};

/// Deepest nesting; an expression comes from a tenant and is evaluated by recursion.
const DEPTH_LIMIT: usize = 64;

pub fn parse(text: &str) -> Result<Node, String> {
    let tokens = split(text)?;
    if tokens.is_empty() {
        return Err("is empty".to_owned());
    }
    let mut parser = Parser { tokens: &tokens, at: 0, depth: 0 };
    let node = parser.either()?;
    match parser.peek() {
        None => Ok(node),
        Some((position, token)) => Err(format!("has an unexpected {} at character {position}", shown(token))),
    }
}

struct Parser<'t> {
    tokens: &'t [(usize, Token)],
    at: usize,
    depth: usize,
}

impl<'t> Parser<'t> {
    fn peek(&self) -> Option<&'t (usize, Token)> {
        self.tokens.get(self.at)
    }

    fn take_word(&mut self, word: &str) -> bool {
        let found = matches!(self.peek(), Some((_, Token::Word(known))) if known == word);
        self.at += usize::from(found);
        found
    }

    fn take_symbol(&mut self, symbol: &str) -> bool {
        let found = matches!(self.peek(), Some((_, Token::Symbol(known))) if *known == symbol);
        self.at += usize::from(found);
        found
    }

    fn either(&mut self) -> Result<Node, String> {
        self.depth += 1;
        if self.depth > DEPTH_LIMIT {
            return Err(format!("is nested deeper than {DEPTH_LIMIT} levels"));
        }
        let mut left = self.one_of()?;
        while self.take_word("or") || self.take_symbol("||") {
            left = Node::Either(Box::new(left), Box::new(self.one_of()?));
        }
        self.depth -= 1;
        Ok(left)
    }

    fn one_of(&mut self) -> Result<Node, String> {
        let mut left = self.both()?;
        while self.take_word("xor") {
            left = Node::OneOf(Box::new(left), Box::new(self.both()?));
        }
        Ok(left)
    }

    fn both(&mut self) -> Result<Node, String> {
        let mut left = self.negated()?;
        while self.take_word("and") || self.take_symbol("&&") {
            left = Node::Both(Box::new(left), Box::new(self.negated()?));
        }
        Ok(left)
    }

    fn negated(&mut self) -> Result<Node, String> {
        let mut negations = 0_usize;
        while self.take_word("not") || self.take_symbol("!") {
            negations += 1;
        }
        let node = self.compared()?;
        Ok(if negations % 2 == 1 { Node::Not(Box::new(node)) } else { node })
    }

    fn compared(&mut self) -> Result<Node, String> {
        let left = self.operand()?;
        match self.comparison() {
            None => Ok(left),
            Some(comparison) => Ok(Node::Compare(comparison, Box::new(left), Box::new(self.operand()?))),
        }
    }

    fn comparison(&mut self) -> Option<Comparison> {
        let start = self.at;
        let negated = self.take_symbol("!") || self.take_word("not");
        if let Some((_, Token::Word(word))) = self.peek() {
            let found = match (word.as_str(), negated) {
                ("like", false) => Some(Comparison::Like),
                ("like", true) => Some(Comparison::NotLike),
                ("in_cidr", false) => Some(Comparison::InCidr),
                ("in_cidr", true) => Some(Comparison::NotInCidr),
                _ => None,
            };
            if found.is_some() {
                self.at += 1;
                return found;
            }
        }
        self.at = start;
        let Some((_, Token::Symbol(symbol))) = self.peek() else { return None };
        let found = match *symbol {
            "=" | "==" => Comparison::Equal,
            "!=" | "<>" => Comparison::NotEqual,
            "<" => Comparison::Less,
            "<=" => Comparison::LessOrEqual,
            ">" => Comparison::Greater,
            ">=" => Comparison::GreaterOrEqual,
            _ => return None,
        };
        self.at += 1;
        Some(found)
    }

    fn operand(&mut self) -> Result<Node, String> {
        let Some((position, token)) = self.peek() else { return Err("ends where a value is missing".to_owned()) };
        self.at += 1;
        match token {
            Token::Name(name) => Ok(Node::Name(name.as_str().into())),
            Token::Text(text) => Ok(Node::Text(text.as_str().into())),
            Token::Number(number) => Ok(Node::Number(*number)),
            Token::Symbol("(") => {
                let node = self.either()?;
                if self.take_symbol(")") {
                    Ok(node)
                } else {
                    Err(format!("has a ( without ) at character {position}"))
                }
            }
            Token::Word(word) => match word.as_str() {
                "true" => Ok(Node::Boolean(true)),
                "false" => Ok(Node::Boolean(false)),
                "null" => Ok(Node::Null),
                _ => self.call(word, *position),
            },
            Token::Symbol(_) => Err(format!("has an unexpected {} at character {position}", shown(token))),
        }
    }

    fn call(&mut self, word: &str, position: usize) -> Result<Node, String> {
        let function = match word {
            "random" => Function::Random,
            "timestamp" => Function::Timestamp,
            "timeofday" => Function::TimeOfDay,
            _ => return Err(format!("has the unknown word {word:?} at character {position}; texts need quotes")),
        };
        if self.take_symbol("(") && self.take_symbol(")") {
            Ok(Node::Call(function))
        } else {
            Err(format!("must call {word} with () at character {position}"))
        }
    }
}

fn shown(token: &Token) -> String {
    match token {
        Token::Name(name) => format!("${name}"),
        Token::Word(word) => format!("{word:?}"),
        Token::Text(text) => format!("text {text:?}"),
        Token::Number(number) => format!("number {number}"),
        Token::Symbol(symbol) => format!("{symbol:?}"),
    }
}
