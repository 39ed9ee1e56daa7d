//! The page: everything above put into one template, which fetches nothing and runs no script.

use anyhow::{Context, Result};
use minijinja::value::Value;
use minijinja::{AutoEscape, Environment, context};

use super::read::RunFiles;
use super::svg::{count, operations, percent, short};
use super::{ModelResult, Report, boxes, corpus, curves, experts, figure, samples};
use crate::progress::duration;

/// A page of this template in the report's style. Everything is escaped but the drawings made here.
pub(crate) fn render(template: &str, values: Value) -> Result<String> {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    let page = [("style", include_str!("style.css")), ("page", template)]
        .into_iter()
        .try_for_each(|(name, text)| environment.add_template(name, text))
        .and_then(|()| environment.get_template("page")?.render(values));
    page.context("the template of a page")
}

/// The report's page as HTML.
pub(super) fn page(files: &RunFiles, report: &Report) -> Result<String> {
    let values = context! {
        preset => report.preset.as_str(),
        seed => report.seed.to_string(),
        version => files.record.version.as_str(),
        recipe => files.record.recipe,
        time => duration(report.seconds),
        memory => report.peak_rss_mb.map(|mb| format!("{} MB", short(mb.round()))),
        figure => drawing(figure::svg(files)),
        models => report.models.iter().map(model).collect::<Vec<_>>(),
        parts => by_part(report),
        panels => panels(files),
        corpora => corpus::tables(files),
        experts => heat(files),
        samples => samples::choose(&files.answers).into_iter().map(shown).collect::<Vec<_>>(),
        stages => files.stages.iter().map(|stage| stage_row(files, stage.name)).collect::<Vec<_>>(),
        settings => files.preset.as_str(),
    };
    render(include_str!("template.html"), values)
}

/// SVG as it stands.
pub(crate) fn drawing(svg: String) -> Value {
    Value::from_safe_string(svg)
}

fn model((name, result): &(String, ModelResult)) -> Value {
    let [low, high] = result.ci95;
    context! {
        name,
        pass => percent(result.pass_at_1),
        interval => format!("{:.1}–{:.1}", 100.0 * low, 100.0 * high),
        drawing => drawing(interval(result)),
        format => percent(result.format),
        language => percent(result.language),
        tokens => short(result.tokens_mean),
        params => count(result.params),
        active => count(result.active_params),
        measured => format!("{} problems × {} samples", result.problems, result.samples),
    }
}

/// A point on a line from 0 to 100 %, with its interval.
fn interval(result: &ModelResult) -> String {
    let x = |share: f64| 6.0 + 188.0 * share.clamp(0.0, 1.0);
    let ([low, high], at) = (result.ci95.map(x), x(result.pass_at_1));
    format!(
        "<svg class=\"interval\" viewBox=\"0 0 200 18\" aria-hidden=\"true\"><path class=\"track\" \
         d=\"M6 9H194\"/><path class=\"range\" d=\"M{low:.1} 9H{high:.1}\"/><circle class=\"at\" \
         cx=\"{at:.1}\" cy=\"9\" r=\"4.5\"/></svg>"
    )
}

/// Accuracy per task family, language and model, where it was measured.
fn by_part(report: &Report) -> Value {
    let mut parts: Vec<(&str, &str)> = Vec::new();
    for of in ["by_family", "by_language"] {
        let known = report
            .models
            .iter()
            .filter_map(|(_, result)| result.more.get(of)?.as_object());
        let mut names: Vec<&str> = known
            .flat_map(|shares| shares.keys())
            .map(String::as_str)
            .collect();
        names.sort_unstable();
        names.dedup();
        parts.extend(names.into_iter().map(|name| (of, name)));
    }
    let cell = |result: &ModelResult, (of, name): (&str, &str)| match result
        .more
        .get(of)
        .and_then(|shares| shares.get(name)?.as_f64())
    {
        Some(share) => context! {
            text => percent(share),
            strength => format!("{:.0}%", share.clamp(0.0, 1.0) * 55.0),
        },
        None => context! { text => "–", strength => "0%" },
    };
    let rows: Vec<Value> = report
        .models
        .iter()
        .map(|(model, result)| {
            let cells: Vec<Value> = parts.iter().map(|&part| cell(result, part)).collect();
            context! { name => model.as_str(), cells }
        })
        .collect();
    let names: Vec<String> = parts.iter().map(|(_, name)| name.to_string()).collect();
    context! { names, rows }
}

fn panels(files: &RunFiles) -> Vec<Value> {
    curves::panels(files)
        .into_iter()
        .map(|panel| {
            let charts: Vec<Value> = panel
                .charts
                .into_iter()
                .map(|chart| {
                    let legend = chart.legend.iter();
                    let legend: Vec<Value> =
                        legend.map(|(name, colour)| context! { name => &**name, colour => *colour }).collect();
                    context! { title => chart.title, legend, svg => drawing(chart.svg) }
                })
                .collect();
            let square = boxes::square(files, panel.stage);
            context! { stage => panel.stage, title => square.title, about => square.subtitle, charts }
        })
        .collect()
}

fn heat(files: &RunFiles) -> Vec<Value> {
    files
        .stages
        .iter()
        .filter_map(|stage| {
            let maps = experts::maps(stage.experts.as_ref()?);
            let maps: Vec<Value> = maps
                .into_iter()
                .map(|(layer, svg)| context! { layer, svg => drawing(svg) })
                .collect();
            Some(context! { stage => stage.name, maps })
        })
        .collect()
}

fn shown(shown: samples::Shown) -> Value {
    let answers: Vec<Value> = shown
        .answers
        .into_iter()
        .map(|answer| {
            context! {
                model => answer.model,
                verdict => answer.verdict,
                rule => answer.rule,
                reasoning => answer.reasoning,
                rest => answer.rest,
            }
        })
        .collect();
    context! { question => shown.question, gold => shown.gold, answers }
}

fn stage_row(files: &RunFiles, name: &str) -> Value {
    let square = boxes::square(files, name);
    let found = files.stage(name);
    let manifest = found.and_then(|stage| stage.manifest.as_ref());
    let settings = manifest.map(|m| serde_json::to_string_pretty(&m.settings).unwrap_or_default());
    context! {
        name,
        about => square.subtitle,
        numbers => square.numbers.join(", "),
        time => square.time,
        memory => manifest.and_then(|m| m.peak_rss_mb).map(|mb| format!("{} MB", short(mb.round()))),
        compute => found.and_then(|stage| stage.flops).map(operations),
        size => manifest.map(|m| count(m.files.values().map(|file| file.bytes).sum())),
        identity => manifest.map(|m| m.identity.chars().take(12).collect::<String>()),
        settings,
    }
}
