//! What trees say: which form parentheses have, where documentation lands, how texts and numbers are kept.

use std::sync::Arc;
use tenon_syntax::ast::*;
use tenon_syntax::parse_item;

fn item(text: &str) -> Arc<Item> {
    let parsed = parse_item(text);
    assert_eq!(parsed.errors, vec![], "{text}");
    parsed.item.expect("an item without errors has a tree")
}

/// The expression of `const x = …`.
fn expr(text: &str) -> Expr {
    match &item(&format!("const x = {text}")).kind {
        ItemKind::Const(constant) => constant.value.clone(),
        other => panic!("{other:?}"),
    }
}

/// The statements of a function.
fn block(text: &str) -> Vec<Stmt> {
    match &item(&format!("fn f() {{\n{text}\n}}")).kind {
        ItemKind::Function(function) => function.body.stmts.clone(),
        other => panic!("{other:?}"),
    }
}

fn record(text: &str) -> Vec<RecordPart> {
    match expr(text).kind {
        ExprKind::Record(record) => record.parts,
        other => panic!("{text}: {other:?}"),
    }
}

#[test]
fn parentheses_are_told_apart() {
    assert!(matches!(expr("(1)").kind, ExprKind::Literal(Literal::Int(_))));
    assert!(matches!(expr("(from x in xs)").kind, ExprKind::Query(_)));
    assert_eq!(record("()").len(), 0);
    assert_eq!(record("(a,)").len(), 1);
    assert_eq!(record("(a: 1)").len(), 1);
    let parts = record("(..p, x: 1, q.y)");
    assert!(matches!(&parts[0], RecordPart::Spread(_)));
    assert!(matches!(&parts[1], RecordPart::Field { name: Some(name), .. } if name.as_str() == "x"));
    let RecordPart::Field { name: None, value } = &parts[2] else { panic!("{parts:?}") };
    assert_eq!(value.implied_name().map(Ident::as_str), Some("y"));
    match expr("(a, b) => a + b").kind {
        ExprKind::Lambda { params, .. } => assert_eq!(params.len(), 2),
        other => panic!("{other:?}"),
    }
    match expr("sum(o.paid per o where o.paid > 0)").kind {
        ExprKind::Call { args, .. } => {
            assert_eq!(args.list[0].per.as_ref().map(Ident::as_str), Some("o"));
            assert!(args.list[0].filter.is_some());
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn operators_bind_as_the_table_says() {
    let top = |text: &str| match expr(text).kind {
        ExprKind::Binary { op, .. } => op,
        other => panic!("{text}: {other:?}"),
    };
    assert_eq!(top("a or b and c"), BinaryOp::Or);
    assert_eq!(top("a and b implies c"), BinaryOp::Implies);
    assert_eq!(top("a + b * c"), BinaryOp::Add);
    assert_eq!(top("a - b - c"), BinaryOp::Sub);
    assert_eq!(top("a == b ?? c"), BinaryOp::Eq);
    assert_eq!(top("x in a..b + 1"), BinaryOp::In);
    assert_eq!(top("R as of t"), BinaryOp::AsOf);
    assert_eq!(top("a + -b"), BinaryOp::Add);
    match expr("a - b - c").kind {
        ExprKind::Binary { left, .. } => assert!(matches!(left.kind, ExprKind::Binary { .. })),
        other => panic!("{other:?}"),
    }
}

#[test]
fn expression_ids_are_dense_and_children_come_first() {
    let parsed = item("const x = f(a + 1, [b, c])[d]");
    let ItemKind::Const(constant) = &parsed.kind else { panic!() };
    assert_eq!(constant.value.id, ExprId(parsed.expr_count - 1));
    assert_eq!(parsed.expr_count, 10);
}

#[test]
fn texts_and_numbers_are_decoded() {
    let ExprKind::Text(text) = expr(r#""a\n{x} b \{c\}""#).kind else { panic!() };
    assert!(matches!(&text.parts[0], TextPart::Chars { text, .. } if text == "a\n"));
    assert!(matches!(&text.parts[1], TextPart::Hole(Expr { kind: ExprKind::Name(_), .. })));
    assert!(matches!(&text.parts[2], TextPart::Chars { text, .. } if text == " b {c}"));
    assert!(matches!(expr("1_000").kind, ExprKind::Literal(Literal::Int(n)) if n == "1000"));
    assert!(matches!(expr("1.5f").kind, ExprKind::Literal(Literal::Float(n)) if n == "1.5"));
    assert!(matches!(expr("12.50").kind, ExprKind::Literal(Literal::Decimal(n)) if n == "12.50"));
    assert!(matches!(expr("0x\"ff00\"").kind, ExprKind::Literal(Literal::Bytes(b)) if b == [0xff, 0]));
    assert!(matches!(expr("@2026-11-20").kind, ExprKind::Literal(Literal::Date(d)) if d == "2026-11-20"));
}

#[test]
fn block_texts_with_holes_keep_their_lines() {
    let statements = block("  \"\"\"\n  Dear {name},\n\n    bye {x}\n  \"\"\"");
    let StmtKind::Expr(Expr { kind: ExprKind::Text(text), .. }) = &statements[0].kind else { panic!() };
    let chars: Vec<_> = text
        .parts
        .iter()
        .filter_map(|part| match part {
            TextPart::Chars { text, .. } => Some(text.as_str()),
            TextPart::Hole(_) => None,
        })
        .collect();
    assert_eq!(chars, ["Dear ", ",\n\n  bye "]);
}

#[test]
fn documentation_lands_on_what_follows_it() {
    let doc = |doc: &Option<Doc>| doc.as_ref().map(|doc| doc.text.to_string());
    let relation =
        item("// a comment\n/// An order.\n/// Or two.\nrelation Order {\n  /// Its key.\n  key id: Id\n  n: Int\n}");
    assert_eq!(doc(&relation.doc).as_deref(), Some("An order.\nOr two."));
    let ItemKind::Relation(order) = &relation.kind else { panic!() };
    let fields: Vec<_> = order
        .members
        .iter()
        .map(|member| match member {
            Member::Field(field) => doc(&field.doc),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(fields, [Some("Its key.".to_string()), None]);
    let variants = item("type S =\n  /// First.\n  | A\n  | B(\n    /// A number.\n    n: Int\n  )");
    let ItemKind::Type(TypeDecl { body: TypeBody::Variants { cases, .. }, .. }) = &variants.kind else { panic!() };
    assert_eq!(doc(&cases[0].doc).as_deref(), Some("First."));
    let fields = cases[1].fields.as_ref().expect("B has fields");
    assert_eq!(doc(&fields.list[0].doc).as_deref(), Some("A number."));
}

#[test]
fn lines_end_where_the_law_says() {
    assert_eq!(block("  a\n  -b").len(), 2);
    assert_eq!(block("  a\n    - b").len(), 1);
    assert_eq!(block("  a\n  (b)").len(), 2);
    assert_eq!(block("  from x in xs\n  where x > 1\n  select x").len(), 1);
    assert_eq!(block("  let y = from x in xs\n  let z = 3").len(), 2);
    assert_eq!(block("  xs\n    .map(f)\n    .filter(g)").len(), 1);
    assert_eq!(block("  if a { b } else { c }\n  d; e").len(), 3);
}

#[test]
fn a_query_keeps_its_clauses_in_order() {
    let ExprKind::Query(query) =
        expr("(from c in C left join o in c.orders with n = 1 group by c select (c.x) limit 3)").kind
    else {
        panic!()
    };
    assert_eq!(query.var.as_str(), "c");
    assert_eq!(query.clauses.len(), 5);
    assert!(matches!(query.clauses[0].kind, QueryClauseKind::Join { kind: JoinKind::Left, .. }));
    assert!(matches!(query.clauses[4].kind, QueryClauseKind::Limit(_)));
}

#[test]
fn a_broken_line_leaves_the_others() {
    let parsed = parse_item("fn f() {\n  let a = 1\n  let b c d\n  a\n}");
    assert_eq!(parsed.errors.len(), 1);
    let item = parsed.item.expect("one line is broken, not the item");
    let ItemKind::Function(function) = &item.kind else { panic!() };
    assert_eq!(function.body.stmts.len(), 3);
    assert!(matches!(function.body.stmts[1].kind, StmtKind::Error));
}
