//! Lines that are too long are broken at their outermost part.

use super::WIDTH;
use super::layout::Line;
use super::pieces::Pieces;
use crate::words::TokenKind as K;

/// Brackets that hold less are not worth lines of their own.
const WORTH: usize = 20;

/// Breaks each line that is too long at one more place. True if there was something to break.
pub(super) fn wrap(pieces: &mut Pieces, lines: &[Line]) -> bool {
    let mut changed = false;
    for line in lines.iter().filter(|line| line.width > WIDTH) {
        changed |= break_line(pieces, line);
    }
    changed
}

fn break_line(pieces: &mut Pieces, line: &Line) -> bool {
    break_header(pieces, line) || break_outermost(pieces, line)
}

/// A body on the line of its header is opened first; then the clauses of the header get lines.
fn break_header(pieces: &mut Pieces, line: &Line) -> bool {
    let Some(body) = pieces.body else { return false };
    if line.first > body || body > line.last {
        return false;
    }
    let close = pieces.list.get(body).and_then(|piece| piece.partner).unwrap_or(usize::MAX);
    if close <= line.last && pieces.open_block(body) {
        return true;
    }
    let clauses: Vec<usize> = (line.first + 1..body).filter(|index| begins_header_clause(pieces, *index)).collect();
    if clauses.is_empty() || pieces.list.get(body).is_some_and(|piece| piece.breaks) {
        return false;
    }
    for clause in clauses {
        pieces.set_break(Some(clause));
    }
    pieces.set_break(Some(body));
    pieces.open_block(body);
    true
}

fn begins_header_clause(pieces: &Pieces, index: usize) -> bool {
    let Some(piece) = pieces.list.get(index) else { return false };
    let function = matches!(
        pieces.kind(usize::from(pieces.kind(0) == Some(K::ItemPrivate))),
        Some(K::KwFn | K::ItemQuery | K::ItemHandler | K::ItemWorkflow | K::ItemPage)
    );
    function
        && piece.depth == 0
        && matches!(
            piece.token.kind,
            K::WordAt
                | K::WordPublic
                | K::WordLive
                | K::WordTrusted
                | K::WordBreaking
                | K::KwAs
                | K::WordStatus
                | K::WordRequires
                | K::WordEnsures
                | K::WordRate
                | K::PairOnceBy
                | K::PairUniqueBy
                | K::SoftWithin
        )
        && !matches!(
            pieces.kind(index - 1),
            Some(K::WordRequires | K::WordEnsures | K::KwAnd | K::KwOr | K::KwNot | K::KwImplies | K::Dot)
        )
}

fn break_outermost(pieces: &mut Pieces, line: &Line) -> bool {
    let inside = line.first + 1..=line.last;
    let depths = inside.clone().filter_map(|index| pieces.list.get(index)).map(|piece| piece.depth);
    let (Some(least), Some(most)) = (depths.clone().min(), depths.max()) else { return false };
    for depth in least..=most {
        let here: Vec<usize> = inside
            .clone()
            .filter(|index| pieces.list.get(*index).is_some_and(|piece| piece.depth == depth && !piece.breaks))
            .filter(|index| !in_text(pieces, *index))
            .collect();
        if break_clauses(pieces, line, &here) || break_cases(pieces, &here) || break_blocks(pieces, &here) {
            return true;
        }
        let widest = widest_list(pieces, line, &here);
        if widest.is_some_and(|(_, width)| width >= WORTH * 2) && widest.is_some_and(|(list, _)| pieces.open_list(list))
        {
            return true;
        }
        if break_logic(pieces, &here) {
            return true;
        }
        if widest.is_some_and(|(_, width)| width >= WORTH) && widest.is_some_and(|(list, _)| pieces.open_list(list)) {
            return true;
        }
    }
    false
}

/// Inside a text nothing is broken.
fn in_text(pieces: &Pieces, index: usize) -> bool {
    let mut at = pieces.list.get(index).and_then(|piece| piece.parent);
    while let Some(parent) = at {
        if pieces.kind(parent) == Some(K::TextHead) {
            return true;
        }
        at = pieces.list.get(parent).and_then(|piece| piece.parent);
    }
    false
}

fn break_clauses(pieces: &mut Pieces, line: &Line, here: &[usize]) -> bool {
    let from = (line.first..=line.last).find(|index| {
        pieces.kind(*index) == Some(K::SoftFrom)
            && here.first().is_some_and(|first| {
                pieces.list.get(*index).map(|piece| piece.depth) == pieces.list.get(*first).map(|piece| piece.depth)
            })
    });
    let Some(from) = from else { return false };
    let parent = pieces.list.get(from).and_then(|piece| piece.parent);
    let clauses: Vec<usize> = here
        .iter()
        .copied()
        .filter(|index| *index > from && pieces.begins_clause(*index))
        .filter(|index| pieces.list.get(*index).and_then(|piece| piece.parent) == parent)
        .collect();
    for clause in &clauses {
        pieces.set_break(Some(*clause));
    }
    !clauses.is_empty()
}

/// The cases of a variant type.
fn break_cases(pieces: &mut Pieces, here: &[usize]) -> bool {
    let in_type = pieces.list.iter().take(2).any(|piece| piece.token.kind == K::ItemType);
    let bars: Vec<usize> =
        here.iter().copied().filter(|index| in_type && pieces.kind(*index) == Some(K::Bar)).collect();
    for bar in &bars {
        pieces.set_break(Some(*bar));
    }
    !bars.is_empty()
}

fn break_blocks(pieces: &mut Pieces, here: &[usize]) -> bool {
    let mut changed = false;
    for index in here {
        if pieces.kind(*index) == Some(K::LBrace) {
            changed |= pieces.open_block(*index);
        }
    }
    changed
}

/// The widest list that begins on the line, and how wide it is there.
fn widest_list(pieces: &Pieces, line: &Line, here: &[usize]) -> Option<(usize, usize)> {
    here.iter()
        .copied()
        .filter(|index| matches!(pieces.kind(*index), Some(K::LParen | K::LBracket)))
        .filter(|index| pieces.list.get(index + 1).is_some_and(|first| !first.breaks))
        .map(|index| {
            let close = pieces.list.get(index).and_then(|piece| piece.partner).unwrap_or(line.last);
            let width = (index..=close.min(line.last))
                .filter_map(|at| pieces.list.get(at))
                .map(|piece| piece.text.chars().count() + 1)
                .sum();
            (index, width)
        })
        .max_by_key(|(_, width)| *width)
}

fn break_logic(pieces: &mut Pieces, here: &[usize]) -> bool {
    let operators: Vec<usize> = here
        .iter()
        .copied()
        .filter(|index| matches!(pieces.kind(*index), Some(K::KwAnd | K::KwOr | K::KwImplies)))
        .collect();
    for operator in &operators {
        pieces.set_break(Some(*operator));
    }
    !operators.is_empty()
}
