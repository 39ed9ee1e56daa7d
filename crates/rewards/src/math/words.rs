//! Words that mean something in an answer: functions, constants, connectives, multipliers, units.

use super::expr::Function;

/// The function of this name.
pub(crate) fn function(name: &str) -> Option<Function> {
    Some(match name {
        "sin" => Function::Sin,
        "cos" => Function::Cos,
        "tan" | "tg" => Function::Tan,
        "cot" | "ctg" => Function::Cot,
        "sec" => Function::Sec,
        "csc" => Function::Csc,
        "arcsin" | "asin" => Function::Arcsin,
        "arccos" | "acos" => Function::Arccos,
        "arctan" | "atan" => Function::Arctan,
        "sinh" => Function::Sinh,
        "cosh" => Function::Cosh,
        "tanh" => Function::Tanh,
        "exp" => Function::Exp,
        "ln" | "log" | "lg" => Function::Log,
        "sqrt" => Function::Root,
        "abs" => Function::Abs,
        "floor" => Function::Floor,
        "ceil" => Function::Ceiling,
        _ => return None,
    })
}

/// Functions that may stand right before their argument, longest first, as in `sinx`.
pub(crate) const GLUED: [&str; 7] = ["sqrt", "sin", "cos", "tan", "log", "ln", "pi"];

/// Words that part two answers, and whether they mean that either may hold.
pub(crate) fn connective(word: &str) -> Option<bool> {
    match word {
        "and" | "et" | "und" | "和" | "與" | "与" | "及" => Some(false),
        "or" | "ou" | "oder" | "或" => Some(true),
        _ => None,
    }
}

/// Words of two letters, which are no product of two variables.
pub(crate) fn is_short_word(word: &str) -> bool {
    const SHORT: [&str; 24] = [
        "of", "is", "it", "at", "in", "on", "to", "by", "as", "we", "so", "if", "an", "be", "do",
        "no", "up", "us", "my", "me", "he", "or", "et", "ou",
    ];
    SHORT.contains(&word)
}

/// What a number is multiplied by when the word follows it, as a power of ten.
pub(crate) fn multiplier(word: &str) -> Option<i32> {
    Some(match word {
        "thousand" | "thousands" => 3,
        "million" | "millions" => 6,
        "billion" | "billions" => 9,
        "trillion" | "trillions" => 12,
        "万" => 4,
        "亿" => 8,
        _ => return None,
    })
}

/// Words after a number that change what it says, so that it is not a quantity.
pub(crate) fn changes_the_number(word: &str) -> bool {
    matches!(
        word,
        "not"
            | "less"
            | "more"
            | "than"
            | "least"
            | "most"
            | "to"
            | "but"
            | "except"
            | "plus"
            | "minus"
            | "times"
            | "over"
            | "half"
            | "dozen"
            | "dozens"
            | "hundred"
            | "hundreds"
            | "if"
            | "is"
            | "are"
            | "was"
            | "negative"
            | "maybe"
            | "perhaps"
            | "possibly"
            | "wrong"
            | "incorrect"
            | "false"
            | "unless"
            | "instead"
            | "versus"
            | "none"
            | "vs"
            | "either"
            | "neither"
            | "否"
    )
}

/// The units that are known, each with its other spellings. Nothing is converted.
const UNITS: &[&[&str]] = &[
    &[
        "cm",
        "centimeter",
        "centimeters",
        "centimetre",
        "centimetres",
        "厘米",
    ],
    &["m", "meter", "meters", "metre", "metres", "米"],
    &[
        "km",
        "kilometer",
        "kilometers",
        "kilometre",
        "kilometres",
        "公里",
        "千米",
    ],
    &[
        "mm",
        "millimeter",
        "millimeters",
        "millimetre",
        "millimetres",
        "毫米",
    ],
    &["kg", "kilogram", "kilograms", "千克", "公斤"],
    &["g", "gram", "grams", "克"],
    &["mg", "milligram", "milligrams", "毫克"],
    &["l", "liter", "liters", "litre", "litres", "升"],
    &[
        "ml",
        "milliliter",
        "milliliters",
        "millilitre",
        "millilitres",
        "毫升",
    ],
    &["s", "sec", "second", "seconds", "秒"],
    &["min", "minute", "minutes", "mins", "分钟"],
    &["h", "hr", "hrs", "hour", "hours", "小时"],
    &["day", "days", "天"],
    &["week", "weeks", "周"],
    &["month", "months", "个月"],
    &["year", "years", "年", "岁"],
    &["dollar", "dollars", "usd", "美元"],
    &["cent", "cents", "¢"],
    &["euro", "euros", "eur", "€", "欧元"],
    &["pound", "pounds", "gbp", "£", "英镑", "lb", "lbs"],
    &["yuan", "rmb", "cny", "¥", "元"],
    &["°", "degree", "degrees", "deg", "度"],
    &["radian", "radians", "rad"],
    &["inch", "inches"],
    &["foot", "feet", "ft"],
    &["yard", "yards", "yd"],
    &["mile", "miles", "mi"],
    &["ounce", "ounces", "oz"],
    &["am", "a.m"],
    &["pm", "p.m"],
    &["mph"],
    &["hz", "hertz"],
    &["joule", "joules"],
    &["volt", "volts"],
    &["watt", "watts"],
];

