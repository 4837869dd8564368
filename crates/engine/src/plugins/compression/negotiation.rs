//! `Accept-Encoding` (RFC 9110 section 12.5.3): which coding a caller likes best of those on offer.

use isthmus_plan::plugin::Algorithm;

/// None when the body is to stay as it is. Weights count in thousandths; among equals the first on offer wins.
pub fn choose(accepted: &[u8], offered: &[Algorithm]) -> Option<Algorithm> {
    let text = std::str::from_utf8(accepted).unwrap_or_default();
    let weights: Vec<(&str, u16)> = text.split(',').filter_map(weight).collect();
    let of = |name: &str| weights.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, weight)| *weight);
    let any = of("*");
    let weight = |algorithm: Algorithm| {
        let old = (algorithm == Algorithm::Gzip).then(|| of("x-gzip")).flatten();
        of(algorithm.name()).or(old).or(any).unwrap_or(0)
    };
    let plain = of("identity").unwrap_or(0);
    let mut best: Option<(Algorithm, u16)> = None;
    for algorithm in offered.iter().copied() {
        let own = weight(algorithm);
        if own > 0 && own >= plain && best.is_none_or(|(_, known)| own > known) {
            best = Some((algorithm, own));
        }
    }
    best.map(|(algorithm, _)| algorithm)
}

/// A weight that cannot be read counts as 0: better too long an answer than one that nobody can read.
fn weight(part: &str) -> Option<(&str, u16)> {
    let mut pieces = part.split(';');
    let name = pieces.next()?.trim();
    let given = pieces.find_map(|piece| {
        let (key, value) = piece.split_once('=')?;
        key.trim().eq_ignore_ascii_case("q").then(|| value.trim().parse::<f32>().unwrap_or(0.0))
    });
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // 0 to 1000.
    let thousandths = (given.unwrap_or(1.0).clamp(0.0, 1.0) * 1000.0) as u16;
    (!name.is_empty()).then_some((name, thousandths))
}

#[cfg(test)]
mod tests {
    use super::*;
    use Algorithm::{Br, Gzip, Zstd};

    #[test]
    fn the_heaviest_wins_and_among_equals_the_first_on_offer() {
        for (accepted, expected) in [
            ("", None),
            ("gzip", Some(Gzip)),
            ("GZIP, deflate", Some(Gzip)),
            ("x-gzip", Some(Gzip)),
            ("gzip, br, zstd", Some(Br)),
            ("gzip;q=1.0, br;q=0.9", Some(Gzip)),
            ("br;q=0, gzip;q=0.001", Some(Gzip)),
            ("*", Some(Br)),
            ("*;q=0.5, br;q=0", Some(Zstd)),
            ("*;q=0", None),
            ("gzip;q=0", None),
            ("identity, gzip;q=0.5", None),
            ("identity;q=0.5, gzip;q=0.5", Some(Gzip)),
            ("identity;q=0", None),
            ("gzip;q=x", None),
            ("gzip;q=NaN", None),
            ("gzip ; q=0.8", Some(Gzip)),
            ("deflate", None),
            ("\u{e9}", None),
        ] {
            assert_eq!(choose(accepted.as_bytes(), &[Br, Zstd, Gzip]), expected, "{accepted}");
        }
        assert_eq!(choose(b"gzip, br", &[Gzip, Br]), Some(Gzip));
        assert_eq!(choose(b"br", &[Gzip]), None);
    }
}
