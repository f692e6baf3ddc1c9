use plotters::backend::SVGBackend;
use plotters::coord::Shift;
use plotters::drawing::{DrawingArea, IntoDrawingArea};
use plotters::element::{Rectangle, Text};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, IntoFont, RGBColor, TextStyle};

use super::tables::whole;
use crate::figures::Figures;

/// A plot: groups of bars that lie below each other, each group with a scale of its own.
struct Plot {
    file: &'static str,
    title: &'static str,
    groups: &'static [Group],
}

struct Group {
    title: &'static str,
    bars: &'static [Bar],
    form: Form,
}

#[derive(Clone, Copy, PartialEq)]
enum Form {
    Instructions,
    /// Of something, which is 1.
    Ratio,
}

struct Bar {
    label: &'static str,
    /// Benchmark, row and column.
    figure: (&'static str, &'static str, &'static str),
    is_ours: bool,
}

const fn other(label: &'static str, figure: (&'static str, &'static str, &'static str)) -> Bar {
    Bar {
        label,
        figure,
        is_ours: false,
    }
}

const fn ours(label: &'static str, figure: (&'static str, &'static str, &'static str)) -> Bar {
    Bar {
        label,
        figure,
        is_ours: true,
    }
}

macro_rules! servers {
    ($row:literal, off) => {
        &[
            other("by hand", ("peers", $row, "by hand")),
            other("tower", ("peers", $row, "tower")),
            other("tonic-middleware", ("peers", $row, "tonic-middleware")),
            ours("attribute on the service", ("peers", $row, "attribute")),
            ours("struct for the server", ("peers", $row, "server struct")),
            ours(
                "attribute on the server too",
                ("peers", $row, "on the server too"),
            ),
        ]
    };
    ($row:literal, on) => {
        &[
            other("by hand, three fields", ("peers", $row, "by hand")),
            other(
                "by hand, all fields",
                ("peers", $row, "by hand, all fields"),
            ),
            other("tower", ("peers", $row, "tower")),
            other(
                "tonic-middleware, three fields",
                ("peers", $row, "tonic-middleware"),
            ),
            ours("attribute on the service", ("peers", $row, "attribute")),
            ours("struct for the server", ("peers", $row, "server struct")),
            ours(
                "attribute on the server too",
                ("peers", $row, "on the server too"),
            ),
        ]
    };
}

/// What a ratio is of.
const BARE: Bar = other("bare tonic", ("", "", ""));
const GENERATED: &str = "generated client, retry and two keys";
const CHANNEL: &str = "wrapped channel, retry and two keys";
const BLIND: &str = "`#[intercept(…)]`, blind";
const TYPED: &str = "`#[intercept(…)]`, one typed entry";

const PLOTS: [Plot; 5] = [
    Plot {
        file: "service.svg",
        title: "The methods of a service: logging, auth and validation",
        groups: &[Group {
            title: "Instructions of one call, without a wire",
            bars: &[
                other(
                    "bare tonic",
                    ("instructions", "bare handler", "instructions"),
                ),
                other(
                    "by hand",
                    ("instructions", "by hand in the method", "instructions"),
                ),
                ours("attribute", ("instructions", "attribute", "instructions")),
            ],
            form: Form::Instructions,
        }],
    },
    Plot {
        file: "unary.svg",
        title: "A unary call over loopback: logging, auth and a rate limit",
        groups: &[
            Group {
                title: "Instructions beyond bare tonic, logging off",
                bars: servers!("unary, logging off", off),
                form: Form::Instructions,
            },
            Group {
                title: "Instructions beyond bare tonic, logging on",
                bars: servers!("unary, logging on", on),
                form: Form::Instructions,
            },
        ],
    },
    Plot {
        file: "stream.svg",
        title: "A stream of 100 messages over loopback: logging, auth and a rate limit",
        groups: &[
            Group {
                title: "Instructions beyond bare tonic, logging off",
                bars: servers!("stream of 100, logging off", off),
                form: Form::Instructions,
            },
            Group {
                title: "Instructions beyond bare tonic, logging on",
                bars: servers!("stream of 100, logging on", on),
                form: Form::Instructions,
            },
        ],
    },
    Plot {
        file: "client.svg",
        title: "A call of a client over loopback: retry and two metadata keys",
        groups: &[Group {
            title: "Instructions beyond bare tonic",
            bars: &[
                other("by hand", ("peers", GENERATED, "by hand")),
                other("tower", ("peers", GENERATED, "tower")),
                ours("generated client", ("peers", GENERATED, "attribute")),
                ours("wrapped channel", ("peers", CHANNEL, "attribute")),
            ],
            form: Form::Instructions,
        }],
    },
    Plot {
        file: "compile.svg",
        title: "Time to compile a service of 50 methods; bare tonic is 1",
        groups: &[
            Group {
                title: "cargo build",
                bars: &[
                    other(
                        "#[tracing::instrument]",
                        (
                            "compile",
                            "`#[tracing::instrument]` on each method",
                            "build, of bare",
                        ),
                    ),
                    ours("five interceptors", ("compile", BLIND, "build, of bare")),
                    ours("and a typed one", ("compile", TYPED, "build, of bare")),
                ],
                form: Form::Ratio,
            },
            Group {
                title: "cargo check",
                bars: &[
                    other(
                        "#[tracing::instrument]",
                        (
                            "compile",
                            "`#[tracing::instrument]` on each method",
                            "check, of bare",
                        ),
                    ),
                    ours("five interceptors", ("compile", BLIND, "check, of bare")),
                    ours("and a typed one", ("compile", TYPED, "check, of bare")),
                ],
                form: Form::Ratio,
            },
        ],
    },
];