/// The chief spelling of a unit that is known.
pub(crate) fn unit(word: &str) -> Option<&'static str> {
    let word = word.to_lowercase();
    UNITS
        .iter()
        .find(|names| names.contains(&word.as_str()))
        .map(|names| names[0])
}

/// Whether two units can be the same: a known one is only itself, other words are no measure.
pub(crate) fn units_agree(gold: &str, answer: &str) -> bool {
    let measures = |text: &str| -> Vec<&'static str> {
        text.split([' ', '/', '^', '*']).filter_map(unit).collect()
    };
    let same_power = power(gold) == power(answer);
    let (gold, answer) = (measures(gold), measures(answer));
    gold.is_empty() || answer.is_empty() || (gold == answer && same_power)
}

/// The power of a unit: 2 of `cm^2`, `square cm` and `sq ft`.
fn power(unit: &str) -> u32 {
    let mut words = unit
        .split([' ', '/', '*'])
        .flat_map(|word| word.split_inclusive('^'));
    let mut raised = false;
    words
        .find_map(|word| {
            let number = std::mem::replace(&mut raised, word.ends_with('^'))
                .then(|| word.parse().ok())
                .flatten();
            number.or(match word.to_lowercase().as_str() {
                "square" | "squared" | "sq" | "平方" => Some(2),
                "cubic" | "cubed" | "立方" => Some(3),
                _ => None,
            })
        })
        .unwrap_or(1)
}

/// The Greek letters by their LaTeX names.
const GREEK: [(&str, char); 24] = [
    ("alpha", 'α'),
    ("beta", 'β'),
    ("gamma", 'γ'),
    ("delta", 'δ'),
    ("epsilon", 'ε'),
    ("zeta", 'ζ'),
    ("eta", 'η'),
    ("theta", 'θ'),
    ("iota", 'ι'),
    ("kappa", 'κ'),
    ("lambda", 'λ'),
    ("mu", 'μ'),
    ("nu", 'ν'),
    ("xi", 'ξ'),
    ("rho", 'ρ'),
    ("sigma", 'σ'),
    ("tau", 'τ'),
    ("phi", 'φ'),
    ("chi", 'χ'),
    ("psi", 'ψ'),
    ("omega", 'ω'),
    ("Delta", 'Δ'),
    ("Omega", 'Ω'),
    ("pi", 'π'),
];

/// The LaTeX name of a Greek letter, given either way.
pub(crate) fn greek(text: &str) -> Option<&'static str> {
    let name = text.strip_prefix("var").unwrap_or(text);
    GREEK
        .iter()
        .find(|(latin, letter)| *latin == name || text.chars().eq([*letter]))
        .map(|(latin, _)| *latin)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_unit_is_only_itself() {
        assert!(units_agree("km", "kilometers"));
        assert!(!units_agree("km", "m"));
        assert!(units_agree("", "m"));
        assert!(units_agree("apples", "pieces of fruit"));
        assert!(!units_agree("km/h", "km"));
        assert!(!units_agree("cm", "cm^2"));
        assert!(units_agree("square cm", "cm^2"));
        assert_eq!(greek("θ"), Some("theta"));
        assert_eq!(greek("varphi"), Some("phi"));
    }
}
