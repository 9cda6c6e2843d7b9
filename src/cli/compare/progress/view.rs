//! The live view of all runs in a terminal.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::symbols::Marker;
use ratatui::text::Line;
use ratatui::widgets::{
    Axis, Block, Chart, Dataset, Gauge, GraphType, LineGauge, Paragraph, Row, Table,
};

use super::state::{Cell, State, TaskShown};

/// Maximum number of active runs to display, one line each.
const RUNNING: usize = 4;

/// Width of a task's column of scores.
const SCORE: u16 = 15;

/// The height of the view, in lines.
pub(super) fn height(state: &State, at_once: usize, screen: u16) -> u16 {
    let lines = state.rows.len().clamp(6, 14) + 3 + at_once.min(RUNNING) + 1;
    (lines as u16).min(screen.saturating_sub(2))
}

/// Draws the state of all runs.
pub(super) fn draw(frame: &mut Frame<'_>, state: &State, has_colors: bool) {
    let going = state.running.len().min(RUNNING) as u16;
    let rows = [Constraint::Min(3), Constraint::Length(going), Constraint::Length(1)];
    let [top, middle, bottom] = Layout::vertical(rows).areas(frame.area());
    let name_width = state.rows.iter().map(String::len).max().unwrap_or(0) as u16 + 2;
    let wanted = name_width + SCORE * state.tasks.len() as u16 + 2;
    let columns = [Constraint::Max(wanted.min(top.width * 3 / 5)), Constraint::Min(20)];
    let [left, right] = Layout::horizontal(columns).areas(top);
    scores(frame, left, state, name_width, has_colors);
    if let Some(task) = state.tasks.get(state.current) {
        curves(frame, right, task, has_colors);
    }
    for (run, place) in state.running.iter().take(RUNNING).zip(middle.rows()) {
        let label = format!("{:<44.44} {:<18.18}", run.name, run.says);
        let gauge = LineGauge::default()
            .ratio(run.done.clamp(0.0, 1.0))
            .label(label)
            .filled_symbol("━")
            .unfilled_symbol("┈")
            .filled_style(style(2, has_colors));
        frame.render_widget(gauge, place);
    }
    let runs = state.standing();
    match &state.measures {
        Some(measures) => {
            frame.render_widget(Paragraph::new(format!("{runs}; measuring {measures}")), bottom);
        }
        None => {
            let gauge = Gauge::default().ratio(state.share()).label(runs);
            frame.render_widget(gauge.gauge_style(style(4, has_colors)), bottom);
        }
    }
}

/// The table of scores: architectures by tasks.
fn scores(frame: &mut Frame<'_>, place: Rect, state: &State, name_width: u16, has_colors: bool) {
    let short = |task: &TaskShown| {
        let name = task.name.split(':').next().unwrap_or_default();
        format!("{name:.12}")
    };
    let bold = Style::new().add_modifier(Modifier::BOLD);
    let header = [String::new()].into_iter().chain(state.tasks.iter().map(short));
    let rows = state.rows.iter().enumerate().map(|(index, name)| {
        let cells = state.tasks.iter().map(|task| cell(&task.cells[index]));
        let name = Line::styled(format!("{} {name}", sign(index)), style(index, has_colors));
        Row::new([name].into_iter().chain(cells.map(Line::from)))
    });
    let widths = [name_width].into_iter().chain(state.tasks.iter().map(|_| SCORE - 1));
    let table = Table::new(rows, widths.map(Constraint::Length))
        .header(Row::new(header).style(bold))
        .block(Block::bordered().title(" mean scores (runs) "));
    frame.render_widget(table, place);
}

fn cell(cell: &Cell) -> String {
    let Cell { scores, lost, trials } = cell;
    let lost = if *lost > 0 { format!(" ⚠{lost}") } else { String::new() };
    match scores.len() {
        0 if *trials > 0 => format!("rates {trials}{lost}"),
        0 => format!("·{lost}"),
        count => {
            let mean = scores.iter().sum::<f64>() / count as f64;
            format!("{mean:.3} ({count}){lost}")
        }
    }
}

/// The learning curves of a task's runs.
fn curves(frame: &mut Frame<'_>, place: Rect, task: &TaskShown, has_colors: bool) {
    let points = || task.curves.iter().flat_map(|curve| &curve.points);
    let steps = points().map(|(x, _)| *x).fold(1.0, f64::max);
    let (mut low, mut high) = points()
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), (_, y)| {
            (low.min(*y), high.max(*y))
        });
    if low > high {
        (low, high) = (0.0, 1.0);
    }
    let margin = ((high - low) * 0.05).max(1e-3);
    (low, high) = (low - margin, high + margin);
    let sets = task.curves.iter().map(|curve| {
        Dataset::default()
            .marker(Marker::Braille)
            .graph_type(GraphType::Line)
            .style(style(curve.row, has_colors))
            .data(&curve.points)
    });
    let title = format!(" {}: validation {} by steps ", task.name, task.metric);
    let y = Axis::default().bounds([low, high]).labels([format!("{low:.3}"), format!("{high:.3}")]);
    let x = Axis::default().bounds([0.0, steps]).labels(["0".to_string(), format!("{steps}")]);
    let chart =
        Chart::new(sets.collect()).block(Block::bordered().title(title)).x_axis(x).y_axis(y);
    frame.render_widget(chart, place);
}

/// A marker for each architecture, for terminals without colors.
fn sign(index: usize) -> &'static str {
    ["●", "■", "▲", "◆", "○", "□", "△", "◇", "★"][index % 9]
}

fn style(index: usize, has_colors: bool) -> Style {
    const COLORS: [Color; 9] = [
        Color::Cyan,
        Color::Yellow,
        Color::Green,
        Color::Magenta,
        Color::Blue,
        Color::Red,
        Color::LightCyan,
        Color::LightYellow,
        Color::LightGreen,
    ];
    if has_colors { Style::new().fg(COLORS[index % COLORS.len()]) } else { Style::new() }
}