const WIDTH: i32 = 760;
/// Where bars begin. Labels end a little before.
const LEFT: i32 = 236;
/// The longest bar. Its figure stands behind it.
const LONGEST: i32 = 430;
const MARGIN: i32 = 20;
const HEAD: i32 = 50;
const GROUP_HEAD: i32 = 30;
/// After a group.
const GAP: i32 = 10;
const BAR: i32 = 20;
const STEP: i32 = 28;

const INK: RGBColor = RGBColor(31, 41, 55);
const FAINT: RGBColor = RGBColor(107, 114, 128);
const OURS: RGBColor = RGBColor(37, 99, 235);
const OTHERS: RGBColor = RGBColor(176, 184, 196);
const PAPER: RGBColor = RGBColor(255, 255, 255);

/// All plots, by the names of their files.
pub(super) fn all(figures: &Figures) -> Result<Vec<(&'static str, String)>, String> {
    let drawn = PLOTS.iter().map(|plot| {
        let svg = plot.draw(figures);
        let svg = svg.map_err(|error| format!("{}: {error}", plot.file))?;
        Ok((plot.file, svg))
    });
    drawn.collect()
}

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Drawn = Result<(), Box<dyn std::error::Error>>;

impl Plot {
    fn draw(&self, figures: &Figures) -> Result<String, Box<dyn std::error::Error>> {
        // What was not measured has no bar.
        let groups: Vec<(&Group, Vec<(&Bar, f64)>)> = self
            .groups
            .iter()
            .map(|group| {
                let measured = group.bars.iter().filter_map(|bar| {
                    let (bench, row, column) = bar.figure;
                    Some((bar, figures.get(bench, row, column)?))
                });
                let unit = (group.form == Form::Ratio).then_some((&BARE, 1.0));
                (group, unit.into_iter().chain(measured).collect())
            })
            .collect();
        let bars: usize = groups.iter().map(|(_, bars)| bars.len()).sum();
        let height = HEAD + (GROUP_HEAD + GAP) * groups.len() as i32 + STEP * bars as i32;
        let mut svg = String::new();
        {
            let size = (WIDTH as u32, height as u32);
            let area = SVGBackend::with_string(&mut svg, size).into_drawing_area();
            area.fill(&PAPER)?;
            text(&area, self.title, (MARGIN, 24), 17, HPos::Left, INK)?;
            let mut y = HEAD;
            for (group, bars) in &groups {
                text(&area, group.title, (MARGIN, y + 8), 14, HPos::Left, FAINT)?;
                y += GROUP_HEAD;
                draw_bars(&area, group, bars, y)?;
                y += STEP * bars.len() as i32 + GAP;
            }
            area.present()?;
        }
        Ok(svg)
    }
}

fn draw_bars(area: &Area<'_>, group: &Group, bars: &[(&Bar, f64)], top: i32) -> Drawn {
    let longest = bars.iter().map(|(_, figure)| *figure).fold(0.0, f64::max);
    let length = |figure: f64| (figure.max(0.0) / longest * f64::from(LONGEST)).round() as i32;
    for (i, (bar, figure)) in bars.iter().enumerate() {
        let y = top + STEP * i as i32;
        let middle = y + BAR / 2;
        let color = if bar.is_ours { OURS } else { OTHERS };
        let right = LEFT + length(*figure).max(1);
        area.draw(&Rectangle::new(
            [(LEFT, y), (right, y + BAR)],
            color.filled(),
        ))?;
        text(area, bar.label, (LEFT - 10, middle), 14, HPos::Right, INK)?;
        let shown = match group.form {
            Form::Instructions => whole(*figure),
            Form::Ratio => format!("{figure:.1}"),
        };
        text(area, &shown, (right + 8, middle), 14, HPos::Left, INK)?;
    }
    Ok(())
}

fn text(
    area: &Area<'_>,
    text: &str,
    at: (i32, i32),
    size: i32,
    from: HPos,
    color: RGBColor,
) -> Drawn {
    let style = TextStyle::from(("sans-serif", size).into_font());
    let style = style.color(&color).pos(Pos::new(from, VPos::Center));
    area.draw(&Text::new(text.to_owned(), at, style))?;
    Ok(())
}
