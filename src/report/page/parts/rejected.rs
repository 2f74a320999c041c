//! What was rejected and why, and what people decided.

use crate::measure::Class;
use crate::report::columns::PARTICLES;
use crate::report::page::survey::{DECISIONS_LISTED, Decided, RuleCount, Survey};
use crate::report::page::table::{Cell, table};
use crate::report::page::text::{UNKNOWN, count, escape, name};
use crate::statistics::Population;
use crate::visible::visible;

/// Tables of the rules, of the classes, and of the decisions.
pub fn html(survey: &Survey, population: &Population) -> String {
    let mut html = String::from(
        "<p>The program traces every closed outline that could be a vesicle and then rejects most of them, many of them \
         rings in the grain of the film. Each has a row with its reason in <code>particles.csv</code>.</p>",
    );
    let found = survey.rules();
    if found.is_empty() {
        html += "<p>No candidate was rejected.</p>";
    } else {
        html += &(rules(&found) + &classes(population));
    }
    html + &decisions(survey)
}

fn rules(rules: &[RuleCount]) -> String {
    let rows: Vec<Vec<Cell>> = rules
        .iter()
        .map(|RuleCount { rule, count: n }| {
            let (rule, meaning) = rule.as_ref().map_or_else(
                || ("a person's decision".to_owned(), ""),
                |rule| {
                    let meaning = PARTICLES.iter().find(|c| c.name == rule.column).map_or("", |c| c.meaning);
                    (format!("{} {} {}", rule.column, rule.comparison, rule.threshold), meaning)
                },
            );
            vec![Cell::Text(rule), Cell::Number(count(*n)), Cell::Text(meaning.into())]
        })
        .collect();
    let headings = [("Rule", false), ("Rejected", true), ("What it looks at", false)];
    table("Rejected candidates by the first rule that they failed", &headings, &rows)
}

fn classes(population: &Population) -> String {
    let sums = Class::ALL.iter().zip(population.rejected).map(|(class, n)| (class.name().replace('_', " "), n));
    let rows: Vec<Vec<Cell>> =
        sums.filter(|(_, n)| *n > 0).map(|(class, n)| vec![Cell::Text(class), Cell::Number(count(n))]).collect();
    table("Rejected candidates by what they look like", &[("Class", false), ("Rejected", true)], &rows)
}

fn decisions(survey: &Survey) -> String {
    if survey.decided.is_empty() {
        return "<h3>Decisions by people</h3><p>None: all verdicts on this page are the program's.</p>".into();
    }
    let rest = if survey.decided_count > DECISIONS_LISTED {
        format!(" The first {DECISIONS_LISTED} are listed; all are in <code>particles.csv</code>.")
    } else {
        String::new()
    };
    let rows: Vec<Vec<Cell>> = survey.decided.iter().map(row).collect();
    let headings = [
        ("Particle", false),
        ("Machine", false),
        ("Person", false),
        ("Reason", false),
        ("By", false),
        ("When (UTC)", false),
    ];
    format!(
        "<h3>Decisions by people</h3><p>People decided about {} particles; their decisions count in every figure of this \
         page, and the machine's verdicts are kept beside them.{rest}</p>{}",
        count(survey.decided_count),
        table("Verdicts of the machine and of people", &headings, &rows)
    )
}

fn row(decided: &Decided) -> Vec<Cell> {
    let words = |status: &str, class: &str| format!("{status}, {}", class.replace('_', " "));
    let machine = decided.machine.as_ref();
    let machine = machine.map_or_else(|| "not found".into(), |v| words(v.status.name(), v.class.name()));
    let decision = &decided.decision;
    let mut person = words(decided.status.name(), decided.class);
    if decision.outline.is_some() {
        person += ", outline redrawn";
    }
    vec![
        Cell::Html(format!(
            "{}·{} <small>{}</small>",
            decided.image_number,
            decision.particle_id,
            name(&decision.image)
        )),
        Cell::Text(machine),
        Cell::Text(person),
        Cell::Text(decision.reason.as_deref().map_or_else(|| UNKNOWN.into(), visible)),
        Cell::Html(name(&decision.by)),
        Cell::Html(escape(&visible(&decision.utc))),
    ]
}
